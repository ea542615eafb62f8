/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager.h - dicts, lists, namespaces and cells that processes share.
 *
 * Semantics of Python's multiprocessing.Manager, without its server: every process
 * works directly on the shared memory.  So there is nothing to start, to connect to or to
 * lose, and nothing for remote clients or methods of one's own (what the behaviours 151 to
 * 155 of a server are about).  Stronger: a process killed at any instruction leaves each
 * container as it was before the call or as it is after it.
 *
 * A manager is memory for containers (mptrace/dict.h, list.h, namespace.h, cell.h).
 * A container holds items: nothing, a truth value, a whole number, a floating-point
 * number, bytes; or a reference, to a container of the same manager or to any object of the
 * domain that can be opened by name.  It lives while it can be reached: by name, from
 * a container that can be reached, or through a handle of a living process.
 * Memory of those that cannot is taken back when it is needed.
 *
 * Handles: a container's remains usable when the manager's was destroyed by a process
 * that did not create the manager.  A forked child may use its copies; when their containers
 * have no name it should begin to before the parent ends.
 *
 * Results beside those in common.h:
 *   -ENOENT   no such key, name or value      -ERANGE   no such index
 *   -EINVAL   of another kind or type         -EMSGSIZE the buffer is too small; the size
 *                                              needed is told, nothing was changed
 *   -ENOSPC   the manager's memory is full; nothing was changed
 *   -ESTALE   the container is no more, or (next) it changed too much
 *   -EDEADLK  called by a signal handler that interrupted such a call
 *
 * Blocking: calls wait for others that are inside, which takes microseconds; at most the
 * manager's timeout_ns.  Reading waits for nobody unless something changes all the time.
 */
#ifndef MPTRACE_MANAGER_H
#define MPTRACE_MANAGER_H

#include <mptrace/common.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- items -------------------------------------------------------------- */

enum mpt_item_type {
	MPT_ITEM_NONE,
	MPT_ITEM_BOOL,
	MPT_ITEM_I64,
	MPT_ITEM_F64,
	MPT_ITEM_BYTES,	    /* any number of bytes; text is bytes */
	MPT_ITEM_CONTAINER, /* a reference to a dict, list, ... of the same manager */
	MPT_ITEM_OBJECT,    /* a reference to a queue, lock, ... of the domain */
};

/* What a reference of type MPT_ITEM_CONTAINER is to. */
enum mpt_container {
	MPT_DICT = 1,
	MPT_LIST,
	MPT_NAMESPACE,
	MPT_CELL,
};

struct mpt_item_bytes {
	const void *data;
	size_t size;
};

struct mpt_item_ref {
	uint32_t slot, generation;
	uint32_t manager, manager_generation; /* of containers */
};

struct mpt_item {
	uint32_t type; /* enum mpt_item_type */
	uint32_t kind; /* CONTAINER: enum mpt_container; OBJECT: number of the kind; set by get */
	union {
		int64_t i64; /* BOOL: 1 or 0 */
		double f64;
		struct mpt_item_bytes bytes; /* set: the caller's; get: in the caller's buffer */
		struct mpt_item_ref ref;
	};
};

static inline struct mpt_item mpt_none(void)
{
	struct mpt_item item;

	memset(&item, 0, sizeof(item));
	return item;
}

static inline struct mpt_item mpt_bool(bool truth)
{
	struct mpt_item item = mpt_none();

	item.type = MPT_ITEM_BOOL;
	item.i64 = truth;
	return item;
}

static inline struct mpt_item mpt_i64(int64_t number)
{
	struct mpt_item item = mpt_none();

	item.type = MPT_ITEM_I64;
	item.i64 = number;
	return item;
}

static inline struct mpt_item mpt_f64(double number)
{
	struct mpt_item item = mpt_none();

	item.type = MPT_ITEM_F64;
	item.f64 = number;
	return item;
}

static inline struct mpt_item mpt_bytes(const void *data, size_t size)
{
	struct mpt_item item = mpt_none();

	item.type = MPT_ITEM_BYTES;
	item.bytes.data = data;
	item.bytes.size = size;
	return item;
}

/* Without its final NUL. */
static inline struct mpt_item mpt_text(const char *text)
{
	return mpt_bytes(text, strlen(text));
}

/* A reference to an object of the domain, to be stored in containers.
 *   object   what mpt_queue_create, mpt_lock_open and so on gave; of every kind that has
 *            an mpt_x_open (not a pipe, process or container)
 * Returns 0; -EINVAL it is no such thing; -ESHUTDOWN.
 * The reference does not keep the object alive. */
MPT_API int mpt_item_object(struct mpt_item *out, const void *object);

/* Room for a path, bytes. */
#define MPT_ITEM_PATH 32

/* What to give to mpt_queue_open, mpt_lock_open and so on as the name, to open what the
 * reference (type MPT_ITEM_OBJECT) is to.  That call says -ENOENT when the object is no
 * more, -EINVAL when it is of another kind.
 *   path   [MPT_ITEM_PATH]
 * Returns 0 or -EINVAL. */
MPT_API int mpt_item_path(const struct mpt_item *item, char *path);

/* ---- managers ----------------------------------------------------------- */

struct mpt_manager;
struct mpt_dict;

struct mpt_manager_options {
	const char *name;    /* NULL: "manager-N" */
	unsigned int flags;  /* 0 or MPT_INTERRUPTIBLE */
	size_t bytes;	     /* of memory, all of it taken at once; 0: 4 MiB; at most 1 GiB */
	uint64_t timeout_ns; /* how long a call waits for others inside; 0: for ever */
};

/* Makes a manager without any container.
 *   options  NULL: all defaults
 * Returns 0; -EINVAL bad name, flag or size (under about 40 KiB); -EEXIST; -ENOSPC; -ENOMEM.
 * Does not block.  [Manager()] */
MPT_API int mpt_manager_create(struct mpt_manager **out, const struct mpt_manager_options *options);

/* Opens a manager by name (see mpt_lock_open).
 * Returns 0; -ENOENT; -EINVAL it is no manager; -EPROTO of another version of the library;
 * -ENOMEM. */
MPT_API int mpt_manager_open(struct mpt_manager **out, const char *name, unsigned int flags);

/* How long calls on containers that are created or opened from now on through this handle
 * wait for others inside; then -ETIMEDOUT (0: -EAGAIN). */
MPT_API void mpt_manager_set_timeout(struct mpt_manager *manager, uint64_t timeout_ns);

/* The dict of names: a container created as "users" is its item "users".  Deleting a
 * name there lets go of the container; clearing it, of all.  Free the handle with
 * mpt_dict_destroy.
 * Returns 0 or as mpt_dict_open. */
MPT_API int mpt_manager_names(struct mpt_manager *manager, struct mpt_dict **out);

struct mpt_manager_info {
	uint64_t bytes, used;	 /* of memory */
	uint64_t containers;	 /* also the unreachable, until they are collected */
	uint64_t items;		 /* in all of them */
	uint64_t reads, changes; /* calls ever */
	uint64_t collected;	 /* containers found unreachable so far */
	uint64_t recovered;	 /* times a dead process's half done change was undone */
};

/* Returns 0 or -ESHUTDOWN.  Does not block. */
MPT_API int mpt_manager_status(const struct mpt_manager *manager, struct mpt_manager_info *info);

/* Frees the containers that cannot be reached; done by itself when memory is short.
 * Returns how many, or an error. */
MPT_API int mpt_manager_collect(struct mpt_manager *manager);

/* This process uses the handle no more: calls return -ESHUTDOWN.  Returns 0. */
MPT_API int mpt_manager_close(struct mpt_manager *manager);

/* Frees the handle.  When the process that created the manager does so, it ends for
 * everybody with all it holds: calls on its containers return -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_manager_destroy(struct mpt_manager *manager);

#ifdef __cplusplus
}
#endif
#endif
