/* SPDX-License-Identifier: BSD-2-Clause */
/* wait_file_test.c - who could end a wait at a pipe or socket, from a look made by hand. */
#include "mpstat/collector/wait.h"
#include "tests/unit/tell.h"

#include <string.h>
#include <sys/syscall.h>

#define READER 10
#define WRITER 11
#define BYSTANDER 12

static struct file_end end(uint32_t pid, uint8_t kind, uint64_t inode, uint16_t flags)
{
	return (struct file_end){ .pid = pid, .start = 1,
				  .file = { .kind = kind, .inode = inode, .flags = flags } };
}

static struct blocked reading(uint8_t kind, uint64_t inode, uint64_t peer)
{
	return (struct blocked){ .pid = READER, .tid = READER, .start = 1, .state = 'S',
				 .syscall = SYS_read, .has = BLOCKED_HAS_FILE,
				 .file = { .kind = kind, .inode = inode, .peer_inode = peer,
					   .flags = FILE_CAN_READ } };
}

/* What the look says of the process: NULL, it has nothing to do with the object. */
static const struct fact_use *use_of(const struct wait_look *w, uint32_t pid, bool give)
{
	for (size_t i = 0; i < w->outside.uses.count; i++) {
		const struct fact_use *use = &w->outside.uses.items[i];

		if (use->process.pid == pid && (give ? use->can_give : use->can_take))
			return use;
	}
	return NULL;
}

static void only_who_may_write_could_fill_a_pipe(void **state)
{
	struct file_end ends[] = { end(READER, FILE_PIPE, 7, FILE_CAN_READ),
				   end(WRITER, FILE_PIPE, 7, FILE_CAN_WRITE),
				   end(BYSTANDER, FILE_PIPE, 7, FILE_CAN_READ),
				   end(BYSTANDER, FILE_PIPE, 8, FILE_CAN_WRITE) };
	struct blocked thread = reading(FILE_PIPE, 7, 0);
	struct blocked_look look = { .ends = ends, .end_count = 4, .ends_whole = true };
	struct wait_look w = { .look = &look, .proc = "/proc" };
	struct fact_thread told = { 0 };

	(void)state;
	outside_begin(&w.outside);
	assert_true(wait_understand(&w, &thread, &told));
	assert_int_equal(told.wait_op, MPT_OP_OS_PIPE_READ);
	assert_non_null(use_of(&w, WRITER, true));
	assert_null(use_of(&w, WRITER, false));
	assert_non_null(use_of(&w, READER, false));
	assert_null(use_of(&w, READER, true));
	assert_null(use_of(&w, BYSTANDER, true));
	outside_free(&w.outside);
}

/* What can be read at one socket is written at the other. */
static void a_socket_is_filled_by_its_peer(void **state)
{
	struct file_end ends[] = { end(READER, FILE_UNIX, 7, FILE_CAN_READ | FILE_CAN_WRITE),
				   end(WRITER, FILE_UNIX, 8, FILE_CAN_READ | FILE_CAN_WRITE) };
	struct blocked thread = reading(FILE_UNIX, 7, 8);
	struct blocked_look look = { .ends = ends, .end_count = 2, .ends_whole = true,
				     .by_kernel = true };
	struct wait_look w = { .look = &look, .proc = "/proc" };
	struct fact_thread told = { 0 };

	(void)state;
	outside_begin(&w.outside);
	assert_true(wait_understand(&w, &thread, &told));
	assert_non_null(use_of(&w, WRITER, true));
	assert_null(use_of(&w, READER, true));
	outside_free(&w.outside);
}

static enum fact_ends ends_told(struct blocked *thread, bool whole, bool by_kernel)
{
	struct blocked_look look = { .ends_whole = whole, .by_kernel = by_kernel };
	struct wait_look w = { .look = &look, .proc = "/proc" };
	struct fact_thread told = { 0 };
	enum fact_ends ends;

	outside_begin(&w.outside);
	assert_true(wait_understand(&w, thread, &told));
	ends = (enum fact_ends)((struct outside_object *)map_first(&w.outside.objects))->fact.ends;
	outside_free(&w.outside);
	return ends;
}

static void what_is_not_known_is_said(void **state)
{
	struct blocked pipe = reading(FILE_PIPE, 7, 0), fifo = reading(FILE_FIFO, 7, 0);
	struct blocked socket = reading(FILE_UNIX, 7, 8), alone = reading(FILE_UNIX, 7, 0);

	(void)state;
	assert_int_equal(ends_told(&pipe, true, true), FACT_ENDS_TOLD);
	assert_int_equal(ends_told(&pipe, false, true), FACT_ENDS_UNKNOWN);
	assert_int_equal(ends_told(&fifo, true, true), FACT_ENDS_ANYBODY);
	assert_int_equal(ends_told(&socket, true, true), FACT_ENDS_TOLD);
	assert_int_equal(ends_told(&socket, true, false), FACT_ENDS_UNKNOWN);
	assert_int_equal(ends_told(&alone, true, true), FACT_ENDS_ANYBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_may_write_could_fill_a_pipe),
		cmocka_unit_test(a_socket_is_filled_by_its_peer),
		cmocka_unit_test(what_is_not_known_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
