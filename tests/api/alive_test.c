/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alive_test.c - nobody who lives is taken for dead, and the first call of a thread or
 * process in unkind circumstances.
 *
 * Does not own: the deaths that are deaths (lock_death_test.c).
 */
#include "tests/api/step.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#define A_WHILE MPT_MS(150)

static struct world {
	struct mpt_lock *lock;
	uint32_t *held; /* reached when a member holds the lock */
} world;

static void new_world(void)
{
	child_claims(mpt_lock_create(&world.lock, "watched", 0) == 0);
	world.held = shared(sizeof(*world.held));
}

static void holds_for_ever(void)
{
	child_claims(mpt_lock_acquire(world.lock, GUARD_NS) >= 0);
	reach(world.held);
	for (;;)
		pause();
}

static void holder_started(void (*body)(void *))
{
	child(body, NULL);
	child_claims_eventually(reached(world.held));
}

static void *attaches(void *unused)
{
	struct mpt_trace_info status;

	child_claims(mpt_trace_status(&status) == 0);
	return unused;
}

static void finds_it_held(void)
{
	child_claims(mpt_lock_acquire(world.lock, A_WHILE) == -ETIMEDOUT);
}

static void role_test(const char *role, const char *const *env)
{
	assert_ends_well(program(role, NULL, env));
}

/* ---- who lives ----------------------------------------------------------------- */

/* Nobody has the life mutex: the thread that attached the process has ended. */
static void holds_without_first_thread(void *unused)
{
	(void)unused;
	pthread_join(thread(attaches, NULL), NULL);
	holds_for_ever();
}

static void *holds_in_thread(void *unused)
{
	holds_for_ever();
	return unused;
}

/* Its first thread is a zombie in /proc. */
static void holds_without_main_thread(void *unused)
{
	attaches(NULL);
	thread(holds_in_thread, unused);
	pthread_exit(NULL);
}

/* The thread that forked is not the first of its process to call. */
static void role_another_thread_attaches_first(const char *arg)
{
	pid_t pid;

	(void)arg;
	new_world();
	pid = child(holds_without_first_thread, NULL);
	child_claims_eventually(reached(world.held));
	finds_it_held();
	child_claims(segment_thread(pid)->generation ==
		     MPT_LOCK_GENERATION(segment_object("watched")->take.lock));
	child_claims(segment()->section[MPT_SEC_THREADS].used == 3);
	kill_child(pid);
	child_claims(mpt_lock_acquire(world.lock, GUARD_NS) == MPT_RECOVERED);
}

static void a_forked_child_is_never_taken_for_its_parent(void **state)
{
	(void)state;
	role_test("another_thread_attaches_first", NULL);
}

/* pids mean something else in there, and the old /proc is still mounted. */
static void in_the_new_namespace(void)
{
	struct mpt_lock *inner;
	pid_t pid;
	int status;

	child_claims(mpt_lock_create(&inner, "inner", 0) == 0);
	world.lock = inner;
	child_claims(mpt_lock_acquire(inner, 0) == 0);
	pid = fork();
	if (pid == 0) {
		finds_it_held();
		_exit(0);
	}
	child_claims(waitpid(pid, &status, 0) == pid);
	child_claims(status == 0);
}

/* Its pid is 1; the first thread to attach ends, so that only the kernel can be asked. */
static void *in_the_new_namespace_first(void *unused)
{
	finds_it_held();
	return unused;
}

static void role_from_another_pid_namespace(const char *arg)
{
	pid_t pid;
	int status;

	(void)arg;
	new_world();
	holder_started(holds_without_first_thread);
	if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0) {
		printf("# note: no pid namespaces here\n");
		return;
	}
	pid = fork();
	if (pid == 0) {
		pthread_join(thread(in_the_new_namespace_first, NULL), NULL);
		in_the_new_namespace();
		_exit(0);
	}
	child_claims(waitpid(pid, &status, 0) == pid);
	child_claims(status == 0);
}

static void a_member_of_another_pid_namespace_is_alive(void **state)
{
	(void)state;
	role_test("from_another_pid_namespace", NULL);
}

/* The file is the user's: looking at it under another name must not kill anybody. */
static void role_renamed(const char *directory)
{
	char old[600], new[600];

	new_world();
	snprintf(old, sizeof(old), "%s/%s-%d.mptrace", directory, segment()->name, getpid());
	snprintf(new, sizeof(new), "%s/kept", directory);
	holder_started(holds_without_first_thread);
	child_claims(rename(old, new) == 0);
	finds_it_held();
	child_claims(unlink(new) == 0);
	finds_it_held();
}

static void a_domain_s_file_may_be_renamed(void **state)
{
	char directory[] = "/tmp/mptrace-alive-XXXXXX", variable[64];
	const char *const env[] = { variable, NULL };

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(variable, sizeof(variable), "MPTRACE_OUT=%s", directory);
	assert_ends_well(program("renamed", directory, env));
	assert_int_equal(rmdir(directory), 0);
}

static void refuse(long number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	child_claims(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	child_claims(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* A sandbox, or an older kernel. */
static void role_without_pidfds(const char *arg)
{
	(void)arg;
	new_world();
	holder_started(holds_without_main_thread);
	refuse(SYS_pidfd_open);
	finds_it_held();
}

static void a_member_whose_main_thread_ended_is_alive_without_pidfds(void **state)
{
	(void)state;
	role_test("without_pidfds", NULL);
}

/* A looker that was held up between its look and its verdict judges the slot's next owner
 * by what it saw of the last one. */
static void is_killed_holding(void *unused)
{
	(void)unused;
	child_claims(mpt_lock_acquire(world.lock, GUARD_NS) >= 0);
	kill(getpid(), SIGKILL);
}

static void attaches_only(void *unused)
{
	attaches(unused);
}

static void takes_over_and_holds(void *unused)
{
	(void)unused;
	holds_for_ever();
}

static void looks(void *unused)
{
	(void)unused;
	finds_it_held();
}

static void role_late_verdict(const char *arg)
{
	const struct mpt_wire_section *processes;
	const struct mpt_wire_process *slot;
	pid_t pid, looker, heir;

	(void)arg;
	new_world();
	processes = &segment()->section[MPT_SEC_PROCESSES];
	pid = child(is_killed_holding, NULL);
	child_claims(end_of(pid) == -SIGKILL);
	slot = segment_process(pid);
	looker = victim(looks, NULL, true);
	child_claims(step_syscalls(looker, 2)); /* asked for the dead one's pidfd */
	while (processes->used < processes->count)
		child_claims(end_of(child(attaches_only, NULL)) == 0);
	heir = child(takes_over_and_holds, NULL);
	child_claims_eventually(reached(world.held));
	child_claims(segment_process(heir) == slot);
	ptrace(PTRACE_DETACH, looker, 0, 0);
	child_claims(end_of(looker) == 0);
	child_claims(slot->state == MPT_SLOT_LIVE);
}

static void a_late_verdict_does_not_hit_the_next_in_the_slot(void **state)
{
	static const char *const smallest[] = { "MPTRACE_SIZE=1M", "MPTRACE_RING=8K", NULL };

	(void)state;
	role_test("late_verdict", smallest);
}

/* ---- the first call ---------------------------------------------------------------- */

#define KEYS 1024

/* The library then does without; it does not take the first key, which is ours. */
static void role_no_keys_left(const char *arg)
{
	static pthread_key_t keys[KEYS];
	int n = 0;

	(void)arg;
	for (; n < KEYS && pthread_key_create(&keys[n], NULL) == 0; n++)
		child_claims(pthread_setspecific(keys[n], &keys[n]) == 0);
	child_claims(n > 0);
	attaches(NULL);
	for (int i = 0; i < n; i++)
		child_claims(pthread_getspecific(keys[i]) == &keys[i]);
}

static void other_peoples_thread_keys_are_left_alone(void **state)
{
	(void)state;
	role_test("no_keys_left", NULL);
}

static void *attaches_cancelled(void *unused)
{
	struct mpt_trace_info status;

	pthread_cancel(pthread_self());
	mpt_trace_status(&status);
	pthread_testcancel();
	return unused;
}

static void role_cancelled_first_call(const char *arg)
{
	void *result;

	(void)arg;
	child_claims(pthread_join(thread(attaches_cancelled, NULL), &result) == 0);
	child_claims(result == PTHREAD_CANCELED);
	attaches(NULL);
}

static void a_thread_cancelled_in_its_first_call_holds_nobody_up(void **state)
{
	(void)state;
	role_test("cancelled_first_call", NULL);
}

static void calls_in_handler(int signo)
{
	struct mpt_trace_info status;

	(void)signo;
	mpt_trace_status(&status);
}

static void first_call(void *unused)
{
	attaches(unused);
}

/* The handler comes at the k-th entry or exit of a system call of the first call. */
static void role_handler_in_first_call(const char *arg)
{
	pid_t pid;
	int moments = 0;

	(void)arg;
	new_world();
	signal(SIGUSR1, calls_in_handler);
	for (uint64_t k = 1;; k++, moments++) {
		pid = victim(first_call, NULL, false);
		if (!step_syscalls(pid, k))
			break;
		ptrace(PTRACE_DETACH, pid, 0, SIGUSR1);
		child_claims(end_of(pid) == 0);
	}
	child_claims(moments > 20);
}

static void a_handler_may_come_in_the_first_call(void **state)
{
	(void)state;
	role_test("handler_in_first_call", NULL);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "another_thread_attaches_first", role_another_thread_attaches_first },
		{ "renamed", role_renamed },
		{ "from_another_pid_namespace", role_from_another_pid_namespace },
		{ "without_pidfds", role_without_pidfds },
		{ "late_verdict", role_late_verdict },
		{ "no_keys_left", role_no_keys_left },
		{ "cancelled_first_call", role_cancelled_first_call },
		{ "handler_in_first_call", role_handler_in_first_call },
	};
	const struct CMUnitTest tests[] = {
		api_test(a_forked_child_is_never_taken_for_its_parent),
		api_test(a_domain_s_file_may_be_renamed),
		api_test(a_member_of_another_pid_namespace_is_alive),
		api_test(a_member_whose_main_thread_ended_is_alive_without_pidfds),
		api_test(a_late_verdict_does_not_hit_the_next_in_the_slot),
		api_test(other_peoples_thread_keys_are_left_alone),
		api_test(a_thread_cancelled_in_its_first_call_holds_nobody_up),
		api_test(a_handler_may_come_in_the_first_call),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
