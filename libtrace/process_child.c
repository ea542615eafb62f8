/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_child.c - what runs in a forked child, until _exit.
 *
 *   ask for the parent's death to be told; wait until the parent has it in its books; become the named process; run;
 *   wait for own threads; end own children; flush; leave.
 */
#include "libtrace/emit.h"
#include "libtrace/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

/* ---- beginning ------------------------------------------------------------------- */

/* A start is done when the parent has a descriptor of the child and lists it.  Until
 * then the child waits, so that a start that fails, or is cut short by the death of
 * the parent, has not run anything.  False: it did. */
static bool let_go(const struct mpt_process *p, const struct process_birth *birth)
{
	struct mpt_wire_process *slot = &domain.processes[p->slot];
	struct slice slice = { 0 };
	uint32_t word;

	while (slot->generation == p->generation) {
		word = load32_acquire(&slot->inner_pid);
		if (word)
			return word != PROCESS_REFUSED;
		if (futex_wait(&slot->inner_pid, 0, &slice, MPT_FOREVER) == -ETIMEDOUT &&
		    !member_process_alive(birth->parent_slot, birth->parent_generation))
			return load32_acquire(&slot->inner_pid) == (uint32_t)getpid();
	}
	return false;
}

bool process_child_of(pid_t parent)
{
	pid_t now = getppid();

	return now == parent || now == 0;
}

/* First the wish, then the look: a parent that dies in between has been told of. */
bool process_child_bind(const struct mpt_process *p, pid_t parent)
{
	static const int signals[] = { [MPT_PARENT_DEATH_IGNORE] = 0,
				       [MPT_PARENT_DEATH_TERMINATE] = SIGTERM,
				       [MPT_PARENT_DEATH_KILL] = SIGKILL };

	if (!signals[p->parent_death])
		return true;
	prctl(PR_SET_PDEATHSIG, signals[p->parent_death]);
	return process_child_of(parent);
}

static void take_thread_name(const char *name)
{
	char comm[16]; /* more the kernel does not take */

	snprintf(comm, sizeof(comm), "%.15s", name);
	pthread_setname_np(pthread_self(), comm);
}

/* When run() calls exit: the code, for a parent that cannot ask the kernel. */
static void keep_code(int status, void *unused)
{
	struct member *me = member_self;

	(void)unused;
	if (me && me->epoch == *member_epoch)
		me->process->exit_code = status & 0xff;
}

void process_child_keep_code(void)
{
	static bool kept; /* a grandchild inherits the handler */

	if (!kept)
		kept = on_exit(keep_code, NULL) == 0;
}

/* ---- failure ------------------------------------------------------------------------ */

static void tell_on_stderr(const char *name, pid_t pid, int error)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "Process %s (pid %d) failed: %s\n", name, (int)pid,
			 mpt_result_text(error));

	if (n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	/* One write, so that lines of several children stay lines.  Where stderr is
	 * closed there is nobody to tell. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static mpt_process_failure_hook *failure_hook = tell_on_stderr;

mpt_process_failure_hook *mpt_process_on_failure(mpt_process_failure_hook *hook)
{
	mpt_process_failure_hook *before = failure_hook;

	failure_hook = hook;
	return before;
}

static int exit_code_of(int result)
{
	struct mpt_process_info me;

	if (result >= 0)
		return result & 0xff;
	process_self(&me);
	if (failure_hook)
		failure_hook(me.name, me.pid, result);
	return 1;
}

/* ---- the end -------------------------------------------------------------------------- */

/* The slot tells an orderly end, as process_leave in member.c does for exit. */
static _Noreturn void leave(struct member *me, int code)
{
	if (me) {
		me->process->exit_code = code;
		me->process->ended_ns = futex_now();
		cas32(&me->process->state, MPT_SLOT_LIVE, MPT_SLOT_ENDED);
	}
	_exit(code);
}

_Noreturn void process_child(struct mpt_process *p, const struct process_birth *birth,
			     struct quiet caller)
{
	/* More than one only where a runtime (a sanitizer, say) adds its own after fork. */
	unsigned int threads = process_thread_count();
	struct member *me;
	int code, rc;

	if (!process_child_bind(p, birth->parent.pid) || !let_go(p, birth))
		_exit(0);
	p->stage = PROCESS_RUNNING;
	p->pid = getpid();
	process_self_become(p, &birth->parent);
	take_thread_name(p->name);
	member_expect(p->slot, p->generation);
	/* Should the domain be full, the child runs unseen and tries again later. */
	member_get(&rc);
	process_child_keep_code();
	quiet_end(caller);

	code = exit_code_of(p->run(p->arg));

	quiet_begin();
	me = member_get(&rc);
	if (me)
		process_thread_await(me->process, threads);
	process_exit();
	process_flush();
	leave(me, code);
}
