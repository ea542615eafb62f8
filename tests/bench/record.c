/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - what one record costs: a mark through the public API, against the least
 * any recorder must do (clock, store, publish), the kernel's clock, and a pipe.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <mptrace/mptrace.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#define TICKS() __rdtsc()
#else
#define TICKS() bench_ns(CLOCK_MONOTONIC)
#endif

struct entry {
	uint64_t time;
	uint32_t op, object;
	uint64_t a, b;
};

struct ring {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) struct entry entry[2048];
};

static void reference(void *arg, uint64_t n)
{
	struct ring *r = arg;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t h = atomic_load_explicit(&r->head, memory_order_relaxed);
		struct entry *e = &r->entry[h % 2048];

		*e = (struct entry){ TICKS(), 7, (uint32_t)i, i, i + 1 };
		atomic_store_explicit(&r->head, h + 1, memory_order_release);
	}
}

static void kernel_clock(void *arg, uint64_t n)
{
	struct ring *r = arg;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t h = atomic_load_explicit(&r->head, memory_order_relaxed);

		r->entry[h % 2048] =
			(struct entry){ bench_ns(CLOCK_MONOTONIC), 7, (uint32_t)i, i, i + 1 };
		atomic_store_explicit(&r->head, h + 1, memory_order_release);
	}
}

static void mark(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		mpt_note_mark(arg, i);
}

/* A write of the same size to a pipe that is emptied now and then. */
static void piped(void *arg, uint64_t n)
{
	static char sink[65536];
	int *fd = arg;

	for (uint64_t i = 0; i < n; i++) {
		struct entry e = { TICKS(), 7, (uint32_t)i, i, i + 1 };

		if (write(fd[1], &e, sizeof(e)) != sizeof(e) && read(fd[0], sink, sizeof(sink)) < 0)
			exit(2);
	}
}

int main(void)
{
	struct mpt_note *note;
	int fd[2];
	struct bench_loop loops[] = {
		{ .name = "reference: clock, store, publish", .run = reference },
		{ .name = getenv("MPTRACE") ? "mptrace record, switched off" : "mptrace record",
		  .run = mark },
		{ .name = "clock_gettime, store, publish", .run = kernel_clock },
		{ .name = "write of 32 bytes to a pipe", .run = piped, .arg = fd },
	};

	if (mpt_note_create(&note, "bench") < 0 || pipe2(fd, O_NONBLOCK) < 0)
		return 2;
	loops[0].arg = loops[2].arg = bench_shared(sizeof(struct ring));
	loops[1].arg = note;
	bench_loops(loops, sizeof(loops) / sizeof(loops[0]));
	mpt_note_destroy(note);
	return 0;
}
