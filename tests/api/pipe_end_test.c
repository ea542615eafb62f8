/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_end_test.c - how long a pipe lives: as long as somebody has both ends, whoever
 * made it, and no longer.
 */
#include "tests/api/pipe_ends.h"

#include <sys/socket.h>

#include <linux/netlink.h>

#define PAIRS 100

static uint32_t slots_used(void)
{
	return segment()->section[MPT_SEC_OBJECTS].used;
}

static bool is_live(const struct mpt_wire_object *o)
{
	return __atomic_load_n(&o->state, __ATOMIC_ACQUIRE) == MPT_SLOT_LIVE;
}

static void pipes_made_and_destroyed_leave_nothing(void **state)
{
	struct ends e = duplex();
	uint32_t used = slots_used();
	int rounds = SANITIZED ? 500 : 3000;

	(void)state;
	destroy_ends(&e);
	for (int i = 0; i < rounds; i++) {
		assert_int_equal(mpt_pipe_create(&e.first, &e.second, NULL), 0);
		assert_int_equal(mpt_pipe_send(e.first, "unread", 6, 0), 0);
		assert_int_equal(mpt_pipe_send(e.second, "unread", 6, 0), 0);
		if (i % 2)
			mpt_pipe_destroy(e.first);
		mpt_pipe_destroy(e.second);
		if (i % 2 == 0)
			mpt_pipe_destroy(e.first);
	}
	/* What was unread when the last end closed is nobody's: found at need. */
	assert_in_range(slots_used(), used, segment()->section[MPT_SEC_OBJECTS].count);
}

static void talks_first(void *arg)
{
	struct ends *e = arg;
	char buffer[8];

	mpt_pipe_destroy(e->second);
	child_claims_eventually(reached(e->point));
	child_claims(mpt_pipe_send(e->first, "ping", 4, GUARD_NS) == 0);
	child_claims(mpt_pipe_recv(e->first, buffer, 8, GUARD_NS) == 4);
	mpt_pipe_destroy(e->first);
}

static void answers(void *arg)
{
	struct ends *e = arg;
	char buffer[8];

	mpt_pipe_destroy(e->first);
	child_claims(mpt_pipe_recv(e->second, buffer, 8, GUARD_NS) == 4);
	child_claims(mpt_pipe_send(e->second, buffer, 4, GUARD_NS) == 0);
	child_claims(mpt_pipe_recv(e->second, buffer, 8, GUARD_NS) == -EPIPE);
	mpt_pipe_destroy(e->second);
}

static void children_talk_after_their_parent_destroyed_both_ends(void **state)
{
	struct ends e = duplex();
	pid_t a = child(talks_first, &e), b = child(answers, &e);

	(void)state;
	destroy_ends(&e);
	assert_true(is_live(e.there));
	reach(e.point);
	assert_ends_well(a);
	assert_ends_well(b);
	/* The last one to leave ended the objects. */
	assert_false(is_live(e.there));
}

static void makes_a_family_and_waits(void *arg)
{
	struct ends *e = arg;
	struct ends own = { .point = e->point };

	child_claims(mpt_pipe_create(&own.first, &own.second, NULL) == 0);
	if (fork() == 0) {
		talks_first(&own);
		reach(&e->point[1]);
		_exit(0);
	}
	if (fork() == 0) {
		answers(&own);
		reach(&e->point[1]);
		_exit(0);
	}
	reach(&e->point[2]);
	for (;;)
		pause();
}

static void a_pipe_outlives_its_killed_creator(void **state)
{
	struct ends e = { .point = shared(4096) };
	pid_t creator = child(makes_a_family_and_waits, &e);

	(void)state;
	assert_eventually(reached(&e.point[2]));
	kill_child(creator);
	reach(e.point);
	assert_eventually(__atomic_load_n(&e.point[1], __ATOMIC_SEQ_CST) == 2);
}

static void exits(void *arg)
{
	(void)arg;
}

static void a_child_that_just_exits_leaves_no_object(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(exits, &e);
	char c;

	(void)state;
	mpt_pipe_destroy(e.second);
	assert_int_equal(mpt_pipe_recv(e.first, &c, 1, GUARD_NS), -EPIPE);
	assert_ends_well(pid);
	mpt_pipe_destroy(e.first);
	assert_false(is_live(e.there));
}

/* Who still has an end of an ended pipe is told what he would have been told anyway. */
static void asks_when_all_is_over(void *arg)
{
	struct ends *e = arg;
	char c;

	mpt_pipe_close(e->second);
	child_claims_eventually(!is_live(e->there));
	child_claims(mpt_pipe_recv(e->first, &c, 1, MPT_FOREVER) == -EPIPE);
	child_claims(mpt_pipe_send(e->first, "x", 1, MPT_FOREVER) == -EPIPE);
	child_claims(mpt_pipe_poll(e->first, MPT_FOREVER) == 1);
	child_claims(mpt_pipe_next_size(e->first) == -EPIPE);
	child_claims(mpt_pipe_close(e->first) == 0);
	child_claims(mpt_pipe_send(e->first, "x", 1, MPT_FOREVER) == -ESHUTDOWN);
}

static void an_ended_pipe_reads_eof(void **state)
{
	struct ends e = duplex();
	pid_t pid = child(asks_when_all_is_over, &e);

	(void)state;
	mpt_pipe_destroy(e.second);
	/* Once the child has closed its copy too, ours is the last word. */
	assert_eventually(mpt_pipe_poll(e.first, 0) == 1);
	mpt_pipe_destroy(e.first);
	assert_ends_well(pid);
}

static void makes_many_and_dies(void *arg)
{
	struct mpt_pipe *a, *b;

	(void)arg;
	for (int i = 0; i < PAIRS; i++)
		child_claims(mpt_pipe_create(&a, &b, NULL) == 0);
	kill(getpid(), SIGKILL);
}

static bool kernel_knows_sockets(void)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void pipes_of_the_dead_are_found_when_the_domain_is_full(void **state)
{
	struct ends keep = duplex();
	uint32_t pairs, slots;
	char c;

	(void)state;
	if (!kernel_knows_sockets()) {
		skip();
		return;
	}
	slots = segment()->section[MPT_SEC_OBJECTS].count;
	for (pairs = 0; pairs * 2 < slots + 4 * PAIRS; pairs += PAIRS)
		assert_int_equal(end_of(child(makes_many_and_dies, NULL)), -SIGKILL);
	assert_true(is_live(keep.there));
	assert_int_equal(mpt_pipe_send(keep.first, "x", 1, 0), 0);
	assert_int_equal(mpt_pipe_recv(keep.second, &c, 1, 0), 1);
	destroy_ends(&keep);
}

static void the_kernels_names_of_the_ends_are_told(void **state)
{
	struct ends e = duplex();
	char path[64], text[64] = "", expected[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mpt_pipe_fd(e.second));
	assert_true(readlink(path, text, sizeof(text) - 1) > 0);
	snprintf(expected, sizeof(expected), "socket:[%u]", e.there->end_inode[0]);
	assert_string_equal(text, expected);
	assert_int_equal(e.there->end_holders[0], 1);
	assert_int_equal(e.there->end_holders[1], 1);
	destroy_ends(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(pipes_made_and_destroyed_leave_nothing),
		api_test(children_talk_after_their_parent_destroyed_both_ends),
		api_test(a_pipe_outlives_its_killed_creator),
		api_test(a_child_that_just_exits_leaves_no_object),
		api_test(an_ended_pipe_reads_eof),
		api_test(pipes_of_the_dead_are_found_when_the_domain_is_full),
		api_test(the_kernels_names_of_the_ends_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
