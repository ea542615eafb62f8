/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - worker processes that run functions of the program for it.
 *
 * Semantics of Python's multiprocessing.Pool, started by fork.  Stronger: a worker that
 * is killed, or that leaves, takes nothing with it but the task it was running; that
 * task fails with the pid and exit code of its worker (-ECHILD), the worker is replaced,
 * and every other task has its result exactly once.
 *
 * Only the process that created the pool uses it, from any of its threads and from
 * callbacks; a child of it, by fork or a worker, gets -EPERM.  Not from signal handlers.
 * A pool has one thread of its own, which replaces workers and runs callbacks.
 */
#ifndef MPTRACE_POOL_H
#define MPTRACE_POOL_H

#include <mptrace/process.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_pool;
struct mpt_result;
struct mpt_imap;

#define MPT_POOL_WORKERS_MAX 1024
#define MPT_POOL_SLOTS_MAX 32768

/*
 * What workers run.
 *   arg, size     the arguments, a copy the worker may read until it returns
 *   result, room  where the result goes; room in bytes
 * Returns the size of the result, or a negative errno: the task has failed.  More than
 * `room`: it fails with -EMSGSIZE; less than -INT_MAX: with -INT_MAX.  Whatever it does to
 * its own process, the pool does not notice more than that the task failed and the worker
 * was replaced.
 */
typedef ssize_t mpt_pool_function(const void *arg, size_t size, void *result, size_t room);

/* The functions a pool may be asked to run, and what viewers call them. */
struct mpt_pool_task {
	const char *name; /* 1 to 47 bytes without '/' */
	mpt_pool_function *run;
};

struct mpt_pool_options {
	const char *name;   /* 1 to 47 bytes without '/', unique; NULL: "pool-N" */
	unsigned int flags; /* 0 or MPT_INTERRUPTIBLE */
	int workers;	    /* 1 to MPT_POOL_WORKERS_MAX; see mpt_cpu_count */
	int max_tasks;	    /* a worker is replaced after so many; 0 (None): never */
	const struct mpt_pool_task *tasks; /* copied */
	size_t task_count;		   /* 1 to 65535 */
	size_t task_bytes; /* most for arguments, and again for a result; 0: 512 */
	uint32_t slots;	   /* tasks the workers can see at once; 0: 512 */
	/* Run by each worker once, before its first task; NULL: none.  A negative errno: it
	 * could not be made ready (see mpt_pool_create). */
	int (*initializer)(void *arg);
	void *initializer_arg;
};

/* Why a task has failed. */
struct mpt_failure {
	int error;	/* a negative errno */
	pid_t pid;	/* of the worker that ran it; 0: none did */
	int exit_code;	/* of a lost worker: n, -signal; MPT_EXIT_NONE: it was not lost */
	size_t index;	/* map, imap: the item (of several: the first found) */
	size_t count;	/* map: how many items failed */
	char task[48];	/* what the function is called */
	char text[128]; /* from mpt_pool_fail, or in the library's words */
};

/* Called by the pool's thread, once per call: with the result, or why there is none.
 * Meanwhile no other callback of the pool runs. */
typedef void mpt_pool_callback(void *arg, const void *result, size_t size);
typedef void mpt_pool_error_callback(void *arg, const struct mpt_failure *failure);

/* One call of a function. */
struct mpt_pool_call {
	mpt_pool_function *function; /* one of the pool's */
	const void *arg;	     /* copied before the submitting call returns */
	size_t size;
	/* _async only; NULL: none. */
	mpt_pool_callback *callback;
	mpt_pool_error_callback *error_callback;
	void *callback_arg;
};

/* One call for each item of an array.  The arrays stay the caller's, and stay where they
 * are until the result is ready or its handle destroyed. */
struct mpt_pool_mapping {
	mpt_pool_function *function;
	const void *in; /* count items of in_size bytes */
	size_t in_size, count;
	void *out; /* count results of out_size bytes, in the order of the items; may be NULL
		    * when out_size is 0.  Of a failed item: undefined */
	size_t out_size;
	int *status;  /* per item 0 or a negative errno; NULL: not wanted */
	size_t chunk; /* items a worker takes at once; 0: count / (4 * workers), rounded up.
		       * Fewer where task_bytes does not hold so many */
	/* _async only; the callback's result is `out`. */
	mpt_pool_callback *callback;
	mpt_pool_error_callback *error_callback;
	void *callback_arg;
};

/* One call for each item of a generator. */
struct mpt_pool_each {
	mpt_pool_function *function;
	/* Writes the next item of in_size bytes.  Returns 0; -ENODATA there is none; another
	 * negative errno: it failed, and is not asked again. */
	int (*next)(void *arg, void *item);
	void *next_arg;
	size_t in_size, out_size;
	size_t chunk;	/* items a worker takes at once; 0: 1 */
	bool unordered; /* results as they come */
};

/* Makes a pool and starts its workers, daemon children called NAME-1, NAME-2 ...
 * A worker whose initializer fails or does not survive is replaced; when that goes wrong
 * several times in a row the pool breaks: what is waiting and what comes fails with
 * -ECANCELED.
 * Returns 0; -EINVAL; -EEXIST name in use; -ENOSPC no room in the domain (see
 * MPTRACE_SIZE) or no process slot; -EPERM a daemon may not have children; -EAGAIN,
 * -ENOMEM, -EMFILE from the kernel.  After an error no process is left.
 * The caller ends it with mpt_pool_destroy.  Does not block.  [Pool()] */
MPT_API int mpt_pool_create(struct mpt_pool **out, const struct mpt_pool_options *options);

/* Processors this process may use, at least 1.  [cpu_count, sched_getaffinity] */
MPT_API int mpt_cpu_count(void);

/* ---- submitting: never blocks ------------------------------------------------- */

/* Submits one call; tasks are begun in the order they were submitted.
 *   out  the handle of the result, for the caller to end by mpt_result_destroy; NULL:
 *        not wanted
 * Returns 0; -ENOENT the function is not one of the pool's; -EMSGSIZE the arguments are
 * larger than task_bytes; -EINVAL; -ESHUTDOWN closed or terminated; -ECANCELED broken;
 * -EPERM not the creating process; -ENOMEM; -EDEADLK from a signal handler that
 * interrupted a call on the pool.  [Pool.apply_async] */
MPT_API int mpt_pool_apply_async(struct mpt_pool *pool, const struct mpt_pool_call *call,
				 struct mpt_result **out);

/* Submits a call for each item.  Same results; no items is fine, and ready at once.
 * [Pool.map_async; starmap_async: an item may be a struct of several arguments] */
MPT_API int mpt_pool_map_async(struct mpt_pool *pool, const struct mpt_pool_mapping *map,
			       struct mpt_result **out);

/* Begins to run a function over a generator.  The generator is asked in this call and in
 * mpt_imap_next by their callers, some tasks ahead of what was taken, and by
 * mpt_pool_join for all that is left.
 * Same results.  The caller ends it with mpt_imap_destroy.  [Pool.imap, imap_unordered] */
MPT_API int mpt_pool_imap(struct mpt_pool *pool, const struct mpt_pool_each *each,
			  struct mpt_imap **out);

/* ---- submitting and waiting ------------------------------------------------------ */

/* Runs one call in a worker and waits for it; no callbacks.
 * Returns the size of the result; the error of the task; -EAGAIN (timeout 0) or
 * -ETIMEDOUT: it is not done, and its result is dropped; -EMSGSIZE it does not fit in
 * `room`; else as mpt_pool_apply_async; -EINTR.  A task that returns one of these itself
 * is told from them by mpt_pool_apply_async and mpt_result_failure.
 * Blocks up to timeout_ns.  [Pool.apply] */
MPT_API ssize_t mpt_pool_apply(struct mpt_pool *pool, const struct mpt_pool_call *call,
			       void *result, size_t room, uint64_t timeout_ns);

/* Runs a call for each item and waits for all of them, also when some fail.
 * Returns 0; the error of the first item found failed, `status` tells of all; else as
 * mpt_pool_apply: when it gives up, items not begun are dropped.
 * Blocks up to timeout_ns.  [Pool.map, Pool.starmap] */
MPT_API int mpt_pool_map(struct mpt_pool *pool, const struct mpt_pool_mapping *map,
			 uint64_t timeout_ns);

/* ---- results ------------------------------------------------------------------ */

/* Is it there, and has its callback returned?  1 or 0.  [AsyncResult.ready] */
MPT_API int mpt_result_ready(struct mpt_result *result);

/* Waits until it is.
 * Returns 0, whatever became of the task; -EAGAIN, -ETIMEDOUT; -EINTR; -EPERM not the
 * creating process.  Blocks up to timeout_ns.  [AsyncResult.wait] */
MPT_API int mpt_result_wait(struct mpt_result *result, uint64_t timeout_ns);

/* Waits for it and copies it.  Again: the same.  Of a map nothing is copied.
 * Returns its size (map: the number of items); the error of the task: its own, -EMSGSIZE
 * its result was too large, -ECHILD its worker was lost, -ESHUTDOWN the pool was
 * terminated, -ECANCELED it broke; or as mpt_result_wait, and then mpt_result_ready is 0;
 * -EMSGSIZE the result does not fit in `room`, and is kept.  [AsyncResult.get] */
MPT_API ssize_t mpt_result_get(struct mpt_result *result, void *to, size_t room,
			       uint64_t timeout_ns);

/* 1 it is ready and did not fail, 0 it failed, -EBUSY it is not ready.
 * [AsyncResult.successful] */
MPT_API int mpt_result_successful(struct mpt_result *result);

/* Fills in why it failed.  Returns 0; -ENOENT it did not; -EBUSY it is not ready. */
MPT_API int mpt_result_failure(struct mpt_result *result, struct mpt_failure *out);

/* Frees the handle, also after the pool's end.  A call not done goes on, its result is
 * dropped and its callbacks are called; of a map, what has not begun is dropped, and its
 * callbacks are not called: its arrays are the caller's again.  So a callback of a map that
 * runs at the moment is waited for, whatever signals come, unless it is the one that calls.
 * NULL is fine.  Blocks for no other reason. */
MPT_API void mpt_result_destroy(struct mpt_result *result);

/* The next result, of out_size bytes.
 *   index  the item it belongs to; may be NULL
 * Returns 0; the error of that item; -ENODATA that was the last (*index: how many there
 * were); the error of the generator, after the results of the items before it, once;
 * -EAGAIN, -ETIMEDOUT: not there yet, with *index SIZE_MAX; -EINTR likewise; -EPERM.
 * Blocks up to timeout_ns (and as long as the generator does).  [IMapIterator.next] */
MPT_API int mpt_imap_next(struct mpt_imap *imap, void *to, size_t *index, uint64_t timeout_ns);

/* Why the item that mpt_imap_next returned last has failed.  Returns 0; -ENOENT. */
MPT_API int mpt_imap_failure(const struct mpt_imap *imap, struct mpt_failure *out);

/* Frees it; what has not begun is dropped.  A generator that another thread is in, or that
 * calls this itself, is asked no more once it has returned.  NULL is fine. */
MPT_API void mpt_imap_destroy(struct mpt_imap *imap);

/* ---- in a task ----------------------------------------------------------------- */

/* Notes in words why the task fails; the caller of the pool finds them in
 * mpt_failure.text.  To be used as `return mpt_pool_fail(-EIO, "no page %d", n);`
 * Returns `error`. */
MPT_API int mpt_pool_fail(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- the pool's own state ------------------------------------------------------- */

/* Workers that are there now; tasks that are neither done nor given up (a chunk of a
 * map is one).  Or -EPERM. */
MPT_API int mpt_pool_workers(struct mpt_pool *pool);
MPT_API int64_t mpt_pool_unfinished(struct mpt_pool *pool);

/* Takes in no more tasks; workers leave when what was submitted is done.
 * Returns 0, also twice; -EPERM.  Does not block.  [Pool.close] */
MPT_API int mpt_pool_close(struct mpt_pool *pool);

/* Ends the workers at once (SIGTERM, and SIGKILL half a second later); what is not done
 * fails with -ESHUTDOWN.
 * Returns as mpt_pool_close.  Does not block.  [Pool.terminate] */
MPT_API int mpt_pool_terminate(struct mpt_pool *pool);

/* Waits until the workers have left and the last callback has returned, after
 * mpt_pool_close or mpt_pool_terminate.  Asks generators meanwhile, some tasks ahead of what
 * is done; each time it is called for one item at least, so that it comes to an end also when
 * it is called with timeout 0 again and again.
 * Returns 0; -EBUSY neither was called; -EAGAIN, -ETIMEDOUT; -EINTR; -EDEADLK from a
 * callback; -EPERM.  Blocks up to timeout_ns (and as long as a generator does that it is in
 * then).  [Pool.join] */
MPT_API int mpt_pool_join(struct mpt_pool *pool, uint64_t timeout_ns);

/* Frees the pool; terminates and joins it first, whatever signals come.  Results stay
 * usable.
 * Returns 0; 1 it was still running: Python would warn; -EDEADLK from a callback, and
 * nothing was done.  In a forked child only the memory is freed.  NULL is fine. */
MPT_API int mpt_pool_destroy(struct mpt_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
