/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - waiting for any of several things; see mptrace/wait.h.
 *
 *   hold all handles
 *   look at all: anything ready? done
 *   queues: ask their givers to ring (bell.h), look at them again
 *   poll all descriptors and the doorbell, a slice at most
 *   look at what poll found, and at all queues; after a slice at all
 *
 * Nothing is taken and nobody waits for us: killed anywhere, we leave a request to ring
 * that the next giver finds nobody for.
 */
#include "libtrace/bell.h"
#include "libtrace/pipe.h"
#include "libtrace/process.h"
#include "libtrace/queue_move.h"

#include <mptrace/wait.h>
#include <poll.h>
#include <stdlib.h>

#define ITEMS_ON_STACK 100
#define NS_WITHOUT_BELL 10000000ull /* so often is looked where nobody can wake us */

struct waiting {
	struct mpt_wait_item *items;
	struct pollfd *fds; /* one for each item, and the doorbell's behind them */
	size_t count;
	size_t held; /* of the items, from the first on */
	struct member *me; /* NULL: the domain has no room; then there are no queues or pipes */
	struct blocking how;
	struct mpt_wire_any any;
	struct slice slice;
	bool queues;
	bool short_sighted; /* something may become ready without poll noticing */
};

/* ---- sorts of things ---------------------------------------------------------------- */

/* What a reference in the thread's slot is made of. */
struct reference {
	uint32_t object, generation;
};

struct sort {
	int (*hold)(struct waiting *w, struct mpt_wait_item *item); /* 0 or an error */
	void (*let_go)(struct waiting *w, struct mpt_wait_item *item);
	/* 1 ready, 0, or an error; *fd is what poll is to watch, -1: nothing. */
	int (*look)(struct waiting *w, struct mpt_wait_item *item, int *fd);
	struct reference (*refer)(const struct mpt_wait_item *item);
};

static int hold_process(struct waiting *w, struct mpt_wait_item *item)
{
	(void)w;
	return item->of.process ? process_hold(item->of.process) : -EINVAL;
}

static void let_go_process(struct waiting *w, struct mpt_wait_item *item)
{
	(void)w;
	process_let_go(item->of.process);
}

static int look_process(struct waiting *w, struct mpt_wait_item *item, int *fd)
{
	(void)w;
	return process_look(item->of.process, fd);
}

static struct reference refer_process(const struct mpt_wait_item *item)
{
	const struct mpt_process *p = item->of.process;

	return (struct reference){ MPT_REF_PROCESS | p->slot, p->generation };
}

static int hold_pipe(struct waiting *w, struct mpt_wait_item *item)
{
	return item->of.pipe ? pipe_hold(item->of.pipe, w->me) : -EINVAL;
}

static void let_go_pipe(struct waiting *w, struct mpt_wait_item *item)
{
	pipe_let_go(item->of.pipe, w->me);
}

static int look_pipe(struct waiting *w, struct mpt_wait_item *item, int *fd)
{
	*fd = item->of.pipe->fd;
	return pipe_look(item->of.pipe, w->me);
}

static struct reference refer_handle(const struct handle *h)
{
	return (struct reference){ h->slot, h->generation };
}

static struct reference refer_pipe(const struct mpt_wait_item *item)
{
	return refer_handle(&item->of.pipe->in);
}

static int hold_queue(struct waiting *w, struct mpt_wait_item *item)
{
	if (!item->of.queue)
		return -EINVAL;
	w->queues = true;
	return handle_usable(&item->of.queue->handle) ? 0 : -ESHUTDOWN;
}

static void let_go_queue(struct waiting *w, struct mpt_wait_item *item)
{
	bell_unask(&item->of.queue->handle.object->give, w->me);
}

/* A look at two words: another's message may be gone when we come for it, anyhow. */
static int look_queue(struct waiting *w, struct mpt_wait_item *item, int *fd)
{
	int empty = mpt_queue_empty(item->of.queue);

	(void)w;
	*fd = -1;
	return empty < 0 ? empty : !empty;
}

static struct reference refer_queue(const struct mpt_wait_item *item)
{
	return refer_handle(&item->of.queue->handle);
}

static int hold_descriptor(struct waiting *w, struct mpt_wait_item *item)
{
	(void)w;
	return item->of.descriptor < 0 ? -EBADF : 0;
}

static void let_go_descriptor(struct waiting *w, struct mpt_wait_item *item)
{
	(void)w;
	(void)item;
}

static int look_descriptor(struct waiting *w, struct mpt_wait_item *item, int *fd)
{
	const struct pollfd *p = &w->fds[item - w->items];

	*fd = item->of.descriptor;
	if (p->revents & POLLNVAL)
		return -EBADF;
	return p->revents != 0;
}

static struct reference refer_descriptor(const struct mpt_wait_item *item)
{
	return (struct reference){ MPT_REF_NONE, (uint32_t)item->of.descriptor };
}

static const struct sort sorts[] = {
	[MPT_WAIT_PROCESS] = { hold_process, let_go_process, look_process, refer_process },
	[MPT_WAIT_PIPE] = { hold_pipe, let_go_pipe, look_pipe, refer_pipe },
	[MPT_WAIT_QUEUE] = { hold_queue, let_go_queue, look_queue, refer_queue },
	[MPT_WAIT_SIMPLEQUEUE] = { hold_queue, let_go_queue, look_queue, refer_queue },
	[MPT_WAIT_DESCRIPTOR] = { hold_descriptor, let_go_descriptor, look_descriptor,
				  refer_descriptor },
};

static const struct sort *sort_of(const struct mpt_wait_item *item)
{
	return &sorts[item->kind];
}

static bool is_queue(const struct mpt_wait_item *item)
{
	return item->kind == MPT_WAIT_QUEUE || item->kind == MPT_WAIT_SIMPLEQUEUE;
}

/* ---- holding -------------------------------------------------------------------------- */

static void let_go_all(struct waiting *w)
{
	while (w->held > 0) {
		w->held--;
		sort_of(&w->items[w->held])->let_go(w, &w->items[w->held]);
	}
}

static void note(struct waiting *w, const struct mpt_wait_item *item)
{
	size_t i = (size_t)(item - w->items);
	struct reference r;

	if (i >= MPT_ANY)
		return;
	r = sort_of(item)->refer(item);
	w->any.ref[i].object = r.object;
	w->any.ref[i].generation = r.generation;
}

static int hold_one(struct waiting *w, struct mpt_wait_item *item, int no_member)
{
	bool for_members = item->kind == MPT_WAIT_PIPE || is_queue(item);
	int rc = for_members && !w->me ? no_member : sort_of(item)->hold(w, item);

	item->ready = rc < 0;
	if (rc < 0)
		return rc;
	w->held++;
	w->fds[item - w->items].fd = item->kind == MPT_WAIT_DESCRIPTOR ? item->of.descriptor : -1;
	note(w, item);
	return 0;
}

/* What cannot be waited for is told before anything is waited for. */
static int hold_all(struct waiting *w)
{
	int rc = 0, no_member = 0;

	w->me = member_get(&no_member);
	w->any.count = (uint32_t)w->count;
	for (size_t i = 0; i < w->count; i++) {
		w->items[i].ready = false;
		w->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
	for (size_t i = 0; rc == 0 && i < w->count; i++)
		rc = hold_one(w, &w->items[i], no_member);
	return rc;
}

/* ---- looking ---------------------------------------------------------------------------- */

static int fail(struct waiting *w, struct mpt_wait_item *culprit, int rc)
{
	for (size_t i = 0; i < w->count; i++)
		w->items[i].ready = &w->items[i] == culprit;
	return rc;
}

static int look_at(struct waiting *w, struct mpt_wait_item *item)
{
	struct pollfd *p = &w->fds[item - w->items];
	int rc = sort_of(item)->look(w, item, &p->fd);

	item->ready = rc > 0;
	/* Something came that is not what we wait for, or there is nothing to poll: do not
	 * turn in circles. */
	if (rc == 0 && p->revents)
		p->fd = -1;
	if (p->fd < 0 && !is_queue(item))
		w->short_sighted = true;
	p->revents = 0;
	return rc;
}

/* Those that poll has found, all queues, or everything.  Returns how many are ready. */
static int look(struct waiting *w, bool at_all)
{
	int n = 0, rc;

	w->short_sighted = w->queues && w->fds[w->count].fd < 0;
	for (size_t i = 0; i < w->count; i++) {
		struct mpt_wait_item *item = &w->items[i];

		if (!at_all && !w->fds[i].revents && w->fds[i].fd >= 0)
			continue;
		rc = look_at(w, item);
		if (rc < 0)
			return fail(w, item, rc);
		n += rc;
	}
	return n;
}

/* ---- sleeping ---------------------------------------------------------------------------- */

/* Asks for the doorbell to be rung.  True: a message has come meanwhile. */
static bool ask_queues(struct waiting *w)
{
	bool come = false;
	int fd;

	for (size_t i = 0; w->queues && i < w->count; i++) {
		struct mpt_wire_side *give;

		if (!is_queue(&w->items[i]))
			continue;
		give = &w->items[i].of.queue->handle.object->give;
		bell_ask(give, w->me);
		eventcount_prepare(&give->seq, &give->want);
		come = come || look_queue(w, &w->items[i], &fd) != 0;
	}
	return come;
}

static uint64_t next_slice(struct waiting *w)
{
	uint64_t ns = w->slice.next_ns ? w->slice.next_ns : SLICE_FIRST_NS, now;

	w->slice.next_ns = ns * 2 < SLICE_LAST_NS ? ns * 2 : SLICE_LAST_NS;
	if (w->short_sighted && ns > NS_WITHOUT_BELL)
		ns = NS_WITHOUT_BELL;
	if (w->how.deadline != MPT_FOREVER) {
		now = futex_now();
		if (w->how.deadline < now + ns)
			ns = w->how.deadline > now ? w->how.deadline - now : 0;
	}
	return ns;
}

/* Returns how many descriptors have something; a signal counts as nothing. */
static int poll_all(struct waiting *w, uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	struct pollfd *bell = &w->fds[w->count];
	int n = ppoll(w->fds, (nfds_t)w->count + 1, &t, NULL);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (bell->revents)
		bell_drain(bell->fd);
	return n;
}

static int expired(const struct waiting *w)
{
	if (w->how.deadline == 0)
		return -EAGAIN;
	return w->how.deadline != MPT_FOREVER && futex_now() >= w->how.deadline ? -ETIMEDOUT : 0;
}

/* Shows what we wait for, the first time; and then again, as looking at a pipe may have
 * waited for its lock. */
static void show(struct waiting *w)
{
	if (!w->me)
		return;
	emit_block(w->me, &w->how);
	emit_block_again(w->me, &w->how);
}

static int wait_any(struct waiting *w)
{
	int found = poll_all(w, 0), n;

	for (bool at_all = true;; at_all = found == 0) {
		n = found < 0 ? found : look(w, at_all);
		if (n == 0)
			n = expired(w);
		if (n != 0)
			return n;
		if (ask_queues(w)) {
			found = poll_all(w, 0);
			continue;
		}
		show(w);
		found = poll_all(w, next_slice(w));
	}
}

static void find_bell(struct waiting *w)
{
	struct pollfd *bell = &w->fds[w->count];

	*bell = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (!w->queues || w->how.deadline == 0)
		return;
	bell->fd = bell_of(w->me);
	if (bell->fd >= 0)
		bell_listen(w->me, bell->fd);
}

/* ---- the call ------------------------------------------------------------------------------ */

static int finish(struct waiting *w, int rc)
{
	uint64_t now;

	if (!w->me)
		return rc;
	if (w->fds[w->count].fd >= 0)
		bell_stop(w->me);
	now = clock_now(&w->me->clock);
	emit(w->me, &(struct mpt_record){ .time = now,
					  .op = w->how.op,
					  .flags = rc < 0 ? MPT_REC_FAILED : 0,
					  .object = w->how.object,
					  .value = (uint64_t)(rc < 0 ? -rc : rc),
					  .span = emit_unblock(w->me, &w->how, now) });
	return rc;
}

static int wait_with(struct waiting *w)
{
	int rc = hold_all(w);

	if (rc == 0) {
		find_bell(w);
		rc = finish(w, wait_any(w));
	}
	let_go_all(w);
	return rc;
}

static bool valid(const struct mpt_wait_item *items, size_t count)
{
	if (!items || count == 0 || count > INT_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((unsigned int)items[i].kind > MPT_WAIT_DESCRIPTOR)
			return false;
	return true;
}

int mpt_wait(struct mpt_wait_item *items, size_t count, uint64_t timeout_ns)
{
	struct pollfd few[ITEMS_ON_STACK + 1];
	struct waiting w = { .items = items, .count = count, .fds = few };
	struct quiet quiet;
	int rc = -ENOMEM;

	if (!valid(items, count))
		return -EINVAL;
	quiet = quiet_begin();
	w.how = (struct blocking){ .deadline = deadline_after(timeout_ns),
				   .op = MPT_OP_WAIT_ANY,
				   .object = MPT_REF_NONE,
				   .any = &w.any };
	if (count > ITEMS_ON_STACK)
		w.fds = malloc((count + 1) * sizeof(*w.fds));
	if (w.fds)
		rc = wait_with(&w);
	if (w.fds != few)
		free(w.fds);
	quiet_end(quiet);
	return rc;
}
