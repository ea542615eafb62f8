/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_test.c - shared memory by name, behaviours 113 to 117, 119, 120 and 122; read from
 * the top, it is a tutorial.
 *
 * Does not own: memory that cannot be had, and slots that lie (memory_limit_test.c),
 * kills between two instructions (step_memory_test.c).
 */
#include "tests/api/support.h"

#include <dirent.h>
#include <sys/mman.h>

#define SIZE 100000

static struct mpt_memory *new_memory(const char *name, int64_t size)
{
	struct mpt_memory *memory;

	assert_int_equal(mpt_memory_create(&memory, name, size), 0);
	assert_non_null(memory);
	return memory;
}

static uint8_t *bytes(struct mpt_memory *memory)
{
	return mpt_memory_data(memory);
}

/* ---- create and attach ------------------------------------------------------------------ */

static void answers(void *unused)
{
	struct mpt_memory *memory;

	(void)unused;
	child_claims(mpt_memory_attach(&memory, "both ways") == 0);
	child_claims(mpt_memory_size(memory) == SIZE);
	child_claims(strcmp(mpt_memory_name(memory), "both ways") == 0);
	child_claims(strcmp(mpt_memory_data(memory), "question") == 0);
	strcpy(mpt_memory_data(memory), "answer");
	bytes(memory)[SIZE - 1] = 42;
	mpt_memory_destroy(memory);
}

static void b113_b117_created_attached_and_written_from_both_sides(void **state)
{
	struct mpt_memory *memory = new_memory("both ways", SIZE);

	(void)state;
	assert_int_equal(mpt_memory_size(memory), SIZE);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(bytes(memory)[i], 0);
	strcpy(mpt_memory_data(memory), "question");
	assert_ends_well(child(answers, NULL));
	assert_string_equal(mpt_memory_data(memory), "answer");
	assert_int_equal(bytes(memory)[SIZE - 1], 42);
	mpt_memory_destroy(memory);
}

static void b113_two_attachments_in_one_process_are_one_memory(void **state)
{
	struct mpt_memory *memory = new_memory("twice", 1), *other;

	(void)state;
	assert_int_equal(mpt_memory_attach(&other, "twice"), 0);
	assert_ptr_not_equal(bytes(other), bytes(memory));
	bytes(memory)[0] = 7;
	assert_int_equal(bytes(other)[0], 7);
	mpt_memory_destroy(other);
	assert_int_equal(bytes(memory)[0], 7);
	mpt_memory_destroy(memory);
}

static void b113_it_may_be_larger_than_the_domain(void **state)
{
	struct mpt_memory *memory = new_memory(NULL, 100 << 20);

	(void)state;
	assert_true(100 << 20 > segment()->total_size);
	bytes(memory)[(100 << 20) - 1] = 1;
	mpt_memory_destroy(memory);
}

static void role_answers_from_outside(const char *path)
{
	struct mpt_memory *memory;

	child_claims(mpt_memory_attach(&memory, path) == 0);
	child_claims(strcmp(mpt_memory_name(memory), "outside") == 0);
	child_claims(bytes(memory)[0] == 1);
	bytes(memory)[0] = 2;
	mpt_memory_destroy(memory);
}

static void b117_another_program_writes_into_it(void **state)
{
	struct mpt_memory *memory = new_memory("outside", SIZE);
	char domain[40], path[60];

	(void)state;
	snprintf(domain, sizeof(domain), "memory-test-%d", getpid());
	snprintf(path, sizeof(path), "%s/outside", domain);
	assert_int_equal(mpt_domain_publish(domain), 0);
	bytes(memory)[0] = 1;
	assert_ends_well(program("role_answers_from_outside", path, NULL));
	assert_int_equal(bytes(memory)[0], 2);
	mpt_memory_destroy(memory);
}

static void b114_no_size_or_no_name_is_refused(void **state)
{
	struct mpt_memory *memory;

	(void)state;
	assert_int_equal(mpt_memory_create(&memory, NULL, 0), -EINVAL);
	assert_null(memory);
	assert_int_equal(mpt_memory_create(&memory, NULL, -1), -EINVAL);
	assert_int_equal(mpt_memory_create(&memory, NULL, INT64_MIN), -EINVAL);
	assert_int_equal(mpt_memory_create(NULL, NULL, 1), -EINVAL);
	assert_int_equal(mpt_memory_attach(&memory, NULL), -EINVAL);
	assert_null(memory);
	assert_int_equal(mpt_memory_attach(&memory, ""), -EINVAL);
	assert_int_equal(mpt_memory_attach(NULL, "name"), -EINVAL);
}

/* ---- names -------------------------------------------------------------------------------- */

static void b115_names_are_unique_and_free_after_one_unlink(void **state)
{
	struct mpt_memory *memory = new_memory("name", SIZE), *other;
	struct mpt_lock *lock;

	(void)state;
	assert_int_equal(mpt_memory_create(&other, "name", 1), -EEXIST);
	assert_null(other);
	assert_int_equal(mpt_memory_attach(&other, "another name"), -ENOENT);
	assert_null(other);
	bytes(memory)[0] = 1;
	assert_int_equal(mpt_memory_unlink(memory), 0);
	assert_int_equal(mpt_memory_unlink(memory), -ENOENT);
	assert_int_equal(mpt_memory_attach(&other, "name"), -ENOENT);
	/* Whoever has it keeps it, and the name is another one's. */
	other = new_memory("name", 2);
	bytes(other)[0] = 2;
	assert_int_equal(bytes(memory)[0], 1);
	assert_int_equal(mpt_memory_size(memory), SIZE);
	assert_string_equal(mpt_memory_name(memory), "name");
	assert_int_equal(mpt_memory_unlink(memory), -ENOENT); /* not the other one's */
	mpt_memory_destroy(memory);
	assert_int_equal(mpt_memory_attach(&memory, "name"), 0);
	assert_int_equal(bytes(memory)[0], 2);
	mpt_memory_destroy(memory);
	mpt_memory_destroy(other);
	/* They share the names with all other objects. */
	assert_int_equal(mpt_lock_create(&lock, "name", 0), 0);
	assert_int_equal(mpt_memory_create(&memory, "name", 1), -EEXIST);
	assert_int_equal(mpt_memory_attach(&memory, "name"), -EINVAL);
	mpt_lock_destroy(lock);
}

static void unlinks_by_name(void *unused)
{
	struct mpt_memory *memory;

	(void)unused;
	child_claims(mpt_memory_attach(&memory, "unlinked") == 0);
	child_claims(mpt_memory_close(memory) == 0);
	child_claims(mpt_memory_unlink(memory) == 0);
}

static void b115_whoever_has_it_may_unlink_it_also_after_a_close(void **state)
{
	struct mpt_memory *memory = new_memory("unlinked", 1), *other;

	(void)state;
	assert_ends_well(child(unlinks_by_name, NULL));
	assert_int_equal(mpt_memory_attach(&other, "unlinked"), -ENOENT);
	assert_int_equal(mpt_memory_unlink(memory), -ENOENT);
	bytes(memory)[0] = 1;
	mpt_memory_destroy(memory);
}

static void b116_a_generated_name_steps_aside(void **state)
{
	struct mpt_memory *memory = new_memory(NULL, 1), *others[8], *found;
	unsigned int next = segment_slot(segment_object(mpt_memory_name(memory))) + 2;
	int stepped_aside = 0;
	char name[48];

	(void)state;
	/* The program has chosen what would be generated next, and after that. */
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "memory-%u", next + 4 + i);
		others[i] = new_memory(name, 1);
	}
	for (int i = 4; i < 8; i++) {
		others[i] = new_memory(NULL, 1);
		bytes(others[i])[0] = (uint8_t)i;
		stepped_aside += segment_slot(segment_object(mpt_memory_name(others[i]))) + 1 !=
				 (uint32_t)atoi(mpt_memory_name(others[i]) + strlen("memory-"));
	}
	assert_true(stepped_aside > 0);
	for (int i = 4; i < 8; i++) {
		assert_int_equal(mpt_memory_attach(&found, mpt_memory_name(others[i])), 0);
		assert_int_equal(bytes(found)[0], i);
		mpt_memory_destroy(found);
	}
	for (int i = 0; i < 8; i++)
		mpt_memory_destroy(others[i]);
	mpt_memory_destroy(memory);
}

static void b120_names_that_are_too_long_fail_cleanly(void **state)
{
	char name[200], path[300];
	struct mpt_memory *memory;

	(void)state;
	for (size_t length = 48; length < sizeof(name); length++) {
		memset(name, 'n', length);
		name[length] = '\0';
		assert_int_equal(mpt_memory_create(&memory, name, 1), -EINVAL);
		assert_null(memory);
		assert_int_equal(mpt_memory_attach(&memory, name), -EINVAL);
		assert_null(memory);
		snprintf(path, sizeof(path), "%s/%s", name, "short");
		assert_int_equal(mpt_memory_attach(&memory, path), -EINVAL);
	}
	name[47] = '\0';
	memory = new_memory(name, 1);
	assert_string_equal(mpt_memory_name(memory), name);
	mpt_memory_destroy(memory);
	assert_int_equal(mpt_memory_create(&memory, "a/b", 1), -EINVAL);
}

/* ---- who has it --------------------------------------------------------------------------- */

/* Processes on the list of holders, as a viewer counts them: without the dead. */
static int holders(const char *name)
{
	const struct mpt_wire_object *o = segment_object(name);
	const struct mpt_wire_section *s = segment()->section;
	const struct mpt_wire_process *processes =
		(const void *)((const uint8_t *)segment() + s[MPT_SEC_PROCESSES].offset);
	const uint64_t *list = (const void *)((const uint8_t *)segment() + s[MPT_SEC_ARENA].offset +
					      (o->extent & 0xffffffffu) * MPT_BLOCK);
	int n = 0;

	for (size_t i = 0; i < MPT_HOLDERS; i++)
		n += list[i] && kill((pid_t)processes[MPT_HOLDER_SLOT(list[i])].inner_pid, 0) == 0;
	return n;
}

struct scene {
	struct mpt_memory *memory;
	uint32_t there, go;
};

static void uses_inherited(void *arg)
{
	struct scene *s = arg;
	uint8_t *before = bytes(s->memory);

	child_claims(before[0] == 1);
	before[1] = 2;
	reach(&s->there);
	child_claims_eventually(reached(&s->go));
	child_claims(mpt_memory_close(s->memory) == 0);
	child_claims(mpt_memory_data(s->memory) == NULL);
	reach(&s->there);
	for (;;)
		pause();
}

static void b113_a_forked_child_has_it_and_closes_it_for_itself(void **state)
{
	struct scene *s = shared(sizeof(*s));
	pid_t pid;

	(void)state;
	s->memory = new_memory("inherited", 2);
	bytes(s->memory)[0] = 1;
	assert_int_equal(holders("inherited"), 1);
	pid = child(uses_inherited, s);
	assert_eventually(s->there == 1);
	assert_int_equal(holders("inherited"), 2);
	reach(&s->go);
	assert_eventually(s->there == 2);
	assert_int_equal(holders("inherited"), 1);
	assert_int_equal(bytes(s->memory)[1], 2);
	kill_child(pid);
	mpt_memory_destroy(s->memory);
}

static void creates_and_stays(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_memory_create(&s->memory, "orphan", SIZE) == 0);
	bytes(s->memory)[SIZE - 1] = 9;
	reach(&s->there);
	for (;;)
		pause();
}

static pid_t creator(struct scene *s)
{
	pid_t pid = child(creates_and_stays, s);

	assert_eventually(reached(&s->there));
	return pid;
}

static void b119_a_killed_creator_takes_nothing_from_the_others(void **state)
{
	struct scene *s = shared(sizeof(*s));
	struct mpt_memory *memory, *third, *none;
	pid_t pid;

	(void)state;
	mpt_memory_destroy(new_memory(NULL, 1)); /* so that there is a domain */
	pid = creator(s);
	assert_int_equal(mpt_memory_attach(&memory, "orphan"), 0);
	assert_int_equal(holders("orphan"), 2);
	kill_child(pid);
	assert_int_equal(holders("orphan"), 1);
	assert_int_equal(bytes(memory)[SIZE - 1], 9);
	bytes(memory)[0] = 1;
	/* It may still be attached to, and its name is taken. */
	assert_int_equal(mpt_memory_attach(&third, "orphan"), 0);
	assert_int_equal(bytes(third)[0], 1);
	assert_int_equal(mpt_memory_create(&none, "orphan", 1), -EEXIST);
	assert_int_equal(mpt_memory_unlink(memory), 0);
	mpt_memory_destroy(third);
	mpt_memory_destroy(memory);
}

static void dies_and_leaves_a_child(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_memory_create(&s->memory, "grandchild's", SIZE) == 0);
	bytes(s->memory)[0] = 5;
	if (fork() == 0) {
		/* Never calls the library, and has the memory for all that. */
		alarm(60);
		reach(&s->there);
		while (!reached(&s->go))
			usleep(1000);
		_exit(0);
	}
	while (!reached(&s->there))
		usleep(1000);
	kill(getpid(), SIGKILL);
}

static void b119_it_is_found_at_a_child_that_only_inherited_it(void **state)
{
	struct scene *s = shared(sizeof(*s));
	struct mpt_memory *memory;

	(void)state;
	mpt_memory_destroy(new_memory(NULL, 1));
	assert_int_equal(end_of(child(dies_and_leaves_a_child, s)), -SIGKILL);
	assert_int_equal(holders("grandchild's"), 0);
	assert_int_equal(mpt_memory_create(&memory, "grandchild's", 1), -EEXIST);
	assert_int_equal(mpt_memory_attach(&memory, "grandchild's"), 0);
	assert_int_equal(bytes(memory)[0], 5);
	reach(&s->go);
	assert_int_equal(mpt_memory_unlink(memory), 0);
	mpt_memory_destroy(memory);
}

static void b119_with_its_last_holder_it_is_gone_and_its_name_free(void **state)
{
	struct scene *s = shared(sizeof(*s));
	struct mpt_memory *memory;

	(void)state;
	mpt_memory_destroy(new_memory(NULL, 1));
	kill_child(creator(s));
	assert_int_equal(mpt_memory_attach(&memory, "orphan"), -ENOENT);
	assert_null(segment_object("orphan"));
	s->there = 0;
	kill_child(creator(s));
	assert_non_null(segment_object("orphan"));
	memory = new_memory("orphan", 1); /* as if nobody had ever been called so */
	assert_int_equal(bytes(memory)[0], 0);
	mpt_memory_destroy(memory);
}

static void b119_its_creators_destroy_takes_the_name_and_not_the_memory(void **state)
{
	struct mpt_memory *memory = new_memory("destroyed", 1), *other, *third;

	(void)state;
	assert_int_equal(mpt_memory_attach(&other, "destroyed"), 0);
	bytes(memory)[0] = 3;
	mpt_memory_destroy(memory);
	assert_int_equal(mpt_memory_attach(&third, "destroyed"), -ENOENT);
	assert_int_equal(bytes(other)[0], 3);
	mpt_memory_destroy(other);
}

/* ---- closing ------------------------------------------------------------------------------ */

static void a_closed_one_is_unmapped_here(void **state)
{
	struct mpt_memory *memory = new_memory("closed", 2 * MPT_BLOCK), *other;
	void *at = mpt_memory_data(memory);
	unsigned char in_core;

	(void)state;
	assert_int_equal(mpt_memory_close(memory), 0);
	assert_int_equal(mpt_memory_close(memory), 0);
	assert_int_equal(mincore(at, MPT_BLOCK, &in_core), -1);
	assert_null(mpt_memory_data(memory));
	assert_int_equal(mpt_memory_size(memory), -ESHUTDOWN);
	/* Nobody has it any more. */
	assert_int_equal(mpt_memory_attach(&other, "closed"), -ENOENT);
	mpt_memory_destroy(memory);
	mpt_memory_destroy(NULL);
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void nothing_of_it_stays_in_the_process(void **state)
{
	struct mpt_memory *memory, *other;
	int before;

	(void)state;
	mpt_memory_destroy(new_memory(NULL, 1));
	before = descriptors();
	for (int i = 0; i < 100; i++) {
		memory = new_memory("again", 64 << 10);
		assert_int_equal(mpt_memory_create(&other, "again", 1), -EEXIST);
		assert_int_equal(mpt_memory_attach(&other, "again"), 0);
		mpt_memory_destroy(other);
		mpt_memory_destroy(memory);
		assert_int_equal(mpt_memory_attach(&other, "again"), -ENOENT);
	}
	assert_int_equal(descriptors(), before);
	errno = 77;
	memory = new_memory(NULL, 1);
	mpt_memory_attach(&other, "nobody's");
	mpt_memory_destroy(memory);
	assert_int_equal(errno, 77);
}

/* ---- the end of all ------------------------------------------------------------------------ */

static void inherits_and_attaches(void *path)
{
	struct mpt_memory *memory;

	child_claims(mpt_memory_attach(&memory, path) == 0);
	for (;;)
		pause();
}

/* A tree: each has memory of its own and the others'. */
static void role_grows_a_tree(const char *name)
{
	struct mpt_memory *memory;
	char own[64];

	child_claims(mpt_domain_publish(name) == 0);
	child_claims(mpt_memory_create(&memory, name, 1 << 20) == 0);
	for (int i = 0; i < 3; i++) {
		snprintf(own, sizeof(own), "%.40s-%d", name, i);
		child_claims(mpt_memory_create(&memory, own, 1 << 20) == 0);
		child(inherits_and_attaches, own);
	}
	kill(getppid(), SIGUSR1);
	for (;;)
		pause();
}

static void count_line(const char *path, const char *word, int *n)
{
	FILE *f = fopen(path, "re");
	char line[4352];

	while (f && fgets(line, sizeof(line), f))
		*n += strstr(line, word) != NULL;
	if (f)
		fclose(f);
}

/* Whatever of that name there is: mappings of any process, sockets. */
static int traces_of(const char *name)
{
	const struct dirent *entry;
	DIR *proc = opendir("/proc");
	char path[300];
	int n = 0;

	while ((entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/maps", entry->d_name);
		count_line(path, name, &n);
	}
	closedir(proc);
	count_line("/proc/net/unix", name, &n);
	return n;
}

static uint32_t grown;

static void tree_has_grown(int signal)
{
	(void)signal;
	reach(&grown);
}

static void b122_after_a_kill_of_the_whole_tree_nothing_is_left(void **state)
{
	struct dirent *entry;
	char name[40];
	pid_t pid;
	DIR *dir;

	(void)state;
	snprintf(name, sizeof(name), "tree-of-%d", getpid());
	signal(SIGUSR1, tree_has_grown);
	pid = program("role_grows_a_tree", name, NULL);
	assert_eventually(reached(&grown));
	assert_true(traces_of(name) >= 4 + 3);
	kill_child(pid); /* its children die with it */
	assert_eventually(traces_of(name) == 0);
	dir = opendir("/dev/shm");
	while ((entry = readdir(dir)) != NULL)
		assert_null(strstr(entry->d_name, name));
	closedir(dir);
}

static const struct role roles[] = {
	{ "role_answers_from_outside", role_answers_from_outside },
	{ "role_grows_a_tree", role_grows_a_tree },
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b113_b117_created_attached_and_written_from_both_sides),
		api_test(b113_two_attachments_in_one_process_are_one_memory),
		api_test(b113_it_may_be_larger_than_the_domain),
		api_test(b117_another_program_writes_into_it),
		api_test(b114_no_size_or_no_name_is_refused),
		api_test(b115_names_are_unique_and_free_after_one_unlink),
		api_test(b115_whoever_has_it_may_unlink_it_also_after_a_close),
		api_test(b116_a_generated_name_steps_aside),
		api_test(b120_names_that_are_too_long_fail_cleanly),
		api_test(b113_a_forked_child_has_it_and_closes_it_for_itself),
		api_test(b119_a_killed_creator_takes_nothing_from_the_others),
		api_test(b119_it_is_found_at_a_child_that_only_inherited_it),
		api_test(b119_with_its_last_holder_it_is_gone_and_its_name_free),
		api_test(b119_its_creators_destroy_takes_the_name_and_not_the_memory),
		api_test(a_closed_one_is_unmapped_here),
		api_test(nothing_of_it_stays_in_the_process),
		api_test(b122_after_a_kill_of_the_whole_tree_nothing_is_left),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
