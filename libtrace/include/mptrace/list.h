/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - items one after the other, in memory that processes share.
 *
 * Semantics of Python's Manager().list().  Indices count from 0, negative ones from the
 * end (-1 is the last).  What manager.h says of handles, items, results and blocking is not
 * repeated here; creating and opening are as in dict.h.
 */
#ifndef MPTRACE_LIST_H
#define MPTRACE_LIST_H

#include <limits.h>
#include <mptrace/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_list;

/* Makes an empty list, with a name or without (see mpt_dict_create).
 * Returns 0; -EINVAL; -EEXIST; -ENOSPC; -ENOMEM; -ESHUTDOWN.  [SyncManager.list] */
MPT_API int mpt_list_create(struct mpt_list **out, struct mpt_manager *manager, const char *name);

/* Opens a list by name or by reference (see mpt_dict_open). */
MPT_API int mpt_list_open(struct mpt_list **out, struct mpt_manager *manager, const char *name);
MPT_API int mpt_list_open_item(struct mpt_list **out, struct mpt_manager *manager,
			       const struct mpt_item *item);

/* A reference to it, to be stored in containers of the same manager. */
MPT_API struct mpt_item mpt_list_item(const struct mpt_list *list);

/* One item at the end; before the item `index` (beyond either end: at that end).
 * Returns 0; -EINVAL a reference of another manager; -ESTALE; -ENOSPC; -ESHUTDOWN.
 * [list.append, list.insert] */
MPT_API int mpt_list_append(struct mpt_list *list, struct mpt_item item);
MPT_API int mpt_list_insert(struct mpt_list *list, ssize_t index, struct mpt_item item);

/* All of them at the end, or none.  items: [count].  [list.extend] */
MPT_API int mpt_list_extend(struct mpt_list *list, const struct mpt_item *items, size_t count);

/* The items from `start` up to before `end` (cut to what there is) become `count` others,
 * all at once.  [list[start:end] = items; del list[start:end]] */
MPT_API int mpt_list_splice(struct mpt_list *list, ssize_t start, ssize_t end,
			    const struct mpt_item *items, size_t count);

/* Gets an item, sets it, takes it out, deletes it.
 *   buffer, size  room for bytes; item->bytes.data will point there
 * Returns 0; -ERANGE no such index; -EMSGSIZE (item->bytes.size is what is needed, and the
 * item stays).  [list[index], list[index] = item, list.pop, del list[index]] */
MPT_API int mpt_list_get(struct mpt_list *list, ssize_t index, struct mpt_item *item, void *buffer,
			 size_t size);
MPT_API int mpt_list_set(struct mpt_list *list, ssize_t index, struct mpt_item item);
MPT_API int mpt_list_pop(struct mpt_list *list, ssize_t index, struct mpt_item *item, void *buffer,
			 size_t size);
MPT_API int mpt_list_delete(struct mpt_list *list, ssize_t index);

/* Deletes the first item that is equal.  Items are equal as in Python: numbers by value,
 * 1 == 1.0 == true.
 * Returns 0 or -ENOENT.  [list.remove] */
MPT_API int mpt_list_remove(struct mpt_list *list, struct mpt_item item);

/* The index of the first equal item, or -ENOENT.  [list.index] */
MPT_API ssize_t mpt_list_index(struct mpt_list *list, struct mpt_item item);
/* How many are equal.  [list.count] */
MPT_API ssize_t mpt_list_count(struct mpt_list *list, struct mpt_item item);

/* Number of items.  [len(list)] */
MPT_API ssize_t mpt_list_len(struct mpt_list *list);

/* Returns 0.  [list.clear, list.reverse] */
MPT_API int mpt_list_clear(struct mpt_list *list);
MPT_API int mpt_list_reverse(struct mpt_list *list);

/* Sorts: numbers by value, or bytes as memcmp does; equal ones keep their order.
 *   descending  the largest first
 * Returns 0; -EINVAL there are items that cannot be compared, nothing was changed; -ENOSPC.
 * [list.sort] */
MPT_API int mpt_list_sort(struct mpt_list *list, bool descending);

/* A new list without a name, of the items from `start` up to before `end`; SSIZE_MAX is
 * the end.  Returns as mpt_list_create.  [list[start:end], list.copy] */
MPT_API int mpt_list_slice(struct mpt_list **out, struct mpt_list *list, ssize_t start,
			   ssize_t end);

struct mpt_list_iter {
	struct mpt_list *list;
	ssize_t index; /* of the next item */
	bool ended;
};

static inline struct mpt_list_iter mpt_list_iterate(struct mpt_list *list)
{
	struct mpt_list_iter iter;

	memset(&iter, 0, sizeof(iter));
	iter.list = list;
	return iter;
}

/* Goes through the items by their index: what is changed, added or deleted meanwhile is
 * seen as it is then.
 * Returns 0; -ENODATA it has ended, and stays so; -EMSGSIZE: item tells the size, and the
 * next call tries the same again.  [for item in list] */
MPT_API int mpt_list_next(struct mpt_list_iter *iter, struct mpt_item *item, void *buffer,
			  size_t size);

/* Frees the handle; the list lives on while it can be reached.  NULL is fine. */
MPT_API void mpt_list_destroy(struct mpt_list *list);

#ifdef __cplusplus
}
#endif
#endif
