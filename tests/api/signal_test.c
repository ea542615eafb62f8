/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal_test.c - a signal handler uses the very queue and lock that the program is in
 * the middle of using: nothing is damaged, and what could not be recorded is counted.
 */
#include "tests/api/support.h"

#include <sys/time.h>

#define SECONDS 2

static struct mpt_queue *queue;
static struct mpt_lock *lock;

/* Of the handler, and of the program. */
static struct sums {
	uint64_t calls, puts, gets, acquired, would_deadlock;
} volatile mine, handlers;

static void try_all(volatile struct sums *sums)
{
	char buffer[64] = { 0 };
	int rc = mpt_queue_put(queue, buffer, 1 + sums->calls % 60, 0);

	sums->puts += rc == 0;
	sums->would_deadlock += rc == -EDEADLK;
	if (rc != 0 && rc != -EAGAIN && rc != -EDEADLK)
		child_refutes(__FILE__, __LINE__, mpt_result_text(rc));
	rc = (int)mpt_queue_get(queue, buffer, sizeof(buffer), 0);
	sums->gets += rc >= 0;
	sums->would_deadlock += rc == -EDEADLK;
	if (rc < 0 && rc != -EAGAIN && rc != -EDEADLK)
		child_refutes(__FILE__, __LINE__, mpt_result_text(rc));
	rc = mpt_lock_acquire(lock, 0);
	sums->acquired += rc == 0;
	if (rc != 0 && rc != -EAGAIN)
		child_refutes(__FILE__, __LINE__, mpt_result_text(rc));
	if (rc == 0 && mpt_lock_release(lock) != 0)
		child_refutes(__FILE__, __LINE__, "released");
	/* put, get, and a pair or a failed try: one record each, or counted lost. */
	sums->calls += 3;
}

static void handle(int number)
{
	int saved = errno;

	(void)number;
	try_all(&handlers);
	errno = saved;
}

static void interrupts_itself(void *unused)
{
	struct itimerval often = { { 0, 150 }, { 0, 150 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = handle };
	struct mpt_trace_info before, after;
	uint64_t until = now_ns() + MPT_SECONDS(SECONDS);

	(void)unused;
	child_claims(mpt_trace_status(&before) == 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (now_ns() < until || handlers.would_deadlock == 0)
		try_all(&mine);
	setitimer(ITIMER_REAL, &never, NULL);
	child_claims(mpt_trace_status(&after) == 0);
	printf("# note: %llu calls, %llu by the handler, %llu of them inside the same queue, "
	       "%llu records lost\n",
	       (unsigned long long)(mine.calls + handlers.calls),
	       (unsigned long long)handlers.calls, (unsigned long long)handlers.would_deadlock,
	       (unsigned long long)after.lost);
	fflush(stdout);
	child_claims(after.records - before.records + after.lost == mine.calls + handlers.calls);
	child_claims((uint64_t)mpt_queue_size(queue) ==
		     mine.puts + handlers.puts - mine.gets - handlers.gets);
}

static void a_handler_may_use_what_the_program_is_using(void **state)
{
	struct mpt_queue_options options = { .name = "used", .maxsize = 5, .bytes = 4096 };
	const struct mpt_wire_object *o;
	struct ledger sum;
	char buffer[64];

	(void)state;
	assert_int_equal(mpt_queue_create(&queue, &options), 0);
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	o = segment_object("used");
	assert_ends_well(child(interrupts_itself, NULL));
	while (mpt_queue_get(queue, buffer, sizeof(buffer), 0) >= 0)
		;
	sum = segment_ledger(o);
	assert_int_equal(sum.gives, o->give.index);
	assert_int_equal(sum.takes, o->take.index);
	assert_int_equal(o->take.index, o->give.index);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_queue_destroy(queue);
	mpt_lock_destroy(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_handler_may_use_what_the_program_is_using),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
