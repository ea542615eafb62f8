/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork_test.c - the program's own fork(), from quiet and from busy parents, and other
 * ways a process comes to be.
 *
 * Does not own: children made by mpt_process_start (process_test.c).
 */
#include "tests/api/support.h"

#include <spawn.h>
#include <sys/syscall.h>

extern char **environ;

static struct mpt_queue *new_queue(void)
{
	struct mpt_queue_options options = { .maxsize = 8, .bytes = 4096 };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

static void works(struct mpt_queue *q)
{
	uint32_t n = (uint32_t)getpid();

	child_claims(mpt_queue_put(q, &n, sizeof(n), GUARD_NS) >= 0);
	child_claims(mpt_queue_get(q, &n, sizeof(n), GUARD_NS) == sizeof(n));
}

static uint32_t processes(void)
{
	return segment()->section[MPT_SEC_PROCESSES].used;
}

/* ---- one fork ------------------------------------------------------------------------- */

static void attaches_itself(void *q)
{
	const struct mpt_wire_process *mine, *parents = segment_process(getppid());

	child_claims(segment_process(getpid()) == NULL);
	works(q);
	mine = segment_process(getpid());
	child_claims(mine && mine != parents);
	child_claims(mine->parent_pid == (uint32_t)getppid());
	child_claims(mine->parent == parents - (const struct mpt_wire_process *)(const void *)(
					       (const uint8_t *)segment() +
					       segment()->section[MPT_SEC_PROCESSES].offset));
	child_claims(mine->state == MPT_SLOT_LIVE && parents->state == MPT_SLOT_LIVE);
	child_claims(segment_thread(getpid())->tid == (uint32_t)getpid());
}

static void a_childs_first_call_gives_it_a_place_of_its_own(void **state)
{
	struct mpt_queue *q = new_queue();

	(void)state;
	assert_ends_well(child(attaches_itself, q));
	works(q);
	mpt_queue_destroy(q);
}

static void does_nothing(void *unused)
{
	(void)unused;
}

static void a_child_that_never_calls_takes_no_place(void **state)
{
	struct mpt_queue *q = new_queue();
	uint32_t before = processes();

	(void)state;
	assert_ends_well(child(does_nothing, q));
	assert_int_equal(processes(), before);
	mpt_queue_destroy(q);
}

static void has_children(void *q)
{
	works(q);
	child_claims(end_of(child(attaches_itself, q)) == 0);
	child_claims(end_of(child(attaches_itself, q)) == 0);
	works(q);
}

static void children_have_children(void **state)
{
	struct mpt_queue *q = new_queue();

	(void)state;
	assert_ends_well(child(has_children, q));
	mpt_queue_destroy(q);
}

/* The one in the middle never called: its child's parent slot is unknown, no more. */
static void has_a_child_without_calling(void *q)
{
	child_claims(end_of(child((void (*)(void *))works, q)) == 0);
}

static void a_grandchild_of_one_that_never_called_works(void **state)
{
	struct mpt_queue *q = new_queue();

	(void)state;
	assert_ends_well(child(has_a_child_without_calling, q));
	mpt_queue_destroy(q);
}

static void exits_in_order(void *q)
{
	works(q);
	exit(0);
}

static void does_not_call_and_exits(void *unused)
{
	(void)unused;
	exit(0);
}

static void a_childs_exit_ends_its_place_not_the_parents(void **state)
{
	struct mpt_queue *q = new_queue();
	pid_t pid = child(exits_in_order, q);

	(void)state;
	assert_ends_well(pid);
	assert_int_equal(segment_process(pid)->state, MPT_SLOT_ENDED);
	assert_ends_well(child(does_not_call_and_exits, q));
	assert_int_equal(segment_process(getpid())->state, MPT_SLOT_LIVE);
	works(q);
	mpt_queue_destroy(q);
}

/* ---- other ways ----------------------------------------------------------------------- */

/* No atfork handler runs; the page that the kernel wipes tells. */
static void a_child_by_the_bare_system_call_attaches_too(void **state)
{
	struct mpt_queue *q;
	int status;
	pid_t pid;

	(void)state;
	if (SANITIZED)
		skip();
	q = new_queue();
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		char byte;
		int rc = mpt_queue_put(q, "r", 1, 0);

		_exit(rc == 0 && mpt_queue_get(q, &byte, 1, 0) == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_non_null(segment_process(pid));
	works(q);
	mpt_queue_destroy(q);
}

static void a_spawned_program_leaves_the_parent_alone(void **state)
{
	static char name[] = "true";
	char *argv[] = { name, NULL };
	struct mpt_queue *q = new_queue();
	struct mpt_lock *lock;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(mpt_lock_acquire(lock, 0), -EAGAIN);
	assert_int_equal(mpt_lock_release(lock), 0);
	works(q);
	mpt_lock_destroy(lock);
	mpt_queue_destroy(q);
}

static void *attached_in_vain(void *q)
{
	works(q);
	return NULL;
}

static void forks_before_any_call(const char *unused)
{
	struct mpt_queue *q;
	pid_t pid = fork();

	(void)unused;
	child_claims(mpt_queue_create(&q, NULL) == 0);
	works(q);
	join_thread(thread(attached_in_vain, q));
	child_claims(processes() == 1);
	if (pid == 0)
		_exit(0);
	child_claims(end_of(pid) == 0);
}

static void parent_and_child_of_a_fork_before_any_call_are_strangers(void **state)
{
	(void)state;
	assert_ends_well(program("forks_before_any_call", NULL, NULL));
}

/* ---- busy parents ------------------------------------------------------------------------ */

#define FORKS 150

struct busy {
	struct mpt_queue *queue, *quiet;
	struct mpt_lock *lock;
	uint32_t stop, puts, gets;
};

static void *puts_on_and_on(void *arg)
{
	struct busy *b = arg;

	while (!reached(&b->stop)) {
		child_claims(mpt_queue_put(b->queue, "busy", 4, GUARD_NS) >= 0);
		reach(&b->puts);
	}
	return NULL;
}

static void *gets_on_and_on(void *arg)
{
	struct busy *b = arg;
	char buffer[8];
	ssize_t n;

	while (!reached(&b->stop) || mpt_queue_size(b->queue) > 0) {
		n = mpt_queue_get(b->queue, buffer, sizeof(buffer), MPT_MS(10));
		child_claims(n == 4 || n == -ETIMEDOUT);
		b->gets += n == 4;
	}
	return NULL;
}

static void *locks_on_and_on(void *arg)
{
	struct busy *b = arg;

	while (!reached(&b->stop)) {
		child_claims(mpt_lock_acquire(b->lock, MPT_FOREVER) >= 0);
		child_claims(mpt_lock_release(b->lock) == 0);
	}
	return NULL;
}

/* Threads that do not exist here were in the middle of everything. */
static void joins_in(void *arg)
{
	struct busy *b = arg;

	works(b->quiet);
	for (int i = 0; i < 10; i++) {
		child_claims(mpt_queue_put(b->queue, "busy", 4, GUARD_NS) >= 0);
		reach(&b->puts);
		child_claims(mpt_lock_acquire(b->lock, GUARD_NS) == 0);
		child_claims(mpt_lock_release(b->lock) == 0);
	}
}

static void a_busy_threaded_parent_may_fork_at_any_moment(void **state)
{
	struct busy *b = shared(sizeof(*b));
	pthread_t threads[4];

	(void)state;
	b->queue = new_queue();
	b->quiet = new_queue();
	assert_int_equal(mpt_lock_create(&b->lock, NULL, 0), 0);
	threads[0] = thread(puts_on_and_on, b);
	threads[1] = thread(puts_on_and_on, b);
	threads[2] = thread(gets_on_and_on, b);
	threads[3] = thread(locks_on_and_on, b);
	for (int i = 0; i < FORKS; i++)
		assert_ends_well(child(joins_in, b));
	reach(&b->stop);
	for (int i = 0; i < 4; i++)
		join_thread(threads[i]);
	while (mpt_queue_size(b->queue) > 0)
		gets_on_and_on(b);
	assert_int_equal(b->gets, b->puts);
	mpt_queue_destroy(b->queue);
	mpt_queue_destroy(b->quiet);
	mpt_lock_destroy(b->lock);
}

static void *forks_in_thread(void *arg)
{
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			works(arg);
			_exit(0);
		}
		child_claims(waitpid(pid, &status, 0) == pid && status == 0);
	}
	return NULL;
}

static void several_threads_may_fork_attached_or_not(void **state)
{
	struct mpt_queue *q = new_queue();
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		threads[i] = thread(forks_in_thread, q);
	for (int i = 0; i < 3; i++)
		join_thread(threads[i]);
	works(q);
	mpt_queue_destroy(q);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "forks_before_any_call", forks_before_any_call },
	};
	const struct CMUnitTest tests[] = {
		api_test(a_childs_first_call_gives_it_a_place_of_its_own),
		api_test(a_child_that_never_calls_takes_no_place),
		api_test(children_have_children),
		api_test(a_grandchild_of_one_that_never_called_works),
		api_test(a_childs_exit_ends_its_place_not_the_parents),
		api_test(a_child_by_the_bare_system_call_attaches_too),
		api_test(a_spawned_program_leaves_the_parent_alone),
		api_test(parent_and_child_of_a_fork_before_any_call_are_strangers),
		api_test(a_busy_threaded_parent_may_fork_at_any_moment),
		api_test(several_threads_may_fork_attached_or_not),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
