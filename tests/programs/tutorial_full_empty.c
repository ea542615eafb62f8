/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_full_empty.c - when a queue says no, and which no comes first.
 *
 *	q = Queue(maxsize=2)
 *	q.put("a"); q.put("b")
 *	q.put_nowait("c")          # queue.Full
 *	q.put("c", timeout=0.05)   # queue.Full
 *	q.get(); q.get()
 *	q.get_nowait()             # queue.Empty
 *	q.get(timeout=0.05)        # queue.Empty
 *	q.close(); q.put("d")      # ValueError: Queue is closed
 *
 * In Python the put may not have arrived when empty() is asked, and Full and Empty are the
 * same for "not now" and "not in time".
 * Here: not now is -EAGAIN, not in time -ETIMEDOUT.  And the order of the noes is fixed:
 * closed, before what never fits, before full; empty, before a buffer that is too small.
 *
 * It prints:
 *
 *	2 of 2 in it: full 1, empty 0
 *	put without waiting: not now
 *	put for a moment: not in time
 *	put of what never fits, though it is full: never fits
 *	get into a small buffer: never fits
 *	the message is still there: 2 bytes
 *	got a
 *	got b
 *	0 of 2 in it: full 0, empty 1
 *	get without waiting: not now
 *	get into a small buffer, though it is empty: not now
 *	get for a moment: not in time
 *	put after close: closed
 *	get after close: closed
 */
#include "tutorial.h"

static struct mpt_queue *queue;
static char huge[1 << 20];

static void told(const char *what, ssize_t rc)
{
	say("%s: %s", what,
	    rc == -EAGAIN     ? "not now" :
	    rc == -ETIMEDOUT  ? "not in time" :
	    rc == -EMSGSIZE   ? "never fits" :
	    rc == -ESHUTDOWN  ? "closed" :
				mpt_result_text((int)rc));
}

static void state(void)
{
	say("%zd of %zu in it: full %d, empty %d", mpt_queue_size(queue),
	    mpt_queue_maxsize(queue), mpt_queue_full(queue), mpt_queue_empty(queue));
}

static void while_full(void)
{
	state();
	told("put without waiting", mpt_queue_put(queue, "c", 2, 0));
	told("put for a moment", mpt_queue_put(queue, "c", 2, mpt_timeout(0.05)));
	told("put of what never fits, though it is full",
	     mpt_queue_put(queue, huge, sizeof(huge), MPT_FOREVER));
}

static void take_both(void)
{
	char text[8];

	told("get into a small buffer", mpt_queue_get(queue, text, 1, MPT_FOREVER));
	say("the message is still there: %zd bytes", mpt_queue_next_size(queue));
	for (int i = 0; i < 2; i++) {
		must((int)mpt_queue_get(queue, text, sizeof(text), 0));
		say("got %s", text);
	}
}

static void while_empty(void)
{
	char text[8];

	state();
	told("get without waiting", mpt_queue_get(queue, text, sizeof(text), 0));
	told("get into a small buffer, though it is empty", mpt_queue_get(queue, text, 1, 0));
	told("get for a moment", mpt_queue_get(queue, text, sizeof(text), mpt_timeout(0.05)));
}

int main(void)
{
	struct mpt_queue_options options = { .maxsize = 2 };
	char text[8];

	must(mpt_queue_create(&queue, &options));
	must(mpt_queue_put(queue, "a", 2, 0));
	must(mpt_queue_put(queue, "b", 2, 0));
	while_full();
	take_both();
	while_empty();
	must(mpt_queue_close(queue));
	told("put after close", mpt_queue_put(queue, huge, sizeof(huge), 0));
	told("get after close", mpt_queue_get(queue, text, sizeof(text), 0));
	mpt_queue_destroy(queue);
	return 0;
}
