/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.c - handles of child processes; see mptrace/process.h.
 *
 * Does not own: start (process_start.c), the list and reaping (children.c), the
 * child's side (process_child.c), the exit rules (process_exit.c).
 */
#include "libtrace/process.h"

#include "libtrace/children.h"
#include "libtrace/emit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- create ------------------------------------------------------------------------ */

static bool valid(const struct mpt_process_options *o)
{
	size_t n;

	if (!o)
		return true;
	n = o->name ? strnlen(o->name, MPT_NAME_MAX) : 1;
	return n > 0 && n < MPT_NAME_MAX && o->daemon >= MPT_DAEMON_INHERIT &&
	       o->daemon <= MPT_DAEMON_NO && o->parent_death >= MPT_PARENT_DEATH_IGNORE &&
	       o->parent_death <= MPT_PARENT_DEATH_KILL;
}

/* What both sorts have; NULL: no memory. */
static struct mpt_process *new_process(const struct mpt_process_options *options)
{
	enum mpt_daemon daemon = options ? options->daemon : MPT_DAEMON_INHERIT;
	struct mpt_process *p = calloc(1, sizeof(*p));
	struct mpt_process_info me;

	if (!p)
		return NULL;
	process_self(&me);
	p->daemon = daemon == MPT_DAEMON_INHERIT ? me.daemon : daemon == MPT_DAEMON_YES;
	p->parent_death = options ? options->parent_death : MPT_PARENT_DEATH_IGNORE;
	p->creator = me.pid;
	p->pidfd = -1;
	p->exit_code = MPT_EXIT_NONE;
	process_self_name(p, options ? options->name : NULL);
	return p;
}

int mpt_process_create(struct mpt_process **out, mpt_process_main *run, void *arg,
		       const struct mpt_process_options *options)
{
	int saved = errno;

	if (!out)
		return -EINVAL;
	*out = NULL;
	if (!run || !valid(options) || (options && options->env))
		return -EINVAL;
	*out = new_process(options);
	errno = saved;
	if (!*out)
		return -ENOMEM;
	(*out)->run = run;
	(*out)->arg = arg;
	return 0;
}

int mpt_process_create_program(struct mpt_process **out, const char *const *argv,
			       const struct mpt_process_options *options)
{
	struct process_program *program;
	int saved = errno;

	if (!out)
		return -EINVAL;
	*out = NULL;
	if (!argv || !argv[0] || !valid(options))
		return -EINVAL;
	program = process_program_new(argv, options ? options->env : NULL);
	*out = program ? new_process(options) : NULL;
	if (*out)
		(*out)->program = program;
	else
		free(program);
	errno = saved;
	return *out ? 0 : -ENOMEM;
}

/* ---- join ----------------------------------------------------------------------------- */

/* Under the lock: may this process wait for it and signal it? */
static int check(const struct mpt_process *p)
{
	if (p->closed)
		return -ESHUTDOWN;
	if (p->stage < PROCESS_RUNNING || p->creator != getpid())
		return -ECHILD;
	return 0;
}

int process_hold(struct mpt_process *p)
{
	int rc;

	children_lock();
	rc = check(p);
	if (rc == 0)
		p->waiting++;
	children_unlock();
	return rc;
}

void process_let_go(struct mpt_process *p)
{
	children_lock();
	p->waiting--;
	children_put(p);
	children_unlock();
}

int process_look(struct mpt_process *p, int *fd)
{
	int rc;

	children_lock();
	rc = p->closed ? -ESHUTDOWN : children_ended(p);
	*fd = p->pidfd;
	children_unlock();
	return rc;
}

/* Sleeps until fd is readable, at most a slice, never past the deadline. */
static bool readable(int fd, struct slice *slice, uint64_t deadline)
{
	uint64_t ns = slice->next_ns ? slice->next_ns : SLICE_FIRST_NS, now = futex_now();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec t;

	slice->next_ns = ns * 2 < SLICE_LAST_NS ? ns * 2 : SLICE_LAST_NS;
	if (deadline != MPT_FOREVER && deadline < now + ns)
		ns = deadline > now ? deadline - now : 0;
	t.tv_sec = (time_t)(ns / 1000000000u);
	t.tv_nsec = (long)(ns % 1000000000u);
	return ppoll(&p, 1, &t, NULL) > 0;
}

static int wait_end(struct mpt_process *p, struct member *me, struct blocking *how)
{
	struct slice slice = { 0 };
	bool ended, gone = false;
	int fd;

	for (;;) {
		children_lock();
		ended = children_ended(p);
		fd = p->pidfd;
		children_unlock();
		if (ended)
			return 0;
		if (how->deadline != MPT_FOREVER && futex_now() >= how->deadline)
			return how->deadline ? -ETIMEDOUT : -EAGAIN;
		if (me)
			emit_block(me, how);
		/* Gone but not to be reaped: a debugger has it.  Do not spin. */
		gone = readable(gone ? -1 : fd, &slice, how->deadline);
	}
}

int process_wait(struct mpt_process *p, uint64_t timeout_ns)
{
	struct blocking how = { .deadline = deadline_after(timeout_ns),
				.op = MPT_OP_PROCESS_JOIN,
				.object = MPT_REF_PROCESS | p->slot,
				.object_generation = p->generation };
	struct member *me;
	uint64_t now;
	int rc;

	me = member_get(&rc);
	rc = wait_end(p, me, &how);
	if (!me)
		return rc;
	now = clock_now(&me->clock);
	emit(me, &(struct mpt_record){ .time = now,
				       .op = how.op,
				       .phase = MPT_PHASE_END,
				       .flags = rc < 0 ? MPT_REC_FAILED : 0,
				       .object = how.object,
				       .value = (uint64_t)(rc < 0 ? -rc : p->pid),
				       .span = emit_unblock(me, &how, now) });
	return rc;
}

int mpt_process_join(struct mpt_process *p, uint64_t timeout_ns)
{
	struct quiet quiet = quiet_begin();
	int rc = process_hold(p);

	if (rc == 0) {
		rc = process_wait(p, timeout_ns);
		process_let_go(p);
	}
	quiet_end(quiet);
	return rc;
}

/* ---- state -------------------------------------------------------------------------- */

int mpt_process_alive(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();
	int rc;

	children_lock();
	rc = check(p);
	if (rc == 0)
		rc = !children_ended(p);
	else if (rc == -ECHILD && (p->stage < PROCESS_RUNNING || p->pid == getpid()))
		rc = p->pid == getpid();
	children_unlock();
	quiet_end(quiet);
	return rc;
}

int mpt_process_exit_code(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();
	int code = MPT_EXIT_NONE;

	children_lock();
	if (check(p) == 0 && children_ended(p))
		code = p->exit_code;
	children_unlock();
	quiet_end(quiet);
	return code;
}

int mpt_process_sentinel(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();
	int rc;

	children_lock();
	rc = check(p);
	if (rc == 0)
		rc = p->pidfd;
	children_unlock();
	quiet_end(quiet);
	return rc;
}

pid_t mpt_process_pid(const struct mpt_process *p)
{
	pid_t pid;

	children_lock();
	pid = p->closed ? 0 : p->pid;
	children_unlock();
	return pid;
}

const char *mpt_process_name(const struct mpt_process *p)
{
	return p->name;
}

bool mpt_process_daemon(const struct mpt_process *p)
{
	return p->daemon;
}

int mpt_process_active_children(pid_t *pids, size_t room)
{
	struct quiet quiet = quiet_begin();
	size_t n;

	children_lock();
	n = children_reap(pids, pids ? room : 0);
	children_unlock();
	quiet_end(quiet);
	return (int)n;
}

/* ---- signals -------------------------------------------------------------------------- */

static int send_signal(const struct mpt_process *p, int sig)
{
	siginfo_t info;

	if (syscall(SYS_pidfd_send_signal, p->pidfd, sig, NULL, 0) == 0)
		return 0;
	if (errno != EBADF)
		return -errno;
	/* The program closed the descriptor.  A child that nobody reaped has its pid. */
	if (children_wait(p, &info, WNOWAIT) < 0)
		return -ESRCH;
	return kill(p->pid, sig) == 0 ? 0 : -errno;
}

int process_signal(struct mpt_process *p, int sig, uint16_t op)
{
	struct member *me;
	int rc;

	if (children_ended(p))
		return 0;
	rc = send_signal(p, sig);
	if (rc < 0)
		return rc == -ESRCH ? 0 : rc;
	me = member_get(&rc);
	if (me)
		emit_note(me, op, MPT_REF_PROCESS | p->slot, (uint64_t)p->pid);
	return 0;
}

static int signal_checked(struct mpt_process *p, int sig, uint16_t op)
{
	struct quiet quiet = quiet_begin();
	int rc;

	children_lock();
	rc = check(p);
	if (rc == 0)
		rc = process_signal(p, sig, op);
	children_unlock();
	quiet_end(quiet);
	return rc;
}

int mpt_process_terminate(struct mpt_process *p)
{
	return signal_checked(p, SIGTERM, MPT_OP_PROCESS_TERMINATE);
}

int mpt_process_kill(struct mpt_process *p)
{
	return signal_checked(p, SIGKILL, MPT_OP_PROCESS_KILL);
}

/* ---- the end of a handle ---------------------------------------------------------------- */

int mpt_process_close(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();
	int rc = 0;

	children_lock();
	if (p->creator == getpid() &&
	    (p->stage == PROCESS_STARTING || (p->stage == PROCESS_RUNNING && !children_ended(p))))
		rc = -EBUSY;
	if (rc == 0) {
		children_close(p);
		p->closed = true;
	}
	children_unlock();
	quiet_end(quiet);
	return rc;
}

void mpt_process_destroy(struct mpt_process *p)
{
	struct quiet quiet = quiet_begin();

	if (p) {
		children_lock();
		if (p->creator == getpid())
			children_ended(p);
		p->destroyed = true;
		children_put(p);
		children_unlock();
	}
	quiet_end(quiet);
}
