/* SPDX-License-Identifier: BSD-2-Clause */
/* support.c - see support.h. */
#include "tests/api/support.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#define CHILDREN_MOST 8192
#define SHARES_MOST 64
#define TEST_SECONDS 250 /* a test that hangs in a call of its own ends so */
#define FINE_STEPS 50	 /* each finer stride takes so much longer, see test_seconds() */

static pid_t children[CHILDREN_MOST];
static size_t child_count;

static struct {
	void *at;
	size_t size;
} shares[SHARES_MOST];
static size_t share_count;

/* ---- time ----------------------------------------------------------------- */

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void nap(void)
{
	nanosleep(&(struct timespec){ 0, 500000 }, NULL);
}

void took_about(uint64_t start, uint64_t ns, const char *file, int line)
{
	uint64_t took = now_ns() - start;

	if (took >= ns && took - ns <= GUARD_NS)
		return;
	print_error("took %llu ns, not about %llu\n", (unsigned long long)took,
		    (unsigned long long)ns);
	_fail(file, line);
}

/* ---- children ------------------------------------------------------------- */

void child_refutes(const char *file, int line, const char *claim)
{
	dprintf(2, "# %s:%d: child %d: not true: %s\n", file, line, getpid(), claim);
	_exit(99);
}

static pid_t forked(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(98);
		child_count = 0;
		return 0;
	}
	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (child_count == CHILDREN_MOST)
		fail_msg("more than %d children at once", CHILDREN_MOST);
	children[child_count++] = pid;
	return pid;
}

pid_t child(void (*body)(void *arg), void *arg)
{
	pid_t pid = forked();

	if (pid)
		return pid;
	body(arg);
	_exit(0);
}

pid_t program(const char *role, const char *arg, const char *const *env)
{
	pid_t pid = forked();

	if (pid)
		return pid;
	for (; env && *env; env++)
		putenv((char *)(uintptr_t)*env);
	execl("/proc/self/exe", "api-test", role, arg ? arg : "", (char *)NULL);
	_exit(97);
}

void child_is_gone(pid_t pid)
{
	for (size_t i = 0; i < child_count; i++)
		if (children[i] == pid) {
			children[i] = children[--child_count];
			return;
		}
}

static int reaped(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -SIGCHLD;
	child_is_gone(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* By looking, as there may be no descriptor left to wait with. */
static bool ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) < 0 ||
	       info.si_pid == pid;
}

int end_of(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	uint64_t until = now_ns() + 3 * GUARD_NS;

	if (p.fd >= 0) {
		poll(&p, 1, (int)(3 * GUARD_NS / 1000000));
		close(p.fd);
	}
	while (!ended(pid)) {
		if (now_ns() > until) {
			kill_child(pid);
			fail_msg("child %d did not end", pid);
		}
		nap();
	}
	return reaped(pid);
}

void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	reaped(pid);
}

void stop_child(pid_t pid)
{
	siginfo_t info;

	kill(pid, SIGSTOP);
	while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) < 0 && errno == EINTR)
		;
}

void *shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || share_count == SHARES_MOST)
		fail_msg("no shared memory");
	shares[share_count].at = at;
	shares[share_count++].size = size;
	return at;
}

void reach(uint32_t *point)
{
	__atomic_fetch_add(point, 1, __ATOMIC_SEQ_CST);
}

bool reached(const uint32_t *point)
{
	return __atomic_load_n(point, __ATOMIC_SEQ_CST) != 0;
}

/* ---- threads -------------------------------------------------------------- */

pthread_t thread(void *(*body)(void *), void *arg)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, body, arg);

	if (rc)
		child_refutes(__FILE__, __LINE__, strerror(rc));
	return t;
}

void join_thread(pthread_t t)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	if (pthread_timedjoin_np(t, NULL, &until))
		child_refutes(__FILE__, __LINE__, "a thread ended in time");
}

/* ---- the segment ---------------------------------------------------------- */

const struct mpt_wire_header *segment(void)
{
	static const struct mpt_wire_header *found;
	FILE *f = found ? NULL : fopen("/proc/self/maps", "re");
	unsigned long at;
	char line[4352];

	while (f && fgets(line, sizeof(line), f))
		if ((strstr(line, "/memfd:mptrace:") || strstr(line, ".mptrace")) &&
		    sscanf(line, "%lx-", &at) == 1) {
			found = (const void *)at;
			break;
		}
	if (f)
		fclose(f);
	return found;
}

static const void *slot_of(enum mpt_section section, uint32_t i)
{
	const struct mpt_wire_section *s = &segment()->section[section];

	return (const uint8_t *)segment() + s->offset + (uint64_t)s->stride * i;
}

static uint32_t slots(enum mpt_section section)
{
	return __atomic_load_n(&segment()->section[section].used, __ATOMIC_ACQUIRE);
}

const struct mpt_wire_object *segment_object(const char *name)
{
	for (uint32_t i = 0; i < slots(MPT_SEC_OBJECTS); i++) {
		const struct mpt_wire_object *o = slot_of(MPT_SEC_OBJECTS, i);

		if (o->state == MPT_SLOT_LIVE && strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

uint32_t segment_slot(const struct mpt_wire_object *object)
{
	const struct mpt_wire_object *first = slot_of(MPT_SEC_OBJECTS, 0);

	return (uint32_t)(object - first);
}

const void *segment_storage(const struct mpt_wire_object *object)
{
	return slot_of(MPT_SEC_ARENA, (uint32_t)object->extent);
}

const struct mpt_wire_process *segment_process(pid_t pid)
{
	const struct mpt_wire_process *last = NULL;

	for (uint32_t i = 0; i < slots(MPT_SEC_PROCESSES); i++) {
		const struct mpt_wire_process *p = slot_of(MPT_SEC_PROCESSES, i);

		if (p->inner_pid == (uint32_t)pid && p->state >= MPT_SLOT_LIVE &&
		    (!last || p->attached_ns > last->attached_ns))
			last = p;
	}
	return last;
}

static bool thread_is_of(const struct mpt_wire_thread *t, pid_t pid)
{
	const struct mpt_wire_process *p = slot_of(MPT_SEC_PROCESSES, t->process);

	return t->state != MPT_SLOT_FREE && p->inner_pid == (uint32_t)pid &&
	       p->generation == t->process_generation;
}

const struct mpt_wire_thread *segment_thread(pid_t pid)
{
	const struct mpt_wire_process *p = segment_process(pid);

	for (uint32_t i = 0; p && i < slots(MPT_SEC_THREADS); i++) {
		const struct mpt_wire_thread *t = slot_of(MPT_SEC_THREADS, i);

		if (t->state != MPT_SLOT_FREE && slot_of(MPT_SEC_PROCESSES, t->process) == p &&
		    t->process_generation == p->generation)
			return t;
	}
	return NULL;
}

const struct mpt_wire_thread *segment_owner(uint32_t word)
{
	return slot_of(MPT_SEC_THREADS, MPT_LOCK_SLOT(word));
}

bool is_blocked_in(pid_t pid, enum mpt_op op)
{
	for (uint32_t i = 0; segment() && i < slots(MPT_SEC_THREADS); i++) {
		const struct mpt_wire_thread *t = slot_of(MPT_SEC_THREADS, i);

		if (thread_is_of(t, pid) &&
		    __atomic_load_n(&t->wait.since_ns, __ATOMIC_ACQUIRE) && t->wait.op == op)
			return true;
	}
	return false;
}

static void add_rows(struct ledger *sum, const struct mpt_wire_thread *t,
		     const struct mpt_wire_object *object)
{
	uint32_t slot = segment_slot(object);
	const struct mpt_wire_use *u;

	for (int i = 0; i < MPT_OPRECS; i++)
		sum->committed += t->oprec[i].phase == MPT_OPREC_COMMITTED &&
				  t->oprec[i].object == slot &&
				  t->oprec[i].object_generation == object->generation;
	if (!t->extent)
		return;
	u = slot_of(MPT_SEC_ARENA, (uint32_t)t->extent);
	for (uint32_t i = 0; i < MPT_USES && u[i].object != MPT_REF_NONE; i++)
		if (u[i].object == slot && u[i].object_generation == object->generation) {
			sum->gives += u[i].gives;
			sum->takes += u[i].takes;
		}
}

struct ledger segment_ledger(const struct mpt_wire_object *object)
{
	struct ledger sum = { 0 };

	for (uint32_t i = 0; i < slots(MPT_SEC_THREADS); i++)
		add_rows(&sum, slot_of(MPT_SEC_THREADS, i), object);
	return sum;
}

/* ---- running -------------------------------------------------------------- */

/* Children and roles end wherever they stand, so of a test only the process that
 * judges is asked for leaks. */
static pid_t judge;

__attribute__((constructor)) static void note_judge(void)
{
	judge = getpid();
}

#ifdef __SANITIZE_ADDRESS__
/* Asked by the sanitizer when a process exits. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return getpid() != judge;
}
#endif

static uint64_t finest = 1;

void finest_stride(uint64_t stride)
{
	finest = stride;
}

static uint64_t asked_stride(uint64_t usual)
{
	const char *text = getenv("MPT_STEP");
	long wanted = text ? atol(text) : 0;

	return wanted > 0 && (uint64_t)wanted < usual ? (uint64_t)wanted : usual;
}

uint64_t finer_stride(uint64_t usual)
{
	uint64_t wanted = asked_stride(usual), least = usual < finest ? usual : finest;

	return wanted < least ? least : wanted;
}

uint64_t later_start(uint64_t stride)
{
	const char *text = getenv("MPT_STEP_AT");
	long wanted = text ? atol(text) : 0;

	return wanted > 0 ? (uint64_t)wanted % stride : 0;
}

uint64_t step_phase(uint64_t stride)
{
	return getenv("MPT_STEP_AT") ? later_start(stride) : (uint64_t)getpid() % stride;
}

void share_one_processor(cpu_set_t *before)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	sched_getaffinity(0, sizeof(*before), before);
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* The finer the stride of the step tests, the longer they take. */
static unsigned int test_seconds(void)
{
	return TEST_SECONDS * (1 + FINE_STEPS / (unsigned int)asked_stride(2 * FINE_STEPS));
}

int support_setup(void **state)
{
	(void)state;
	alarm(test_seconds());
	return 0;
}

int support_teardown(void **state)
{
	(void)state;
	alarm(0);
	while (child_count)
		kill_child(children[0]);
	while (share_count--)
		munmap(shares[share_count].at, shares[share_count].size);
	share_count = 0;
	return 0;
}

void support_is_no_judge(void)
{
	judge = 0;
}

void support_main(int argc, char **argv, const struct role *roles, size_t count)
{
	for (size_t i = 0; argc > 2 && i < count; i++)
		if (strcmp(argv[1], roles[i].name) == 0) {
			support_is_no_judge();
			roles[i].body(argv[2]);
			exit(0);
		}
}
