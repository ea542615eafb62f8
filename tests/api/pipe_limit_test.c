/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_limit_test.c - the limits of a pipe: full, empty, out of time, names, numbers,
 * descriptors.
 */
#include "tests/api/pipe_ends.h"

#include <poll.h>
#include <sys/resource.h>

/* ---- room and time ---------------------------------------------------------- */

static void a_full_pipe_refuses_and_times_out_and_sends_nothing(void **state)
{
	struct ends e = duplex();
	uint64_t sent = fill_pipe(e.first, 1000), start, got = 0;
	uint8_t buffer[1000];
	ssize_t n;

	(void)state;
	assert_true(sent > 10);
	start = now_ns();
	assert_int_equal(mpt_pipe_send(e.first, "late", 4, MPT_MS(120)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(120));
	while ((n = mpt_pipe_recv(e.second, buffer, sizeof(buffer), 0)) >= 0) {
		assert_int_equal(n, 1000);
		got++;
	}
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(got, sent);
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, 0), 0);
	destroy_ends(&e);
}

static void an_empty_pipe_refuses_and_times_out(void **state)
{
	struct ends e = duplex();
	uint64_t start;
	char c;

	(void)state;
	assert_int_equal(mpt_pipe_recv(e.second, &c, 1, 0), -EAGAIN);
	for (uint64_t ms = 1; ms <= 200; ms += 66) {
		start = now_ns();
		assert_int_equal(mpt_pipe_recv(e.second, &c, 1, MPT_MS(ms)), -ETIMEDOUT);
		assert_took_about(start, MPT_MS(ms));
	}
	destroy_ends(&e);
}

/* Half of the message is in the kernel's buffer when the sender gives up: the receiver
 * never learns of it. */
static void a_long_send_that_times_out_is_as_if_never_sent(void **state)
{
	struct ends e = duplex();
	uint8_t *bytes = patterned(4 * MIB, 1), *buffer = malloc(4 * MIB);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_pipe_send(e.first, bytes, 4 * MIB, MPT_MS(100)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(100));
	assert_int_equal(mpt_pipe_send(e.first, bytes, 4 * MIB, 0), -EAGAIN);
	/* Its remains are seen, then seen to be void. */
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 4 * MIB, MPT_MS(100)), -ETIMEDOUT);
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "next", 4, 0), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 4 * MIB, 0), 4);
	assert_memory_equal(buffer, "next", 4);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, 4 * MIB, 0), -EAGAIN);
	free(buffer);
	free(bytes);
	destroy_ends(&e);
}

static void a_message_after_a_given_up_one_is_found_among_its_remains(void **state)
{
	struct ends e = duplex();
	uint8_t *bytes = patterned(MIB, 1), *buffer = malloc(MIB);

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(mpt_pipe_send(e.first, bytes, MIB, 0), -EAGAIN);
		/* Some of the remains go, the others stay in front of the message. */
		assert_int_equal(mpt_pipe_recv(e.second, buffer, MIB, 0), -EAGAIN);
		assert_int_equal(mpt_pipe_send(e.first, bytes, 60000 + i, 0), 0);
		assert_int_equal(mpt_pipe_recv(e.second, buffer, MIB, 0), 60000 + i);
		assert_true(is_patterned(buffer, 60000 + i, 1));
	}
	assert_int_equal(mpt_pipe_poll(e.second, 0), 0);
	free(buffer);
	free(bytes);
	destroy_ends(&e);
}

/* ---- names and numbers ------------------------------------------------------ */

static void names_are_checked_and_exclusive(void **state)
{
	static const char fits[] = "0123456789012345678901234567890123456789012";
	struct mpt_pipe_options options = { .name = fits };
	struct mpt_pipe *a, *b, *c, *d;

	(void)state;
	assert_int_equal(strlen(fits), 43);
	assert_int_equal(mpt_pipe_create(&a, &b, &options), 0);
	assert_int_equal(mpt_pipe_create(&c, &d, &options), -EEXIST);
	assert_null(c);
	assert_null(d);
	options.name = "01234567890123456789012345678901234567890123";
	assert_int_equal(mpt_pipe_create(&c, &d, &options), -EINVAL);
	options.name = "";
	assert_int_equal(mpt_pipe_create(&c, &d, &options), -EINVAL);
	options.name = "a/b";
	assert_int_equal(mpt_pipe_create(&c, &d, &options), -EINVAL);
	options = (struct mpt_pipe_options){ .flags = 2 };
	assert_int_equal(mpt_pipe_create(&c, &d, &options), -EINVAL);
	assert_int_equal(mpt_pipe_create(NULL, &d, NULL), -EINVAL);
	assert_int_equal(mpt_pipe_create(&c, NULL, NULL), -EINVAL);
	mpt_pipe_destroy(a);
	mpt_pipe_destroy(b);
	options = (struct mpt_pipe_options){ .name = fits, .simplex = true };
	assert_int_equal(mpt_pipe_create(&a, &b, &options), 0);
	mpt_pipe_destroy(a);
	mpt_pipe_destroy(b);
}

static void each_direction_is_an_object_that_counts_exactly(void **state)
{
	struct mpt_pipe_options options = { .name = "counted" };
	const struct mpt_wire_object *there, *back;
	struct mpt_pipe *first, *second;
	struct ledger sum;
	char buffer[8];

	(void)state;
	assert_int_equal(mpt_pipe_create(&first, &second, &options), 0);
	there = segment_object("counted>");
	back = segment_object("counted<");
	assert_non_null(there);
	assert_non_null(back);
	assert_int_equal(there->pair, segment_slot(back));
	assert_int_equal(back->pair, segment_slot(there));
	for (int i = 0; i < 23; i++)
		assert_int_equal(mpt_pipe_send(first, "12345", 5, 0), 0);
	for (int i = 0; i < 17; i++)
		assert_int_equal(mpt_pipe_recv(second, buffer, 8, 0), 5);
	assert_int_equal(mpt_pipe_send(second, "x", 1, 0), 0);
	assert_int_equal(there->give.index, 23);
	assert_int_equal(there->take.index, 17);
	assert_int_equal(there->give.bytes, 115);
	assert_int_equal(there->take.bytes, 85);
	assert_int_equal(back->give.index, 1);
	assert_int_equal(back->take.index, 0);
	sum = segment_ledger(there);
	assert_int_equal(sum.gives, 23);
	assert_int_equal(sum.takes, 17);
	assert_int_equal(there->missing + there->lost + sum.committed, 0);
	mpt_pipe_destroy(first);
	mpt_pipe_destroy(second);
}

static void a_process_without_descriptors_left_gets_emfile(void **state)
{
	struct rlimit limit, none;
	struct mpt_pipe *a, *b;

	(void)state;
	assert_int_equal(mpt_pipe_create(&a, &b, NULL), 0);
	mpt_pipe_destroy(a);
	mpt_pipe_destroy(b);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(mpt_pipe_create(&a, &b, NULL), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(mpt_pipe_create(&a, &b, NULL), 0);
	mpt_pipe_destroy(a);
	mpt_pipe_destroy(b);
}

static void no_call_touches_errno(void **state)
{
	struct ends e = duplex();
	char c;

	(void)state;
	errno = 4711;
	mpt_pipe_send(e.first, "x", 1, 0);
	mpt_pipe_recv(e.second, &c, 1, 0);
	mpt_pipe_recv(e.second, &c, 1, MPT_MS(1));
	mpt_pipe_poll(e.second, MPT_MS(1));
	mpt_pipe_next_size(e.second);
	fill_pipe(e.first, 1000);
	mpt_pipe_close(e.first);
	mpt_pipe_send(e.second, "x", 1, 0);
	destroy_ends(&e);
	assert_int_equal(errno, 4711);
}

static void the_descriptor_is_for_poll(void **state)
{
	struct ends e = duplex();
	struct pollfd p = { .fd = mpt_pipe_fd(e.second), .events = POLLIN };

	(void)state;
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(mpt_pipe_send(e.first, "x", 1, 0), 0);
	assert_int_equal(poll(&p, 1, 0), 1);
	destroy_ends(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_full_pipe_refuses_and_times_out_and_sends_nothing),
		api_test(an_empty_pipe_refuses_and_times_out),
		api_test(a_long_send_that_times_out_is_as_if_never_sent),
		api_test(a_message_after_a_given_up_one_is_found_among_its_remains),
		api_test(names_are_checked_and_exclusive),
		api_test(each_direction_is_an_object_that_counts_exactly),
		api_test(a_process_without_descriptors_left_gets_emfile),
		api_test(no_call_touches_errno),
		api_test(the_descriptor_is_for_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
