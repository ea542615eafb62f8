/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_pipe_test.c - a process killed after each instruction of a pipe call.
 *
 * A victim is single-stepped k instructions into one call and killed there; then
 * survivors use the pipe, and the books must balance: every message counted as
 * given was received, or taken by the dead, or is counted as missing.
 * For k = 0, s, 2s, ... until the call completes.  The stride s is a prime, so that the
 * test is short and over many runs every instruction is hit; MPT_STEP=1 goes through
 * all of them at once.  Each k has a domain of its own.
 */
#include "tests/api/pipe_ends.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>

#define STRIDE 401
#define TWO_FRAMES 40000

struct scenario {
	void (*prepare)(struct scenario *s); /* before the victim */
	void (*call)(struct scenario *s);    /* in the victim: what is stepped through */
	uint64_t cut_most;		     /* -EBADMSG the survivors may get */
	long k;
	/* Of one k: */
	struct ends ends;
	uint64_t received, cut;
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

	child_claims(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	for (long i = 0; i < k; i++) {
		child_claims(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		child_claims(waitpid(pid, &status, 0) == pid);
		if (WIFEXITED(status)) {
			child_claims(WEXITSTATUS(status) == 0);
			return true;
		}
	}
	kill(pid, SIGKILL);
	child_claims(waitpid(pid, &status, 0) == pid);
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

static long stride(void)
{
	return (long)finer_stride(STRIDE);
}

/* ---- the survivors -------------------------------------------------------------- */

static void receive_what_is_there(struct scenario *s)
{
	ssize_t n;

	while ((n = mpt_pipe_recv(s->ends.second, s->buffer, MIB, 0)) != -EAGAIN) {
		s->cut += n == -EBADMSG;
		if (n == -EBADMSG)
			continue;
		child_claims(n >= 0 && is_patterned(s->buffer, (size_t)n, (uint32_t)n));
		s->received++;
	}
}

static void send_one(struct scenario *s, size_t size)
{
	uint8_t *bytes = patterned(size, (uint32_t)size);

	child_claims(mpt_pipe_send(s->ends.first, bytes, size, GUARD_NS) == 0);
	free(bytes);
}

static void claim_that_books_balance(struct scenario *s)
{
	const struct mpt_wire_object *o = s->ends.there;
	struct ledger sum;

	receive_what_is_there(s);
	child_claims(o->take.index == o->give.index);
	send_one(s, 3);
	receive_what_is_there(s);
	child_claims(mpt_pipe_poll(s->ends.second, 0) == 0);
	sum = segment_ledger(o);
	if (sum.gives != o->give.index || o->take.index != o->give.index ||
	    sum.takes + o->missing != o->give.index || s->received > sum.takes)
		printf("# given %lu by %lu, taken %lu by %lu, missing %lu, ours %lu\n",
		       o->give.index, sum.gives, o->take.index, sum.takes, o->missing,
		       s->received);
	child_claims(sum.gives == o->give.index && o->take.index == o->give.index);
	child_claims(sum.takes + o->missing == o->give.index);
	/* What is neither ours nor missing was taken by the dead. */
	child_claims(s->received <= sum.takes && sum.takes <= s->received + 1);
	child_claims(s->cut <= s->cut_most);
}

#define ENDED 10

/* One k, in a process and domain of its own. */
static void world(void *arg)
{
	struct scenario *s = arg;
	cpu_set_t before;
	bool ended;

	share_one_processor(&before);
	s->buffer = malloc(MIB);
	child_claims(mpt_pipe_create(&s->ends.first, &s->ends.second,
				     &(struct mpt_pipe_options){ .name = "stepped" }) == 0);
	s->ends.there = segment_object("stepped>");
	if (s->prepare)
		s->prepare(s);
	ended = killed_after(victim(s), s->k);
	claim_that_books_balance(s);
	_exit(ended ? ENDED : 0);
}

static void run(struct scenario *s)
{
	int status = 0;

	/* Sanitizers make a call a hundred times as many instructions. */
	if (SANITIZED || !may_trace()) {
		skip();
		return;
	}
	for (s->k = (long)step_phase((uint64_t)stride()); status == 0; s->k += stride())
		status = end_of(child(world, s));
	if (status != ENDED)
		fail_msg("killed after %ld instructions: status %d", s->k - stride(), status);
	print_message("# note: %ld instructions, killed at every %ldth\n", s->k, stride());
}

/* ---- scenarios ------------------------------------------------------------------- */

static void fill_buffer(struct scenario *s, size_t size)
{
	uint8_t *bytes = patterned(size, (uint32_t)size);

	memcpy(s->buffer, bytes, size);
	free(bytes);
}

static void prepare_short_send(struct scenario *s)
{
	fill_buffer(s, 5);
}

static void send_short(struct scenario *s)
{
	child_claims(mpt_pipe_send(s->ends.first, s->buffer, 5, MPT_FOREVER) == 0);
}

static void killed_anywhere_in_a_short_send(void **state)
{
	struct scenario s = { .prepare = prepare_short_send, .call = send_short };

	(void)state;
	run(&s);
}

static void prepare_long_send(struct scenario *s)
{
	fill_buffer(s, TWO_FRAMES);
}

static void send_long(struct scenario *s)
{
	child_claims(mpt_pipe_send(s->ends.first, s->buffer, TWO_FRAMES, MPT_FOREVER) == 0);
}

static void killed_anywhere_in_a_long_send(void **state)
{
	struct scenario s = { .prepare = prepare_long_send, .call = send_long, .cut_most = 1 };

	(void)state;
	run(&s);
}

static void receive_any(struct scenario *s)
{
	child_claims(mpt_pipe_recv(s->ends.second, s->buffer, MIB, GUARD_NS) >= 0);
}

static void prepare_short_recv(struct scenario *s)
{
	send_one(s, 7);
}

static void killed_anywhere_in_a_short_recv(void **state)
{
	struct scenario s = { .prepare = prepare_short_recv, .call = receive_any };

	(void)state;
	run(&s);
}

static void prepare_long_recv(struct scenario *s)
{
	send_one(s, TWO_FRAMES);
}

static void killed_anywhere_in_a_long_recv(void **state)
{
	struct scenario s = { .prepare = prepare_long_recv, .call = receive_any };

	(void)state;
	run(&s);
}

static void poll_it(struct scenario *s)
{
	child_claims(mpt_pipe_poll(s->ends.second, GUARD_NS) == 1);
}

static void killed_anywhere_in_a_poll(void **state)
{
	struct scenario s = { .prepare = prepare_short_recv, .call = poll_it };

	(void)state;
	run(&s);
}

/* The first half of a long message whose sender is dead: who receives it counts it as
 * missing, or dies doing so; and before him, the one who was to settle the first
 * death may die of the second. */
static void sends_too_much(struct scenario *s)
{
	mpt_pipe_send(s->ends.first, s->buffer, MIB, MPT_FOREVER);
	_exit(0);
}

static void prepare_cut(struct scenario *s)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		sends_too_much(s);
	child_claims_eventually(is_blocked_in(pid, MPT_OP_PIPE_SEND));
	kill(pid, SIGKILL);
	child_claims(waitpid(pid, &status, 0) == pid);
}

static void receive_cut(struct scenario *s)
{
	child_claims(mpt_pipe_recv(s->ends.second, s->buffer, MIB, GUARD_NS) == -EBADMSG);
}

static void killed_anywhere_while_finding_a_dead_sender(void **state)
{
	struct scenario s = { .prepare = prepare_cut, .call = receive_cut, .cut_most = 1 };

	(void)state;
	run(&s);
}

static void prepare_dead_with_room(struct scenario *s)
{
	prepare_cut(s);
	fill_buffer(s, 5);
}

static void send_short_or_time_out(struct scenario *s)
{
	mpt_pipe_send(s->ends.first, s->buffer, 5, MPT_MS(1));
}

static void killed_anywhere_in_a_send_after_a_dead_sender(void **state)
{
	struct scenario s = { .prepare = prepare_dead_with_room,
			      .call = send_short_or_time_out,
			      .cut_most = 1 };

	(void)state;
	run(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(killed_anywhere_in_a_short_send),
		api_test(killed_anywhere_in_a_long_send),
		api_test(killed_anywhere_in_a_short_recv),
		api_test(killed_anywhere_in_a_long_recv),
		api_test(killed_anywhere_in_a_poll),
		api_test(killed_anywhere_while_finding_a_dead_sender),
		api_test(killed_anywhere_in_a_send_after_a_dead_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
