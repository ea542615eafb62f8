/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_support.h - what the tests of Process share.
 *
 * Does not own: any claim about the library.
 */
#ifndef TESTS_API_PROCESS_SUPPORT_H
#define TESTS_API_PROCESS_SUPPORT_H

#include "tests/api/support.h"

/* Makes and starts a process; options may be NULL. */
struct mpt_process *process_run(mpt_process_main *run, void *arg,
				const struct mpt_process_options *options);
extern const struct mpt_process_options process_daemon;

/* Waits for its end, frees the handle, returns the exit code. */
int process_end(struct mpt_process *process);
void process_kill_and_free(struct mpt_process *process);

/* Mains. */
int process_pause(void *unused);   /* until a signal ends it */
int process_return(void *code);	   /* (int)(intptr_t)code */
int process_await(void *point);	   /* until the uint32_t is not 0, then 0 */

/* Is the descriptor readable now? */
bool process_readable(int fd);
/* Has the process ended (zombies count), or is there none of that pid? */
bool process_gone(pid_t pid);
unsigned int process_descriptors(void);

/* As support_teardown, also for children made by mpt_process_start. */
int process_teardown(void **state);
#define process_test(function) \
	cmocka_unit_test_setup_teardown(function, support_setup, process_teardown)

#endif
