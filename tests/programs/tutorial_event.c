/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_event.c - waiting for something to happen, with patience and without.
 *
 *	def patient(e):
 *	    print("patient: waiting"); e.wait()
 *	    print("patient: e.is_set() is", e.is_set())
 *	def impatient(e, t):
 *	    print("impatient: waiting"); e.wait(t)
 *	    print("impatient: e.is_set() is", e.is_set())
 *
 *	e = Event()
 *	Process(target=patient, args=(e,)).start()
 *	Process(target=impatient, args=(e, 0.1)).start()
 *	time.sleep(3)
 *	e.set()
 *
 * Here: wait says whether it is set: 0, or -ETIMEDOUT.  And where the original sleeps and
 * hopes, main waits until the impatient one has left.
 *
 * It prints:
 *
 *	impatient: waiting
 *	impatient: timed out, is_set is 0
 *	main: sets it
 *	patient: wait returned 0, is_set is 1
 *	main: clears it, is_set is 0
 */
#include "tutorial.h"

static struct mpt_event *event;

static int patient(void *arg)
{
	int rc = mpt_event_wait(event, MPT_FOREVER);

	(void)arg;
	say("patient: wait returned %d, is_set is %d", rc, mpt_event_is_set(event));
	return 0;
}

static int impatient(void *arg)
{
	(void)arg;
	say("impatient: waiting");
	if (mpt_event_wait(event, mpt_timeout(0.1)) == -ETIMEDOUT)
		say("impatient: timed out, is_set is %d", mpt_event_is_set(event));
	return 0;
}

int main(void)
{
	struct mpt_process *waiting;

	must(mpt_event_create(&event, "bell", 0));
	waiting = begin("patient", patient, NULL);
	must(end(begin("impatient", impatient, NULL)));
	say("main: sets it");
	must(mpt_event_set(event));
	must(end(waiting));
	must(mpt_event_clear(event));
	say("main: clears it, is_set is %d", mpt_event_is_set(event));
	mpt_event_destroy(event);
	return 0;
}
