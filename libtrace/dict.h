/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dict.h - the calls on a container whose items are in a table: dict, namespace, cell.
 */
#ifndef MPT_DICT_INTERNAL_H
#define MPT_DICT_INTERNAL_H

#include "libtrace/box.h"

#include <mptrace/dict.h>

struct mpt_dict {
	struct box box;
};

int dict_set(struct box *box, const struct mpt_item *key, const struct mpt_item *value);
int dict_get(struct box *box, const struct mpt_item *key, struct mpt_item *value,
	     struct room *room);
int dict_add(struct box *box, const struct mpt_item *key, int64_t number, int64_t *sum);
int dict_delete(struct box *box, const struct mpt_item *key);
int dict_contains(struct box *box, const struct mpt_item *key);
int dict_next(struct box *box, struct mpt_dict_iter *iter, struct mpt_item *key,
	      struct mpt_item *value, struct room *room);

#endif
