/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value.h - a number or struct that processes share.
 *
 * Semantics of Python's multiprocessing.Value: some bytes in shared memory, with a lock
 * that belongs to them: one of their own, which its holder may take again (as RLock), one
 * that is given, or none.  Stronger: when the process that holds the lock dies, the next
 * acquire, load or store takes over and says so (MPT_RECOVERED) once, and a store that
 * was killed is there whole or not at all.
 *
 * The bytes lie in the domain, at an address that stays.  Large memory does not fit
 * there: see mpt_memory_create.
 */
#ifndef MPTRACE_VALUE_H
#define MPTRACE_VALUE_H

#include <errno.h>
#include <mptrace/lock.h> /* MPT_SCOPE_FOR */
#include <mptrace/rlock.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_value;

struct mpt_value_options {
	const char *name;	 /* 1 to 47 bytes without '/', unique; NULL: "value-N" */
	unsigned int flags;	 /* 0 or MPT_INTERRUPTIBLE */
	size_t size;		 /* bytes */
	const void *initial;	 /* so many bytes; NULL: zeros */
	struct mpt_lock *lock;	 /* its lock is this one, ... */
	struct mpt_rlock *rlock; /* ... or this one, ... */
	bool unlocked;		 /* ... or it has none: like Python's RawValue */
};

/* Makes a value.  The lock that was given is meant, not the handle, which may go.
 * Returns 0; -EINVAL no size, bad name or flag, more than one lock, or no such lock;
 * -EEXIST name in use; -ENOSPC no room in the domain: set MPTRACE_SIZE, or use
 * mpt_memory_create; -ENOMEM.  The caller ends it with mpt_value_destroy.
 * Does not block.  [Value(), RawValue()] */
MPT_API int mpt_value_create(struct mpt_value **out, const struct mpt_value_options *options);

/* Opens a value by "name" or "domain/name" (see mpt_lock_open), with the lock it has.
 * Returns 0; -ENOENT; -EINVAL it is no value; -EPROTO what is there makes no sense;
 * -ENOMEM. */
MPT_API int mpt_value_open(struct mpt_value **out, const char *name, unsigned int flags);

/* Takes the value's lock: for what is more than one load or store.  Its own lock and a
 * given RLock may be taken again by the thread that has it.
 * Returns 0; MPT_RECOVERED: taken, and the process that held it had died; -ENOLCK it
 * has no lock; -EAGAIN; -ETIMEDOUT; -ESHUTDOWN, also when the given lock has ended;
 * -EINTR; -EOVERFLOW; -EDEADLK called by a signal handler that interrupted a store.
 * Blocks up to timeout_ns.  [Value.get_lock().acquire] */
MPT_API int mpt_value_acquire(struct mpt_value *value, uint64_t timeout_ns);

/* Undoes one acquire.
 * Returns 0; -EPERM this thread does not hold it (a given Lock: -ERANGE it is free);
 * -ENOLCK; -ESHUTDOWN.  Does not block. */
MPT_API int mpt_value_release(struct mpt_value *value);

/* Copies the value out of, or into, the shared memory, under its lock; without a lock
 * as it is, and then only a value of 1, 2, 4 or 8 bytes is sure to be whole.
 *   size  bytes: that of the value
 * Returns 0; MPT_RECOVERED: done, and the lock was a dead process's; -EMSGSIZE another
 * size; -EINVAL no memory was named; else as mpt_value_acquire.  Who holds a given Lock,
 * which is not to be taken twice, uses mpt_value_at.
 * Blocks up to timeout_ns while somebody else has the lock.  [Value.value] */
MPT_API int mpt_value_load(struct mpt_value *value, void *buffer, size_t size,
			   uint64_t timeout_ns);
MPT_API int mpt_value_store(struct mpt_value *value, const void *data, size_t size,
			    uint64_t timeout_ns);

/* Makes another value with the same bytes and a lock of its own; from then on they have
 * nothing in common.  Returns as mpt_value_load and mpt_value_create.
 * Blocks as mpt_value_load.  [sharedctypes.copy] */
MPT_API int mpt_value_copy(struct mpt_value **out, struct mpt_value *from, const char *name,
			   uint64_t timeout_ns);

/* Where the bytes lie in this process, aligned for every type; or NULL: closed or
 * destroyed.  The address stays the same, in children, too, and is good until the value
 * is destroyed: a destroy waits a second for who holds its own lock, and for nobody else.
 * Does not take the lock.  [Value.get_obj] */
MPT_API void *mpt_value_at(const struct mpt_value *value);

/* Bytes, or -ESHUTDOWN. */
MPT_API ssize_t mpt_value_size(const struct mpt_value *value);

/* This process uses the value no more: calls return -ESHUTDOWN.  A lock of its own that
 * is held stays held.  Closing twice is harmless.  Returns 0. */
MPT_API int mpt_value_close(struct mpt_value *value);

/* Frees the handle.  When the process that created the value does so, the value ends for
 * everybody, and its memory is used for others.  NULL is fine. */
MPT_API void mpt_value_destroy(struct mpt_value *value);

/* Scoped use of its lock, as MPT_WITH_LOCK.  The body is skipped when there is none. */
#define MPT_WITH_VALUE(v) MPT_SCOPE_FOR(value, v, MPT_SCOPE_AT(__LINE__))
MPT_SCOPE_OF(value)

/* ---- numbers ------------------------------------------------------------------------ */

/* Python's type codes in C: what a value may be made of with one call. */
#define MPT_INTEGERS(X)                                                                      \
	X(i8, int8_t) X(u8, uint8_t) X(i16, int16_t) X(u16, uint16_t) X(i32, int32_t)        \
	X(u32, uint32_t) X(i64, int64_t) X(u64, uint64_t)
#define MPT_FLOATS(X) X(f32, float) X(f64, double)

/* For each of them, here with i64:
 *   mpt_value_create_i64(&v, name, initial)  with a lock of its own
 *   mpt_value_load_i64(v, &number)
 *   mpt_value_store_i64(v, number)
 *   mpt_value_add_i64(v, number)             v += number under the lock; wraps around
 * They return and block as the calls above, without end. */
#define MPT_VALUE_OF(suffix, type)                                                           \
	static inline int mpt_value_create_##suffix(struct mpt_value **out, const char *name, \
						    type initial)                            \
	{                                                                                    \
		struct mpt_value_options options = { name, 0,	 sizeof(initial), &initial,  \
						     NULL, NULL, false };                    \
                                                                                             \
		return mpt_value_create(out, &options);                                      \
	}                                                                                    \
                                                                                             \
	static inline int mpt_value_load_##suffix(struct mpt_value *value, type *number)     \
	{                                                                                    \
		return mpt_value_load(value, number, sizeof(*number), MPT_FOREVER);          \
	}                                                                                    \
                                                                                             \
	static inline int mpt_value_store_##suffix(struct mpt_value *value, type number)     \
	{                                                                                    \
		return mpt_value_store(value, &number, sizeof(number), MPT_FOREVER);         \
	}
MPT_INTEGERS(MPT_VALUE_OF)
MPT_FLOATS(MPT_VALUE_OF)

#define MPT_VALUE_ADD(suffix, type, add)                                                     \
	static inline int mpt_value_add_##suffix(struct mpt_value *value, type number)       \
	{                                                                                    \
		int rc = mpt_value_acquire(value, MPT_FOREVER), done = 0;                    \
		type *at, sum;                                                               \
                                                                                             \
		if (rc < 0)                                                                  \
			return rc;                                                           \
		at = (type *)mpt_value_at(value);                                            \
		if (!at)                                                                     \
			done = -ESHUTDOWN;                                                   \
		else if (mpt_value_size(value) != (ssize_t)sizeof(sum))                      \
			done = -EMSGSIZE;                                                    \
		if (done == 0) {                                                             \
			add(*at, number, &sum);                                              \
			__atomic_store(at, &sum, __ATOMIC_RELAXED);                          \
		}                                                                            \
		(void)mpt_value_release(value);                                              \
		return done < 0 ? done : rc;                                                 \
	}
#define MPT_ADD_INTEGERS(a, b, sum) (void)__builtin_add_overflow(a, b, sum)
#define MPT_ADD_FLOATS(a, b, sum) (*(sum) = (a) + (b))
#define MPT_VALUE_ADD_INTEGER(suffix, type) MPT_VALUE_ADD(suffix, type, MPT_ADD_INTEGERS)
#define MPT_VALUE_ADD_FLOAT(suffix, type) MPT_VALUE_ADD(suffix, type, MPT_ADD_FLOATS)
MPT_INTEGERS(MPT_VALUE_ADD_INTEGER)
MPT_FLOATS(MPT_VALUE_ADD_FLOAT)

#ifdef __cplusplus
}
#endif
#endif
