/* SPDX-License-Identifier: BSD-2-Clause */
/* fail.c - see fail.h. */
#include "tests/crash/fail.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define MOST 4000 /* failures of one call: more is a call that never ends */
#define UNTOUCHED 4711

enum how { MEMORY, KERNEL, FORBIDDEN };
static const char *const how_names[] = { "allocations", "system calls", "forbidden calls" };

/* What a process has. */
struct having {
	uint64_t descriptors, mapped, allocations, objects;
};

/* Shared by the process that calls, its children, and us. */
static struct plan {
	const struct failing *row;
	enum how how;
	uint32_t armed, count, n, met; /* met: the n-th came */
	int error, call; /* what was answered, to which system call */
	uint32_t listening, heard, finished, go;
	int listener; /* its number in the process that calls */
	int answer;
	bool impossible; /* no filter can be had here */
	struct having left;
} *plan;

/* ---- allocations ------------------------------------------------------------ */

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);

/* Counts a chance to fail; true: this is the one. */
static bool fails_now(void)
{
	if (!__atomic_load_n(&plan->armed, __ATOMIC_SEQ_CST) ||
	    __atomic_add_fetch(&plan->count, 1, __ATOMIC_SEQ_CST) != plan->n)
		return false;
	reach(&plan->met);
	return true;
}

static bool no_memory(void)
{
	if (!plan || plan->how != MEMORY || !fails_now())
		return false;
	plan->error = ENOMEM;
	errno = ENOMEM;
	return true;
}

static void *counted(void *at)
{
	if (at)
		__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return at;
}

void *__wrap_malloc(size_t size)
{
	return no_memory() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *at, size_t size)
{
	if (no_memory())
		return NULL;
	return at ? __real_realloc(at, size) : counted(__real_realloc(at, size));
}

void __wrap_free(void *at)
{
	if (at)
		__atomic_fetch_sub(&allocations, 1, __ATOMIC_RELAXED);
	__real_free(at);
}

/* ---- system calls ------------------------------------------------------------ */

/* Those that can fail for want of something, and how; the others are never asked for. */
static const struct {
	int call, error;
} calls[] = {
	{ SYS_openat, EMFILE },	     { SYS_memfd_create, ENFILE },  { SYS_fcntl, EMFILE },
	{ SYS_mmap, ENOMEM },	     { SYS_mprotect, ENOMEM },	    { SYS_madvise, ENOMEM },
	{ SYS_ftruncate, ENOSPC },   { SYS_fallocate, ENOSPC },	    { SYS_socket, ENFILE },
	{ SYS_bind, ENOMEM },	     { SYS_socketpair, EMFILE },
	{ SYS_sendmsg, ENOBUFS },    { SYS_sendto, ENOBUFS },	    { SYS_recvmsg, ENOMEM },
	{ SYS_recvfrom, ENOMEM },    { SYS_eventfd2, EMFILE },	    { SYS_pidfd_open, EMFILE },
	{ SYS_clone, EAGAIN },	     { SYS_clone3, EAGAIN },	    { SYS_execve, ENOMEM },
	{ SYS_read, EIO },	     { SYS_pread64, EIO },	    { SYS_write, EIO },
	{ SYS_fstatfs, EIO },	     { SYS_readlinkat, ENOMEM },    { SYS_getdents64, ENOMEM },
	{ SYS_ppoll, ENOMEM },	     { SYS_getrandom, EAGAIN },	    { SYS_prctl, EINVAL },
	{ SYS_newfstatat, ENOMEM },  { SYS_unlinkat, EIO },	    { SYS_setsockopt, ENOBUFS },
	{ SYS_sched_getaffinity, ENOMEM }, { SYS_pidfd_send_signal, ENOMEM },
#ifdef SYS_open
	{ SYS_open, EMFILE },	     { SYS_fork, EAGAIN },	    { SYS_vfork, EAGAIN },
	{ SYS_poll, ENOMEM },	     { SYS_readlink, ENOMEM },	    { SYS_stat, ENOMEM },
	{ SYS_unlink, EIO },
#endif
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static int error_of(int call)
{
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].call == call)
			return plan->how == FORBIDDEN ? EPERM : calls[i].error;
	return 0;
}

/* A filter that asks us for the calls of the table; its descriptor. */
static int install_filter(void)
{
	struct sock_filter code[CALLS + 3];
	struct sock_fprog program = { .len = CALLS + 3, .filter = code };

	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CALLS; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (uint32_t)calls[i].call,
							   (uint8_t)(CALLS - i), 0);
	code[CALLS + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[CALLS + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void be_asked_for(void)
{
	plan->listener = install_filter();
	plan->impossible = plan->listener < 0;
	reach(&plan->listening);
	child_claims_eventually(reached(&plan->heard));
	if (plan->impossible)
		_exit(0);
	close(plan->listener);
}

/* Looking at a descriptor that is there costs the kernel nothing, and never fails. */
static bool cannot_fail(const struct seccomp_data *call)
{
	return call->nr == SYS_newfstatat && (call->args[3] & AT_EMPTY_PATH);
}

/* Answers one system call.  False: there is nobody left to call. */
static bool answer_one(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	struct seccomp_notif asked = { 0 };
	struct seccomp_notif_resp reply = { 0 };

	if (poll(&p, 1, 5) <= 0)
		return true;
	if (!(p.revents & POLLIN))
		return !(p.revents & POLLHUP);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return true; /* it was interrupted, or killed */
	reply.id = asked.id;
	reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (!cannot_fail(&asked.data) && fails_now()) {
		plan->call = asked.data.nr;
		plan->error = error_of(asked.data.nr);
		reply.error = -plan->error;
		reply.flags = 0;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	return true;
}

static int hear(pid_t pid)
{
	int pidfd, listener;

	assert_eventually(reached(&plan->listening));
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	listener = plan->impossible ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, plan->listener, 0);
	close(pidfd);
	plan->impossible = listener < 0;
	reach(&plan->heard);
	return listener;
}

pid_t fail_fork(void)
{
	pid_t pid = fork();

	child_claims(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* ---- what a process has ------------------------------------------------------- */

static uint64_t count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	child_claims(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* But for what malloc and the sanitizer have for themselves. */
static uint64_t count_mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	uint64_t sum = 0;
	char line[4352];

	child_claims(f);
	while (!SANITIZED && fgets(line, sizeof(line), f))
		if (!strstr(line, "[heap]") && !strstr(line, "[stack]") &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			sum += to - from;
	fclose(f);
	return sum;
}

static uint64_t count_objects(void)
{
	const struct mpt_wire_header *h = segment();
	const struct mpt_wire_section *s = h ? &h->section[MPT_SEC_OBJECTS] : NULL;
	const struct mpt_wire_object *o = h ? (const void *)((const uint8_t *)h + s->offset) : NULL;
	uint64_t n = 0;

	for (uint32_t i = 0; h && i < s->used; i++)
		n += o[i].state != MPT_SLOT_FREE && o[i].state < MPT_SLOT_ENDED;
	return n;
}

static void look(struct having *out)
{
	out->descriptors = count_descriptors();
	out->mapped = count_mapped();
	out->allocations = __atomic_load_n(&allocations, __ATOMIC_RELAXED);
	out->objects = count_objects();
}

/* ---- the process that calls ----------------------------------------------------- */

static bool may_answer(int rc)
{
	if (rc == -plan->error)
		return true;
	for (int i = 0; i < FAIL_ALSO; i++)
		if (plan->row->also[i] && rc == -plan->row->also[i])
			return true;
	return false;
}

static void complain(const char *what, int number)
{
	dprintf(2, "# %s: %s %u fails (call %d, %s): %s: %d\n", plan->row->name,
		how_names[plan->how], plan->n, plan->call, strerror(plan->error), what, number);
}

static void calls_once(void)
{
	int rc;

	errno = UNTOUCHED;
	reach(&plan->armed);
	rc = plan->row->call();
	__atomic_store_n(&plan->armed, 0, __ATOMIC_SEQ_CST);
	plan->answer = rc;
	if (errno != UNTOUCHED)
		complain("errno was touched", errno);
	child_claims(errno == UNTOUCHED);
	if (rc >= 0)
		return;
	if (!reached(&plan->met) || !may_answer(rc))
		complain("answers", rc);
	child_claims(reached(&plan->met) && may_answer(rc));
	rc = plan->row->call();
	if (rc < 0)
		complain("and again", rc);
	child_claims(rc >= 0);
}

static void one_that_calls(void *unused)
{
	uint64_t before = count_objects();

	(void)unused;
	if (plan->how != MEMORY)
		be_asked_for();
	if (plan->row->prepare)
		plan->row->prepare();
	calls_once();
	if (plan->row->undo)
		plan->row->undo();
	look(&plan->left);
	plan->left.objects -= before;
	child_claims(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	reach(&plan->finished);
	child_claims_eventually(reached(&plan->go));
}

/* ---- judging -------------------------------------------------------------------- */

static void no_more(const char *what, uint64_t left, uint64_t usual)
{
	if (left <= usual)
		return;
	complain(what, (int)(left - usual));
	fail_msg("%s: %s %u left %s behind", plan->row->name, how_names[plan->how], plan->n, what);
}

static void judge_having(const struct having *usual)
{
	no_more("descriptors", plan->left.descriptors, usual->descriptors);
	no_more("mapped bytes", plan->left.mapped, usual->mapped);
	no_more("allocations", plan->left.allocations, usual->allocations);
	no_more("objects", plan->left.objects, usual->objects);
}

/* The name is free, and nobody holds what all need. */
static void others_go_on(void)
{
	struct mpt_lock *lock;

	assert_int_equal(mpt_lock_create(&lock, FAIL_NAME, 0), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_lock_destroy(lock);
}

static void wait_for_it(pid_t pid, int listener)
{
	siginfo_t info = { 0 };
	uint64_t until = now_ns() + 3 * GUARD_NS;

	while (!reached(&plan->finished) && info.si_pid == 0) {
		if (now_ns() > until) {
			complain("is not back", 0);
			fail_msg("%s: not back in time", plan->row->name);
		}
		if (listener < 0)
			nap();
		else if (!answer_one(listener))
			break;
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG);
	}
}

/* Also its children's, should they outlive it for a moment. */
static void answer_the_rest(pid_t pid, int listener)
{
	siginfo_t info = { 0 };
	uint64_t until = now_ns() + GUARD_NS;

	if (listener < 0)
		return;
	while (now_ns() < until && answer_one(listener)) {
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG);
		if (info.si_pid && until > now_ns() + MPT_MS(50))
			until = now_ns() + MPT_MS(50);
	}
	close(listener);
}

/* One failure.  False: there was none to meet. */
static bool fail_once(uint32_t n, bool alone)
{
	const struct failing *row = plan->row;
	enum how how = plan->how;
	int listener = -1;
	pid_t pid;

	memset(plan, 0, sizeof(*plan));
	plan->row = row;
	plan->how = how;
	plan->n = n;
	plan->call = -1;
	fflush(stdout); /* or mpt_process_start there writes it, too */
	pid = child(one_that_calls, NULL);
	if (how != MEMORY)
		listener = hear(pid);
	if (!plan->impossible)
		wait_for_it(pid, listener);
	if (!alone && reached(&plan->finished))
		others_go_on();
	reach(&plan->go);
	answer_the_rest(pid, listener);
	if (end_of(pid) != 0)
		complain("is the end of it, with result", plan->answer);
	assert_true(plan->impossible || reached(&plan->finished));
	return reached(&plan->met) && !plan->impossible;
}

static void fail_each(enum how how, bool alone)
{
	struct having usual;
	uint32_t n = 1, errors = 0;

	plan->how = how;
	fail_once(0, alone);
	if (plan->impossible) {
		print_message("# note: no filter for system calls can be had here\n");
		return;
	}
	assert_true(plan->answer >= 0);
	usual = plan->left;
	for (; fail_once(n, alone); n++) {
		assert_true(n < MOST);
		judge_having(&usual);
		errors += plan->answer < 0;
	}
	printf("# note: %s: %u %s, %u of them an error\n", plan->row->name, n - 1,
	       how_names[how], errors);
}

static void all_ways(const struct failing *row, bool alone)
{
	/* For good: after a failed assertion allocations still look here. */
	if (!plan)
		plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(plan != MAP_FAILED);
	plan->row = row;
	fail_each(MEMORY, alone);
	if (!SANITIZED) /* whose own calls would fail, too */
		fail_each(KERNEL, alone);
	if (!SANITIZED && getenv("FAIL_FORBIDDEN"))
		fail_each(FORBIDDEN, alone);
}

void fail_row(void **row)
{
	struct mpt_trace_info info;

	assert_int_equal(mpt_trace_status(&info), 0);
	all_ways(*row, false);
}

void fail_alone(void **row)
{
	assert_null(segment());
	all_ways(*row, true);
}

int fail_rows(const char *group, const struct failing *rows, size_t count,
	      void (*test)(void **row))
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	for (size_t i = 0; tests && i < count; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, test, support_setup,
						support_teardown,
						(void *)(uintptr_t)&rows[i] };
	failed = tests ? _cmocka_run_group_tests(group, tests, count, NULL, NULL) : 1;
	free(tests);
	return failed;
}
