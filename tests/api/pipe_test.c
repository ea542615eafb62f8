/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_test.c - what a pipe does while nobody dies: behaviours 50-60, 62, 66, 69.
 *
 * Does not own: its limits (pipe_limit_test.c), deaths (tests/crash/), many at
 * once (pipe_share_test.c).
 */
#include "tests/api/pipe_ends.h"

/* A child that sends back what it gets until EOF. */
static void echo(void *arg)
{
	struct ends *e = arg;
	uint8_t *buffer;
	ssize_t n;

	mpt_pipe_close(e->first);
	buffer = malloc(20 * MIB);
	while ((n = mpt_pipe_recv(e->second, buffer, 20 * MIB, MPT_FOREVER)) >= 0)
		child_claims(mpt_pipe_send(e->second, buffer, (size_t)n, MPT_FOREVER) == 0);
	child_claims(n == -EPIPE);
	free(buffer);
}

static void b50_duplex_message_comes_back_whole(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(echo, &e);
	char answer[64];

	(void)state;
	mpt_pipe_close(e.second);
	assert_int_equal(mpt_pipe_send(e.first, "hello", 5, GUARD_NS), 0);
	assert_int_equal(mpt_pipe_recv(e.first, answer, sizeof(answer), GUARD_NS), 5);
	assert_memory_equal(answer, "hello", 5);
	mpt_pipe_close(e.first);
	assert_ends_well(pid);
	destroy_ends(&e);
}

static void b50_boundaries_of_messages_are_kept(void **state)
{
	static const size_t sizes[] = { 1, 0, 100, 4096, 32768, 32769, 65536, 3, 100000 };
	struct ends e = duplex();
	pid_t pid = child(echo, &e);
	uint8_t *buffer = malloc(MIB);

	(void)state;
	for (uint32_t i = 0; i < 9; i++) {
		uint8_t *bytes = patterned(sizes[i], i);

		assert_int_equal(mpt_pipe_send(e.first, bytes, sizes[i], GUARD_NS), 0);
		free(bytes);
	}
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(mpt_pipe_recv(e.first, buffer, MIB, GUARD_NS), sizes[i]);
		assert_true(is_patterned(buffer, sizes[i], i));
	}
	free(buffer);
	kill_child(pid);
	destroy_ends(&e);
}

static void sends_16_mib(void *arg)
{
	struct ends *e = arg;
	uint8_t *bytes = patterned(16 * MIB, 51);

	child_claims(mpt_pipe_send(e->second, bytes, 16 * MIB, MPT_FOREVER) == 0);
	free(bytes);
}

static void b51_message_of_16_mib_is_delivered_whole(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(sends_16_mib, &e);
	uint8_t *buffer = malloc(16 * MIB);

	(void)state;
	assert_int_equal(mpt_pipe_recv(e.first, buffer, 16 * MIB, GUARD_NS), 16 * MIB);
	assert_true(is_patterned(buffer, 16 * MIB, 51));
	assert_ends_well(pid);
	free(buffer);
	destroy_ends(&e);
}

static void b52_recv_returns_the_count_and_fills_from_an_offset(void **state)
{
	struct ends e = duplex();
	char buffer[10];

	(void)state;
	memset(buffer, '.', sizeof(buffer));
	assert_int_equal(mpt_pipe_send(e.first, "abc", 3, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, sizeof(buffer), 0), 3);
	assert_memory_equal(buffer, "abc.......", 10);
	assert_int_equal(mpt_pipe_send(e.first, "xyz", 3, 0), 0);
	assert_int_equal(mpt_pipe_recv_at(e.second, buffer, sizeof(buffer), 5, 0), 3);
	assert_memory_equal(buffer, "abc..xyz..", 10);
	assert_int_equal(mpt_pipe_recv_at(e.second, buffer, sizeof(buffer), 11, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send(e.first, "xyz", 3, 0), 0);
	assert_int_equal(mpt_pipe_recv_at(e.second, buffer, sizeof(buffer), 8, 0), -EMSGSIZE);
	assert_int_equal(mpt_pipe_recv_at(e.second, buffer, sizeof(buffer), 7, 0), 3);
	destroy_ends(&e);
}

static void b53_too_small_a_buffer_keeps_the_message(void **state)
{
	struct ends e = duplex();
	char small[4], *enough;
	ssize_t needed;

	(void)state;
	assert_int_equal(mpt_pipe_next_size(e.second), -EAGAIN);
	assert_int_equal(mpt_pipe_send(e.first, "0123456789", 10, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "next", 4, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, small, sizeof(small), 0), -EMSGSIZE);
	assert_int_equal(mpt_pipe_recv(e.second, NULL, 0, GUARD_NS), -EMSGSIZE);
	needed = mpt_pipe_next_size(e.second);
	assert_int_equal(needed, 10);
	enough = malloc((size_t)needed);
	assert_int_equal(mpt_pipe_recv(e.second, enough, (size_t)needed, 0), 10);
	assert_memory_equal(enough, "0123456789", 10);
	assert_int_equal(mpt_pipe_recv(e.second, small, sizeof(small), 0), 4);
	assert_memory_equal(small, "next", 4);
	free(enough);
	destroy_ends(&e);
}

static void b53_too_small_a_buffer_keeps_a_long_message_too(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(sends_16_mib, &e);
	uint8_t *buffer = malloc(16 * MIB);

	(void)state;
	assert_int_equal(mpt_pipe_poll(e.first, GUARD_NS), 1);
	assert_int_equal(mpt_pipe_recv(e.first, buffer, 16 * MIB - 1, GUARD_NS), -EMSGSIZE);
	assert_int_equal(mpt_pipe_next_size(e.first), 16 * MIB);
	assert_int_equal(mpt_pipe_recv(e.first, buffer, 16 * MIB, GUARD_NS), 16 * MIB);
	assert_true(is_patterned(buffer, 16 * MIB, 51));
	assert_ends_well(pid);
	free(buffer);
	destroy_ends(&e);
}

static void b54_poll_says_whether_a_message_waits(void **state)
{
	struct ends e = duplex();
	uint64_t start;

	(void)state;
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	assert_int_equal(mpt_pipe_poll(e.second, mpt_timeout(-1)), 0);
	start = now_ns();
	assert_int_equal(mpt_pipe_poll(e.second, MPT_MS(120)), 0);
	assert_took_about(start, MPT_MS(120));
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, 0), 0);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_FOREVER), 1);
	destroy_ends(&e);
}

static void sends_when_polled_for(void *arg)
{
	struct ends *e = arg;

	child_claims_eventually(is_blocked_in(getppid(), MPT_OP_PIPE_POLL));
	child_claims(mpt_pipe_send(e->first, "x", 1, 0) == 0);
}

static void b54_poll_returns_as_soon_as_a_message_comes(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(sends_when_polled_for, &e);

	(void)state;
	assert_int_equal(mpt_pipe_poll(e.second, MPT_FOREVER), 1);
	assert_ends_well(pid);
	destroy_ends(&e);
}

static void b55_poll_stays_true_until_the_message_is_read(void **state)
{
	struct ends e = duplex();
	char c;

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, "a", 1, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "b", 1, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), 1);
	assert_int_equal(c, 'a');
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), 1);
	assert_int_equal(c, 'b');
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	destroy_ends(&e);
}

static void b56_zero_length_messages_are_messages(void **state)
{
	struct ends e = duplex();
	char buffer[8] = "keep";

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, NULL, 0, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "", 0, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "end", 3, 0), 0);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_next_size(e.second), 0);
	assert_int_equal(mpt_pipe_recv(e.second, NULL, 0, 0), 0);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, sizeof(buffer), 0), 0);
	assert_string_equal(buffer, "keep");
	assert_int_equal(mpt_pipe_recv(e.second, buffer, sizeof(buffer), 0), 3);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, sizeof(buffer), 0), -EAGAIN);
	destroy_ends(&e);
}

static void b57_eof_comes_after_the_remaining_messages(void **state)
{
	struct ends e = duplex();
	char buffer[8];

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, "one", 3, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "two", 3, 0), 0);
	mpt_pipe_close(e.first);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, 0), 3);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, MPT_FOREVER), 3);
	assert_memory_equal(buffer, "two", 3);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_FOREVER), 1);
	assert_int_equal(mpt_pipe_next_size(e.second), -EPIPE);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, MPT_FOREVER), -EPIPE);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, 0), -EPIPE);
	assert_int_equal(mpt_pipe_send(e.second, "x", 1, MPT_FOREVER), -EPIPE);
	destroy_ends(&e);
}

/* The kernel tells a peer that closed without reading by an error, which must not be
 * taken for the end. */
static void b57_eof_comes_after_messages_also_when_the_peer_read_nothing(void **state)
{
	struct ends e = duplex();
	char buffer[8];

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, "one", 3, 0), 0);
	assert_int_equal(mpt_pipe_send(e.second, "unread", 6, 0), 0);
	mpt_pipe_close(e.first);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, 0), 3);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 8, 0), -EPIPE);
	assert_int_equal(mpt_pipe_send(e.second, "x", 1, 0), -EPIPE);
	destroy_ends(&e);
}

static void closes_when_waited_for(void *arg)
{
	struct ends *e = arg;

	mpt_pipe_close(e->second);
	child_claims_eventually(is_blocked_in(getppid(), MPT_OP_PIPE_RECV));
	mpt_pipe_close(e->first);
}

static void b57_eof_reaches_a_blocked_receiver(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(closes_when_waited_for, &e);
	char c;

	(void)state;
	mpt_pipe_close(e.first);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_FOREVER), -EPIPE);
	assert_ends_well(pid);
	destroy_ends(&e);
}

static void b58_simplex_ends_do_one_thing_only(void **state)
{
	struct ends e = simplex();
	char c;

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, MPT_FOREVER), -EBADF);
	assert_int_equal(mpt_pipe_send_part(e.first, "x", 1, 0, 1, 0), -EBADF);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_FOREVER), -EBADF);
	assert_int_equal(mpt_pipe_recv_at(e.second, &c, 1, 0, 0), -EBADF);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_FOREVER), -EBADF);
	assert_int_equal(mpt_pipe_next_size(e.second), -EBADF);
	assert_int_equal(mpt_pipe_send(e.second, "x", 1, 0), 0);
	assert_int_equal(mpt_pipe_poll(e.first, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.first, &c, 1, 0), 1);
	destroy_ends(&e);
}

static void b59_parts_are_sent_and_wrong_ones_send_nothing(void **state)
{
	static const char text[] = "0123456789";
	struct ends e = duplex();
	char buffer[16];

	(void)state;
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 2, 5, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 16, 0), 5);
	assert_memory_equal(buffer, "23456", 5);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 10, 0, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 16, 0), 0);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 11, 0, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 0, 11, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 8, 3, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, SIZE_MAX, 2, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send_part(e.first, text, 10, 2, SIZE_MAX, 0), -EINVAL);
	assert_int_equal(mpt_pipe_send(e.first, NULL, 1, 0), -EINVAL);
	assert_int_equal(mpt_pipe_recv(e.second, NULL, 1, 0), -EINVAL);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	destroy_ends(&e);
}

static int echo_once(void *arg)
{
	struct ends *e = arg;
	char buffer[8];
	ssize_t n = mpt_pipe_recv(e->second, buffer, sizeof(buffer), GUARD_NS);

	return n < 0 ? (int)n : mpt_pipe_send(e->second, buffer, (size_t)n, GUARD_NS);
}

static void b60_parent_may_close_the_childs_end_right_after_start(void **state)
{
	struct ends e = duplex();
	struct mpt_process *process;
	char buffer[8];

	(void)state;
	assert_int_equal(mpt_process_create(&process, echo_once, &e, NULL), 0);
	assert_int_equal(mpt_process_start(process), 0);
	mpt_pipe_destroy(e.second);
	assert_int_equal(mpt_pipe_send(e.first, "hello", 5, GUARD_NS), 0);
	assert_int_equal(mpt_pipe_recv(e.first, buffer, 8, GUARD_NS), 5);
	assert_int_equal(mpt_pipe_recv(e.first, buffer, 8, GUARD_NS), -EPIPE);
	assert_int_equal(mpt_process_join(process, GUARD_NS), 0);
	assert_int_equal(mpt_process_exit_code(process), 0);
	mpt_process_destroy(process);
	mpt_pipe_destroy(e.first);
}

static void b62_calls_on_a_closed_end_fail_closed(void **state)
{
	struct ends e = duplex();
	char c;

	(void)state;
	assert_true(mpt_pipe_fd(e.first) >= 0);
	assert_int_equal(mpt_pipe_close(e.first), 0);
	assert_int_equal(mpt_pipe_close(e.first), 0);
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_pipe_recv(e.first, &c, 1, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_pipe_poll(e.first, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_pipe_next_size(e.first), -ESHUTDOWN);
	assert_int_equal(mpt_pipe_fd(e.first), -ESHUTDOWN);
	destroy_ends(&e);
	mpt_pipe_destroy(NULL);
}

static void *recv_until_closed(void *arg)
{
	struct ends *e = arg;
	char c;

	child_claims(mpt_pipe_recv(e->first, &c, 1, MPT_FOREVER) == -ESHUTDOWN);
	return NULL;
}

static void b62_close_reaches_a_thread_blocked_in_recv(void **state)
{
	struct ends e = duplex();
	pthread_t t = thread(recv_until_closed, &e);
	char c;

	(void)state;
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PIPE_RECV));
	assert_int_equal(mpt_pipe_close(e.first), 0);
	join_thread(t);
	/* The thread left, and with it the descriptor. */
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), -EPIPE);
	destroy_ends(&e);
}

static void b66_data_sent_before_close_is_polled_and_read(void **state)
{
	struct ends e = simplex();
	char c;

	(void)state;
	assert_int_equal(mpt_pipe_send(e.second, "x", 1, 0), 0);
	mpt_pipe_destroy(e.second);
	assert_int_equal(mpt_pipe_poll(e.first, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.first, &c, 1, 0), 1);
	assert_int_equal(mpt_pipe_poll(e.first, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.first, &c, 1, 0), -EPIPE);
	mpt_pipe_destroy(e.first);
}

/* ---- 69: signals ------------------------------------------------------------ */

static uint32_t handled;

static void on_signal(int signal)
{
	(void)signal;
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void handle_usr1(void)
{
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART */

	__atomic_store_n(&handled, 0, __ATOMIC_SEQ_CST);
	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
}

/* Interrupts its parent while that is blocked in the operation, again and again, then
 * makes the wait end. */
static void interrupts(pid_t target, enum mpt_op op)
{
	for (int i = 0; i < 5; i++) {
		child_claims_eventually(is_blocked_in(target, op));
		child_claims(kill(target, SIGUSR1) == 0);
		nap();
	}
	child_claims_eventually(is_blocked_in(target, op));
}

static void interrupts_a_poller_and_a_receiver(void *arg)
{
	struct ends *e = arg;

	interrupts(getppid(), MPT_OP_PIPE_POLL);
	child_claims(mpt_pipe_send(e->first, "x", 1, 0) == 0);
	interrupts(getppid(), MPT_OP_PIPE_RECV);
	child_claims(mpt_pipe_send(e->first, "y", 1, 0) == 0);
}

static void b69_handled_signals_end_neither_poll_nor_recv(void **state)
{
	struct ends e = duplex();
	pid_t pid;
	char c;

	(void)state;
	handle_usr1();
	pid = child(interrupts_a_poller_and_a_receiver, &e);
	assert_int_equal(mpt_pipe_poll(e.second, MPT_FOREVER), 1);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), 1);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_FOREVER), 1);
	assert_int_equal(c, 'y');
	assert_true(__atomic_load_n(&handled, __ATOMIC_SEQ_CST) > 0);
	assert_ends_well(pid);
	destroy_ends(&e);
}

static void interrupts_a_sender(void *arg)
{
	struct ends *e = arg;
	uint8_t *buffer = malloc(20 * MIB);

	interrupts(getppid(), MPT_OP_PIPE_SEND);
	child_claims(mpt_pipe_recv(e->second, buffer, 20 * MIB, MPT_FOREVER) == 16 * MIB);
	child_claims(is_patterned(buffer, 16 * MIB, 69));
	free(buffer);
}

static void b69_handled_signals_do_not_end_a_long_send(void **state)
{
	struct ends e = duplex();
	uint8_t *bytes = patterned(16 * MIB, 69);
	pid_t pid;

	(void)state;
	handle_usr1();
	pid = child(interrupts_a_sender, &e);
	assert_int_equal(mpt_pipe_send(e.first, bytes, 16 * MIB, MPT_FOREVER), 0);
	assert_ends_well(pid);
	free(bytes);
	destroy_ends(&e);
}

static void interrupts_until_heard(void *arg)
{
	struct ends *e = arg;
	pid_t target = getppid();

	child_claims_eventually(is_blocked_in(target, MPT_OP_PIPE_RECV));
	/* The signal may come just before the sleep; then the next one counts. */
	while (!reached(e->point)) {
		kill(target, SIGUSR1);
		nap();
	}
}

static void b69_an_interruptible_end_returns_eintr(void **state)
{
	struct mpt_pipe_options options = { .flags = MPT_INTERRUPTIBLE };
	struct ends e = { .point = shared(sizeof(uint32_t)) };
	pid_t pid;
	char c;

	(void)state;
	handle_usr1();
	assert_int_equal(mpt_pipe_create(&e.first, &e.second, &options), 0);
	pid = child(interrupts_until_heard, &e);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_FOREVER), -EINTR);
	reach(e.point);
	assert_ends_well(pid);
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), 1);
	destroy_ends(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b50_duplex_message_comes_back_whole),
		api_test(b50_boundaries_of_messages_are_kept),
		api_test(b51_message_of_16_mib_is_delivered_whole),
		api_test(b52_recv_returns_the_count_and_fills_from_an_offset),
		api_test(b53_too_small_a_buffer_keeps_the_message),
		api_test(b53_too_small_a_buffer_keeps_a_long_message_too),
		api_test(b54_poll_says_whether_a_message_waits),
		api_test(b54_poll_returns_as_soon_as_a_message_comes),
		api_test(b55_poll_stays_true_until_the_message_is_read),
		api_test(b56_zero_length_messages_are_messages),
		api_test(b57_eof_comes_after_the_remaining_messages),
		api_test(b57_eof_comes_after_messages_also_when_the_peer_read_nothing),
		api_test(b57_eof_reaches_a_blocked_receiver),
		api_test(b58_simplex_ends_do_one_thing_only),
		api_test(b59_parts_are_sent_and_wrong_ones_send_nothing),
		api_test(b60_parent_may_close_the_childs_end_right_after_start),
		api_test(b62_calls_on_a_closed_end_fail_closed),
		api_test(b62_close_reaches_a_thread_blocked_in_recv),
		api_test(b66_data_sent_before_close_is_polled_and_read),
		api_test(b69_handled_signals_end_neither_poll_nor_recv),
		api_test(b69_handled_signals_do_not_end_a_long_send),
		api_test(b69_an_interruptible_end_returns_eintr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
