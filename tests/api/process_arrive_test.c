/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_arrive_test.c - how a program that mpt_process_start made finds the place its
 * parent reserved, and that nobody else finds it.
 */
#include "tests/api/methods.h"

static int tells_name(const char *queue)
{
	struct mpt_process_info me;

	child_claims(mpt_process_current(&me) == 0);
	tell_the_parent(queue, me.name, sizeof(me.name));
	return 0;
}

/* Whoever execs on keeps pid and start time, and so the way. */
static void a_program_that_becomes_another_takes_its_place_along(void **state)
{
	struct mpt_process_options named = { .name = "in disguise" };
	const char *argv[] = { "env", "MPT_TEST=1", "/proc/self/exe", "tells_name", "told", NULL };
	char exe[200], name[48];
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	argv[2] = exe;
	assert_int_equal(mpt_process_create_program(&p, argv, &named), 0);
	assert_int_equal(mpt_process_start(p), 0);
	told_by_child(told, name, sizeof(name));
	assert_string_equal(name, "in disguise");
	assert_int_equal(process_end(p), 0);
	mpt_queue_destroy(told);
}

/* Is in a domain of its own: there it may create what exists in ours. */
static int is_a_stranger(const char *queue)
{
	struct mpt_queue_options options = { .name = queue };
	struct mpt_process_info me, parent;
	struct mpt_queue *q;

	child_claims(!getenv("MPTRACE_START"));
	child_claims(mpt_process_current(&me) == 0 && strcmp(me.name, "MainProcess") == 0);
	child_claims(mpt_process_parent(&parent) == -ESRCH);
	child_claims(mpt_queue_open(&q, queue, 0) == -ENOENT);
	child_claims(mpt_queue_create(&q, &options) == 0);
	return 0;
}

/* A shell knows nothing of the variable, and its children inherit it. */
static void what_a_program_runs_in_turn_is_on_its_own(void **state)
{
	struct mpt_queue *told = telling_made("told");
	char exe[200], script[300];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	snprintf(script, sizeof(script), "'%s' is_a_stranger told; code=$?; exit $code", exe);
	assert_int_equal(process_end(RUN("/bin/sh", "-c", script)), 0);
	mpt_queue_destroy(told);
}

static const char *const hostile[] = {
	"MPTRACE_START=",
	"MPTRACE_START=1",
	"MPTRACE_START=0000000001.00000000000000000001/1/3/",
	"MPTRACE_START=-2147483648.99999999999999999999/%s%s%n/////",
	"MPTRACE_START=0000000000.00000000000000000000/0/0/0/0.0/0.0/1/x",
	NULL,
};

static void a_variable_that_is_not_meant_for_us_is_taken_out(void **state)
{
	(void)state;
	for (int i = 0; hostile[i]; i++) {
		const char *env[] = { hostile[i], NULL };

		assert_ends_well(program("is_a_stranger", "told", env));
	}
}

struct claimed {
	int fd;
	const char *domain, *slot;
};

/* Right in everything about us. */
static void claims_a_slot(void *arg)
{
	const struct claimed *claim = arg;
	char text[200], stat[1000];
	FILE *f = fopen("/proc/self/stat", "re");
	unsigned long long start = 0;

	child_claims(f && fgets(stat, sizeof(stat), f));
	child_claims(sscanf(strrchr(stat, ')') + 2,
			    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %llu", &start) == 1);
	snprintf(text, sizeof(text), "%010d.%020llu/%d/%d/%s/%s", getpid(), start, getppid(),
		 claim->fd, claim->domain, claim->slot);
	setenv("MPTRACE_START", text, 1);
	execl("/proc/self/exe", "api-test", "is_a_stranger", "told", (char *)NULL);
}

/* The descriptor of our own domain. */
static int segment_descriptor(void)
{
	char path[40], to[200];

	for (int fd = 3; fd < 200; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to));
		if (n > 15 && memcmp(to, "/memfd:mptrace:", 15) == 0)
			return fd;
	}
	fail_msg("no descriptor of the segment");
	return -1;
}

static void a_claim_that_no_domain_confirms_is_worth_nothing(void **state)
{
	struct mpt_process *p = RUN("sleep", "1000");
	const struct mpt_wire_process *it = method_slot(mpt_process_pid(p));
	struct claimed claim = { .domain = "00112233445566778899aabbccddeeff" };
	char domain[33], of_another[60];

	(void)state;
	claim.slot = "0.1/1.0/1/x";
	assert_ends_well(child(claims_a_slot, &claim)); /* there is no such domain */
	for (int i = 0; i < 16; i++)
		snprintf(domain + 2 * i, 3, "%02x", segment()->domain_id[i]);
	claim.domain = domain;
	claim.fd = segment_descriptor();
	assert_ends_well(child(claims_a_slot, &claim)); /* a member that lives */
	claim.slot = "4294967295.4294967295/0.9/1/";
	assert_ends_well(child(claims_a_slot, &claim));
	snprintf(of_another, sizeof(of_another), "%u.%u/1.0/1/x",
		 (unsigned int)(it - method_slot(getpid())), it->generation);
	claim.slot = of_another;
	assert_ends_well(child(claims_a_slot, &claim)); /* reserved, for another */
	assert_int_equal(it->state, MPT_SLOT_STARTING);
	process_kill_and_free(p);
}

/* A copy of a program that has not attached yet must not take its place. */
static int forks_before_its_first_call(const char *unused)
{
	pid_t pid = fork();
	struct mpt_process_info me;

	(void)unused;
	if (pid == 0) {
		child_claims(mpt_process_current(&me) == 0 && strcmp(me.name, "forker") != 0);
		tell_the_parent("told", me.name, sizeof(me.name));
		_exit(0);
	}
	child_claims(end_of(pid) == 0);
	return tells_name("told");
}

static void the_place_is_the_programs_not_its_forked_copys(void **state)
{
	struct mpt_process_options named = { .name = "forker" };
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p =
		method_run(&method_program, "forks_before_its_first_call", "", &named);
	const struct mpt_wire_process *it = method_slot(mpt_process_pid(p));
	char name[48];

	(void)state;
	told_by_child(told, name, sizeof(name));
	told_by_child(told, name, sizeof(name));
	assert_string_equal(name, "forker");
	assert_int_equal(process_end(p), 0);
	assert_int_equal(it->state, MPT_SLOT_ENDED);
	assert_string_equal(it->name, "forker");
	mpt_queue_destroy(told);
}

/* ---- a parent that dies ------------------------------------------------------------------------ */

static int tells_name_later(const char *fd)
{
	char byte;

	child_claims(read(atoi(fd), &byte, 1) == 1);
	return tells_name("told");
}

static int starts_a_late_one(const char *fd)
{
	struct mpt_process_options named = { .name = "late" };

	method_run(&method_program, "tells_name_later", fd, &named);
	mpt_event_set(signal_of("started"));
	return process_pause(NULL);
}

static const struct mpt_wire_process *slot_named(const char *name)
{
	const struct mpt_wire_process *p = method_slot(getpid()); /* the first one */

	for (uint32_t i = segment()->section[MPT_SEC_PROCESSES].used; i > 0; i--, p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Nobody else gets the place of a program that runs, however long it does without. */
static void late_in_a_full_table(const char *unused)
{
	struct mpt_event *started = signal_made("started");
	struct mpt_queue *told = telling_made("told");
	struct mpt_process_options filler = { .parent_death = MPT_PARENT_DEATH_KILL };
	struct mpt_process *parent, *p[4096];
	const struct mpt_wire_process *it;
	char fd[12], name[48];
	int ends[2], n = 0, rc;

	(void)unused;
	child_claims(pipe(ends) == 0);
	snprintf(fd, sizeof(fd), "%d", ends[0]);
	parent = method_run(&method_function, "starts_a_late_one", fd, NULL);
	child_claims(mpt_event_wait(started, 3 * GUARD_NS) == 0);
	process_kill_and_free(parent);
	it = slot_named("late");
	child_claims(it && it->state == MPT_SLOT_STARTING && it->generation == 1);
	do
		rc = mpt_process_create(&p[n], process_pause, NULL, &filler) |
		     mpt_process_start(p[n]);
	while (rc == 0 && ++n < 4096);
	child_claims(rc == -ENOSPC && n > 10);
	process_kill_and_free(p[--n]); /* its thread is to have a slot */
	child_claims(write(ends[1], "", 1) == 1);
	child_claims(mpt_queue_get(told, name, sizeof(name), 3 * GUARD_NS) == sizeof(name));
	child_claims(strcmp(name, "late") == 0 && slot_named("late") == it);
	child_claims(it->state >= MPT_SLOT_LIVE && it->generation == 1);
	while (n > 0)
		process_kill_and_free(p[--n]);
}

static void a_program_whose_parent_died_keeps_its_place(void **state)
{
	static const char *const small_domain[] = { "MPTRACE_SIZE=1M", NULL };

	(void)state;
	assert_ends_well(program("late_in_a_full_table", NULL, small_domain));
}

static void strange(const char *queue)
{
	is_a_stranger(queue);
}

#define PART(play) { #play, play }

int main(int argc, char **argv)
{
	static const struct part parts[] = {
		PART(tells_name),
		PART(tells_name_later),
		PART(starts_a_late_one),
		PART(forks_before_its_first_call),
	};
	static const struct role roles[] = {
		{ "is_a_stranger", strange },
		{ "late_in_a_full_table", late_in_a_full_table },
	};
	const struct CMUnitTest tests[] = {
		process_test(a_program_that_becomes_another_takes_its_place_along),
		process_test(what_a_program_runs_in_turn_is_on_its_own),
		process_test(a_variable_that_is_not_meant_for_us_is_taken_out),
		process_test(a_claim_that_no_domain_confirms_is_worth_nothing),
		process_test(the_place_is_the_programs_not_its_forked_copys),
		process_test(a_program_whose_parent_died_keeps_its_place),
	};

	methods_main(argc, argv, parts, sizeof(parts) / sizeof(parts[0]));
	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
