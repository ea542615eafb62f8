/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf.c - kernel.h with libbpf: opening, closing, the ring of events.
 *
 * Owns: the order of opening (rights, load, attach, rights given up), reading the
 * ring.  Does not own: loading (kernel_bpf_load.c), snapshots (kernel_bpf_tasks.c),
 * rights (kernel_bpf_rights.c).
 */
#include "mpstat/collector/kernel_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One call of kernel_events ends, also when events come faster than they are read. */
#define EVENTS_AT_ONCE (4 * (KERNEL_RING_BYTES / sizeof(struct life_event)))

static bool snapshots_start(void *arg)
{
	const struct kernel *kernel = arg;
	int fd;

	if (!kernel->links[PART_TASKS])
		return true;
	fd = bpf_iter_create(bpf_link__fd(kernel->links[PART_TASKS]));
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int kernel_open(struct kernel **out, struct err *err)
{
	struct kernel *kernel;
	int r;

	*out = NULL;
	r = kernel_bpf_rights_check(err);
	if (r)
		return r;
	kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return err_set(err, -ENOMEM, "no memory for the kernel's events");
	memcpy(kernel->parts, kernel_bpf_parts, sizeof(kernel->parts));
	r = kernel_bpf_load(kernel, err);
	if (r) {
		kernel_close(kernel);
		return r;
	}
	/* Some old kernels ask for the right at each snapshot: there it is kept. */
	kernel_bpf_rights_drop(snapshots_start, kernel);
	kernel_bpf_clock_start(kernel);
	*out = kernel;
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	for (size_t i = 0; i < PART_COUNT; i++)
		bpf_link__destroy(kernel->links[i]);
	ring_buffer__free(kernel->ring);
	if (kernel->shared.page)
		munmap(kernel->shared.page, kernel->shared.size);
	free(kernel->rows);
	free(kernel);
}

const struct kernel_part *kernel_part(const struct kernel *kernel, size_t index)
{
	if (index >= PART_COUNT)
		return NULL;
	return kernel ? &kernel->parts[index] : &kernel_bpf_parts[index];
}

bool kernel_has(const struct kernel *kernel, const char *name)
{
	for (size_t i = 0; kernel && i < PART_COUNT; i++)
		if (!strcmp(kernel->parts[i].name, name))
			return kernel->parts[i].works;
	return false;
}

/* Negative stops the reading. */
int kernel_bpf_event(void *arg, void *data, size_t size)
{
	struct kernel *kernel = arg;

	if (size < sizeof(struct life_event))
		return 0;
	kernel->event(kernel->event_arg, data);
	return ++kernel->events < EVENTS_AT_ONCE ? 0 : -ECANCELED;
}

size_t kernel_events(struct kernel *kernel,
		     void (*event)(void *arg, const struct life_event *event), void *arg)
{
	if (!kernel->ring)
		return 0;
	kernel->event = event;
	kernel->event_arg = arg;
	kernel->events = 0;
	ring_buffer__consume(kernel->ring);
	return kernel->events;
}

uint64_t kernel_events_lost(const struct kernel *kernel)
{
	return *kernel->shared.lost;
}
