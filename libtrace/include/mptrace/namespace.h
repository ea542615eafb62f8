/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namespace.h - named values, in memory that processes share.
 *
 * Semantics of Python's Manager().Namespace().  What manager.h says of handles, items,
 * results and blocking is not repeated here; creating and opening are as in dict.h.
 *
 * Names that begin with '_' are hidden: they belong to this process's handle, and what it sets
 * them to is seen through no other one.
 */
#ifndef MPTRACE_NAMESPACE_H
#define MPTRACE_NAMESPACE_H

#include <mptrace/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_namespace;

/* Makes a namespace without values, with a name or without (see mpt_dict_create).
 * Returns 0; -EINVAL; -EEXIST; -ENOSPC; -ENOMEM; -ESHUTDOWN.  [SyncManager.Namespace] */
MPT_API int mpt_namespace_create(struct mpt_namespace **out, struct mpt_manager *manager,
				 const char *name);

/* Opens a namespace by name or by reference (see mpt_dict_open). */
MPT_API int mpt_namespace_open(struct mpt_namespace **out, struct mpt_manager *manager,
			       const char *name);
MPT_API int mpt_namespace_open_item(struct mpt_namespace **out, struct mpt_manager *manager,
				    const struct mpt_item *item);

/* A reference to it, to be stored in containers of the same manager. */
MPT_API struct mpt_item mpt_namespace_item(const struct mpt_namespace *space);

/* Sets a value, gets it, deletes it.
 *   name          not empty
 *   buffer, size  room for bytes; value->bytes.data will point there
 * Returns 0; -ENOENT no such name; -EINVAL; -EMSGSIZE (value->bytes.size is what is needed);
 * -ESTALE; -ENOSPC; -ESHUTDOWN.
 * [namespace.name = value, namespace.name, del namespace.name] */
MPT_API int mpt_namespace_set(struct mpt_namespace *space, const char *name, struct mpt_item value);
MPT_API int mpt_namespace_get(struct mpt_namespace *space, const char *name, struct mpt_item *value,
			      void *buffer, size_t size);
MPT_API int mpt_namespace_delete(struct mpt_namespace *space, const char *name);

/* Returns 1 or 0.  [hasattr] */
MPT_API int mpt_namespace_has(struct mpt_namespace *space, const char *name);

/* Adds to a whole number; a name that is not there counts as 0 (see mpt_dict_add). */
MPT_API int mpt_namespace_add(struct mpt_namespace *space, const char *name, int64_t number,
			      int64_t *sum);

/* Frees the handle and what is hidden in it; the namespace lives on while it can be
 * reached.  NULL is fine. */
MPT_API void mpt_namespace_destroy(struct mpt_namespace *space);

#ifdef __cplusplus
}
#endif
#endif
