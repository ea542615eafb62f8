/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namespace.c - Namespace: a table whose keys are names; see mptrace/namespace.h.
 *
 * Hidden names are in a dict of their own that only this handle knows, made when the
 * first is set.  A forked child that uses its copy of the handle copies that, too.
 */
#include "libtrace/dict.h"

#include <mptrace/namespace.h>

struct mpt_namespace {
	struct box box;
	struct mpt_dict *hidden;    /* A */
	struct mpt_dict *inherited; /* copied by fork: freed with the handle */
};

int mpt_namespace_create(struct mpt_namespace **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_create(&box, sizeof(**out), manager, MPT_NAMESPACE, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_namespace_open(struct mpt_namespace **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_open(&box, sizeof(**out), manager, MPT_NAMESPACE, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_namespace_open_item(struct mpt_namespace **out, struct mpt_manager *manager,
			    const struct mpt_item *item)
{
	void *box = NULL;
	int rc = out ? box_open_item(&box, sizeof(**out), manager, MPT_NAMESPACE, item) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

struct mpt_item mpt_namespace_item(const struct mpt_namespace *space)
{
	return box_item(&space->box);
}

/* ---- what is hidden ----------------------------------------------------- */

static struct mpt_dict *look(struct mpt_namespace *space)
{
	return __atomic_load_n(&space->hidden, __ATOMIC_ACQUIRE);
}

/* A copy of what another process has; it stays that one's. */
static int copy_hidden(struct mpt_dict **out, const struct mpt_dict *old, uint32_t epoch)
{
	struct mpt_dict alias = *old;

	alias.box.epoch = epoch; /* no pin for one call */
	return mpt_dict_copy(out, &alias);
}

/* In the place of `old`, which is nothing or was copied by fork. */
static int make_hidden(struct mpt_namespace *space, struct mpt_dict *old, uint32_t epoch)
{
	struct mpt_dict *made;
	int rc = old ? copy_hidden(&made, old, epoch) : -ESTALE;

	if (rc == -ESTALE)
		rc = mpt_dict_create(&made, &space->box.manager, NULL);
	if (rc < 0)
		return rc;
	if (__atomic_compare_exchange_n(&space->hidden, &old, made, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		space->inherited = old;
	else
		mpt_dict_destroy(made); /* another thread was quicker */
	return 0;
}

/* Where `name` is.  0, -ENOENT nothing is hidden (and nothing shall be made), -EINVAL ... */
static int where(struct mpt_namespace *space, const char *name, bool make, struct box **box)
{
	const struct member *me;
	struct mpt_dict *d;
	int rc = 0;

	if (!name || !*name)
		return -EINVAL;
	*box = &space->box;
	if (*name != '_')
		return 0;
	d = look(space);
	if (!d && !make)
		return -ENOENT;
	me = member_get(&rc);
	if (!me)
		return rc;
	rc = 0;
	if (!d || load32(&d->box.epoch) != me->epoch)
		rc = make_hidden(space, d, me->epoch);
	if (rc == 0)
		*box = &look(space)->box;
	return rc;
}

/* ---- values ------------------------------------------------------------- */

int mpt_namespace_set(struct mpt_namespace *space, const char *name, struct mpt_item value)
{
	struct mpt_item key;
	struct box *box;
	int rc = where(space, name, true, &box);

	if (rc < 0)
		return rc;
	key = mpt_text(name);
	return dict_set(box, &key, &value);
}

int mpt_namespace_get(struct mpt_namespace *space, const char *name, struct mpt_item *value,
		      void *buffer, size_t size)
{
	struct room room = { .buffer = buffer, .size = size };
	struct mpt_item key;
	struct box *box;
	int rc = value && (buffer || !size) ? where(space, name, false, &box) : -EINVAL;

	if (rc < 0)
		return rc;
	key = mpt_text(name);
	return dict_get(box, &key, value, &room);
}

int mpt_namespace_delete(struct mpt_namespace *space, const char *name)
{
	struct mpt_item key;
	struct box *box;
	int rc = where(space, name, false, &box);

	if (rc < 0)
		return rc;
	key = mpt_text(name);
	return dict_delete(box, &key);
}

int mpt_namespace_has(struct mpt_namespace *space, const char *name)
{
	struct mpt_item key;
	struct box *box;
	int rc = where(space, name, false, &box);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	key = mpt_text(name);
	return dict_contains(box, &key);
}

int mpt_namespace_add(struct mpt_namespace *space, const char *name, int64_t number, int64_t *sum)
{
	struct mpt_item key;
	struct box *box;
	int rc = where(space, name, true, &box);

	if (rc < 0)
		return rc;
	key = mpt_text(name);
	return dict_add(box, &key, number, sum);
}

void mpt_namespace_destroy(struct mpt_namespace *space)
{
	if (!space)
		return;
	mpt_dict_destroy(space->hidden);
	mpt_dict_destroy(space->inherited);
	box_destroy(&space->box);
}
