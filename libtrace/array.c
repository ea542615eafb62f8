/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array.c - Array; see mptrace/array.h.
 *
 * Does not own: the bytes and their lock (guarded.h).
 */
#include "libtrace/guarded.h"

#include <mptrace/array.h>
#include <stdlib.h>

HOLD_OPS_OF(ARRAY);

struct mpt_array {
	struct guarded guarded;
	uint64_t length, element; /* elements, bytes of one */
};

/* ---- making ----------------------------------------------------------------------- */

/* What another program wrote is looked at here, and not used again. */
static int describe(struct mpt_array *a)
{
	const struct mpt_wire_object *o = a->guarded.handle.object;

	a->length = o->capacity;
	a->element = o->slots;
	if (a->element == 0 || (a->length && a->element > a->guarded.size / a->length))
		return -EPROTO;
	return 0;
}

static struct mpt_array *described(struct mpt_array *a, int *error)
{
	if (!a)
		return NULL;
	*error = describe(a);
	if (*error == 0)
		return a;
	free(a);
	return NULL;
}

int mpt_array_create(struct mpt_array **out, const struct mpt_array_options *o)
{
	struct guarded_wish wish = { .object = { .kind = MPT_KIND_ARRAY,
						 .site = __builtin_return_address(0) } };
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	if (!o || o->element == 0)
		return rc;
	wish.object.name = o->name;
	wish.object.flags = o->flags;
	wish.by = (struct guarded_by){ o->lock, o->rlock, o->unlocked };
	wish.elements = o->length;
	wish.element = o->element;
	wish.initial = o->initial;
	*out = described(guarded_create(sizeof(**out), &wish, &rc), &rc);
	return rc;
}

int mpt_array_open(struct mpt_array **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (out)
		*out = described(guarded_open(sizeof(**out), MPT_KIND_ARRAY, name, flags, &rc),
				 &rc);
	return rc;
}

/* ---- the lock --------------------------------------------------------------------- */

int mpt_array_acquire(struct mpt_array *a, uint64_t timeout_ns)
{
	return guarded_acquire(&a->guarded, timeout_ns);
}

int mpt_array_release(struct mpt_array *a)
{
	return guarded_release(&a->guarded);
}

/* ---- the elements ----------------------------------------------------------------- */

static int check(const struct mpt_array *a, size_t first, size_t count, const void *memory)
{
	if (!memory && count)
		return -EINVAL;
	return first > a->length || count > a->length - first ? -ERANGE : 0;
}

int mpt_array_read(struct mpt_array *a, size_t first, size_t count, void *buffer,
		   uint64_t timeout_ns)
{
	struct guarded_visit visit;
	int rc = check(a, first, count, buffer);

	if (rc < 0)
		return rc;
	rc = guarded_enter(&a->guarded, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	guarded_get(buffer, a->guarded.at + first * a->element, a->element, count);
	guarded_leave(&a->guarded, &visit);
	return rc;
}

int mpt_array_write(struct mpt_array *a, size_t first, size_t count, const void *data,
		    uint64_t timeout_ns)
{
	struct guarded_visit visit;
	int rc = check(a, first, count, data);

	if (rc < 0)
		return rc;
	rc = guarded_enter(&a->guarded, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	guarded_put(a->guarded.at + first * a->element, data, a->element, count);
	guarded_leave(&a->guarded, &visit);
	return rc;
}

int mpt_array_copy(struct mpt_array **out, struct mpt_array *from, const char *name,
		   uint64_t timeout_ns)
{
	struct guarded_wish wish = { .object = { .kind = MPT_KIND_ARRAY,
						 .name = name,
						 .site = __builtin_return_address(0) } };
	struct guarded_visit visit;
	int rc, made = 0;

	if (!out || !from)
		return -EINVAL;
	*out = NULL;
	rc = guarded_enter(&from->guarded, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	wish.elements = from->length;
	wish.element = from->element;
	wish.initial = from->guarded.at;
	*out = described(guarded_create(sizeof(**out), &wish, &made), &made);
	guarded_leave(&from->guarded, &visit);
	return made < 0 ? made : rc;
}

void *mpt_array_at(const struct mpt_array *a, size_t index)
{
	if (index >= a->length || !handle_usable(&a->guarded.handle))
		return NULL;
	return a->guarded.at + index * a->element;
}

ssize_t mpt_array_length(const struct mpt_array *a)
{
	return handle_usable(&a->guarded.handle) ? (ssize_t)a->length : -ESHUTDOWN;
}

ssize_t mpt_array_element(const struct mpt_array *a)
{
	return handle_usable(&a->guarded.handle) ? (ssize_t)a->element : -ESHUTDOWN;
}

int mpt_array_close(struct mpt_array *a)
{
	return handle_close(&a->guarded.handle, MPT_OP_ARRAY_CLOSE);
}

void mpt_array_destroy(struct mpt_array *a)
{
	handle_destroy(a ? &a->guarded.handle : NULL);
}
