/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * methods.h - the two ways to start a child, for tests that claim the same of both.
 *
 * A part is what the child does.  As a function it is forked; as a program this
 * program is started again and plays that part.  What the child needs it opens by
 * name, which works in both.
 *
 * Does not own: any claim about the library.
 */
#ifndef TESTS_API_METHODS_H
#define TESTS_API_METHODS_H

#include "tests/api/process_support.h"

struct part {
	const char *name;
	int (*play)(const char *arg); /* returns the exit code */
};

struct method {
	const char *name;
	struct mpt_process *(*create)(const char *part, const char *arg,
				      const struct mpt_process_options *options);
};
extern const struct method method_function, method_program;

/* First thing in main: plays the part this program was started for, if any, and remembers
 * them all. */
void methods_main(int argc, char **argv, const struct part *parts, size_t count);

/* The method of the test, or of the child that runs. */
const struct method *method_of(void **state);
const struct method *method_of_child(void);

/* Makes and starts one; options may be NULL. */
struct mpt_process *method_run(const struct method *method, const char *part, const char *arg,
			       const struct mpt_process_options *options);
/* Starts it and waits: the exit code. */
int method_code(const struct method *method, const char *part, const char *arg);

/* Any program: argv and, if not NULL, its environment, both with a NULL at the end. */
struct mpt_process *method_run_program(const char *const *argv, const char *const *env);
#define RUN(...) method_run_program((const char *const[]){ __VA_ARGS__, NULL }, NULL)
/* The slot of a process, also of one that has not attached; NULL: none. */
const struct mpt_wire_process *method_slot(pid_t pid);

/* A test as two: by function, by program. */
#define by_both(test)                                                                      \
	{ #test ", a function", test, support_setup, process_teardown,                     \
	  (void *)(uintptr_t)&method_function },                                           \
	{                                                                                  \
		#test ", a program", test, support_setup, process_teardown,                \
			(void *)(uintptr_t)&method_program                                 \
	}

/* ---- what both sides see, by name ------------------------------------------------------ */

/* Makes, or in a child opens, the event. */
struct mpt_event *signal_made(const char *name);
struct mpt_event *signal_of(const char *name);
/* Waits for the event, in the child. */
void signal_awaited(const char *name);
/* A queue of what children tell. */
struct mpt_queue *telling_made(const char *name);
void tell_the_parent(const char *queue, const void *what, size_t size);
/* The next thing told; a failure of the test when it does not come. */
void told_by_child(struct mpt_queue *queue, void *what, size_t size);

#endif
