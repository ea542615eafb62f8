/* SPDX-License-Identifier: BSD-2-Clause */
/* connector_test.c - messages of the process connector, true and false ones. */
#include "mpstat/collector/connector.h"
#include "mpstat/collector/lives.h"
#include "mpstat/collector/proc.h"

#include "tests/unit/child.h"
#include "tests/unit/fact_log.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define SECOND 1000000000ull
#define CHILD 2000000001u /* nobody has these numbers */
#define PARENT 2000000000u

struct fixture {
	struct connector *connector;
	struct fact_log facts;
	struct fact_sink sink;
};

static void setup(struct fixture *f)
{
	struct err err = { 0 };

	memset(f, 0, sizeof(*f));
	f->connector = connector_new("/proc", &err);
	assert_non_null(f->connector);
	f->sink = fact_log_sink(&f->facts);
}

static void teardown(struct fixture *f)
{
	connector_close(f->connector);
	fact_log_free(&f->facts);
}

static size_t pack(char *bytes, const struct proc_event *event)
{
	struct nlmsghdr netlink = { .nlmsg_type = NLMSG_DONE };
	struct cn_msg message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(*event) };

	netlink.nlmsg_len = sizeof(netlink) + sizeof(message) + sizeof(*event);
	memcpy(bytes, &netlink, sizeof(netlink));
	memcpy(bytes + sizeof(netlink), &message, sizeof(message));
	memcpy(bytes + sizeof(netlink) + sizeof(message), event, sizeof(*event));
	return netlink.nlmsg_len;
}

static void take(struct fixture *f, const struct proc_event *event)
{
	char bytes[256];
	size_t size = pack(bytes, event);

	connector_take(f->connector, bytes, size, &f->sink);
	connector_settle(f->connector, &f->sink);
}

static struct proc_event fork_of(uint32_t parent, uint32_t child, uint64_t time_ns)
{
	struct proc_event event;

	memset(&event, 0, sizeof(event));
	event.what = PROC_EVENT_FORK;
	event.timestamp_ns = time_ns;
	event.event_data.fork.parent_pid = event.event_data.fork.parent_tgid = (int)parent;
	event.event_data.fork.child_pid = event.event_data.fork.child_tgid = (int)child;
	return event;
}

static struct proc_event exit_of(uint32_t pid, uint32_t parent, uint32_t status)
{
	struct proc_event event;

	memset(&event, 0, sizeof(event));
	event.what = PROC_EVENT_EXIT;
	event.timestamp_ns = 9 * SECOND;
	event.event_data.exit.process_pid = event.event_data.exit.process_tgid = (int)pid;
	event.event_data.exit.parent_pid = event.event_data.exit.parent_tgid = (int)parent;
	event.event_data.exit.exit_code = status;
	return event;
}

static const struct fact_life *life(const struct fixture *f, size_t number)
{
	const struct fact *fact = fact_log_get(&f->facts, FACT_LIFE, number);

	assert_non_null(fact);
	assert_int_equal(fact->source, FACT_FROM_KERNEL);
	return &fact->u.life;
}

static void who_has_gone_already_is_told_by_its_parents_name(void **state)
{
	uint32_t self = (uint32_t)getpid();
	struct proc_event event;
	struct fixture f;

	(void)state;
	setup(&f);
	event = fork_of(self, CHILD, 5 * SECOND);
	take(&f, &event);
	event = exit_of(CHILD, self, 7 << 8);
	take(&f, &event);
	assert_int_equal(f.facts.count, 2);
	assert_int_equal(life(&f, 0)->what, FACT_LIFE_FORK);
	assert_int_equal(life(&f, 0)->process.pid, CHILD);
	assert_int_equal(life(&f, 0)->other.pid, self);
	assert_string_equal(life(&f, 0)->name, life(&f, 0)->other_name);
	assert_true(life(&f, 0)->name[0] != 0);
	assert_int_equal(life(&f, 0)->uid, geteuid());
	assert_int_equal(life(&f, 0)->session, getsid(0));
	assert_int_equal(life(&f, 1)->what, FACT_LIFE_EXIT);
	assert_int_equal(life(&f, 1)->exit_code, 7);
	assert_int_equal(life(&f, 1)->process.start, life(&f, 0)->process.start);
	assert_int_equal(fact_log_get(&f.facts, FACT_LIFE, 0)->time_ns, 5 * SECOND);
	/* Its number is nobody's now. */
	take(&f, &event);
	assert_int_equal(f.facts.count, 2);
	teardown(&f);
}

static void a_message_without_parent_means_the_one_at_birth(void **state)
{
	uint32_t self = (uint32_t)getpid();
	struct proc_event event;
	struct fixture f;

	(void)state;
	setup(&f);
	event = fork_of(self, CHILD, 1000000 * SECOND); /* younger than we are */
	take(&f, &event);
	event = exit_of(CHILD, 0, 0); /* reaped before the kernel could say */
	take(&f, &event);
	assert_int_equal(life(&f, 1)->other.pid, self);
	teardown(&f);
}

static void threads_are_nobody(void **state)
{
	struct proc_event event = fork_of((uint32_t)getpid(), CHILD, SECOND);
	struct fixture f;

	(void)state;
	setup(&f);
	event.event_data.fork.child_tgid = getpid();
	take(&f, &event);
	event = exit_of((uint32_t)getpid(), 1, 0);
	event.event_data.exit.process_pid = (int)CHILD;
	take(&f, &event);
	assert_int_equal(f.facts.count, 0);
	teardown(&f);
}

static void a_core_and_a_signal_are_told(void **state)
{
	struct proc_event event;
	struct fixture f;

	(void)state;
	setup(&f);
	event = fork_of(PARENT, CHILD, SECOND);
	take(&f, &event);
	event = exit_of(CHILD, PARENT, SIGSEGV | 0x80);
	take(&f, &event);
	assert_int_equal(life(&f, 0)->other.pid, 0); /* nobody knows it */
	assert_int_equal(life(&f, 1)->exit_code, -SIGSEGV);
	assert_true(life(&f, 1)->core);
	teardown(&f);
}

static void a_name_is_read_again_after_exec(void **state)
{
	struct proc_event event;
	struct fixture f;
	pid_t child = child_sleeping();

	(void)state;
	setup(&f);
	memset(&event, 0, sizeof(event));
	event.what = PROC_EVENT_EXEC;
	event.event_data.exec.process_pid = event.event_data.exec.process_tgid = child;
	take(&f, &event);
	assert_int_equal(life(&f, 0)->what, FACT_LIFE_EXEC);
	assert_int_equal(life(&f, 0)->process.pid, child);
	assert_true(life(&f, 0)->process.start > 0);
	assert_true(life(&f, 0)->name[0] != 0);
	child_kill(child);
	teardown(&f);
}

static void a_process_with_living_threads_has_not_ended(void **state)
{
	struct proc_event event;
	char path[64], root[] = "/tmp/connector.XXXXXX", command[100];
	struct err err = { 0 };
	struct fixture f = { 0 };
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/20", root);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/20/stat", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("20 (x) Z 1 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 100 1000 5 0 0 0 0\n", file);
	fclose(file);
	f.connector = connector_new(root, &err);
	f.sink = fact_log_sink(&f.facts);
	assert_non_null(f.connector);
	event = fork_of(PARENT, 20, SECOND);
	take(&f, &event);
	assert_int_equal(life(&f, 0)->process.start, 100);
	event = exit_of(20, PARENT, 0);
	take(&f, &event);
	assert_int_equal(f.facts.count, 1);
	unlink(path);
	event.event_data.exit.process_pid = 21; /* its last thread */
	event.event_data.exit.exit_code = 3 << 8;
	take(&f, &event);
	assert_int_equal(f.facts.count, 2);
	assert_int_equal(life(&f, 1)->exit_code, 3);
	snprintf(command, sizeof(command), "rm -rf -- %s", root);
	assert_int_equal(system(command), 0);
	teardown(&f);
}

static void a_number_that_was_reused_meanwhile_is_not_mixed_up(void **state)
{
	struct err err = { 0 };
	int proc = proc_open("/proc", &err);
	struct proc_event event;
	struct proc_stat now;
	struct fixture f;
	pid_t child = child_sleeping();

	(void)state;
	setup(&f);
	/* As if it had been born at the start of the machine and ended at once. */
	event = fork_of((uint32_t)getpid(), (uint32_t)child, 0);
	take(&f, &event);
	assert_int_equal(proc_stat_read(proc, (uint32_t)child, &now), 0);
	assert_true(life(&f, 0)->process.start < now.start);
	close(proc);
	child_kill(child);
	teardown(&f);
}

static void bytes_that_make_no_sense_are_ignored(void **state)
{
	struct proc_event event = fork_of((uint32_t)getpid(), CHILD, SECOND);
	char bytes[256], *copy;
	size_t size = pack(bytes, &event);
	struct fixture f;

	(void)state;
	setup(&f);
	for (size_t n = 0; n < size; n++) {
		copy = malloc(n + 1);
		memcpy(copy, bytes, n);
		connector_take(f.connector, copy, n, &f.sink);
		free(copy);
	}
	assert_int_equal(f.facts.count, 0);
	for (size_t at = 0; at < 36; at++)
		for (int value = 0; value < 256; value += 51) {
			copy = malloc(size);
			memcpy(copy, bytes, size);
			copy[at] = (char)value;
			connector_take(f.connector, copy, size, &f.sink);
			free(copy);
		}
	connector_take(f.connector, bytes, size, &f.sink);
	assert_true(f.facts.count > 0);
	teardown(&f);
}

static void the_table_is_bounded(void **state)
{
	struct ticks ticks = { .per_second = 100 };
	struct lives *lives = lives_new(-1, &ticks);

	(void)state;
	assert_non_null(lives);
	for (uint32_t i = 1; i <= LIVES_MAX + 100; i++)
		assert_non_null(lives_born(lives, 1000000000 + i, SECOND, NULL));
	assert_int_equal(lives_count(lives), LIVES_MAX);
	assert_null(lives_find(lives, 1000000001));
	assert_non_null(lives_find(lives, 1000000000 + LIVES_MAX + 100));
	lives_free(lives);
}

/* ---- the real one -------------------------------------------------------------- */

static const struct fact_life *find(const struct fixture *f, uint8_t what, pid_t pid)
{
	for (size_t i = 0; i < f->facts.count; i++) {
		const struct fact_life *fact = &f->facts.items[i].u.life;

		if (f->facts.items[i].type == FACT_LIFE && fact->what == what &&
		    fact->process.pid == (uint32_t)pid)
			return fact;
	}
	return NULL;
}

static void real_births_and_deaths_arrive(void **state)
{
	time_t deadline = time(NULL) + 10;
	struct fixture f = { 0 };
	struct err err = { 0 };
	const struct fact_life *born, *died;
	pid_t child;
	int rc = connector_open(&f.connector, "/proc", &err);

	(void)state;
	if (rc < 0) {
		print_message("# %s\n", err.text);
		assert_true(err.text[0] != 0);
		skip();
	}
	f.sink = fact_log_sink(&f.facts);
	child = child_fork();
	if (child == 0)
		_exit(42);
	waitpid(child, NULL, 0);
	while (!find(&f, FACT_LIFE_EXIT, child) && time(NULL) < deadline)
		connector_drain(f.connector, &f.sink);
	born = find(&f, FACT_LIFE_FORK, child);
	died = find(&f, FACT_LIFE_EXIT, child);
	assert_non_null(born);
	assert_non_null(died);
	assert_int_equal(born->other.pid, getpid());
	assert_int_equal(died->exit_code, 42);
	assert_int_equal(died->process.start, born->process.start);
	assert_int_equal(died->other.pid, getpid());
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_gone_already_is_told_by_its_parents_name),
		cmocka_unit_test(a_message_without_parent_means_the_one_at_birth),
		cmocka_unit_test(threads_are_nobody),
		cmocka_unit_test(a_core_and_a_signal_are_told),
		cmocka_unit_test(a_name_is_read_again_after_exec),
		cmocka_unit_test(a_process_with_living_threads_has_not_ended),
		cmocka_unit_test(a_number_that_was_reused_meanwhile_is_not_mixed_up),
		cmocka_unit_test(bytes_that_make_no_sense_are_ignored),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(real_births_and_deaths_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
