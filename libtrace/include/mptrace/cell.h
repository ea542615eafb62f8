/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cell.h - one value, in memory that processes share.
 *
 * Semantics of Python's Manager().Value(), of any type: it is none until it is set.  What
 * manager.h says of handles, items, results and blocking is not repeated here; creating
 * and opening are as in dict.h.
 */
#ifndef MPTRACE_CELL_H
#define MPTRACE_CELL_H

#include <mptrace/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_cell;

/* Makes a cell, with a name or without (see mpt_dict_create).
 * Returns 0; -EINVAL; -EEXIST; -ENOSPC; -ENOMEM; -ESHUTDOWN.  [SyncManager.Value] */
MPT_API int mpt_cell_create(struct mpt_cell **out, struct mpt_manager *manager, const char *name);

/* Opens a cell by name or by reference (see mpt_dict_open). */
MPT_API int mpt_cell_open(struct mpt_cell **out, struct mpt_manager *manager, const char *name);
MPT_API int mpt_cell_open_item(struct mpt_cell **out, struct mpt_manager *manager,
			       const struct mpt_item *item);

/* A reference to it, to be stored in containers of the same manager. */
MPT_API struct mpt_item mpt_cell_item(const struct mpt_cell *cell);

/* Sets the value, gets it.
 *   buffer, size  room for bytes; value->bytes.data will point there
 * Returns 0; -EINVAL; -EMSGSIZE (value->bytes.size is what is needed); -ESTALE; -ENOSPC;
 * -ESHUTDOWN.  [value.set, value.get] */
MPT_API int mpt_cell_set(struct mpt_cell *cell, struct mpt_item value);
MPT_API int mpt_cell_get(struct mpt_cell *cell, struct mpt_item *value, void *buffer, size_t size);

/* Adds to a whole number; a cell that was never set counts as 0 (see mpt_dict_add). */
MPT_API int mpt_cell_add(struct mpt_cell *cell, int64_t number, int64_t *sum);

/* Frees the handle; the cell lives on while it can be reached.  NULL is fine. */
MPT_API void mpt_cell_destroy(struct mpt_cell *cell);

#ifdef __cplusplus
}
#endif
#endif
