/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_none.c - kernel.h in a build without eBPF (make BPF=0): never there. */
#include "mpstat/collector/kernel.h"

#include <errno.h>

int kernel_open(struct kernel **out, struct err *err)
{
	*out = NULL;
	return err_set(err, -EOPNOTSUPP, "this mpstat was built without eBPF (make BPF=0)");
}

void kernel_close(struct kernel *kernel)
{
	(void)kernel;
}

const struct kernel_part *kernel_part(const struct kernel *kernel, size_t index)
{
	(void)kernel;
	(void)index;
	return NULL;
}

bool kernel_has(const struct kernel *kernel, const char *name)
{
	(void)kernel;
	(void)name;
	return false;
}

int kernel_tasks(struct kernel *kernel, const struct kernel_task_calls *calls, struct err *err)
{
	(void)kernel;
	(void)calls;
	return err_set(err, -EOPNOTSUPP, "this mpstat was built without eBPF");
}

int kernel_waits(struct kernel *kernel, const uint32_t *pids, size_t count,
		 void (*wait)(void *arg, const struct kernel_wait *wait), void *arg,
		 struct err *err)
{
	(void)kernel;
	(void)pids;
	(void)count;
	(void)wait;
	(void)arg;
	return err_set(err, -EOPNOTSUPP, "this mpstat was built without eBPF");
}

int kernel_files(struct kernel *kernel, void (*end)(void *arg, const struct file_end_row *row),
		 void *arg, bool *first_seen, struct err *err)
{
	(void)kernel;
	(void)end;
	(void)arg;
	(void)first_seen;
	return err_set(err, -EOPNOTSUPP, "this mpstat was built without eBPF");
}

int64_t kernel_clock_offset_ns(const struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

size_t kernel_events(struct kernel *kernel,
		     void (*event)(void *arg, const struct life_event *event), void *arg)
{
	(void)kernel;
	(void)event;
	(void)arg;
	return 0;
}

uint64_t kernel_events_lost(const struct kernel *kernel)
{
	(void)kernel;
	return 0;
}
