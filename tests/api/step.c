/* SPDX-License-Identifier: BSD-2-Clause */
/* step.c - see step.h. */
#include "tests/api/step.h"

#include <sched.h>
#include <sys/ptrace.h>

/* An instruction of an instrumented program is worth less. */
#define STRIDE (SANITIZED ? 211 : 23)
#define FINE (SANITIZED ? 13 : 1)
#define AROUND (SANITIZED ? 260u : 40u)
/* The way there is not always equally long: reading the kernel's clock may be retried. */
#define DETOUR (SANITIZED ? 2000u : 150u)

struct start {
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
	child_claims(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	s->act(s->arg);
	_exit(0);
}

pid_t victim(void (*act)(void *arg), void *arg, bool attached)
{
	struct start s = { act, arg, attached };
	pid_t pid = child(starts, &s);
	int status;

	assert_int_equal(waitpid(pid, &status, __WALL | WUNTRACED), pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return pid;
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

bool step_syscalls(pid_t pid, uint64_t k)
{
	return advance(pid, k, PTRACE_SYSCALL);
}

/* Stepper and stepped take turns: on one processor that is several times faster. */
static void share_one_processor(cpu_set_t *before)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	sched_getaffinity(0, sizeof(*before), before);
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
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

uint64_t step_range(const struct stepped *o, void *world, uint64_t from, uint64_t to,
		    uint64_t stride)
{
	uint64_t k, kills = 0;
	cpu_set_t before;

	share_one_processor(&before);
	for (k = from; k < to; k += stride) {
		pid_t pid;
		bool killed;

		if (o->prepare)
			o->prepare(world);
		pid = victim(o->act, world, true);
		killed = step(pid, k);
		if (killed)
			kill_child(pid);
		kills += killed;
		o->judge(world, k, !killed);
		if (!killed)
			break;
	}
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills, instructions %llu to %llu\n", o->name,
	       (unsigned long long)kills, (unsigned long long)from, (unsigned long long)k);
	return kills;
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
