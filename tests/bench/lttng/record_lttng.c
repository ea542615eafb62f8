/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_lttng.c - an active LTTng-UST tracepoint beside the reference loop.  Built and
 * run by tests/bench/run where lttng-tools and liblttng-ust-dev are installed.
 */
#define LTTNG_UST_TRACEPOINT_DEFINE
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#include "record_tp.h"

#include "tests/bench/bench.h"

#include <mptrace/mptrace.h>

static void mark(void *arg, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		mpt_note_mark(arg, i);
}

static void tracepoint_(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++)
		lttng_ust_tracepoint(mptrace_bench, mark, 7, i, i + 1);
}

int main(void)
{
	struct mpt_note *note;

	if (mpt_note_create(&note, "bench") < 0)
		return 2;
	struct bench_loop loops[] = {
		{ .name = "mptrace record", .run = mark, .arg = note },
		{ .name = "LTTng-UST tracepoint, active", .run = tracepoint_ },
	};
	bench_loops(loops, 2);
	return 0;
}
