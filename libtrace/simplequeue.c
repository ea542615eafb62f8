/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simplequeue.c - SimpleQueue: a Queue under another name; see mptrace/simplequeue.h.
 *
 * A handle is that of the queue, so there is nothing to allocate but what it has.
 */
#include "libtrace/queue_move.h"

#include <mptrace/simplequeue.h>

static struct mpt_queue *queue_of(const struct mpt_simplequeue *s)
{
	return (struct mpt_queue *)(uintptr_t)s;
}

int mpt_simplequeue_create(struct mpt_simplequeue **out, const char *name)
{
	struct mpt_queue_options options = { .name = name };
	struct mpt_queue *q = NULL;
	int rc = out ? queue_create(&q, &options, __builtin_return_address(0)) : -EINVAL;

	if (out)
		*out = (struct mpt_simplequeue *)q;
	return rc;
}

int mpt_simplequeue_open(struct mpt_simplequeue **out, const char *name)
{
	struct mpt_queue *q = NULL;
	int rc = out ? mpt_queue_open(&q, name, 0) : -EINVAL;

	if (out)
		*out = (struct mpt_simplequeue *)q;
	return rc;
}

int mpt_simplequeue_put(struct mpt_simplequeue *s, const void *data, size_t size)
{
	return mpt_queue_put(queue_of(s), data, size, MPT_FOREVER);
}

ssize_t mpt_simplequeue_get(struct mpt_simplequeue *s, void *buffer, size_t size)
{
	return mpt_queue_get(queue_of(s), buffer, size, MPT_FOREVER);
}

ssize_t mpt_simplequeue_next_size(struct mpt_simplequeue *s)
{
	return mpt_queue_next_size(queue_of(s));
}

int mpt_simplequeue_empty(const struct mpt_simplequeue *s)
{
	return mpt_queue_empty(queue_of(s));
}

int mpt_simplequeue_close(struct mpt_simplequeue *s)
{
	return mpt_queue_close(queue_of(s));
}

void mpt_simplequeue_destroy(struct mpt_simplequeue *s)
{
	mpt_queue_destroy(queue_of(s));
}
