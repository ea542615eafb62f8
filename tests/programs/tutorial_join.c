/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_join.c - waiting for a process: for ever, for a time, not at all.
 *
 *	p = Process(target=time.sleep, args=(1000,))
 *	print(p.exitcode)       # None: not started
 *	p.start()
 *	p.join(0.1)             # returns None, whether it ended or not
 *	print(p.is_alive())
 *	p.terminate()
 *	p.join()
 *	print(p.is_alive(), p.exitcode)
 *
 * Here: join says itself whether the process has ended: 0, or -ETIMEDOUT.
 *
 * It prints:
 *
 *	before the start there is no exit code
 *	join for a tenth of a second: timed out
 *	alive: 1, children: 1
 *	join after terminate: 0
 *	alive: 0, children: 0
 *	exit code -15
 *	join again: 0
 */
#include "tutorial.h"
#include <unistd.h>

static int sleep_long(void *arg)
{
	(void)arg;
	sleep(1000);
	return 0;
}

int main(void)
{
	struct mpt_process *p;

	must(mpt_process_create(&p, sleep_long, NULL, NULL));
	if (mpt_process_exit_code(p) == MPT_EXIT_NONE)
		say("before the start there is no exit code");
	must(mpt_process_start(p));

	if (mpt_process_join(p, mpt_timeout(0.1)) == -ETIMEDOUT)
		say("join for a tenth of a second: timed out");
	say("alive: %d, children: %d", mpt_process_alive(p), mpt_process_active_children(NULL, 0));

	must(mpt_process_terminate(p)); /* SIGTERM is signal 15 */
	say("join after terminate: %d", mpt_process_join(p, MPT_FOREVER));
	say("alive: %d, children: %d", mpt_process_alive(p), mpt_process_active_children(NULL, 0));
	say("exit code %d", mpt_process_exit_code(p));
	say("join again: %d", mpt_process_join(p, MPT_FOREVER));
	mpt_process_destroy(p);
	return 0;
}
