/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_use_test.c - using objects when one allocation or one system call in it fails (fail.h).
 *
 * An operation that has said an error has not happened: the message is still there, or was
 * never put; the lock is still the dead one's.
 */
#include "tests/crash/fail.h"

#include <poll.h>

static uint8_t large[300 << 10], buffer[sizeof(large)];

/* ---- queues ----------------------------------------------------------------------- */

static struct mpt_queue *queue;

static void have_queue(void)
{
	const struct mpt_queue_options options = { .maxsize = 8, .bytes = 1 << 20 };

	child_claims(mpt_queue_create(&queue, &options) == 0);
}

static int put(void)
{
	return mpt_queue_put(queue, "message", 7, MPT_FOREVER);
}

static void get_it(void)
{
	child_claims(mpt_queue_size(queue) == 1);
	child_claims(mpt_queue_get(queue, buffer, sizeof(buffer), 0) == 7);
	mpt_queue_destroy(queue);
}

static int put_large(void)
{
	return mpt_queue_put(queue, large, sizeof(large), MPT_FOREVER);
}

static void get_large(void)
{
	child_claims(mpt_queue_size(queue) == 1);
	child_claims(mpt_queue_get(queue, buffer, sizeof(buffer), 0) == sizeof(large));
	mpt_queue_destroy(queue);
}

/* Asks for more room than the call has at first: it allocates. */
static ssize_t encode(const void *item, void *to, size_t size)
{
	if (size >= sizeof(large))
		memcpy(to, item, sizeof(large));
	return sizeof(large);
}

static int put_item(void)
{
	const struct mpt_queue_item item = { large, encode };

	return mpt_queue_put_item(queue, &item, MPT_FOREVER);
}

static void have_message(void)
{
	have_queue();
	child_claims(put() == 0);
}

static int get(void)
{
	return (int)mpt_queue_get(queue, buffer, sizeof(buffer), MPT_FOREVER);
}

static void end_queue(void)
{
	child_claims(mpt_queue_size(queue) == 0);
	mpt_queue_destroy(queue);
}

/* ---- pipes ------------------------------------------------------------------------- */

static struct mpt_pipe *near, *far;

static void have_pipe(void)
{
	child_claims(mpt_pipe_create(&near, &far, NULL) == 0);
}

static int send_message(void)
{
	return mpt_pipe_send(near, "message", 7, MPT_FOREVER);
}

static void end_pipe(void)
{
	mpt_pipe_destroy(near);
	mpt_pipe_destroy(far);
}

static void recv_it(void)
{
	child_claims(mpt_pipe_recv(far, buffer, sizeof(buffer), GUARD_NS) == 7);
	child_claims(mpt_pipe_poll(far, 0) == 0);
	end_pipe();
}

static void have_sent(void)
{
	have_pipe();
	child_claims(send_message() == 0);
}

static int receive(void)
{
	return (int)mpt_pipe_recv(far, buffer, sizeof(buffer), MPT_FOREVER);
}

static int next_size(void)
{
	return (int)mpt_pipe_next_size(far);
}

static int poll_pipe(void)
{
	return mpt_pipe_poll(far, MPT_FOREVER);
}

/* Goes in pieces, received by a child of the plain sort. */
static pid_t receiver;

static void receives_large(void)
{
	receiver = fail_fork();
	if (receiver)
		return;
	mpt_pipe_close(near);
	while (mpt_pipe_recv(far, buffer, sizeof(buffer), GUARD_NS) != sizeof(large))
		if (mpt_pipe_poll(far, GUARD_NS) != 1)
			_exit(1);
	_exit(0);
}

static void have_receiver(void)
{
	have_pipe();
	receives_large();
}

static int send_large(void)
{
	return mpt_pipe_send(near, large, sizeof(large), MPT_FOREVER);
}

static void end_receiver(void)
{
	int status;

	child_claims(waitpid(receiver, &status, 0) == receiver && status == 0);
	end_pipe();
}

/* ---- waiting for several things -------------------------------------------------------- */

enum { MANY = 200 };
static struct mpt_queue *queues[MANY];

static void have_many(void)
{
	const struct mpt_queue_options options = { .maxsize = 1, .bytes = 4096 };

	for (int i = 0; i < MANY; i++)
		child_claims(mpt_queue_create(&queues[i], &options) == 0);
	child_claims(mpt_queue_put(queues[MANY / 2], "x", 1, 0) == 0);
}

static int wait_for(int count, uint64_t timeout_ns)
{
	struct mpt_wait_item items[MANY + 1];

	for (int i = 0; i < count; i++)
		items[i] = mpt_wait_queue(queues[i]);
	items[count] = mpt_wait_pipe(far);
	return mpt_wait(items, (size_t)count + 1, timeout_ns);
}

static int wait_for_many(void)
{
	return wait_for(MANY, MPT_FOREVER);
}

/* Nothing is ready: asks to be woken, sleeps, gives up. */
static int wait_in_vain(void)
{
	int rc = wait_for(2, MPT_MS(1));

	return rc == -ETIMEDOUT ? 0 : rc;
}

static void have_things(void)
{
	have_many();
	have_pipe();
}

static void end_things(void)
{
	for (int i = 0; i < MANY; i++)
		mpt_queue_destroy(queues[i]);
	end_pipe();
}

/* ---- the dead ----------------------------------------------------------------------------- */

static struct mpt_lock *lock;
static struct mpt_semaphore *semaphore;

static void die_in(int (*act)(void))
{
	pid_t pid = fail_fork();
	int status;

	if (pid == 0) {
		if (act() == 0)
			raise(SIGKILL);
		_exit(1);
	}
	child_claims(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

static int acquire(void)
{
	return mpt_lock_acquire(lock, 0);
}

static void have_dead_owner(void)
{
	child_claims(mpt_lock_create(&lock, FAIL_NAME, 0) == 0);
	die_in(acquire);
}

/* Who cannot be asked for is alive: then it is tried again. */
static int take_over(void)
{
	int rc = acquire();

	child_claims(rc != 0);
	return rc;
}

static void end_lock(void)
{
	child_claims(mpt_lock_release(lock) == 0);
	mpt_lock_destroy(lock);
}

static int take_unit(void)
{
	return mpt_semaphore_acquire(semaphore, 0);
}

static void have_dead_unit(void)
{
	child_claims(mpt_semaphore_create(&semaphore, NULL) == 0);
	die_in(take_unit);
}

static void end_semaphore(void)
{
	child_claims(mpt_semaphore_release(semaphore) == 0);
	mpt_semaphore_destroy(semaphore);
}

/* ---- memory ------------------------------------------------------------------------------ */

static struct mpt_memory *memory;

static void have_memory(void)
{
	child_claims(mpt_memory_create(&memory, FAIL_NAME, 100000) == 0);
}

static int unlink_memory(void)
{
	int rc = mpt_memory_unlink(memory);

	return rc == -ENOENT ? 0 : rc; /* by the first try */
}

static int close_memory(void)
{
	return mpt_memory_close(memory);
}

static void end_memory(void)
{
	mpt_memory_destroy(memory);
}

/* ---- the tests ----------------------------------------------------------------------------- */

int main(void)
{
	static const struct failing rows[] = {
		{ "queue_put", have_queue, put, get_it, { 0 } },
		{ "queue_put of a long message", have_queue, put_large, get_large, { 0 } },
		{ "queue_put_item", have_queue, put_item, get_large, { 0 } },
		{ "queue_get", have_message, get, end_queue, { 0 } },
		{ "pipe_send", have_pipe, send_message, recv_it, { ENOMEM } },
		{ "pipe_send of a long message", have_receiver, send_large, end_receiver, { ENOMEM } },
		{ "pipe_recv", have_sent, receive, end_pipe, { 0 } },
		{ "pipe_next_size", have_sent, next_size, end_pipe, { 0 } },
		{ "pipe_poll", have_sent, poll_pipe, end_pipe, { 0 } },
		{ "wait for many things", have_things, wait_for_many, end_things, { 0 } },
		{ "wait in vain", have_things, wait_in_vain, end_things, { 0 } },
		{ "acquire a dead one's lock", have_dead_owner, take_over, end_lock, { EAGAIN } },
		{ "acquire a dead one's unit", have_dead_unit, take_unit, end_semaphore, { EAGAIN } },
		{ "memory_unlink", have_memory, unlink_memory, end_memory, { 0 } },
		{ "memory_close", have_memory, close_memory, end_memory, { 0 } },
	};

	return fail_rows("fail_use", rows, sizeof(rows) / sizeof(rows[0]), fail_row);
}
