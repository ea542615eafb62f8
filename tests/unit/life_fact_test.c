/* SPDX-License-Identifier: BSD-2-Clause */
/* life_fact_test.c - what events of the kernel programs mean. */
#include "mpstat/collector/life_fact.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000000ull

static const struct ticks plain = { .per_second = 100 };

static struct life_event event_of(uint8_t what)
{
	struct life_event event;

	memset(&event, 0, sizeof(event));
	event.what = what;
	event.time_ns = 77 * SECOND;
	event.pid = 20;
	event.start_ns = 5 * SECOND + 129999999;
	event.other_pid = 10;
	event.other_start_ns = 4 * SECOND + 10000000;
	event.group = 19;
	event.session = 18;
	event.uid = 1000;
	memcpy(event.comm, "child", 6);
	memcpy(event.other_comm, "parent", 7);
	return event;
}

static struct fact fact_of(const struct life_event *event)
{
	struct fact fact;

	assert_true(life_fact(event, &plain, &fact));
	return fact;
}

/* ---- every kind ------------------------------------------------------------- */

static void a_fork_names_both(void **state)
{
	struct life_event event = event_of(LIFE_FORK);
	struct fact fact = fact_of(&event);

	(void)state;
	assert_int_equal(fact.type, FACT_LIFE);
	assert_int_equal(fact.source, FACT_FROM_KERNEL);
	assert_int_equal(fact.time_ns, 77 * SECOND);
	assert_int_equal(fact.u.life.what, FACT_LIFE_FORK);
	assert_int_equal(fact.u.life.process.pid, 20);
	assert_int_equal(fact.u.life.process.start, 512); /* rounded down, as /proc does */
	assert_int_equal(fact.u.life.other.pid, 10);
	assert_int_equal(fact.u.life.other.start, 401);
	assert_string_equal(fact.u.life.name, "child");
	assert_string_equal(fact.u.life.other_name, "parent");
	assert_int_equal(fact.u.life.uid, 1000);
	assert_int_equal(fact.u.life.group, 19);
	assert_int_equal(fact.u.life.session, 18);
	assert_int_equal(fact.u.life.exit_code, FACT_EXIT_UNKNOWN);
}

static void an_exec_has_the_new_name_and_nobody_else(void **state)
{
	struct life_event event = event_of(LIFE_EXEC);
	struct fact fact = fact_of(&event);

	(void)state;
	assert_int_equal(fact.u.life.what, FACT_LIFE_EXEC);
	assert_string_equal(fact.u.life.name, "child");
	assert_int_equal(fact.u.life.other.pid, 0);
}

static void a_chosen_victim_is_told(void **state)
{
	struct life_event event = event_of(LIFE_OOM);
	struct fact fact = fact_of(&event);

	(void)state;
	assert_int_equal(fact.u.life.what, FACT_LIFE_OOM);
	assert_int_equal(fact.u.life.process.pid, 20);
	assert_int_equal(fact.u.life.other.pid, 0); /* who ran when memory ended is not to blame */
}

static void an_exit_has_its_code(void **state)
{
	static const struct {
		int status;
		uint8_t flags;
		int32_t code;
		bool core;
	} rows[] = {
		{ 0, 0, 0, false },
		{ 3 << 8, LIFE_GROUP_EXIT, 3, false },
		{ 255 << 8, 0, 255, false },
		{ 128 << 8, 0, 128, false },
		{ SIGKILL, LIFE_GROUP_EXIT, -SIGKILL, false },
		{ SIGSEGV | 0x80, 0, -SIGSEGV, true },
		{ SIGABRT, LIFE_CORE, -SIGABRT, true },
		{ 0x7f | SIGSTOP << 8, 0, FACT_EXIT_UNKNOWN, false },
		{ 64, 0, -64, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct life_event event = event_of(LIFE_EXIT);
		struct fact fact;

		event.status = rows[i].status;
		event.flags = rows[i].flags;
		fact = fact_of(&event);
		assert_int_equal(fact.u.life.what, FACT_LIFE_EXIT);
		assert_int_equal(fact.u.life.exit_code, rows[i].code);
		assert_int_equal(fact.u.life.core, rows[i].core);
		assert_int_equal(fact.u.life.other.pid, 10);
	}
}

/* ---- who is behind a signal --------------------------------------------------- */

enum whom { ANOTHER, ITSELF, NOBODY };

static const struct origin_row {
	uint8_t signal, origin;
	int code;
	uint8_t who, flags, result;
	bool named; /* the sender is told */
} origins[] = {
	/* clang-format off */
	{ SIGKILL, LIFE_ORIGIN_INFO, SI_USER, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGTERM, LIFE_ORIGIN_INFO, SI_TKILL, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGABRT, LIFE_ORIGIN_INFO, SI_TKILL, ITSELF, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGUSR1, LIFE_ORIGIN_INFO, SI_QUEUE, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGKILL, LIFE_ORIGIN_INFO, SI_USER, NOBODY, LIFE_SENDER_OUTSIDE, FACT_ORIGIN_PROCESS, false },
	{ SIGTERM, LIFE_ORIGIN_INFO, -1000, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGSEGV, LIFE_ORIGIN_INFO, SI_USER, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	/* exiting, but by kill(2): an atexit function, say */
	{ SIGTERM, LIFE_ORIGIN_INFO, SI_USER, ANOTHER, LIFE_SENDER_EXITS, FACT_ORIGIN_PROCESS, true },
	{ SIGALRM, LIFE_ORIGIN_INFO, SI_TIMER, ANOTHER, 0, FACT_ORIGIN_TIMER, false },
	{ 64, LIFE_ORIGIN_INFO, SI_TIMER, NOBODY, 0, FACT_ORIGIN_TIMER, false },
	{ SIGUSR1, LIFE_ORIGIN_INFO, SI_MESGQ, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGIO, LIFE_ORIGIN_INFO, SI_SIGIO, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGUSR1, LIFE_ORIGIN_INFO, SI_ASYNCIO, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGUSR1, LIFE_ORIGIN_INFO, -60, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGIO, LIFE_ORIGIN_INFO, POLL_IN, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGSEGV, LIFE_ORIGIN_INFO, SEGV_MAPERR, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGSEGV, LIFE_ORIGIN_INFO, 0x80, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGBUS, LIFE_ORIGIN_INFO, BUS_ADRERR, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGBUS, LIFE_ORIGIN_INFO, 4, ITSELF, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGBUS, LIFE_ORIGIN_INFO, 5, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGFPE, LIFE_ORIGIN_INFO, FPE_INTDIV, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGILL, LIFE_ORIGIN_INFO, ILL_ILLOPN, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGTRAP, LIFE_ORIGIN_INFO, TRAP_BRKPT, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGSYS, LIFE_ORIGIN_INFO, 1, ITSELF, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGSYS, LIFE_ORIGIN_INFO, 2, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGKILL, LIFE_ORIGIN_INFO, 0x80, ITSELF, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGTERM, LIFE_ORIGIN_NOINFO, 0, ANOTHER, LIFE_SENDER_EXITS, FACT_ORIGIN_PARENT_DEATH, true },
	{ SIGKILL, LIFE_ORIGIN_NOINFO, 0, NOBODY, LIFE_SENDER_EXITS | LIFE_SENDER_OUTSIDE, FACT_ORIGIN_PARENT_DEATH, false },
	{ SIGPIPE, LIFE_ORIGIN_NOINFO, 0, ITSELF, 0, FACT_ORIGIN_FAULT, false },
	{ SIGXFSZ, LIFE_ORIGIN_NOINFO, 0, ITSELF, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGTERM, LIFE_ORIGIN_NOINFO, 0, ANOTHER, 0, FACT_ORIGIN_PROCESS, true },
	{ SIGTERM, LIFE_ORIGIN_NOINFO, 0, NOBODY, LIFE_SENDER_OUTSIDE, FACT_ORIGIN_KERNEL, false },
	{ SIGINT, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGQUIT, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGTSTP, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGHUP, LIFE_ORIGIN_KERNEL, 0, ANOTHER, LIFE_SENDER_EXITS, FACT_ORIGIN_TERMINAL, false },
	{ SIGCONT, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGTTIN, LIFE_ORIGIN_KERNEL, 0, ITSELF, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGTTOU, LIFE_ORIGIN_KERNEL, 0, ITSELF, 0, FACT_ORIGIN_TERMINAL, false },
	{ SIGALRM, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_TIMER, false },
	{ SIGVTALRM, LIFE_ORIGIN_KERNEL, 0, ITSELF, 0, FACT_ORIGIN_TIMER, false },
	{ SIGPROF, LIFE_ORIGIN_KERNEL, 0, ITSELF, 0, FACT_ORIGIN_TIMER, false },
	{ SIGKILL, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGKILL, LIFE_ORIGIN_KERNEL, 0, ANOTHER, LIFE_SENDER_EXITS, FACT_ORIGIN_KERNEL, false },
	{ SIGXCPU, LIFE_ORIGIN_KERNEL, 0, ITSELF, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGSEGV, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ 200, LIFE_ORIGIN_KERNEL, 0, ANOTHER, 0, FACT_ORIGIN_KERNEL, false },
	{ SIGKILL, 9, 0, ANOTHER, 0, FACT_ORIGIN_UNKNOWN, false },
	/* clang-format on */
};

static void check_origin(size_t row)
{
	const struct origin_row *want = &origins[row];
	struct life_event event = event_of(LIFE_SIGNAL);
	struct fact fact;

	event.signal = want->signal;
	event.origin = want->origin;
	event.code = want->code;
	event.flags = want->flags;
	if (want->who == ITSELF)
		event.other_pid = event.pid;
	if (want->who == NOBODY)
		event.other_pid = 0;
	fact = fact_of(&event);
	if (fact.u.life.origin != want->result)
		fail_msg("row %zu (signal %u): origin %u, not %u", row, want->signal,
			 fact.u.life.origin, want->result);
	if ((fact.u.life.other.pid != 0) != want->named ||
	    (fact.u.life.other_name[0] != 0) != want->named)
		fail_msg("row %zu (signal %u): sender %u", row, want->signal,
			 fact.u.life.other.pid);
	assert_int_equal(fact.u.life.signal, want->signal);
	assert_int_equal(fact.u.life.what, FACT_LIFE_SIGNAL);
}

static void the_right_one_is_behind_each_signal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		check_origin(i);
}

/* ---- bytes of others ------------------------------------------------------------ */

static void a_hostile_name_is_made_harmless(void **state)
{
	struct life_event event = event_of(LIFE_SIGNAL);
	struct fact fact;

	(void)state;
	memcpy(event.comm, "a\x1b[2J\n\xff\xe2\x80\xae!!!!!", LIFE_COMM); /* no NUL */
	memcpy(event.other_comm, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98",
	       15);
	event.other_comm[15] = '\xf0';
	fact = fact_of(&event);
	assert_string_equal(fact.u.life.name, "a?[2J?\?\?!!!!!");
	assert_string_equal(fact.u.life.other_name, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80???\?");
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct life_event event = event_of(LIFE_FORK);
	struct fact fact;

	(void)state;
	event.pid = 0;
	assert_false(life_fact(&event, &plain, &fact));
	event = event_of(0);
	assert_false(life_fact(&event, &plain, &fact));
	event = event_of(LIFE_OOM + 1);
	assert_false(life_fact(&event, &plain, &fact));
	event = event_of(255);
	assert_false(life_fact(&event, &plain, &fact));
}

/* ---- clocks --------------------------------------------------------------------- */

static void a_time_namespace_shifts_what_we_see(void **state)
{
	struct ticks ticks = { .per_second = 100 };
	struct life_event event = event_of(LIFE_FORK);
	struct fact fact;

	(void)state;
	ticks_parse_offsets(&ticks, "monotonic           -7         500000000\n"
				    "boottime       86400         0\n");
	assert_int_equal(ticks.monotonic_offset_ns, -7 * (int64_t)SECOND + 500000000);
	assert_true(life_fact(&event, &ticks, &fact));
	assert_int_equal(fact.u.life.process.start, 8640000 + 512);
	assert_int_equal(fact.time_ns, 70 * SECOND + 500000000);
	assert_int_equal(ticks_monotonic(&ticks, SECOND), 0); /* never negative */
}

static void offsets_that_are_not_there_are_none(void **state)
{
	struct ticks ticks = { .per_second = 100 };

	(void)state;
	ticks_parse_offsets(&ticks, "");
	ticks_parse_offsets(&ticks, "boottime\nmonotonic x y");
	assert_int_equal(ticks.boot_offset_ns, 0);
	assert_int_equal(ticks.monotonic_offset_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_names_both),
		cmocka_unit_test(an_exec_has_the_new_name_and_nobody_else),
		cmocka_unit_test(a_chosen_victim_is_told),
		cmocka_unit_test(an_exit_has_its_code),
		cmocka_unit_test(the_right_one_is_behind_each_signal),
		cmocka_unit_test(a_hostile_name_is_made_harmless),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_time_namespace_shifts_what_we_see),
		cmocka_unit_test(offsets_that_are_not_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
