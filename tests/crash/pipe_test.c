/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_test.c - what a pipe does when those who use it are killed or stopped
 * (behaviour 63 and the crash behaviours).
 *
 * After each death three things are claimed: the survivors are told the truth and
 * not kept waiting, the pipe goes on working, and the counts are exact.
 */
#include "tests/api/pipe_ends.h"

#define LONG_MESSAGE (50 * MIB)

/* given = received + missing, and nothing is left in the pipe. */
static void assert_counts(const struct ends *e, uint64_t given, uint64_t received,
			  uint64_t missing)
{
	struct ledger sum = segment_ledger(e->there);

	assert_int_equal(mpt_pipe_poll(e->second, 0), 0);
	assert_int_equal(e->there->give.index, given);
	assert_int_equal(e->there->take.index, given);
	assert_int_equal(e->there->missing, missing);
	assert_int_equal(sum.gives, given);
	assert_int_equal(sum.takes, received);
}

static void assert_still_works(struct ends *e)
{
	char buffer[8];

	assert_int_equal(mpt_pipe_send(e->first, "next", 4, GUARD_NS), 0);
	assert_int_equal(mpt_pipe_recv(e->second, buffer, 8, GUARD_NS), 4);
	assert_memory_equal(buffer, "next", 4);
}

static void sends_50_mb(void *arg)
{
	struct ends *e = arg;
	uint8_t *bytes = patterned(LONG_MESSAGE, 50);

	mpt_pipe_close(e->second);
	child_claims(mpt_pipe_send(e->first, bytes, LONG_MESSAGE, MPT_FOREVER) == 0);
	free(bytes);
}

/* A child that is in the middle of the message: the kernel's buffer is full. */
static pid_t sender_in_the_middle(struct ends *e)
{
	pid_t pid = child(sends_50_mb, e);

	assert_eventually(is_blocked_in(pid, MPT_OP_PIPE_SEND));
	return pid;
}

/* ---- senders ------------------------------------------------------------------ */

static void a_writer_killed_inside_a_50_mb_message_is_told_as_cut_short(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);

	(void)state;
	kill_child(sender_in_the_middle(&e));
	assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), -EBADMSG);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, 0), -EAGAIN);
	assert_int_equal(e.there->missing, 1);
	assert_still_works(&e);
	assert_counts(&e, 2, 1, 1);
	free(buffer);
	destroy_ends(&e);
}

static void the_next_message_of_another_sender_is_whole(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);

	(void)state;
	kill_child(sender_in_the_middle(&e));
	/* Room for the next message, so that its frames follow those of the dead. */
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), -EBADMSG);
	kill_child(sender_in_the_middle(&e));
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, 0), -EBADMSG);
	assert_still_works(&e);
	assert_counts(&e, 3, 1, 2);
	free(buffer);
	destroy_ends(&e);
}

static void with_the_last_sender_gone_eof_follows(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	pid_t pid = sender_in_the_middle(&e);

	(void)state;
	mpt_pipe_close(e.first);
	kill_child(pid);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), -EBADMSG);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), -EPIPE);
	assert_int_equal(e.there->missing, 1);
	free(buffer);
	destroy_ends(&e);
}

struct victim {
	struct ends *ends;
	pid_t pid;
};

static void *kills_when_the_receiver_waits(void *arg)
{
	struct victim *v = arg;

	child_claims_eventually(is_blocked_in(getpid(), MPT_OP_PIPE_RECV));
	kill(v->pid, SIGKILL);
	return NULL;
}

/* No frame comes any more, others still have the sending end open: no EOF either. */
static void a_receiver_in_the_middle_notices_the_death_of_the_sender(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	struct victim v = { &e, sender_in_the_middle(&e) };
	pthread_t t;

	(void)state;
	stop_child(v.pid);
	t = thread(kills_when_the_receiver_waits, &v);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, MPT_FOREVER), -EBADMSG);
	join_thread(t);
	assert_int_equal(end_of(v.pid), -SIGKILL);
	assert_still_works(&e);
	assert_counts(&e, 2, 1, 1);
	free(buffer);
	destroy_ends(&e);
}

static void *kills_while_it_moves(void *arg)
{
	struct victim *v = arg;

	child_claims_eventually(v->ends->there->half_process != 0 || reached(v->ends->point));
	kill(v->pid, SIGKILL);
	return NULL;
}

/* Killed at any moment: whole or cut short, and counted as what it was. */
static void a_message_in_motion_is_whole_or_cut_short(void **state)
{
	uint8_t *buffer = malloc(LONG_MESSAGE);

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct ends e = duplex();
		pid_t sender = sender_in_the_middle(&e);
		struct victim v = { &e, sender };
		pthread_t t = thread(kills_while_it_moves, &v);
		ssize_t n = mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, MPT_FOREVER);
		bool whole = n == LONG_MESSAGE;

		reach(e.point); /* should the message have been faster than its killer */
		join_thread(t);
		end_of(sender);
		if (!whole)
			assert_int_equal(n, -EBADMSG);
		else
			assert_true(is_patterned(buffer, LONG_MESSAGE, 50));
		assert_still_works(&e);
		assert_counts(&e, 2, 1 + whole, !whole);
		destroy_ends(&e);
	}
	free(buffer);
}

static void a_short_send_is_there_whole_or_not_at_all(void **state)
{
	struct ends e = duplex();
	uint64_t got = 0, n;
	char buffer[64];

	(void)state;
	fill_pipe(e.first, 64);
	/* A sender that waits for room has sent nothing of its message yet. */
	kill_child(sender_in_the_middle(&e));
	for (n = e.there->give.index; mpt_pipe_recv(e.second, buffer, 64, 0) >= 0; got++)
		;
	assert_int_equal(got, n);
	assert_still_works(&e);
	assert_counts(&e, n + 1, n + 1, 0);
	destroy_ends(&e);
}

/* ---- receivers ------------------------------------------------------------------ */

static void receives_one(void *arg)
{
	struct ends *e = arg;
	uint8_t *buffer = malloc(LONG_MESSAGE);

	child_claims(mpt_pipe_recv(e->second, buffer, LONG_MESSAGE, MPT_FOREVER) >= 0);
	free(buffer);
}

static void polls(void *arg)
{
	struct ends *e = arg;

	mpt_pipe_poll(e->second, MPT_FOREVER);
}

static void b63_killed_poller_swallows_nothing(void **state)
{
	struct ends e = duplex();
	char buffer[8];
	pid_t pid;

	(void)state;
	pid = child(polls, &e);
	assert_eventually(is_blocked_in(pid, MPT_OP_PIPE_POLL));
	kill_child(pid);
	assert_int_equal(mpt_pipe_send(e.first, "whole", 5, 0), 0);
	kill_child(child(polls, &e)); /* at a moment of its own choice */
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, GUARD_NS), 5);
	assert_memory_equal(buffer, "whole", 5);
	assert_counts(&e, 1, 1, 0);
	destroy_ends(&e);
}

static void a_killed_idle_receiver_swallows_nothing(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(receives_one, &e);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_PIPE_RECV));
	kill_child(pid);
	assert_still_works(&e);
	assert_counts(&e, 1, 1, 0);
	destroy_ends(&e);
}

static void a_receiver_killed_in_the_middle_costs_its_message_only(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	pid_t sender, receiver;

	(void)state;
	for (uint64_t i = 1; i <= 5; i++) {
		sender = sender_in_the_middle(&e);
		stop_child(sender);
		receiver = child(receives_one, &e);
		assert_eventually(is_blocked_in(receiver, MPT_OP_PIPE_RECV));
		kill_child(receiver);
		kill(sender, SIGCONT);
		/* The rest of the message comes, and is nobody's. */
		assert_int_equal(mpt_pipe_recv(e.second, buffer, 4, MPT_MS(20)), -ETIMEDOUT);
		while (e.there->missing < i)
			mpt_pipe_recv(e.second, buffer, 4, MPT_MS(20));
		assert_ends_well(sender);
		assert_still_works(&e);
		assert_counts(&e, i * 2, i, i);
	}
	free(buffer);
	destroy_ends(&e);
}

static void receives_half_and_waits(void *arg)
{
	struct ends *e = arg;
	uint8_t *buffer = malloc(LONG_MESSAGE);

	child_claims(mpt_pipe_recv(e->second, buffer, LONG_MESSAGE, MPT_MS(20)) == -ETIMEDOUT);
	reach(e->point);
	child_claims_eventually(*e->point > 1);
	child_claims(mpt_pipe_recv(e->second, buffer, 4, MPT_FOREVER) == -EMSGSIZE);
	child_claims(mpt_pipe_next_size(e->second) == LONG_MESSAGE);
	child_claims(mpt_pipe_recv(e->second, buffer, LONG_MESSAGE, MPT_FOREVER) ==
		     LONG_MESSAGE);
	child_claims(is_patterned(buffer, LONG_MESSAGE, 50));
	free(buffer);
}

/* A receiver that ran out of time in the middle keeps what it has. */
static void half_a_message_is_kept_for_the_next_call(void **state)
{
	struct ends e = duplex();
	pid_t sender = sender_in_the_middle(&e), receiver;
	char c[8];

	(void)state;
	stop_child(sender);
	receiver = child(receives_half_and_waits, &e);
	assert_eventually(reached(e.point));
	/* The others wait their turn. */
	assert_int_equal(mpt_pipe_recv(e.second, c, 8, 0), -EAGAIN);
	assert_int_equal(mpt_pipe_recv(e.second, c, 8, MPT_MS(30)), -ETIMEDOUT);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_MS(30)), 0);
	assert_int_equal(mpt_pipe_next_size(e.second), -EAGAIN);
	kill(sender, SIGCONT);
	assert_int_equal(mpt_pipe_recv(e.second, c, 8, 0), -EAGAIN);
	reach(e.point);
	assert_ends_well(receiver);
	assert_ends_well(sender);
	assert_still_works(&e);
	assert_counts(&e, 2, 2, 0);
	destroy_ends(&e);
}

static void half_a_message_goes_with_the_process_that_kept_it(void **state)
{
	struct ends e = duplex();
	pid_t sender = sender_in_the_middle(&e), receiver;
	char buffer[8];

	(void)state;
	stop_child(sender);
	receiver = child(receives_half_and_waits, &e);
	assert_eventually(reached(e.point));
	kill_child(receiver);
	kill(sender, SIGCONT);
	while (e.there->missing == 0)
		assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, MPT_MS(20)), -ETIMEDOUT);
	assert_ends_well(sender);
	assert_still_works(&e);
	assert_counts(&e, 2, 1, 1);
	destroy_ends(&e);
}

static void receives_half_and_closes(void *arg)
{
	struct ends *e = arg;
	uint8_t *buffer = malloc(LONG_MESSAGE);

	child_claims(mpt_pipe_recv(e->second, buffer, LONG_MESSAGE, MPT_MS(20)) == -ETIMEDOUT);
	mpt_pipe_close(e->second);
	reach(e->point);
	child_claims_eventually(*e->point > 1);
	free(buffer);
}

static void half_a_message_is_given_up_by_closing(void **state)
{
	struct ends e = duplex();
	pid_t sender = sender_in_the_middle(&e), receiver;
	char buffer[8];

	(void)state;
	stop_child(sender);
	receiver = child(receives_half_and_closes, &e);
	assert_eventually(reached(e.point));
	kill(sender, SIGCONT);
	while (e.there->missing == 0)
		assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, MPT_MS(20)), -ETIMEDOUT);
	reach(e.point);
	assert_ends_well(receiver);
	assert_ends_well(sender);
	assert_still_works(&e);
	assert_counts(&e, 2, 1, 1);
	destroy_ends(&e);
}

/* The half that a process keeps is not its forked child's as well. */
static void a_forked_child_does_not_inherit_half_a_message(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	pid_t sender = sender_in_the_middle(&e), other;

	(void)state;
	stop_child(sender);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, MPT_MS(1)), -ETIMEDOUT);
	kill(sender, SIGCONT);
	other = child(receives_one, &e);
	assert_eventually(is_blocked_in(other, MPT_OP_PIPE_RECV));
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), LONG_MESSAGE);
	assert_true(is_patterned(buffer, LONG_MESSAGE, 50));
	assert_int_equal(mpt_pipe_send(e.first, "for it", 6, 0), 0);
	assert_ends_well(other);
	assert_ends_well(sender);
	assert_counts(&e, 2, 2, 0);
	free(buffer);
	destroy_ends(&e);
}

static void a_sender_killed_while_half_is_kept_is_told_once(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	pid_t sender = sender_in_the_middle(&e);

	(void)state;
	stop_child(sender);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, MPT_MS(20)), -ETIMEDOUT);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	kill_child(sender);
	assert_int_equal(mpt_pipe_poll(e.second, GUARD_NS), 1);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 4, 0), -EBADMSG);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 4, 0), -EAGAIN);
	assert_still_works(&e);
	assert_counts(&e, 2, 1, 1);
	free(buffer);
	destroy_ends(&e);
}

/* ---- the stopped ---------------------------------------------------------------- */

static void a_stopped_sender_delays_nobody_beyond_their_timeouts(void **state)
{
	struct ends e = duplex();
	uint8_t *buffer = malloc(LONG_MESSAGE);
	pid_t sender = sender_in_the_middle(&e);
	uint64_t start;

	(void)state;
	stop_child(sender);
	start = now_ns();
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, MPT_MS(120)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(120));
	start = now_ns();
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, MPT_MS(120)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(120));
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, 0), -EAGAIN);
	kill(sender, SIGCONT);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, LONG_MESSAGE, GUARD_NS), LONG_MESSAGE);
	assert_true(is_patterned(buffer, LONG_MESSAGE, 50));
	assert_ends_well(sender);
	assert_still_works(&e);
	assert_counts(&e, 2, 2, 0);
	free(buffer);
	destroy_ends(&e);
}

static void a_stopped_receiver_delays_nobody_beyond_their_timeouts(void **state)
{
	struct ends e = duplex();
	pid_t sender = sender_in_the_middle(&e), receiver;
	uint64_t start;
	char c;

	(void)state;
	stop_child(sender);
	receiver = child(receives_one, &e);
	assert_eventually(is_blocked_in(receiver, MPT_OP_PIPE_RECV));
	stop_child(receiver);
	start = now_ns();
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_MS(120)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(120));
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), -EAGAIN);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_MS(1)), 0);
	kill(receiver, SIGCONT);
	kill(sender, SIGCONT);
	assert_ends_well(receiver);
	assert_ends_well(sender);
	assert_still_works(&e);
	destroy_ends(&e);
}

static void *sends_until_closed(void *arg)
{
	struct ends *e = arg;

	child_claims(mpt_pipe_send(e->first, "x", 1, MPT_FOREVER) == -ESHUTDOWN);
	return NULL;
}

static void b62_close_reaches_a_thread_behind_a_stopped_sender(void **state)
{
	struct ends e = duplex();
	pid_t sender = sender_in_the_middle(&e);
	pthread_t t;

	(void)state;
	stop_child(sender);
	t = thread(sends_until_closed, &e);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PIPE_SEND));
	assert_int_equal(mpt_pipe_close(e.first), 0);
	join_thread(t);
	destroy_ends(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_writer_killed_inside_a_50_mb_message_is_told_as_cut_short),
		api_test(the_next_message_of_another_sender_is_whole),
		api_test(with_the_last_sender_gone_eof_follows),
		api_test(a_receiver_in_the_middle_notices_the_death_of_the_sender),
		api_test(a_message_in_motion_is_whole_or_cut_short),
		api_test(a_short_send_is_there_whole_or_not_at_all),
		api_test(b63_killed_poller_swallows_nothing),
		api_test(a_killed_idle_receiver_swallows_nothing),
		api_test(a_receiver_killed_in_the_middle_costs_its_message_only),
		api_test(half_a_message_is_kept_for_the_next_call),
		api_test(half_a_message_goes_with_the_process_that_kept_it),
		api_test(half_a_message_is_given_up_by_closing),
		api_test(a_forked_child_does_not_inherit_half_a_message),
		api_test(a_sender_killed_while_half_is_kept_is_told_once),
		api_test(a_stopped_sender_delays_nobody_beyond_their_timeouts),
		api_test(a_stopped_receiver_delays_nobody_beyond_their_timeouts),
		api_test(b62_close_reaches_a_thread_behind_a_stopped_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
