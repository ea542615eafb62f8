/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_limit_test.c - shared memory that cannot be had, and slots that lie: an error,
 * and never a SIGBUS, a SIGXFSZ or a process killed for lack of memory.
 */
#include "tests/api/support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SIZE (64 * 1024)

static struct mpt_memory *new_memory(const char *name, int64_t size)
{
	struct mpt_memory *memory;

	assert_int_equal(mpt_memory_create(&memory, name, size), 0);
	assert_non_null(memory);
	return memory;
}

static void limit(int which, rlim_t most)
{
	struct rlimit r = { most, most };

	child_claims(setrlimit(which, &r) == 0);
}

/* ---- what cannot be had ------------------------------------------------------------------ */

static void more_than_there_is_is_an_error(void **state)
{
	struct mpt_memory *memory;

	(void)state;
	for (int64_t size = INT64_MAX; size >= 1ll << 44; size /= 2) {
		assert_int_equal(mpt_memory_create(&memory, NULL, size), -ENOMEM);
		assert_null(memory);
	}
	assert_int_equal(mpt_memory_create(&memory, NULL, INT64_MAX - 4095), -ENOMEM);
}

static void may_not_have_large_files(void *unused)
{
	struct mpt_memory *memory;

	(void)unused;
	limit(RLIMIT_FSIZE, SIZE);
	child_claims(mpt_memory_create(&memory, NULL, SIZE + 1) == -EFBIG && !memory);
	child_claims(mpt_memory_create(&memory, NULL, SIZE) == 0);
	memset(mpt_memory_data(memory), 1, SIZE);
	/* What is there already may be attached to all the same. */
	child_claims(mpt_memory_attach(&memory, "larger") == 0);
	memset(mpt_memory_data(memory), 1, 4 * SIZE);
}

static void a_limit_on_files_is_an_error_and_no_signal(void **state)
{
	struct mpt_memory *memory = new_memory("larger", 4 * SIZE);

	(void)state;
	assert_ends_well(child(may_not_have_large_files, NULL));
	mpt_memory_destroy(memory);
}

static void may_not_map(void *unused)
{
	struct mpt_memory *memory;
	struct mpt_trace_info info;

	(void)unused;
	child_claims(mpt_trace_status(&info) == 0);
	limit(RLIMIT_AS, 1 << 20);
	child_claims(mpt_memory_create(&memory, "never", 64 << 20) == -ENOMEM && !memory);
	child_claims(mpt_memory_attach(&memory, "mapped") == -ENOMEM && !memory);
	child_claims(segment_object("never") == NULL);
}

static void no_address_space_is_an_error(void **state)
{
	struct mpt_memory *memory;

	(void)state;
	if (SANITIZED) /* its own memory is mapped all over the place */
		skip();
	memory = new_memory("mapped", 64 << 20);
	assert_ends_well(child(may_not_map, NULL));
	mpt_memory_destroy(memory);
}

/* Its only holder is a child that inherited it and is on no list. */
static void leaves_it_to_a_child(void *arg)
{
	uint32_t *go = arg;
	struct mpt_memory *memory;

	child_claims(mpt_memory_create(&memory, "inherited", 1) == 0);
	if (fork() == 0) {
		alarm(60);
		while (!reached(go))
			usleep(1000);
		_exit(0);
	}
}

static void may_open(rlim_t descriptors)
{
	struct rlimit r;

	child_claims(getrlimit(RLIMIT_NOFILE, &r) == 0);
	r.rlim_cur = descriptors;
	child_claims(setrlimit(RLIMIT_NOFILE, &r) == 0);
}

/* Not knowing is no reason to call it gone. */
static void attach_with_few(const char *name)
{
	struct mpt_memory *memory;
	int rc = mpt_memory_attach(&memory, name);

	child_claims(rc == 0 || rc == -EMFILE);
	child_claims(segment_object(name) != NULL);
	mpt_memory_destroy(memory);
}

static void has_few_descriptors_left(void *unused)
{
	struct mpt_memory *memory;
	struct mpt_trace_info info;
	int last;

	(void)unused;
	child_claims(mpt_trace_status(&info) == 0);
	child_claims(segment_object("inherited") != NULL);
	last = dup(0);
	close(last);
	may_open((rlim_t)last);
	child_claims(mpt_memory_create(&memory, NULL, 1) == -EMFILE && !memory);
	child_claims(mpt_memory_attach(&memory, "open") == -EMFILE && !memory);
	child_claims(mpt_memory_attach(&memory, "inherited") == -EMFILE && !memory);
	for (int more = 0; more < 6; more++) {
		may_open((rlim_t)(last + more));
		attach_with_few("open");
		attach_with_few("inherited");
	}
	child_claims(mpt_memory_attach(&memory, "inherited") == 0);
}

static void no_descriptor_is_an_error(void **state)
{
	struct mpt_memory *memory = new_memory("open", 1), *other;
	uint32_t *go = shared(sizeof(*go));

	(void)state;
	assert_ends_well(child(leaves_it_to_a_child, go));
	assert_ends_well(child(has_few_descriptors_left, NULL));
	assert_int_equal(mpt_memory_attach(&other, "inherited"), 0);
	reach(go);
	mpt_memory_unlink(other);
	mpt_memory_destroy(other);
	mpt_memory_destroy(memory);
}

/* ---- what was had ---------------------------------------------------------------------------- */

/* Blocks of memory that the file of that name takes. */
static int64_t blocks_of(const char *name)
{
	struct stat st;

	for (int fd = 0; fd < 1000; fd++) {
		char path[64], target[100] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) > 0 &&
		    strncmp(target, "/memfd:mptrace-memory:", 22) == 0 &&
		    strncmp(target + 22, name, strlen(name)) == 0 && fstat(fd, &st) == 0)
			return st.st_blocks;
	}
	return -1;
}

static void all_of_it_is_there_from_the_beginning(void **state)
{
	struct mpt_memory *memory = new_memory("whole", (5 << 20) + 1);

	(void)state;
	assert_true(blocks_of("whole") * 512 >= (5 << 20) + 1);
	mpt_memory_destroy(memory);
	assert_int_equal(blocks_of("whole"), -1);
}

static void creates_and_dies(void *name)
{
	struct mpt_memory *memory;

	child_claims(mpt_memory_create(&memory, name, 1) == 0);
}

/* ---- many ---------------------------------------------------------------------------------- */

/* A domain with room for 64 objects; all its slots are of memory whose creators died. */
static void role_uses_what_the_dead_have_left(const char *unused)
{
	struct mpt_memory *memory;
	char name[20];
	int rc;

	(void)unused;
	child_claims(mpt_memory_create(&memory, "ours", 1) == 0);
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "dead-%d", i);
		rc = end_of(child(creates_and_dies, name));
		child_claims(rc == 0);
	}
	child_claims(segment()->section[MPT_SEC_OBJECTS].count <= 64);
	*(char *)mpt_memory_data(memory) = 1;
	child_claims(mpt_memory_attach(&memory, "ours") == 0);
	child_claims(*(char *)mpt_memory_data(memory) == 1);
}

static void role_needs_more_than_there_are(const char *unused)
{
	struct mpt_memory *memory;
	int n = 0, rc;

	(void)unused;
	while ((rc = mpt_memory_create(&memory, NULL, 1)) == 0)
		n++;
	child_claims(rc == -ENOSPC && n > 10);
}

static const char *const small[] = { "MPTRACE_SIZE=1M", "MPTRACE_RING=8K", NULL };

static void slots_of_what_is_gone_are_used_again(void **state)
{
	(void)state;
	assert_ends_well(program("role_uses_what_the_dead_have_left", NULL, small));
	assert_ends_well(program("role_needs_more_than_there_are", NULL, small));
}

static void holds_and_waits(void *go)
{
	struct mpt_memory *memory;

	child_claims(mpt_memory_attach(&memory, "crowded") == 0);
	reach(go);
	for (;;)
		pause();
}

/* More processes than the list of holders has places. */
static void more_holders_than_are_listed_do_no_harm(void **state)
{
	struct mpt_memory *memory = new_memory("crowded", 1), *other;
	struct mpt_memory *handles[MPT_HOLDERS];
	uint32_t *there = shared(sizeof(*there));
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < MPT_HOLDERS; i++)
		assert_int_equal(mpt_memory_attach(&handles[i], "crowded"), 0);
	pid = child(holds_and_waits, there);
	assert_eventually(reached(there));
	for (size_t i = 0; i < MPT_HOLDERS; i++)
		mpt_memory_destroy(handles[i]);
	assert_int_equal(mpt_memory_close(memory), 0);
	/* The only one who has it is not on the list. */
	assert_int_equal(mpt_memory_attach(&other, "crowded"), 0);
	mpt_memory_destroy(other);
	kill_child(pid);
	assert_int_equal(mpt_memory_attach(&other, "crowded"), -ENOENT);
	mpt_memory_destroy(memory);
}

/* ---- descriptors that the program closed ----------------------------------------------------- */

static void closes_everything(void *unused)
{
	struct mpt_memory *memory, *other;
	int fd;

	(void)unused;
	child_claims(mpt_memory_create(&memory, "behind our back", 1) == 0);
	for (fd = 3; fd < 1000; fd++)
		close(fd);
	*(char *)mpt_memory_data(memory) = 1;
	child_claims(mpt_memory_attach(&other, "behind our back") == -EBADF);
	child_claims(mpt_memory_create(&other, "behind our back", 1) == -EEXIST);
	/* The numbers are the program's now. */
	for (int i = 0; i < 20; i++)
		fd = open("/dev/null", O_RDONLY);
	mpt_memory_destroy(memory);
	for (; fd >= 3; fd--)
		child_claims(fcntl(fd, F_GETFD) >= 0);
}

static void a_program_may_close_all_descriptors(void **state)
{
	(void)state;
	mpt_memory_destroy(new_memory(NULL, 1));
	assert_ends_well(child(closes_everything, NULL));
}

/* ---- slots that lie ---------------------------------------------------------------------------- */

static struct mpt_wire_object *slot_of(const char *name)
{
	return (struct mpt_wire_object *)(uintptr_t)segment_object(name);
}

static void a_size_that_lies_is_not_believed(void **state)
{
	struct mpt_memory *memory = new_memory("liar", 5), *other;
	struct mpt_wire_object *o = slot_of("liar");

	(void)state;
	for (uint64_t size = 8; size; size *= 2) {
		o->capacity_bytes = size;
		assert_int_equal(mpt_memory_attach(&other, "liar"), -EPROTO);
		assert_null(other);
	}
	o->capacity_bytes = UINT64_MAX;
	assert_int_equal(mpt_memory_attach(&other, "liar"), -EPROTO);
	o->capacity_bytes = 0;
	assert_int_equal(mpt_memory_attach(&other, "liar"), -EPROTO);
	o->capacity_bytes = 3; /* less than there is harms nobody */
	assert_int_equal(mpt_memory_attach(&other, "liar"), 0);
	assert_int_equal(mpt_memory_size(other), 3);
	mpt_memory_destroy(other);
	mpt_memory_destroy(memory);
}

static void a_list_of_holders_that_lies_is_not_needed(void **state)
{
	struct mpt_memory *memory = new_memory("liar", 5), *other;
	struct mpt_wire_object *o = slot_of("liar");
	uint64_t honest = o->extent;

	(void)state;
	for (uint64_t bit = 1; bit; bit *= 2) {
		o->extent = honest ^ bit;
		if (mpt_memory_attach(&other, "liar") == 0) {
			o->extent = 0; /* what is there is not ours to write into */
			mpt_memory_destroy(other);
		}
	}
	o->extent = 0;
	assert_int_equal(mpt_memory_attach(&other, "liar"), 0);
	mpt_memory_destroy(other);
	mpt_memory_destroy(memory);
}

/* Plants a file of another sort as the memory. */
static int attach_planted(int fd)
{
	struct mpt_memory *memory = new_memory("planted", 4096), *other = NULL;
	struct mpt_wire_object *o = slot_of("planted");
	struct stat st;
	int rc;

	assert_int_equal(fstat(fd, &st), 0);
	o->file_device = st.st_dev;
	o->file_inode = st.st_ino;
	rc = mpt_memory_attach(&other, "planted");
	mpt_memory_destroy(other);
	mpt_memory_destroy(memory);
	close(fd);
	return rc;
}

static void what_can_shrink_or_is_no_memory_is_not_mapped(void **state)
{
	int can_shrink = memfd_create("mptrace-memory:can shrink", MFD_ALLOW_SEALING);
	int too_short = memfd_create("mptrace-memory:too short", MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(ftruncate(can_shrink, 4096), 0);
	assert_int_equal(attach_planted(can_shrink), -EPROTO);
	assert_int_equal(ftruncate(too_short, 4095), 0);
	assert_int_equal(fcntl(too_short, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(attach_planted(too_short), -EPROTO);
	assert_int_equal(attach_planted(open("/dev/zero", O_RDWR)), -EBADF);
	assert_int_equal(attach_planted(open("/etc/passwd", O_RDONLY)), -EBADF);
}

static void a_hole_is_filled_before_it_is_mapped(void **state)
{
	int holey = memfd_create("mptrace-memory:holey", MFD_ALLOW_SEALING), copy = dup(holey);
	struct stat st;

	(void)state;
	assert_int_equal(ftruncate(holey, 1 << 20), 0);
	assert_int_equal(fcntl(holey, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(attach_planted(holey), 0);
	assert_int_equal(fstat(copy, &st), 0);
	assert_true(st.st_blocks * 512 >= 4096);
	close(copy);
}

static const struct role roles[] = {
	{ "role_uses_what_the_dead_have_left", role_uses_what_the_dead_have_left },
	{ "role_needs_more_than_there_are", role_needs_more_than_there_are },
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(more_than_there_is_is_an_error),
		api_test(a_limit_on_files_is_an_error_and_no_signal),
		api_test(no_address_space_is_an_error),
		api_test(no_descriptor_is_an_error),
		api_test(all_of_it_is_there_from_the_beginning),
		api_test(slots_of_what_is_gone_are_used_again),
		api_test(more_holders_than_are_listed_do_no_harm),
		api_test(a_program_may_close_all_descriptors),
		api_test(a_size_that_lies_is_not_believed),
		api_test(a_list_of_holders_that_lies_is_not_needed),
		api_test(what_can_shrink_or_is_no_memory_is_not_mapped),
		api_test(a_hole_is_filled_before_it_is_mapped),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
