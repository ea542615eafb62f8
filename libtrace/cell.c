/* SPDX-License-Identifier: BSD-2-Clause */
/* cell.c - Cell: a table with one key; see mptrace/cell.h. */
#include "libtrace/dict.h"

#include <mptrace/cell.h>

struct mpt_cell {
	struct box box;
};

static const struct mpt_item only_key = { .type = MPT_ITEM_I64 };

int mpt_cell_create(struct mpt_cell **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_create(&box, sizeof(**out), manager, MPT_CELL, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_cell_open(struct mpt_cell **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_open(&box, sizeof(**out), manager, MPT_CELL, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_cell_open_item(struct mpt_cell **out, struct mpt_manager *manager,
		       const struct mpt_item *item)
{
	void *box = NULL;
	int rc = out ? box_open_item(&box, sizeof(**out), manager, MPT_CELL, item) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

struct mpt_item mpt_cell_item(const struct mpt_cell *cell)
{
	return box_item(&cell->box);
}

int mpt_cell_set(struct mpt_cell *cell, struct mpt_item value)
{
	return dict_set(&cell->box, &only_key, &value);
}

int mpt_cell_get(struct mpt_cell *cell, struct mpt_item *value, void *buffer, size_t size)
{
	struct room room = { .buffer = buffer, .size = size };
	int rc;

	if (!value || (!buffer && size))
		return -EINVAL;
	rc = dict_get(&cell->box, &only_key, value, &room);
	if (rc != -ENOENT)
		return rc;
	*value = mpt_none();
	return 0;
}

int mpt_cell_add(struct mpt_cell *cell, int64_t number, int64_t *sum)
{
	return dict_add(&cell->box, &only_key, number, sum);
}

void mpt_cell_destroy(struct mpt_cell *cell)
{
	box_destroy(cell ? &cell->box : NULL);
}
