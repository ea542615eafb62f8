/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - child processes with Python's multiprocessing.Process semantics.
 *
 * A child is a function of this program (started by fork) or another program
 * (started by exec, as Python's "spawn").  A function's child ends when it returns
 * (after waiting for the threads it left running), a program's as any program.
 * When a program or child ends by exit or return, its daemon children are
 * terminated and the others are joined: after its own exit handlers, so that these
 * may still tell the children to end.
 *
 * A program that uses the library is in its parent's domain, under the name it was
 * given, as a forked child is: it opens objects by name.  One that does not is
 * shown, joined and signalled all the same.
 *
 * A handle belongs to the process that created it; the copy a fork makes of it
 * answers -ECHILD.  No call is a cancellation point.  Needs Linux 5.4.
 */
#ifndef MPTRACE_PROCESS_H
#define MPTRACE_PROCESS_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_process;

enum mpt_daemon {
	MPT_DAEMON_INHERIT, /* as the creating process */
	MPT_DAEMON_YES,	    /* terminated when its creator exits; has no children */
	MPT_DAEMON_NO,
};

/* What happens to a child whose parent dies without an orderly exit: is killed, aborts,
 * or leaves by _exit. */
enum mpt_parent_death {
	MPT_PARENT_DEATH_IGNORE,    /* it goes on, a daemon too, as in Python */
	MPT_PARENT_DEATH_TERMINATE, /* the kernel sends it SIGTERM */
	MPT_PARENT_DEATH_KILL,	    /* the kernel kills it */
};

/* The kernel means the thread that calls mpt_process_start: when that thread ends before its
 * process does, it counts as the parent's death.  The wish outlasts exec, but not that of a
 * program with more rights (set-user-id). */
struct mpt_process_options {
	const char *name;	/* 1 to 47 bytes; NULL: "Process-N", nested "Process-N:M" */
	enum mpt_daemon daemon;
	enum mpt_parent_death parent_death;
	const char *const *env; /* programs only: NAME=value ..., NULL at the end; NULL: this
				 * process's environment at the time of the start */
};

/* The exit code of a process that has not ended, or that somebody else reaped
 * without leaving a code. */
#define MPT_EXIT_NONE INT32_MIN

/* What a function's child runs.  Returns 0..255: the exit code.  A negative errno is an
 * uncaught failure: exit code 1 and one line through the failure hook. */
typedef int mpt_process_main(void *arg);

/* Makes a process that is not started yet.
 *   arg  handed to run in the child as it is (memory is copied by fork)
 * Returns 0; -EINVAL; -ENOMEM.  The caller ends the handle with
 * mpt_process_destroy.  Does not block.  [Process()] */
MPT_API int mpt_process_create(struct mpt_process **out, mpt_process_main *run, void *arg,
			       const struct mpt_process_options *options);

/* The same for another program.
 *   argv  its name and arguments, NULL at the end; a name without '/' is searched
 *	   in this process's PATH.  Copied, as options->env is
 * Its descriptors are those of this process that are not close-on-exec: none of the
 * library's.  Handlers of signals are reset; ignored and blocked signals stay so.
 * Returns as mpt_process_create.  [get_context("spawn").Process()] */
MPT_API int mpt_process_create_program(struct mpt_process **out, const char *const *argv,
				       const struct mpt_process_options *options);

/* Starts it.
 * Returns 0; -EALREADY started before; -EPERM a daemon may not have children, or
 * the handle was made by another process; -ESHUTDOWN closed; -ENOSPC no process
 * slot left; -EAGAIN, -ENOMEM, -EMFILE from the kernel.  A program: -ENOENT there is
 * none of that name, -EACCES, -ENOEXEC, -E2BIG and what else execve(2) says; -ELOOP
 * it would be the same program with the same arguments and environment as this one, more
 * than MPT_PROCESS_NESTED deep.  After an error nothing was started and nothing has run,
 * and the handle may be started later.
 * Flushes stdout and stderr first, and every other stream while the program has
 * one thread: a child writes nothing twice.  [Process.start] */
#define MPT_PROCESS_NESTED 4
MPT_API int mpt_process_start(struct mpt_process *process);

/* Waits for its end.
 * Returns 0 it has ended; -EAGAIN (timeout 0) or -ETIMEDOUT: it lives; -ECHILD not
 * started, or not this process's child; -ESHUTDOWN; -EINTR never (restarts).
 * Again after the end: 0 at once.  Blocks up to timeout_ns.  [Process.join] */
MPT_API int mpt_process_join(struct mpt_process *process, uint64_t timeout_ns);

/* 1 started and not ended, 0, -ECHILD not this process's child, or -ESHUTDOWN.  In a
 * child, its own handle is alive.  Reaps.  [Process.is_alive] */
MPT_API int mpt_process_alive(struct mpt_process *process);

/* Sends SIGTERM / SIGKILL.  Returns 0, also when it has ended; -ECHILD not started, or
 * not this process's child; -EPERM it changed its user; -ESHUTDOWN.  Never hits a
 * process that reused the pid. */
MPT_API int mpt_process_terminate(struct mpt_process *process);
MPT_API int mpt_process_kill(struct mpt_process *process);

/* n, -signal, or MPT_EXIT_NONE (not started, alive, closed).  Where somebody else
 * reaped the child: n when it left by return or exit, else MPT_EXIT_NONE.  Reaps. */
MPT_API int mpt_process_exit_code(struct mpt_process *process);

/* 0 before start and after close.  [Process.pid] */
MPT_API pid_t mpt_process_pid(const struct mpt_process *process);
MPT_API const char *mpt_process_name(const struct mpt_process *process);
MPT_API bool mpt_process_daemon(const struct mpt_process *process);

/* A descriptor that polls readable once the process has ended; owned by the
 * handle.  -ECHILD before start or not this process's child, -ESHUTDOWN after close.
 * [Process.sentinel] */
MPT_API int mpt_process_sentinel(struct mpt_process *process);

/* Ends the handle's use.  -EBUSY while the process lives; 0, also twice.  After it
 * calls return -ESHUTDOWN.  [Process.close] */
MPT_API int mpt_process_close(struct mpt_process *process);

/* Frees the handle, closed or not.  A living child goes on (and is still joined or terminated
 * when this process exits).  NULL is fine. */
MPT_API void mpt_process_destroy(struct mpt_process *process);

/* Living children started here, after reaping the others.
 *   pids  filled with at most `room` pids; may be NULL when room is 0
 * Returns how many there are, which may be more than room; oldest first.
 * [active_children] */
MPT_API int mpt_process_active_children(pid_t *pids, size_t room);

/* This process, and the one that started it. */
struct mpt_process_info {
	pid_t pid;
	char name[48]; /* "MainProcess" in the first, the program's after a plain fork */
	bool daemon;
};
/* Returns 0; -EINVAL.  [current_process] */
MPT_API int mpt_process_current(struct mpt_process_info *out);
/* Returns 0; -EINVAL; -ESRCH in a process that mpt_process_start did not make.
 * [parent_process] */
MPT_API int mpt_process_parent(struct mpt_process_info *out);
/* A descriptor that polls readable once the parent has ended; owned by the
 * library.  -ESRCH as above, or the parent lives outside our pid namespace; -EMFILE. */
MPT_API int mpt_process_parent_sentinel(void);

/* The calling thread no longer keeps its process alive: a child ends without
 * waiting for it.  Without effect in a main thread.  Returns 0; -ENOSPC, -ENOMEM the
 * thread has no place in the domain.  [Thread.daemon] */
MPT_API int mpt_process_thread_daemon(void);

/* How the failure of a child's main is told, in the child; children inherit it.
 *   error  what the main returned, see mpt_result_text
 * Default: one line on stderr.  NULL: silent.  Returns the hook there was before. */
typedef void mpt_process_failure_hook(const char *name, pid_t pid, int error);
MPT_API mpt_process_failure_hook *mpt_process_on_failure(mpt_process_failure_hook *hook);

#ifdef __cplusplus
}
#endif
#endif
