/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots_test.c - many: objects, threads, processes, and what happens when there are
 * more than the domain has room for.
 *
 * Each test runs as a program of its own, with a domain of its own size.
 */
#include "tests/api/support.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

/* 128 processes, 256 threads, 64 objects, 190 blocks of memory. */
static const char *const smallest[] = { "MPTRACE_SIZE=1M", "MPTRACE_RING=8K", NULL };
static const char *const thousand[] = { "MPTRACE_SIZE=8M", NULL }; /* 1,024 processes */

static int use(struct mpt_lock *lock)
{
	int rc = mpt_lock_acquire(lock, GUARD_NS);

	return rc < 0 ? rc : mpt_lock_release(lock);
}

static struct mpt_lock *new_lock(void)
{
	struct mpt_lock *lock;

	child_claims(mpt_lock_create(&lock, NULL, 0) == 0);
	return lock;
}

static void claims_end(pid_t pid)
{
	int status;

	child_claims(waitpid(pid, &status, 0) == pid);
	child_claims(status == 0);
}

/* ---- objects --------------------------------------------------------------------- */

static void role_more_objects_than_slots(const char *arg)
{
	struct mpt_lock *locks[100], *refused = NULL;
	int n = 0, rc;

	(void)arg;
	while ((rc = mpt_lock_create(&locks[n], NULL, 0)) == 0)
		child_claims(++n < 100);
	child_claims(rc == -ENOSPC);
	child_claims(n == 64);
	child_claims(mpt_lock_create(&refused, NULL, 0) == -ENOSPC && !refused);
	for (int i = 0; i < n; i++)
		child_claims(use(locks[i]) == 0);
	mpt_lock_destroy(locks[17]);
	locks[17] = new_lock();
	child_claims(mpt_lock_create(&refused, NULL, 0) == -ENOSPC);
	child_claims(use(locks[17]) == 0);
	for (int i = 0; i < n; i++)
		mpt_lock_destroy(locks[i]);
}

static void role_objects_come_and_go(const char *arg)
{
	struct mpt_queue_options options = { .maxsize = 4, .bytes = 4096 };
	const struct mpt_wire_thread *me;
	struct mpt_queue *q;
	char byte;

	(void)arg;
	for (int i = 0; i < 20000; i++) {
		child_claims(mpt_queue_create(&q, &options) == 0);
		child_claims(mpt_queue_put(q, "x", 1, 0) == 0);
		child_claims(mpt_queue_get(q, &byte, 1, 0) == 1);
		mpt_queue_destroy(q);
	}
	me = segment_thread(getpid());
	child_claims(me->uses_overflow == 0);
	child_claims(segment()->section[MPT_SEC_OBJECTS].used == 1);
}

/* More objects at a time than a ledger has rows: counted, and all of them work. */
static void role_more_objects_than_rows(const char *arg)
{
	struct mpt_lock *locks[MPT_USES + 3];
	const struct mpt_wire_thread *me;

	(void)arg;
	for (size_t i = 0; i < MPT_USES + 3; i++)
		locks[i] = new_lock();
	for (size_t i = 0; i < MPT_USES + 3; i++)
		child_claims(use(locks[i]) == 0);
	me = segment_thread(getpid());
	child_claims(me->uses_overflow == 3);
	for (size_t i = 0; i < MPT_USES + 3; i++)
		mpt_lock_destroy(locks[i]);
}

/* ---- memory ------------------------------------------------------------------------ */

static void role_too_small_for_a_queue(const char *arg)
{
	struct mpt_queue_options small = { .maxsize = 8, .bytes = 4096 };
	struct mpt_queue *q;

	(void)arg;
	child_claims(mpt_queue_create(&q, NULL) == -ENOSPC && !q);
	child_claims(mpt_queue_create(&q, &small) == 0);
	child_claims(mpt_queue_put(q, "x", 1, 0) == 0);
	child_claims(use(new_lock()) == 0);
	mpt_queue_destroy(q);
}

static void uses_and_is_killed(void *lock)
{
	child_claims(use(lock) == 0);
	kill(getpid(), SIGKILL);
}

/* The rings of the killed are taken when memory runs out, not lost. */
static void role_memory_of_the_killed_comes_back(const char *arg)
{
	struct mpt_queue_options half = { .maxsize = 16, .bytes = 256 << 10 };
	struct mpt_lock *lock = new_lock();
	struct mpt_trace_info info;
	struct mpt_queue *q;
	int status;

	(void)arg;
	for (int i = 0; i < 300; i++) {
		pid_t pid = child(uses_and_is_killed, lock);

		child_claims(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
		child_is_gone(pid);
	}
	child_claims(mpt_queue_create(&q, &half) == 0);
	child_claims(segment()->reclaimed > 0);
	child_claims(mpt_trace_status(&info) == 0 && info.on);
	mpt_queue_destroy(q);
}

static void is_recorded(void *lock)
{
	struct mpt_trace_info info;

	child_claims(use(lock) == 0);
	child_claims(mpt_trace_status(&info) == 0);
	child_claims(info.on && info.ring_bytes >= 8192 && info.records >= 2);
}

static void role_the_killed_leave_rings_to_their_successors(const char *arg)
{
	struct mpt_lock *lock = new_lock();
	int status;

	(void)arg;
	for (int i = 0; i < 200; i++) {
		pid_t pid = child(uses_and_is_killed, lock);

		child_claims(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
		child_is_gone(pid);
	}
	claims_end(child(is_recorded, lock));
}

/* ---- processes ----------------------------------------------------------------------- */

static void uses(void *lock)
{
	child_claims(use(lock) == 0);
}

static void role_processes_one_after_another(const char *arg)
{
	struct mpt_lock *lock = new_lock();

	for (int i = 0, n = atoi(arg); i < n; i++) {
		pid_t pid = child(uses, lock);

		claims_end(pid);
		child_is_gone(pid);
	}
	child_claims(use(lock) == 0);
}

struct crowd {
	struct mpt_lock *lock;
	uint32_t inside, refused, over;
};

/* Asleep: so many that look now and then would leave the processors to nobody else. */
static void stay(uint32_t *over)
{
	while (!reached(over))
		syscall(SYS_futex, over, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void all_may_go(uint32_t *over)
{
	reach(over);
	syscall(SYS_futex, over, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void attaches_and_stays(void *arg)
{
	struct crowd *c = arg;
	int rc = use(c->lock);

	child_claims(rc == 0 || rc == -ENOSPC);
	reach(rc ? &c->refused : &c->inside);
	stay(&c->over);
}

static void role_more_processes_than_slots(const char *arg)
{
	struct crowd *c = shared(sizeof(*c));
	pid_t pids[140];

	(void)arg;
	c->lock = new_lock();
	for (int i = 0; i < 140; i++)
		pids[i] = child(attaches_and_stays, c);
	child_claims_eventually(c->inside + c->refused == 140);
	child_claims(c->inside == 127 && c->refused == 13);
	child_claims(use(c->lock) == 0);
	all_may_go(&c->over);
	for (int i = 0; i < 140; i++)
		claims_end(pids[i]);
	claims_end(child(uses, c->lock));
}

/* ---- threads -------------------------------------------------------------------------- */

static void *uses_in_thread(void *lock)
{
	child_claims(use(lock) == 0);
	return NULL;
}

static void role_threads_one_after_another(const char *arg)
{
	struct mpt_lock *lock = new_lock();

	for (int i = 0, n = atoi(arg); i < n; i++)
		join_thread(thread(uses_in_thread, lock));
	child_claims(use(lock) == 0);
	child_claims(segment_thread(getpid())->state == MPT_SLOT_LIVE);
}

static void *stays_in_thread(void *arg)
{
	attaches_and_stays(arg);
	return NULL;
}

static void tries_often(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 200; i++)
		child_claims(use(c->lock) == -ENOSPC);
	reach(&c->refused);
	stay(&c->over);
}

/* No slot for the thread: the process must not keep one either, try by try. */
static void role_more_threads_than_slots(const char *arg)
{
	struct crowd *c = shared(sizeof(*c)), *d = shared(sizeof(*d));
	pthread_t threads[270];
	pid_t pid;

	(void)arg;
	d->lock = c->lock = new_lock();
	for (int i = 0; i < 270; i++)
		threads[i] = thread(stays_in_thread, c);
	child_claims_eventually(c->inside + c->refused == 270);
	child_claims(c->inside == 255 && c->refused == 15);
	pid = child(tries_often, d);
	child_claims_eventually(reached(&d->refused));
	all_may_go(&c->over);
	for (int i = 0; i < 270; i++)
		join_thread(threads[i]);
	claims_end(child(uses, c->lock));
	all_may_go(&d->over);
	claims_end(pid);
}

/* ---- the tests --------------------------------------------------------------------------- */

#define SMALL(name, arg)                                                  \
	static void name(void **state)                                    \
	{                                                                 \
		(void)state;                                              \
		assert_ends_well(program("role_" #name, arg, smallest));  \
	}

SMALL(more_objects_than_slots, NULL)
SMALL(objects_come_and_go, NULL)
SMALL(too_small_for_a_queue, NULL)
SMALL(memory_of_the_killed_comes_back, NULL)
SMALL(the_killed_leave_rings_to_their_successors, NULL)
SMALL(more_processes_than_slots, NULL)
SMALL(more_threads_than_slots, NULL)

static void more_objects_than_rows(void **state)
{
	(void)state;
	assert_ends_well(program("role_more_objects_than_rows", NULL, NULL));
}

static void processes_one_after_another(void **state)
{
	(void)state;
	assert_ends_well(program("role_processes_one_after_another", "400", smallest));
	assert_ends_well(program("role_processes_one_after_another", "1100", thousand));
}

static void threads_one_after_another(void **state)
{
	(void)state;
	assert_ends_well(program("role_threads_one_after_another", "1000", smallest));
	assert_ends_well(program("role_threads_one_after_another", "9000", NULL));
}

#define ROLE(name) { #name, name }

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		ROLE(role_more_objects_than_slots),
		ROLE(role_objects_come_and_go),
		ROLE(role_more_objects_than_rows),
		ROLE(role_too_small_for_a_queue),
		ROLE(role_memory_of_the_killed_comes_back),
		ROLE(role_the_killed_leave_rings_to_their_successors),
		ROLE(role_more_processes_than_slots),
		ROLE(role_processes_one_after_another),
		ROLE(role_threads_one_after_another),
		ROLE(role_more_threads_than_slots),
	};
	const struct CMUnitTest tests[] = {
		api_test(more_objects_than_slots),
		api_test(objects_come_and_go),
		api_test(more_objects_than_rows),
		api_test(too_small_for_a_queue),
		api_test(memory_of_the_killed_comes_back),
		api_test(the_killed_leave_rings_to_their_successors),
		api_test(more_processes_than_slots),
		api_test(processes_one_after_another),
		api_test(threads_one_after_another),
		api_test(more_threads_than_slots),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
