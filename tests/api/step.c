/* SPDX-License-Identifier: BSD-2-Clause */
/* step.c - see step.h. */
#include "tests/api/step.h"

#include <sys/ptrace.h>

/* An instruction of an instrumented program is worth less. */
#define STRIDE (SANITIZED ? 211 : 23)
#define FINE (SANITIZED ? 13 : 1)
/* Each victim takes a thread slot for good, as the ledger of the dead is needed, and a
 * domain has 8192: a finer stride than this is too many for one program.  So every
 * instruction takes seven, each beginning one later (later_start). */
#define FINEST 7
#define AROUND (SANITIZED ? 260u : 40u)
/* The way there is not always equally long: reading the kernel's clock may be retried. */
#define DETOUR (SANITIZED ? 2000u : 150u)

struct start {
	void (*warm)(void *arg);
	void (*act)(void *arg);
	void *arg;
	bool attached;
};

static void starts(void *arg)
{
	struct start *s = arg;
	struct mpt_trace_info status;

	if (s->attached)
		child_claims(mpt_trace_status(&status) == 0);
	if (s->warm)
		s->warm(s->arg);
	child_claims(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	s->act(s->arg);
	_exit(0);
}

static pid_t start(struct start *s)
{
	pid_t pid = child(starts, s);
	int status;

	assert_int_equal(waitpid(pid, &status, __WALL | WUNTRACED), pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return pid;
}

pid_t victim(void (*act)(void *arg), void *arg, bool attached)
{
	return start(&(struct start){ NULL, act, arg, attached });
}

pid_t warm_victim(void (*warm)(void *arg), void (*act)(void *arg), void *arg)
{
	return start(&(struct start){ warm, act, arg, true });
}

static bool advance(pid_t pid, uint64_t k, int request)
{
	int status;

	while (k-- > 0) {
		assert_int_equal(ptrace(request, pid, 0, 0), 0);
		assert_int_equal(waitpid(pid, &status, __WALL), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			child_is_gone(pid);
			return false;
		}
		assert_true(WIFSTOPPED(status));
	}
	return true;
}

bool step(pid_t pid, uint64_t k)
{
	return advance(pid, k, PTRACE_SINGLESTEP);
}

bool step_is_ours(pid_t pid)
{
	extern const char __executable_start, etext;
	struct __ptrace_syscall_info info = { 0 };

	assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
	return info.instruction_pointer >= (uintptr_t)&__executable_start &&
	       info.instruction_pointer < (uintptr_t)&etext;
}

bool step_syscalls(pid_t pid, uint64_t k)
{
	return advance(pid, k, PTRACE_SYSCALL);
}

void let_go(pid_t pid, int signal)
{
	assert_int_equal(ptrace(PTRACE_DETACH, pid, 0, signal), 0);
}

void interrupt(pid_t pid)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, pid, 0, 0), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status));
}

bool step_until(pid_t pid, bool (*holds)(void *arg, pid_t pid), void *arg, uint64_t most)
{
	while (!holds(arg, pid))
		if (most-- == 0 || !step(pid, 1))
			return false;
	return true;
}

static uint64_t stride_of(uint64_t usual)
{
	uint64_t least = usual < FINEST ? usual : FINEST, finer = finer_stride(usual);

	return finer > least ? finer : least;
}

static bool strangers;

void step_strangers(bool wanted)
{
	strangers = wanted;
}

/* One victim, killed where `run` has brought it.  False: it finished before. */
static bool kill_one(const struct stepped *o, void *world, uint64_t k, uint64_t after,
		     bool (*run)(pid_t, uint64_t))
{
	bool killed;
	pid_t pid;

	if (o->prepare)
		o->prepare(world);
	pid = victim(o->act, world, !strangers);
	killed = run(pid, k) && step(pid, after);
	if (killed)
		kill_child(pid);
	o->judge(world, k, !killed);
	return killed;
}

uint64_t step_range(const struct stepped *o, void *world, uint64_t from, uint64_t to,
		    uint64_t stride)
{
	uint64_t k, kills = 0;
	cpu_set_t before;

	stride = stride_of(stride);
	from += later_start(stride);
	share_one_processor(&before);
	for (k = from; k < to && kill_one(o, world, k, 0, step); k += stride)
		kills++;
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills, instructions %llu to %llu\n", o->name,
	       (unsigned long long)kills, (unsigned long long)from, (unsigned long long)k);
	return kills;
}

uint64_t step_calls(const struct stepped *o, void *world, uint64_t after)
{
	uint64_t k = 1;
	cpu_set_t before;

	share_one_processor(&before);
	while (kill_one(o, world, k, after, step_syscalls))
		k++;
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills, %llu instructions after a system call\n", o->name,
	       (unsigned long long)k - 1, (unsigned long long)after);
	return k - 1;
}

bool seen(struct moment *m, uint64_t k, bool now)
{
	if (now && k < m->first)
		m->first = k;
	if (!now && k > m->last_without)
		m->last_without = k;
	return now;
}

void assert_one_moment(const struct moment *m)
{
	assert_true(m->first != NEVER && m->first + DETOUR > m->last_without);
}

uint64_t step_through(const struct stepped *o, void *world, struct moment *commit)
{
	uint64_t kills = step_range(o, world, 0, TO_THE_END, STRIDE), at = commit->first;

	assert_one_moment(commit);
	kills += step_range(o, world, at > AROUND ? at - AROUND : 0, at + AROUND, FINE);
	assert_one_moment(commit);
	return kills;
}
