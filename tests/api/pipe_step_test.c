/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_step_test.c - a process killed after each instruction of a pipe call.
 *
 * A child is single-stepped k instructions into one call and killed there; then
 * survivors use the pipe, and the books must balance: every message counted as
 * given was received, or taken by the dead, or is counted as missing.
 * For k = 0, s, 2s, ... until the call completes.  The stride s is a prime by default
 * so that the test is short; MPT_STEP=1 steps through every instruction.
 */
#include "tests/api/pipe_ends.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>

#define STRIDE 61
#define TWO_FRAMES 40000

struct scenario {
	struct ends ends;
	void (*prepare)(struct scenario *s); /* in the parent, before each child */
	void (*call)(struct scenario *s);    /* in the child: what is stepped through */
	long stride;			     /* 0: the usual */
	uint64_t sent;			     /* by the parent */
	uint64_t received;		     /* by the parent */
	uint64_t cut;			     /* told to the parent by -EBADMSG */
	uint8_t *buffer;
};

/* ---- stepping ------------------------------------------------------------------ */

/* Not by child(): a stepped child is waited for here. */
static pid_t victim(struct scenario *s)
{
	struct mpt_trace_info status;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_claims(mpt_trace_status(&status) == 0); /* attached already: not stepped */
	child_claims(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	raise(SIGSTOP);
	s->call(s);
	_exit(0);
}

/* Kills the child after k instructions.  True: it ended by itself before. */
static bool killed_after(pid_t pid, long k)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	for (long i = 0; i < k; i++) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return true;
		}
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return false;
}

static bool may_trace(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static long stride(const struct scenario *s)
{
	const char *wanted = getenv("MPT_STEP");

	if (wanted && atol(wanted) > 0)
		return atol(wanted);
	return s->stride ? s->stride : STRIDE;
}

/* ---- the survivors -------------------------------------------------------------- */

static void receive_what_is_there(struct scenario *s)
{
	ssize_t n;

	for (;;) {
		n = mpt_pipe_recv(s->ends.second, s->buffer, MIB, 0);
		if (n == -EAGAIN)
			return;
		s->cut += n == -EBADMSG;
		if (n == -EBADMSG)
			continue;
		assert_true(n >= 0);
		assert_true(is_patterned(s->buffer, (size_t)n, (uint32_t)n));
		s->received++;
	}
}

static void send_one(struct scenario *s, size_t size)
{
	uint8_t *bytes = patterned(size, (uint32_t)size);

	assert_int_equal(mpt_pipe_send(s->ends.first, bytes, size, GUARD_NS), 0);
	s->sent++;
	free(bytes);
}

static void assert_books_balance(struct scenario *s, long k)
{
	const struct mpt_wire_object *o = s->ends.there;
	struct ledger sum;

	receive_what_is_there(s);
	send_one(s, 3);
	receive_what_is_there(s);
	sum = segment_ledger(o);
	if (sum.gives != o->give.index || o->take.index != o->give.index ||
	    sum.takes + o->missing != o->give.index || s->received > sum.takes)
		fail_msg("step %ld: given %lu by %lu, taken %lu by %lu, missing %lu, ours %lu", k,
			 o->give.index, sum.gives, o->take.index, sum.takes, o->missing,
			 s->received);
}

static void run(struct scenario *s)
{
	long k = 0, by = stride(s);
	bool ended = false;

	if (!may_trace()) {
		skip();
		return;
	}
	s->buffer = malloc(MIB);
	s->ends = duplex();
	for (k = rand() % by; !ended; k += by) {
		if (s->prepare)
			s->prepare(s);
		ended = killed_after(victim(s), k);
		assert_books_balance(s, k);
	}
	print_message("# %ld instructions, killed at every %ldth\n", k, by);
	free(s->buffer);
	destroy_ends(&s->ends);
}

/* ---- scenarios ------------------------------------------------------------------- */

static void send_short(struct scenario *s)
{
	uint8_t bytes[5];

	for (uint32_t i = 0; i < 5; i++)
		bytes[i] = s->buffer[i];
	child_claims(mpt_pipe_send(s->ends.first, bytes, 5, MPT_FOREVER) == 0);
}

static void fill_buffer(struct scenario *s)
{
	uint8_t *bytes = patterned(5, 5);

	memcpy(s->buffer, bytes, 5);
	free(bytes);
}

static void killed_anywhere_in_a_short_send(void **state)
{
	struct scenario s = { .prepare = fill_buffer, .call = send_short };

	(void)state;
	run(&s);
	assert_int_equal(s.cut, 0);
}

static void send_long(struct scenario *s)
{
	child_claims(mpt_pipe_send(s->ends.first, s->buffer, TWO_FRAMES, MPT_FOREVER) == 0);
}

static void fill_long_buffer(struct scenario *s)
{
	uint8_t *bytes = patterned(TWO_FRAMES, TWO_FRAMES);

	memcpy(s->buffer, bytes, TWO_FRAMES);
	free(bytes);
}

static void killed_anywhere_in_a_long_send(void **state)
{
	struct scenario s = { .prepare = fill_long_buffer, .call = send_long };

	(void)state;
	run(&s);
	assert_true(s.cut <= s.ends.there->missing || s.ends.there->state != MPT_SLOT_LIVE);
}

static void receive_any(struct scenario *s)
{
	ssize_t n = mpt_pipe_recv(s->ends.second, s->buffer, MIB, MPT_SECONDS(1));

	child_claims(n >= 0 || n == -EBADMSG);
}

static void prepare_short(struct scenario *s)
{
	send_one(s, 7);
}

static void killed_anywhere_in_a_short_recv(void **state)
{
	struct scenario s = { .prepare = prepare_short, .call = receive_any };

	(void)state;
	run(&s);
}

static void prepare_long(struct scenario *s)
{
	send_one(s, TWO_FRAMES);
}

static void killed_anywhere_in_a_long_recv(void **state)
{
	struct scenario s = { .prepare = prepare_long, .call = receive_any };

	(void)state;
	run(&s);
}

static void poll_it(struct scenario *s)
{
	child_claims(mpt_pipe_poll(s->ends.second, MPT_SECONDS(1)) == 1);
}

static void killed_anywhere_in_a_poll(void **state)
{
	struct scenario s = { .prepare = prepare_short, .call = poll_it };

	(void)state;
	run(&s);
	assert_int_equal(s.received, s.sent);
}

/* The first half of a long message whose sender is dead: who receives it counts it as
 * missing, or dies doing so. */
static void sends_too_much(void *arg)
{
	struct scenario *s = arg;

	mpt_pipe_send(s->ends.first, s->buffer, MIB, MPT_FOREVER);
}

static void prepare_cut(struct scenario *s)
{
	pid_t pid = child(sends_too_much, s);

	assert_eventually(is_blocked_in(pid, MPT_OP_PIPE_SEND));
	kill_child(pid);
}

static void receive_cut(struct scenario *s)
{
	child_claims(mpt_pipe_recv(s->ends.second, s->buffer, MIB, MPT_SECONDS(1)) == -EBADMSG);
}

static void killed_anywhere_while_finding_a_dead_sender(void **state)
{
	/* Long: recovery looks at every thread there ever was. */
	struct scenario s = { .prepare = prepare_cut, .call = receive_cut, .stride = 457 };

	(void)state;
	run(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(killed_anywhere_while_finding_a_dead_sender),
		api_test(killed_anywhere_in_a_short_send),
		api_test(killed_anywhere_in_a_long_send),
		api_test(killed_anywhere_in_a_short_recv),
		api_test(killed_anywhere_in_a_long_recv),
		api_test(killed_anywhere_in_a_poll),
	};

	/* Room for the ledgers of all who died: the claims are about their sums. */
	setenv("MPTRACE_SIZE", "256M", 1);
	setenv("MPTRACE_RING", "8K", 1);
	srand((unsigned int)now_ns());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
