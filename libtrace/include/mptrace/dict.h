/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dict.h - items found by their keys, in memory that processes share.
 *
 * Semantics of Python's Manager().dict(), whose keys are bytes or whole numbers; they keep
 * the order in which they came.  What manager.h says of handles, items, results and
 * blocking is not repeated here.
 */
#ifndef MPTRACE_DICT_H
#define MPTRACE_DICT_H

#include <mptrace/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_dict;

/* Makes an empty dict.
 *   out   the handle; the caller frees it with mpt_dict_destroy
 *   name  not empty; the dict then lives until the name is deleted (mpt_manager_names).
 *         NULL: as long as it can be reached
 * Returns 0; -EINVAL; -EEXIST name in use; -ENOSPC; -ENOMEM; -ESHUTDOWN.
 * [SyncManager.dict] */
MPT_API int mpt_dict_create(struct mpt_dict **out, struct mpt_manager *manager, const char *name);

/* Opens a dict by name, or by a reference got from a container.
 * Returns 0; -ENOENT no such name; -ESTALE it is no more; -EINVAL it is no dict (of this
 * manager); -ENOSPC; -ENOMEM; -ESHUTDOWN. */
MPT_API int mpt_dict_open(struct mpt_dict **out, struct mpt_manager *manager, const char *name);
MPT_API int mpt_dict_open_item(struct mpt_dict **out, struct mpt_manager *manager,
			       const struct mpt_item *item);

/* A reference to it, to be stored in containers of the same manager. */
MPT_API struct mpt_item mpt_dict_item(const struct mpt_dict *dict);

/* Sets the value of a key.
 * Returns 0; -EINVAL no key, or a reference of another manager; -ESTALE the container
 * referred to is no more; -ENOSPC; -ESHUTDOWN.  [dict.__setitem__] */
MPT_API int mpt_dict_set(struct mpt_dict *dict, struct mpt_item key, struct mpt_item value);

struct mpt_pair {
	struct mpt_item key, value;
};

/* Sets all of them, or none.  Of equal keys the last counts.
 *   pairs  [count]
 * Returns as mpt_dict_set.  Takes time in proportion to the dict.  [dict.update] */
MPT_API int mpt_dict_update(struct mpt_dict *dict, const struct mpt_pair *pairs, size_t count);
/* The same with what `other`, of the same manager, has at that moment. */
MPT_API int mpt_dict_merge(struct mpt_dict *dict, struct mpt_dict *other);

/* Gets the value of a key.
 *   buffer, size  room for bytes; value->bytes.data will point there
 * Returns 0; -ENOENT; -EMSGSIZE (value->bytes.size is what is needed).  [dict.__getitem__] */
MPT_API int mpt_dict_get(struct mpt_dict *dict, struct mpt_item key, struct mpt_item *value,
			 void *buffer, size_t size);

/* The same; a key that is not there is set first.
 *   value  the default; then what is there
 * Returns 0 it was there; 1 it was set; -EMSGSIZE ...  [dict.setdefault] */
MPT_API int mpt_dict_setdefault(struct mpt_dict *dict, struct mpt_item key, struct mpt_item *value,
				void *buffer, size_t size);

/* Adds to a whole number; a key that is not there counts as 0.
 *   sum  what it is then; NULL: not wanted
 * Returns 0; -EINVAL it is no whole number; -EOVERFLOW; -ENOSPC. */
MPT_API int mpt_dict_add(struct mpt_dict *dict, struct mpt_item key, int64_t number, int64_t *sum);

/* Gets the value and deletes the key, at once.
 * Returns as mpt_dict_get; nothing is deleted when the buffer is too small.  [dict.pop] */
MPT_API int mpt_dict_pop(struct mpt_dict *dict, struct mpt_item key, struct mpt_item *value,
			 void *buffer, size_t size);

/* Returns 0 or -ENOENT.  [dict.__delitem__] */
MPT_API int mpt_dict_delete(struct mpt_dict *dict, struct mpt_item key);

/* Returns 1 or 0.  [key in dict] */
MPT_API int mpt_dict_contains(struct mpt_dict *dict, struct mpt_item key);

/* Number of keys.  [len(dict)] */
MPT_API ssize_t mpt_dict_len(struct mpt_dict *dict);

/* Returns 0.  [dict.clear] */
MPT_API int mpt_dict_clear(struct mpt_dict *dict);

/* A new dict without a name, with the same keys and values at one moment; containers
 * in it are the same containers.
 * Returns as mpt_dict_create.  [dict.copy] */
MPT_API int mpt_dict_copy(struct mpt_dict **out, struct mpt_dict *dict);

struct mpt_dict_iter {
	struct mpt_dict *dict;
	uint64_t changes;
	uint32_t position;
	bool begun, ended;
};

static inline struct mpt_dict_iter mpt_dict_iterate(struct mpt_dict *dict)
{
	struct mpt_dict_iter iter;

	memset(&iter, 0, sizeof(iter));
	iter.dict = dict;
	return iter;
}

/* Goes through keys and values, in the order in which the keys came.
 *
 *	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
 *
 *	while (mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)) == 0)
 *		...
 *
 *   key, value    either may be NULL: not wanted
 *   buffer, size  room for the bytes of both
 * Values set meanwhile are seen.  Returns 0; -ENODATA it has ended, and stays so; -ESTALE
 * keys came or went since it began (as Python, which raises RuntimeError); -EMSGSIZE: key and
 * value tell the sizes, and the next call tries the same again.
 * [for ... in dict.keys(), .values(), .items()] */
MPT_API int mpt_dict_next(struct mpt_dict_iter *iter, struct mpt_item *key, struct mpt_item *value,
			  void *buffer, size_t size);

/* Frees the handle; the dict lives on while it can be reached.  NULL is fine. */
MPT_API void mpt_dict_destroy(struct mpt_dict *dict);

#ifdef __cplusplus
}
#endif
#endif
