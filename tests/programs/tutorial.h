/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial.h - what every lesson needs and none is about.
 *
 * A lesson is tests/programs/tutorial_x.c: Python's original in the comment at its head, then
 * the same with our calls.  What it prints stands there, too, under "It prints:" (or "It
 * prints, in any order:"), and tests/e2e/80_tutorials.sh holds the lesson to it.
 */
#ifndef TUTORIAL_H
#define TUTORIAL_H

#include <errno.h>
#include <mptrace/mptrace.h>
#include <stdio.h>
#include <stdlib.h>

/* print(..., flush=True): a whole line at once. */
#define say(...) (printf(__VA_ARGS__), putchar('\n'), fflush(stdout))

/* For calls that are not what the lesson is about: ends it when one failed, as an
 * exception nobody catches does. */
static inline int must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "tutorial: %s\n", mpt_result_text(rc));
		exit(1);
	}
	return rc;
}

/* p = Process(name=name, target=run, args=(arg,)); p.start() */
static inline struct mpt_process *begin(const char *name, mpt_process_main *run, void *arg)
{
	struct mpt_process_options options = { .name = name };
	struct mpt_process *process;

	must(mpt_process_create(&process, run, arg, &options));
	must(mpt_process_start(process));
	return process;
}

/* p.join(); p.exitcode; p.close() */
static inline int end(struct mpt_process *process)
{
	int code;

	must(mpt_process_join(process, MPT_FOREVER));
	code = mpt_process_exit_code(process);
	mpt_process_destroy(process);
	return code;
}

#endif
