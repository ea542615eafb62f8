/* SPDX-License-Identifier: BSD-2-Clause */
/* looks.c - see looks.h. */
#include "tests/bpf/looks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int open_looks(void **state, bool by_kernel)
{
	struct looks *looks = calloc(1, sizeof(*looks));
	void *watch = NULL;

	*state = NULL;
	if (!looks)
		return -1;
	if (by_kernel && (watch_open(&watch) || !watch)) {
		free(looks);
		return 0;
	}
	looks->watch = watch;
	*state = looks;
	return 0;
}

int looks_open_kernel(void **state)
{
	return open_looks(state, true);
}

int looks_open_proc(void **state)
{
	return open_looks(state, false);
}

int looks_close(void **state)
{
	struct looks *looks = *state;
	void *watch = looks ? looks->watch : NULL;

	watch_close(&watch); /* it ends the children, too */
	if (!looks)
		return 0;
	blocked_look_free(&looks->look);
	free(looks);
	return 0;
}

struct looks *looks_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

void looks_take(struct looks *looks)
{
	struct kernel *kernel = looks->watch ? looks->watch->kernel : NULL;
	struct timespec now;
	struct err err = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (blocked_look_take(&looks->look, kernel, "/proc", looks->pids, looks->pid_count,
			      (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, &err))
		fail_msg("%s", err.text);
	assert_int_equal(looks->look.by_kernel, kernel != NULL);
}

const struct blocked *looks_thread(const struct looks *looks, pid_t tid)
{
	for (size_t i = 0; i < looks->look.count; i++)
		if (looks->look.items[i].tid == (uint32_t)tid)
			return &looks->look.items[i];
	return NULL;
}

static int is_there(void *arg)
{
	struct looks *looks = arg;
	const struct blocked *blocked;

	looks_take(looks);
	blocked = looks_thread(looks, looks->pid);
	return blocked && blocked->state == looks->state &&
	       (looks->syscall == SYSCALL_ANY || blocked->syscall == looks->syscall);
}

/* A look takes long: by time and not by tries. */
bool looks_until(struct looks *looks, int (*is)(void *arg))
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (is(looks))
			return true;
		usleep(1000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec <= 10);
	return false;
}

const struct blocked *looks_for_state(struct looks *looks, pid_t pid, int syscall, char state)
{
	const struct blocked *blocked;

	looks->pid = pid;
	looks->syscall = syscall;
	looks->state = state;
	if (!looks_until(looks, is_there)) {
		blocked = looks_thread(looks, pid);
		fail_msg("%d is %c in call %d, not %c in %d", (int)pid,
			 blocked ? blocked->state : '?', blocked ? blocked->syscall : -1, state,
			 syscall);
	}
	return looks_thread(looks, pid);
}

const struct blocked *looks_for(struct looks *looks, pid_t pid, int syscall)
{
	return looks_for_state(looks, pid, syscall, 'S');
}

void *looks_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}
