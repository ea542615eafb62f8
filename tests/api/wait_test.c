/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_test.c - waiting for any of several things: processes, pipes, queues,
 * descriptors.
 *
 * Deaths, forks and what viewers see: wait_share_test.c.
 */
#include "tests/api/process_support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

/* One thing of each sort, and how it becomes ready and stops to be. */
static struct {
	struct mpt_queue *queue, *joinable;
	struct mpt_simplequeue *simple;
	struct mpt_pipe *reader, *writer;
	struct mpt_process *process;
	uint32_t *may_end;
	int socket[2];
} world;

enum { QUEUE, JOINABLE, SIMPLE, PIPE, SOCKET, PROCESS, SORTS };

static struct mpt_wait_item items[SORTS];

static void make_world(void)
{
	struct mpt_queue_options joinable = { .joinable = true };
	struct mpt_wait_item simple = { .kind = MPT_WAIT_SIMPLEQUEUE };

	/* First: it shall not have the ends of what comes after. */
	world.may_end = shared(sizeof(*world.may_end));
	world.process = process_run(process_await, world.may_end, NULL);
	assert_int_equal(mpt_queue_create(&world.queue, NULL), 0);
	assert_int_equal(mpt_queue_create(&world.joinable, &joinable), 0);
	assert_int_equal(mpt_simplequeue_create(&world.simple, NULL), 0);
	assert_int_equal(mpt_pipe_create(&world.reader, &world.writer, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world.socket), 0);
	simple.of.simplequeue = world.simple;
	items[QUEUE] = mpt_wait_queue(world.queue);
	items[JOINABLE] = mpt_wait_queue(world.joinable);
	items[SIMPLE] = simple;
	items[PIPE] = mpt_wait_pipe(world.reader);
	items[SOCKET] = mpt_wait_descriptor(world.socket[0]);
	items[PROCESS] = mpt_wait_process(world.process);
}

static void end_world(void)
{
	process_kill_and_free(world.process);
	mpt_queue_destroy(world.queue);
	mpt_queue_destroy(world.joinable);
	mpt_simplequeue_destroy(world.simple);
	mpt_pipe_destroy(world.reader);
	mpt_pipe_destroy(world.writer);
	close(world.socket[0]);
	close(world.socket[1]);
}

static void make_ready(int sort)
{
	switch (sort) {
	case QUEUE:
		child_claims(mpt_queue_put(world.queue, "x", 1, 0) == 0);
		break;
	case JOINABLE:
		child_claims(mpt_queue_put(world.joinable, "x", 1, 0) == 0);
		break;
	case SIMPLE:
		child_claims(mpt_simplequeue_put(world.simple, "x", 1) == 0);
		break;
	case PIPE:
		child_claims(mpt_pipe_send(world.writer, "x", 1, 0) == 0);
		break;
	case SOCKET:
		child_claims(write(world.socket[1], "x", 1) == 1);
		break;
	default:
		reach(world.may_end);
	}
}

/* Takes what is there.  A process stays ended. */
static void take(int sort)
{
	char byte;

	switch (sort) {
	case QUEUE:
		child_claims(mpt_queue_get(world.queue, &byte, 1, 0) == 1);
		break;
	case JOINABLE:
		child_claims(mpt_queue_get(world.joinable, &byte, 1, 0) == 1);
		break;
	case SIMPLE:
		child_claims(mpt_simplequeue_get(world.simple, &byte, 1) == 1);
		break;
	case PIPE:
		child_claims(mpt_pipe_recv(world.reader, &byte, 1, 0) == 1);
		break;
	case SOCKET:
		child_claims(read(world.socket[0], &byte, 1) == 1);
		break;
	default:
		break;
	}
}

/* Only item `sort` is ready. */
static void assert_ready_is(int sort)
{
	for (int i = 0; i < SORTS; i++)
		assert_int_equal(items[i].ready, i == sort);
}

/* ---- what is ready ---------------------------------------------------------------------- */

static void b70_exactly_those_that_are_ready_are_told(void **state)
{
	(void)state;
	make_world();
	assert_int_equal(mpt_wait(items, SORTS, 0), -EAGAIN);
	assert_ready_is(-1);
	for (int sort = 0; sort < SORTS; sort++) {
		make_ready(sort);
		assert_int_equal(mpt_wait(items, SORTS, GUARD_NS), 1);
		assert_ready_is(sort);
		assert_int_equal(mpt_wait(items, SORTS, MPT_FOREVER), 1); /* it stays so */
		take(sort);
	}
	assert_int_equal(mpt_process_join(world.process, 0), 0);
	assert_int_equal(mpt_wait(items, SORTS, 0), 1);
	assert_ready_is(PROCESS);
	assert_int_equal(mpt_wait(items, SORTS - 1, 0), -EAGAIN);
	end_world();
}

static void b70_any_number_may_be_ready(void **state)
{
	(void)state;
	make_world();
	for (int sort = 0; sort < SORTS; sort++)
		make_ready(sort);
	assert_int_equal(mpt_wait(&items[PROCESS], 1, MPT_FOREVER), 1);
	assert_int_equal(mpt_wait(items, SORTS, 0), SORTS);
	take(PIPE);
	take(QUEUE);
	assert_int_equal(mpt_wait(items, SORTS, 0), SORTS - 2);
	assert_false(items[PIPE].ready);
	assert_false(items[QUEUE].ready);
	end_world();
}

/* Ends, too, are something that reading would not block on. */
static void b70_the_end_of_the_other_side_is_ready(void **state)
{
	(void)state;
	make_world();
	mpt_pipe_close(world.writer);
	shutdown(world.socket[1], SHUT_WR);
	assert_int_equal(mpt_wait(items, SORTS, GUARD_NS), 2);
	assert_true(items[PIPE].ready && items[SOCKET].ready);
	end_world();
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void waits_for_one(void *arg)
{
	int sort = *(int *)arg;

	child_claims(mpt_wait(items, PROCESS, 3 * GUARD_NS) == 1);
	child_claims(items[sort].ready);
}

static void who_waits_is_woken_by_each_of_them(void **state)
{
	(void)state;
	make_world();
	for (int sort = 0; sort < PROCESS; sort++) {
		pid_t pid = child(waits_for_one, &sort);

		assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
		make_ready(sort);
		assert_ends_well(pid);
		take(sort);
	}
	end_world();
}

static void *waits_for_the_process(void *unused)
{
	child_claims(mpt_wait(items, SORTS, 3 * GUARD_NS) == 1);
	child_claims(items[PROCESS].ready);
	return unused;
}

static void who_waits_is_woken_by_the_end_of_a_process(void **state)
{
	pthread_t t;

	(void)state;
	make_world();
	t = thread(waits_for_the_process, NULL);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_WAIT_ANY));
	make_ready(PROCESS);
	join_thread(t);
	assert_int_equal(mpt_process_exit_code(world.process), 0);
	end_world();
}

/* By slices alone each turn would take 50 ms and more. */
#define TURNS 400

static struct mpt_queue *ping, *pong;

static void answers(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(ping);
	uint32_t n;

	(void)unused;
	for (int i = 0; i < TURNS; i++) {
		child_claims(mpt_wait(&item, 1, GUARD_NS) == 1);
		child_claims(mpt_queue_get(ping, &n, sizeof(n), 0) == sizeof(n));
		child_claims(mpt_queue_put(pong, &n, sizeof(n), 0) >= 0);
	}
}

static void a_put_wakes_at_once(void **state)
{
	struct mpt_wait_item item;
	uint64_t start;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_queue_create(&ping, NULL), 0);
	assert_int_equal(mpt_queue_create(&pong, NULL), 0);
	item = mpt_wait_queue(pong);
	pid = child(answers, NULL);
	start = now_ns();
	for (uint32_t i = 0, n; i < TURNS; i++) {
		assert_true(mpt_queue_put(ping, &i, sizeof(i), 0) >= 0);
		assert_int_equal(mpt_wait(&item, 1, GUARD_NS), 1);
		assert_int_equal(mpt_queue_get(pong, &n, sizeof(n), 0), sizeof(n));
		assert_int_equal(n, i);
	}
	assert_took_about(start, 0);
	assert_ends_well(pid);
	mpt_queue_destroy(ping);
	mpt_queue_destroy(pong);
}

/* One gets it; the others are woken too, and wait on. */
static uint32_t *served;

static void waits_and_gets(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(ping);
	char byte;

	(void)unused;
	do
		child_claims(mpt_wait(&item, 1, 3 * GUARD_NS) == 1);
	while (mpt_queue_get(ping, &byte, 1, 0) == -EAGAIN);
	reach(served);
}

static void several_wait_for_one_queue(void **state)
{
	pid_t pids[4];

	(void)state;
	assert_int_equal(mpt_queue_create(&ping, NULL), 0);
	served = shared(sizeof(*served));
	for (int i = 0; i < 4; i++)
		pids[i] = child(waits_and_gets, NULL);
	for (int i = 0; i < 4; i++)
		assert_eventually(is_blocked_in(pids[i], MPT_OP_WAIT_ANY));
	for (uint32_t i = 1; i <= 4; i++) {
		assert_true(mpt_queue_put(ping, "x", 1, 0) >= 0);
		assert_eventually(__atomic_load_n(served, __ATOMIC_SEQ_CST) == i);
	}
	for (int i = 0; i < 4; i++)
		assert_ends_well(pids[i]);
	mpt_queue_destroy(ping);
}

/* A plain getter beside them is woken as well. */
static void gets(void *unused)
{
	char byte;

	(void)unused;
	child_claims(mpt_queue_get(ping, &byte, 1, 3 * GUARD_NS) == 1);
	reach(served);
}

static void getters_and_waiters_share_a_queue(void **state)
{
	pid_t getter, waiter;

	(void)state;
	assert_int_equal(mpt_queue_create(&ping, NULL), 0);
	served = shared(sizeof(*served));
	getter = child(gets, NULL);
	assert_eventually(is_blocked_in(getter, MPT_OP_QUEUE_GET));
	waiter = child(waits_and_gets, NULL);
	assert_eventually(is_blocked_in(waiter, MPT_OP_WAIT_ANY));
	assert_true(mpt_queue_put(ping, "xx", 1, 0) >= 0);
	assert_true(mpt_queue_put(ping, "xx", 1, 0) >= 0);
	assert_ends_well(getter);
	assert_ends_well(waiter);
	assert_int_equal(*served, 2);
	mpt_queue_destroy(ping);
}

/* ---- time --------------------------------------------------------------------------------- */

static void b71_a_timeout_passes_and_none_is_ready(void **state)
{
	uint64_t start;

	(void)state;
	make_world();
	assert_int_equal(mpt_wait(items, SORTS, mpt_timeout(-1)), -EAGAIN);
	for (uint64_t ms = 1; ms < 300; ms = ms * 3 + 100) {
		start = now_ns();
		assert_int_equal(mpt_wait(items, SORTS, MPT_MS(ms)), -ETIMEDOUT);
		assert_took_about(start, MPT_MS(ms));
		assert_ready_is(-1);
	}
	end_world();
}

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static void every_ms(int ms)
{
	struct itimerval t = { { 0, ms * 1000 }, { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void signals_do_not_end_a_wait_early(void **state)
{
	struct sigaction by_tick = { .sa_handler = tick }, before;
	uint64_t start;

	(void)state;
	make_world();
	sigaction(SIGALRM, &by_tick, &before);
	every_ms(5);
	start = now_ns();
	assert_int_equal(mpt_wait(items, SORTS, MPT_MS(200)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(200));
	every_ms(0);
	sigaction(SIGALRM, &before, NULL);
	assert_true(ticks > 0);
	end_world();
}

/* ---- slow writers --------------------------------------------------------------------------- */

#define WRITERS 4
#define MESSAGES 10

static struct writer {
	struct mpt_pipe *reader, *writer;
	int socket[2];
	uint32_t *turn; /* how many it may have written */
} writers[WRITERS];

static void writes_slowly(void *arg)
{
	struct writer *w = arg;

	for (uint32_t i = 0; i < MESSAGES; i++) {
		child_claims_eventually(__atomic_load_n(w->turn, __ATOMIC_SEQ_CST) > i);
		child_claims(mpt_pipe_send(w->writer, &i, sizeof(i), MPT_FOREVER) == 0);
		child_claims(write(w->socket[1], &i, sizeof(i)) == sizeof(i));
	}
}

static void start_writer(struct writer *w)
{
	assert_int_equal(mpt_pipe_create(&w->reader, &w->writer, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w->socket), 0);
	w->turn = shared(sizeof(*w->turn));
	child(writes_slowly, w);
	mpt_pipe_close(w->writer);
	close(w->socket[1]);
}

/* The next one of that writer, or its end: false. */
static bool read_next(struct mpt_wait_item *item, uint32_t *n)
{
	ssize_t got;

	if (item->kind == MPT_WAIT_PIPE)
		got = mpt_pipe_recv(item->of.pipe, n, sizeof(*n), 0);
	else
		got = read(item->of.descriptor, n, sizeof(*n));
	assert_true(got == sizeof(*n) || got == 0 || got == -EPIPE);
	return got == sizeof(*n);
}

static void b72_all_messages_of_slow_writers_are_received(void **state)
{
	struct mpt_wait_item of[2 * WRITERS];
	uint32_t next[2 * WRITERS] = { 0 }, n, seen = 0;
	size_t left = 2 * WRITERS;

	(void)state;
	for (size_t i = 0; i < WRITERS; i++) {
		start_writer(&writers[i]);
		of[2 * i] = mpt_wait_pipe(writers[i].reader);
		of[2 * i + 1] = mpt_wait_descriptor(writers[i].socket[0]);
	}
	reach(writers[0].turn);
	while (left > 0) {
		assert_true(mpt_wait(of, left, GUARD_NS) > 0);
		for (size_t i = left; i-- > 0;) {
			if (!of[i].ready)
				continue;
			if (read_next(&of[i], &n)) {
				assert_int_equal(n, next[i]++);
				/* The next one to write is another. */
				reach(writers[++seen % WRITERS].turn);
				continue;
			}
			assert_int_equal(next[i], MESSAGES);
			left--;
			of[i] = of[left];
			next[i] = next[left];
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		mpt_pipe_destroy(writers[i].reader);
		mpt_pipe_destroy(writers[i].writer);
		close(writers[i].socket[0]);
	}
}

/* ---- what cannot be waited for ---------------------------------------------------------------- */

static void refused(struct mpt_wait_item odd, int error)
{
	struct mpt_wait_item two[2] = { mpt_wait_descriptor(STDIN_FILENO), odd };

	two[0].ready = true;
	assert_int_equal(mpt_wait(two, 2, MPT_FOREVER), error);
	assert_false(two[0].ready);
	assert_true(two[1].ready); /* the culprit */
}

static void what_cannot_be_waited_for_is_told(void **state)
{
	struct mpt_wait_item strange = { .kind = MPT_WAIT_DESCRIPTOR + 1 };
	struct mpt_pipe *reader, *writer;
	struct mpt_pipe_options simplex = { .simplex = true };
	struct mpt_process *fresh;

	(void)state;
	make_world();
	assert_int_equal(mpt_wait(NULL, 1, 0), -EINVAL);
	assert_int_equal(mpt_wait(items, 0, MPT_FOREVER), -EINVAL);
	assert_int_equal(mpt_wait(&strange, 1, 0), -EINVAL);
	refused(mpt_wait_queue(NULL), -EINVAL);
	refused(mpt_wait_pipe(NULL), -EINVAL);
	refused(mpt_wait_process(NULL), -EINVAL);
	refused(mpt_wait_descriptor(-1), -EBADF);
	close(world.socket[0]);
	refused(items[SOCKET], -EBADF);
	assert_int_equal(mpt_pipe_create(&reader, &writer, &simplex), 0);
	refused(mpt_wait_pipe(writer), -EBADF);
	mpt_pipe_close(reader);
	refused(mpt_wait_pipe(reader), -ESHUTDOWN);
	mpt_queue_close(world.queue);
	refused(items[QUEUE], -ESHUTDOWN);
	assert_int_equal(mpt_process_create(&fresh, process_return, NULL, NULL), 0);
	refused(mpt_wait_process(fresh), -ECHILD);
	assert_int_equal(mpt_process_close(fresh), 0);
	refused(mpt_wait_process(fresh), -ESHUTDOWN);
	mpt_process_destroy(fresh);
	mpt_pipe_destroy(reader);
	mpt_pipe_destroy(writer);
	end_world();
}

#define MANY 300

static void any_number_of_things_may_be_waited_for(void **state)
{
	struct mpt_wait_item many[MANY];

	(void)state;
	make_world();
	for (int i = 0; i < MANY; i++)
		many[i] = items[i % SORTS];
	assert_int_equal(mpt_wait(many, MANY, MPT_MS(60)), -ETIMEDOUT);
	make_ready(QUEUE);
	assert_int_equal(mpt_wait(many, MANY, GUARD_NS), MANY / SORTS);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(many[i].ready, i % SORTS == QUEUE);
	end_world();
}

static void errno_is_untouched(void **state)
{
	(void)state;
	make_world();
	errno = ENOTTY;
	assert_int_equal(mpt_wait(items, SORTS, MPT_MS(1)), -ETIMEDOUT);
	make_ready(QUEUE);
	assert_int_equal(mpt_wait(items, SORTS, 0), 1);
	assert_int_equal(errno, ENOTTY);
	end_world();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(b70_exactly_those_that_are_ready_are_told),
		process_test(b70_any_number_may_be_ready),
		process_test(b70_the_end_of_the_other_side_is_ready),
		process_test(who_waits_is_woken_by_each_of_them),
		process_test(who_waits_is_woken_by_the_end_of_a_process),
		process_test(a_put_wakes_at_once),
		process_test(several_wait_for_one_queue),
		process_test(getters_and_waiters_share_a_queue),
		process_test(b71_a_timeout_passes_and_none_is_ready),
		process_test(signals_do_not_end_a_wait_early),
		process_test(b72_all_messages_of_slow_writers_are_received),
		process_test(what_cannot_be_waited_for_is_told),
		process_test(any_number_of_things_may_be_waited_for),
		process_test(errno_is_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
