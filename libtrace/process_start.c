/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_start.c - mpt_process_start, the parent's side.
 *
 * Order: a slot in the domain, fork, a descriptor of the child, the list; only then
 * may the child go on.  Whatever fails before leaves nothing behind.  A program is
 * in its slot and has a descriptor before it runs, and is listed when it does.
 */
#include "libtrace/children.h"
#include "libtrace/descriptor.h"
#include "libtrace/emit.h"

/* Makes this call the only one that starts it. */
static int claim(struct mpt_process *p)
{
	struct mpt_process_info me;
	int rc = 0;

	process_self(&me);
	children_lock();
	if (p->closed)
		rc = -ESHUTDOWN;
	else if (p->stage != PROCESS_NEW)
		rc = -EALREADY;
	else if (p->creator != me.pid || me.daemon)
		rc = -EPERM;
	else
		children_begin(p);
	/* As Python does: zombies do not add up in a program that only starts. */
	if (rc == 0)
		children_reap(NULL, 0);
	children_unlock();
	return rc;
}

static void give_up(struct mpt_process *p)
{
	children_lock();
	children_give_up(p);
	children_unlock();
}

/* The child is waiting for this word, see let_go in process_child.c. */
static void answer(const struct mpt_process *p, uint32_t word)
{
	struct mpt_wire_process *slot = &domain.processes[p->slot];

	store32_release(&slot->inner_pid, word);
	futex_wake(&slot->inner_pid, 1);
}

/* Takes the forked child into the books and lets it go.  Under one lock: another
 * thread's fork must not inherit a descriptor that is not listed, and nobody may reap
 * the child, and give its slot away, before the answer is in it. */
static int enlist(struct mpt_process *p, pid_t pid)
{
	int fd, error;

	children_lock();
	fd = descriptor_high((int)syscall(SYS_pidfd_open, pid, 0));
	error = errno;
	if (fd >= 0) {
		p->pid = pid;
		p->pidfd = fd;
		children_add(p);
		answer(p, (uint32_t)pid);
	}
	children_unlock();
	return fd < 0 ? -error : 0;
}

static int fork_child(struct mpt_process *p, const struct process_birth *birth,
		      struct quiet caller)
{
	pid_t pid = fork();
	siginfo_t info;
	int rc;

	if (pid == 0)
		process_child(p, birth, caller);
	if (pid < 0)
		return -errno;
	rc = enlist(p, pid);
	if (rc == 0)
		return 0;
	answer(p, PROCESS_REFUSED);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	/* Gone before it ran: somebody killed and reaped it. */
	return rc == -ESRCH ? -EAGAIN : rc;
}

/* Above the standard ones if there is room: it cannot be made again, as the child may have
 * been reaped. */
static int raised(int fd)
{
	int high = fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (high < 0)
		return fd;
	if (high != fd)
		close(fd);
	return high;
}

/* The kernel has made the descriptor together with the child. */
static int launch_program(struct mpt_process *p, const struct process_birth *birth)
{
	pid_t pid = process_program_launch(p, birth);

	if (pid < 0)
		return pid;
	children_lock();
	p->pidfd = raised(p->pidfd);
	p->pid = pid;
	children_add(p);
	children_unlock();
	return 0;
}

static int start(struct mpt_process *p, struct quiet caller)
{
	uint32_t flags = MPT_PROC_CHILD | (p->daemon ? MPT_PROC_DAEMON : 0) |
			 (p->program ? MPT_PROC_PROGRAM : 0);
	struct process_birth birth;
	struct member *me;
	int rc = member_reserve(&p->slot, p->name, flags);

	if (rc < 0)
		return rc;
	me = member_get(&rc); /* reserving has attached us */
	p->generation = domain.processes[p->slot].generation;
	process_self(&birth.parent);
	birth.parent_slot = me->process_slot;
	birth.parent_generation = me->process->generation;
	process_flush();
	rc = p->program ? launch_program(p, &birth) : fork_child(p, &birth, caller);
	if (rc < 0)
		member_forget(p->slot);
	else
		emit_note(me, MPT_OP_PROCESS_START, MPT_REF_PROCESS | p->slot, (uint64_t)p->pid);
	return rc;
}

int mpt_process_start(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();
	int rc = claim(p);

	if (rc == 0) {
		rc = start(p, quiet);
		if (rc < 0)
			give_up(p);
	}
	quiet_end(quiet);
	return rc;
}
