/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - shared memory by name; see mptrace/memory.h and memory.h.
 *
 * An object whose last holder is gone ends when somebody asks for it: who attaches to it,
 * who creates one of its name, who needs its slot.
 */
#include "libtrace/memory.h"

#include "libtrace/quiet.h"

#include <mptrace/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct mpt_memory {
	struct handle handle;
	void *at;
	int fd;
	struct memory_id id;
	uint64_t known_as; /* A: the process that is on the list as a holder; see ident() */
	char name[MPT_NAME_MAX];
};

/* The calling process: a forked child is another one than its handle says. */
static uint64_t ident(const struct member *me)
{
	return (uint64_t)me->process->generation << 32 | me->process_slot;
}

/* ---- the end of the name -------------------------------------------------------------- */

/* Is the slot still this object's, and has it a name? */
static bool has_name(const struct handle *h)
{
	return object_is(h->slot, h->generation);
}

/* Under domain_lock.  The list goes first: killed in between, it only lacks one. */
static void end_name(const struct handle *h)
{
	store64_release(&h->object->extent, 0);
	store32_release(&h->object->state, MPT_SLOT_ENDED);
}

/* 0; -ENOENT it has ended; -EBUSY somebody has the memory and `unless_held`. */
static int end_locked(const struct handle *h, bool unless_held)
{
	if (!has_name(h))
		return -ENOENT;
	if (unless_held && memory_is_held(h->object))
		return -EBUSY;
	end_name(h);
	return 0;
}

static int unlink_name(const struct handle *h, bool unless_held)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	rc = domain_lock();
	if (rc < 0)
		return rc;
	rc = end_locked(h, unless_held);
	domain_unlock();
	if (rc == 0)
		emit_note(me, MPT_OP_MEMORY_UNLINK, h->slot, unless_held);
	return rc;
}

/* ---- who has it ------------------------------------------------------------------------ */

static void identify(const struct handle *h, struct memory_id *id)
{
	const struct mpt_wire_object *o = h->object;

	*id = (struct memory_id){ o->file_device, o->file_inode, o->capacity_bytes };
}

/* Ends it if nobody has it any more.  True: it has no name now. */
static bool end_if_lost(const struct handle *h)
{
	struct memory_id id;
	int fd;

	identify(h, &id);
	fd = memory_find(h, &id);
	if (fd >= 0)
		close(fd);
	return fd == -ENOENT && unlink_name(h, true) != -EBUSY;
}

static bool end_a_lost_one(void)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used);

	for (uint32_t i = 0; i < used; i++) {
		struct mpt_wire_object *o = &domain.objects[i];
		struct handle h = { .object = o, .slot = i, .generation = load32_acquire(&o->generation) };

		if (o->kind == MPT_KIND_MEMORY && has_name(&h) && end_if_lost(&h))
			return true;
	}
	return false;
}

/* Puts this process on the list, once. */
static void be_known(struct mpt_memory *m, const struct member *me)
{
	if (domain_lock() < 0)
		return;
	if (has_name(&m->handle))
		memory_hold(m->handle.object, me, m->fd);
	domain_unlock();
	store64(&m->known_as, ident(me));
}

static void be_forgotten(struct mpt_memory *m, const struct member *me)
{
	if (load64(&m->known_as) != ident(me) || domain_lock() < 0)
		return;
	if (has_name(&m->handle))
		memory_let_go(m->handle.object, me, m->fd);
	domain_unlock();
}

/* ---- mapping ----------------------------------------------------------------------------- */

static int map(struct mpt_memory *m)
{
	m->at = mmap(NULL, m->id.size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	return m->at == MAP_FAILED ? -errno : 0;
}

static void unmap(struct mpt_memory *m)
{
	if (m->at && m->at != MAP_FAILED)
		munmap(m->at, m->id.size);
	if (m->fd >= 0 && memory_is(m->fd, &m->id))
		close(m->fd);
	m->at = NULL;
	m->fd = -1;
}

/* ---- create ------------------------------------------------------------------------------ */

/* Under domain_lock, before anybody sees it. */
static void prepare(struct mpt_wire_object *o, const void *arg)
{
	const struct mpt_memory *m = arg;
	int rc;

	o->file_device = m->id.device;
	o->file_inode = m->id.inode;
	memory_hold(o, member_get(&rc), m->fd);
}

/* -EEXIST: somebody has memory of that name, or it is another object's. */
static int check_name(const char *name)
{
	struct handle h;
	int rc;

	if (!name)
		return 0;
	if (!object_name_valid(name))
		return -EINVAL;
	rc = object_open(&h, MPT_KIND_MEMORY, name, 0);
	if (rc == -EINVAL || (rc == 0 && !end_if_lost(&h)))
		return -EEXIST;
	return rc == -ENOENT ? 0 : rc;
}

static int publish(struct mpt_memory *m, const char *name, void *site)
{
	struct object_wish wish = { .kind = MPT_KIND_MEMORY,
				    .name = name,
				    .site = site,
				    .capacity_bytes = m->id.size,
				    .storage = MPT_HOLDERS * sizeof(uint64_t),
				    .prepare = prepare,
				    .arg = m };
	int rc = object_create(&m->handle, &wish);

	if (rc == -ENOSPC && end_a_lost_one())
		rc = object_create(&m->handle, &wish);
	return rc;
}

static int create(struct mpt_memory *m, const char *name, uint64_t size, void *site)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	rc = check_name(name);
	if (rc < 0)
		return rc;
	m->fd = memory_make(name, size, &m->id);
	if (m->fd < 0)
		return m->fd;
	rc = map(m);
	if (rc == 0)
		rc = publish(m, name, site);
	if (rc < 0) {
		unmap(m);
		return rc;
	}
	m->known_as = ident(me);
	memcpy(m->name, m->handle.object->name, sizeof(m->name) - 1);
	return 0;
}

/* Hands the handle over, or frees it. */
static int finish(struct mpt_memory **out, struct mpt_memory *m, int rc)
{
	if (rc < 0)
		free(m);
	else
		*out = m;
	return rc;
}

int mpt_memory_create(struct mpt_memory **out, const char *name, int64_t size)
{
	void *site = __builtin_return_address(0);
	struct mpt_memory *m;
	struct quiet quiet;
	int rc;

	if (!out)
		return -EINVAL;
	*out = NULL;
	if (size <= 0)
		return -EINVAL;
	quiet = quiet_begin();
	m = calloc(1, sizeof(*m));
	rc = finish(out, m, m ? create(m, name, (uint64_t)size, site) : -ENOMEM);
	quiet_end(quiet);
	return rc;
}

/* ---- attach -------------------------------------------------------------------------------- */

/* While we were at it, somebody may have unlinked it. */
static int enter(struct mpt_memory *m, const struct member *me)
{
	int rc = domain_lock();

	if (rc < 0)
		return rc;
	rc = has_name(&m->handle) ? 0 : -ENOENT;
	if (rc == 0)
		memory_hold(m->handle.object, me, m->fd);
	domain_unlock();
	m->known_as = ident(me);
	return rc;
}

static int attach(struct mpt_memory *m, const char *path)
{
	const char *slash = path ? strchr(path, '/') : NULL;
	struct member *me;
	int rc = object_open(&m->handle, MPT_KIND_MEMORY, path, 0);

	if (rc < 0)
		return rc;
	me = member_get(&rc);
	if (!me)
		return rc;
	snprintf(m->name, sizeof(m->name), "%s", slash ? slash + 1 : path);
	identify(&m->handle, &m->id);
	if (m->id.size == 0)
		return -EPROTO;
	m->fd = memory_find(&m->handle, &m->id);
	if (m->fd == -ENOENT)
		unlink_name(&m->handle, true);
	if (m->fd < 0)
		return m->fd;
	rc = map(m);
	if (rc == 0)
		rc = enter(m, me);
	if (rc < 0)
		unmap(m);
	else
		emit_note(me, MPT_OP_MEMORY_ATTACH, m->handle.slot, m->id.size);
	return rc;
}

int mpt_memory_attach(struct mpt_memory **out, const char *name)
{
	struct mpt_memory *m;
	struct quiet quiet;
	int rc;

	if (!out)
		return -EINVAL;
	*out = NULL;
	quiet = quiet_begin();
	m = calloc(1, sizeof(*m));
	rc = finish(out, m, m ? attach(m, name) : -ENOMEM);
	quiet_end(quiet);
	return rc;
}

/* ---- the rest ------------------------------------------------------------------------------- */

void *mpt_memory_data(struct mpt_memory *m)
{
	struct quiet quiet;
	struct member *me;
	int rc;

	if (load32(&m->handle.closed))
		return NULL;
	me = member_get(&rc);
	if (unlikely(me && load64(&m->known_as) != ident(me))) {
		quiet = quiet_begin();
		be_known(m, me);
		quiet_end(quiet);
	}
	return m->at;
}

ssize_t mpt_memory_size(const struct mpt_memory *m)
{
	return load32(&m->handle.closed) ? -ESHUTDOWN : (ssize_t)m->id.size;
}

const char *mpt_memory_name(const struct mpt_memory *m)
{
	return m->name;
}

int mpt_memory_unlink(struct mpt_memory *m)
{
	struct quiet quiet = quiet_begin();
	int rc = unlink_name(&m->handle, false);

	quiet_end(quiet);
	return rc;
}

int mpt_memory_close(struct mpt_memory *m)
{
	struct quiet quiet = quiet_begin();
	struct member *me;
	int rc;

	if (!load32(&m->handle.closed)) {
		me = member_get(&rc);
		if (me)
			be_forgotten(m, me);
		handle_close(&m->handle, MPT_OP_MEMORY_CLOSE);
		unmap(m);
	}
	quiet_end(quiet);
	return 0;
}

void mpt_memory_destroy(struct mpt_memory *m)
{
	struct member *me;
	int rc;

	if (!m)
		return;
	me = member_get(&rc);
	if (me && m->handle.creator_pid == me->process->inner_pid)
		mpt_memory_unlink(m);
	mpt_memory_close(m);
	free(m);
}
