/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads_all_test.c - all primitives at once, used by the threads of one process.
 *
 * A member of a domain is a thread: its slot, its lock word, its ring.  Threads of one process
 * run the same code on the same words as processes do, but on one mapping, so that the
 * thread sanitizer (SAN=thread) sees a race between two members that it cannot see between
 * processes.  Without it: every account is exact, as nobody is killed.
 *
 * Left out are dict and list: who reads them copies what may be changing and looks afterwards
 * whether it has, which is what the sanitizer calls a race.
 */
#include "tests/crash/deeds.h"

#define THREADS 4
#define TURNS (SANITIZED ? 600 : 6000)

static const struct deed *const deeds[] = {
	&deed_lock,  &deed_rlock,    &deed_semaphore, &deed_bounded, &deed_condition,
	&deed_event, &deed_barrier,  &deed_queue,     &deed_joinable, &deed_simplequeue,
	&deed_pipe,  &deed_value,    &deed_array,     &deed_memory,
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

struct worker {
	struct account account[DEEDS];
	unsigned int seed;
};

static void *turns(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < TURNS; i++) {
		size_t which = (size_t)rand_r(&w->seed) % DEEDS;

		deeds[which]->act(&w->account[which], &w->seed);
	}
	return NULL;
}

static void judge(const struct worker *workers, size_t which)
{
	struct account sum = { 0 };

	for (int i = 0; i < THREADS; i++) {
		sum.begun += workers[i].account[which].begun;
		sum.done += workers[i].account[which].done;
		sum.in += workers[i].account[which].in;
		sum.out += workers[i].account[which].out;
	}
	assert_int_equal(sum.begun, sum.done);
	deeds[which]->judge(&sum);
}

static void threads_are_members_as_processes_are(void **state)
{
	static struct worker workers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < DEEDS; i++)
		deeds[i]->make();
	for (int i = 0; i < THREADS; i++) {
		workers[i].seed = (unsigned int)i + 1;
		threads[i] = thread(turns, &workers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < DEEDS; i++)
		judge(workers, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(threads_are_members_as_processes_are),
	};

	setenv("MPTRACE_RING", "8K", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
