/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array.h - elements of one size that processes share.
 *
 * Semantics of Python's multiprocessing.Array: like a Value (value.h), of many.
 * Stronger: what a Value has about deaths, bounds are checked, and an element of 1, 2, 4
 * or 8 bytes is never half written; of a longer slice, whose writer was killed, some
 * elements are new and the others old.
 */
#ifndef MPTRACE_ARRAY_H
#define MPTRACE_ARRAY_H

#include <mptrace/value.h> /* MPT_INTEGERS */

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_array;

struct mpt_array_options {
	const char *name;	 /* 1 to 47 bytes without '/', unique; NULL: "array-N" */
	unsigned int flags;	 /* 0 or MPT_INTERRUPTIBLE */
	size_t element;		 /* bytes of one */
	size_t length;		 /* elements; may be 0 */
	const void *initial;	 /* length elements; NULL: zeros */
	struct mpt_lock *lock;	 /* as in mpt_value_options */
	struct mpt_rlock *rlock;
	bool unlocked;
};

/* Makes an array.  Returns as mpt_value_create.  Does not block.  [Array(), RawArray()] */
MPT_API int mpt_array_create(struct mpt_array **out, const struct mpt_array_options *options);

/* Opens an array by "name" or "domain/name"; as mpt_value_open. */
MPT_API int mpt_array_open(struct mpt_array **out, const char *name, unsigned int flags);

/* Its lock: as mpt_value_acquire and mpt_value_release.  [Array.get_lock().acquire] */
MPT_API int mpt_array_acquire(struct mpt_array *array, uint64_t timeout_ns);
MPT_API int mpt_array_release(struct mpt_array *array);

/* Copies `count` elements, from number `first` on, out of or into the array, under its
 * lock if it has one.
 * Returns 0; MPT_RECOVERED: done, and the lock was a dead process's; -ERANGE there are
 * not so many: nothing was copied; -EINVAL; else as mpt_array_acquire.
 * Blocks up to timeout_ns while somebody else has the lock.  [Array[first:last]] */
MPT_API int mpt_array_read(struct mpt_array *array, size_t first, size_t count, void *buffer,
			   uint64_t timeout_ns);
MPT_API int mpt_array_write(struct mpt_array *array, size_t first, size_t count,
			    const void *data, uint64_t timeout_ns);

/* Makes another array with the same elements and a lock of its own.
 * Returns as mpt_array_read and mpt_array_create.  Blocks as mpt_array_read.
 * [sharedctypes.copy] */
MPT_API int mpt_array_copy(struct mpt_array **out, struct mpt_array *from, const char *name,
			   uint64_t timeout_ns);

/* Where element `index` lies in this process; the others follow and precede it.  NULL:
 * there is none, or the array was closed or destroyed.  As mpt_value_at. */
MPT_API void *mpt_array_at(const struct mpt_array *array, size_t index);

/* Elements, and bytes of one; or -ESHUTDOWN.  [len()] */
MPT_API ssize_t mpt_array_length(const struct mpt_array *array);
MPT_API ssize_t mpt_array_element(const struct mpt_array *array);

/* As mpt_value_close and mpt_value_destroy. */
MPT_API int mpt_array_close(struct mpt_array *array);
MPT_API void mpt_array_destroy(struct mpt_array *array);

/* Scoped use of its lock, as MPT_WITH_LOCK.  The body is skipped when there is none. */
#define MPT_WITH_ARRAY(a) MPT_SCOPE_FOR(array, a, MPT_SCOPE_AT(__LINE__))
MPT_SCOPE_OF(array)

/* Arrays of numbers, here with i64:
 *   mpt_array_create_i64(&a, name, length, initial)  with a lock of its own
 *   mpt_array_get_i64(a, index, &number)
 *   mpt_array_set_i64(a, index, number)
 * -EMSGSIZE: its elements have another size; else as the calls above, without end. */
#define MPT_ARRAY_OF(suffix, type)                                                           \
	static inline int mpt_array_create_##suffix(struct mpt_array **out, const char *name, \
						    size_t length, const type *initial)      \
	{                                                                                    \
		struct mpt_array_options options = { name,    0,    sizeof(type), length,    \
						     initial, NULL, NULL,	  false };   \
                                                                                             \
		return mpt_array_create(out, &options);                                      \
	}                                                                                    \
                                                                                             \
	static inline int mpt_array_get_##suffix(struct mpt_array *array, size_t index,      \
						 type *number)                               \
	{                                                                                    \
		if (mpt_array_element(array) != (ssize_t)sizeof(*number))                    \
			return mpt_array_element(array) < 0 ? -ESHUTDOWN : -EMSGSIZE;        \
		return mpt_array_read(array, index, 1, number, MPT_FOREVER);                 \
	}                                                                                    \
                                                                                             \
	static inline int mpt_array_set_##suffix(struct mpt_array *array, size_t index,      \
						 type number)                                \
	{                                                                                    \
		if (mpt_array_element(array) != (ssize_t)sizeof(number))                     \
			return mpt_array_element(array) < 0 ? -ESHUTDOWN : -EMSGSIZE;        \
		return mpt_array_write(array, index, 1, &number, MPT_FOREVER);               \
	}
MPT_INTEGERS(MPT_ARRAY_OF)
MPT_FLOATS(MPT_ARRAY_OF)

#ifdef __cplusplus
}
#endif
#endif
