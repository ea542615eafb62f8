/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - see object.h. */
#include "libtrace/object.h"

#include "libtrace/arena.h"
#include "libtrace/bell.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define DESTROY_PATIENCE_NS 1000000000ull

static const struct {
	const char *name;
} kinds[] = {
#define KIND(UPPER, number, lower, title, traits) [number] = { #lower },
#include "libtrace/contract/kinds.def"
#undef KIND
};

uint32_t object_traits(uint16_t kind)
{
	static const uint32_t traits[] = {
#define KIND(UPPER, number, lower, title, has) [number] = (has),
#include "libtrace/contract/kinds.def"
#undef KIND
	};

	return kind < sizeof(traits) / sizeof(traits[0]) ? traits[kind] : 0;
}

bool object_name_valid(const char *name)
{
	size_t n = strnlen(name, MPT_NAME_MAX);

	return n > 0 && n < MPT_NAME_MAX && !strchr(name, '/');
}

/* ---- slots --------------------------------------------------------------- */

/* Of an object that has ended nobody will take a dead one's lock over. */
static bool lock_is_free(uint32_t *word)
{
	uint32_t seen = load32_acquire(word);

	return seen == 0 || (!member_alive(seen & ~MPT_LOCK_WAITERS) && cas32(word, seen, 0));
}

/* Who has committed a get may be copying still. */
static bool visits(const struct mpt_wire_thread *t, uint32_t slot, uint32_t generation)
{
	for (int i = 0; i < MPT_OPRECS; i++) {
		const struct mpt_wire_oprec *r = &t->oprec[i];
		uint32_t phase = load32_acquire(&r->phase);

		if ((phase == MPT_OPREC_VISIT || phase == MPT_OPREC_COMMITTED) &&
		    load32(&r->object) == slot && load32(&r->object_generation) == generation)
			return load32(&t->state) == MPT_SLOT_LIVE &&
			       member_process_alive(t->process, t->process_generation);
	}
	return false;
}

/* Living threads inside the storage, which no lock guards (object_visit). */
static bool has_visitors(uint32_t slot, uint32_t generation)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_THREADS].used);

	for (uint32_t i = 0; i < used; i++)
		if (visits(&domain.threads[i], slot, generation))
			return true;
	return false;
}

/* Who destroys it may be about to take its storage back (give_storage_back): only when
 * that is done, given up or will never be, may the slot have a successor. */
static bool left_alone(const struct mpt_wire_object *o)
{
	return load64_acquire(&o->extent) == 0 || load32(&o->state) == MPT_SLOT_DEAD ||
	       !member_process_alive(o->creator, domain.processes[o->creator].generation);
}

/* Nor before who was stopped inside has left.  Looked at after the locks: one who held a
 * side until then has said that he is inside before he let go of it. */
static bool unvisited(const struct mpt_wire_object *o)
{
	fence();
	return load64_acquire(&o->extent) == 0 ||
	       !has_visitors((uint32_t)(o - domain.objects), load32(&o->generation));
}

static bool reusable(struct mpt_wire_object *o)
{
	uint32_t state = load32_acquire(&o->state);

	if (state == MPT_SLOT_FREE)
		return true;
	if (state < MPT_SLOT_ENDED || !left_alone(o))
		return false;
	for (int i = 0; i < OBJECT_SIDES; i++)
		if (!lock_is_free(&object_side(o, i)->lock))
			return false;
	return unvisited(o);
}

static uint32_t object_slots(void)
{
	return load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used);
}

static int take_slot(uint32_t *slot)
{
	struct mpt_wire_section *s = &domain.header->section[MPT_SEC_OBJECTS];
	int rc;

	for (*slot = 0; *slot < s->used; (*slot)++)
		if (reusable(&domain.objects[*slot]))
			return 0;
	if (s->used == s->count)
		return -ENOSPC;
	rc = domain_populate(&domain.objects[s->used], s->stride);
	if (rc == 0)
		store32_release(&s->used, s->used + 1);
	return rc;
}

/* Everything but the lock word: a late caller with an old handle may be taking it
 * right now, will see the new generation, and release it. */
static void clear_side(struct mpt_wire_side *side)
{
	uint32_t seq = load32(&side->seq);

	memset((uint8_t *)side + sizeof(side->lock), 0, sizeof(*side) - sizeof(side->lock));
	store32(&side->seq, seq);
	store32(&side->want, seq - 1); /* nobody sleeps */
}

/* Looked up before the domain is locked: dladdr waits for a dlopen in another thread, and
 * that one's constructors may be waiting for the domain. */
static void look_up_site(Dl_info *info, void *site)
{
	if (!dladdr(site, info))
		info->dli_fname = NULL;
}

static void note_site(struct mpt_wire_object *o, const void *site, const Dl_info *info)
{
	const char *base;

	if (!info->dli_fname)
		return;
	base = strrchr(info->dli_fname, '/');
	snprintf(o->site_module, sizeof(o->site_module), "%s",
		 base ? base + 1 : info->dli_fname);
	o->site_offset = (uint64_t)((uintptr_t)site - (uintptr_t)info->dli_fbase);
}

static void fill(struct mpt_wire_object *o, const struct object_wish *wish,
		 const struct member *me)
{
	uint32_t generation = o->generation + 1;

	store32_release(&o->state, MPT_SLOT_FREE);
	store32_release(&o->generation, generation);
	memset(&o->kind, 0, offsetof(struct mpt_wire_object, take) -
				    offsetof(struct mpt_wire_object, kind));
	for (int i = 0; i < OBJECT_SIDES; i++)
		clear_side(object_side(o, i));
	memset(&o->hold, 0, offsetof(struct mpt_wire_object, finish) -
				    offsetof(struct mpt_wire_object, hold));
	o->kind = (uint16_t)wish->kind;
	o->creator = me->process_slot;
	o->created_ns = futex_now();
	o->capacity = wish->capacity;
	o->capacity_bytes = wish->capacity_bytes;
	o->slots = wish->slots;
	o->pair = wish->pair ? wish->pair->slot : MPT_REF_NONE;
	o->pair_generation = wish->pair ? wish->pair->generation : 0;
	store64(&o->latch, MPT_LATCH_FRESH(generation));
}

static struct mpt_wire_object *find(const char *name, uint32_t *slot)
{
	for (*slot = 0; *slot < object_slots(); (*slot)++) {
		struct mpt_wire_object *o = &domain.objects[*slot];

		if (load32_acquire(&o->state) == MPT_SLOT_LIVE &&
		    strncmp(o->name, name, sizeof(o->name)) == 0)
			return o;
	}
	return NULL;
}

/* "/SLOT.GENERATION": a reference, as in containers of a manager. */
static bool is_reference(const char *path, uint32_t *slot, uint32_t *generation)
{
	char end;

	return sscanf(path, "/%u.%u%c", slot, generation, &end) == 2;
}

/* Somebody may have chosen a name that looks like one of these. */
static void generate_name(struct mpt_wire_object *o, uint32_t slot, const char *kind)
{
	uint32_t number = slot + 1, taken_by;

	do
		snprintf(o->name, sizeof(o->name), "%s-%u", kind, number++);
	while (find(o->name, &taken_by));
}

/* ---- handles --------------------------------------------------------------- */

static void bind_handle(struct handle *h, uint32_t slot, unsigned int flags, uint32_t creator)
{
	h->object = &domain.objects[slot];
	h->slot = slot;
	h->generation = h->object->generation;
	h->closed = 0;
	h->creator_pid = creator;
	h->interruptible = flags & MPT_INTERRUPTIBLE;
}

/* Under domain_lock. */
static int create(struct handle *handle, const struct object_wish *wish,
		  const struct member *me, const Dl_info *site)
{
	struct mpt_wire_object *o;
	uint32_t slot;
	int rc;

	if (wish->name && find(wish->name, &slot))
		return -EEXIST;
	rc = take_slot(&slot);
	if (rc < 0)
		return rc;
	o = &domain.objects[slot];
	fill(o, wish, me);
	if (wish->name)
		snprintf(o->name, sizeof(o->name), "%s", wish->name);
	else
		generate_name(o, slot, kinds[wish->kind].name);
	note_site(o, wish->site, site);
	if (wish->storage)
		rc = arena_take(&o->extent, wish->storage);
	if (rc < 0)
		return rc; /* the slot is FREE still */
	if (wish->zeroed)
		memset(arena_at(o->extent), 0, wish->storage);
	if (wish->prepare)
		wish->prepare(o, wish->arg);
	bind_handle(handle, slot, wish->flags, me->process->inner_pid);
	store32_release(&o->state, MPT_SLOT_LIVE);
	return 0;
}

int object_create(struct handle *handle, const struct object_wish *wish)
{
	struct member *me;
	Dl_info site;
	int rc;

	if ((wish->name && !object_name_valid(wish->name)) || (wish->flags & ~MPT_INTERRUPTIBLE))
		return -EINVAL;
	me = member_get(&rc);
	if (!me)
		return rc;
	look_up_site(&site, wish->site);
	rc = domain_lock();
	if (rc < 0)
		return rc;
	rc = create(handle, wish, me, &site);
	domain_unlock();
	if (rc == 0)
		emit_note(me, MPT_OP_ID(wish->kind, 1), handle->slot, 0);
	return rc;
}

int object_open(struct handle *handle, enum mpt_kind kind, const char *path, unsigned int flags)
{
	uint32_t slot, generation;
	bool reference = path && is_reference(path, &slot, &generation);
	struct mpt_wire_object *o;
	const char *name;
	int rc;

	if (!path || (flags & ~MPT_INTERRUPTIBLE))
		return -EINVAL;
	name = reference ? path : domain_of_path(path, &rc);
	if (!name || !member_get(&rc))
		return rc;
	if (!reference && !object_name_valid(name))
		return -EINVAL;
	rc = domain_lock();
	if (rc < 0)
		return rc;
	if (reference)
		o = object_is(slot, generation) ? &domain.objects[slot] : NULL;
	else
		o = find(name, &slot);
	if (o && o->kind == kind)
		bind_handle(handle, slot, flags, 0);
	else
		rc = o ? -EINVAL : -ENOENT;
	domain_unlock();
	return rc;
}

int handle_close(struct handle *h, uint16_t op)
{
	struct member *me;
	int rc;

	if (exchange32(&h->closed, 1) == 0 && (me = member_get(&rc)) != NULL)
		emit_note(me, op, h->slot, 0);
	return 0;
}

/* ---- the end of an object ---------------------------------------------------- */

static void wake_everybody(struct mpt_wire_object *o)
{
	for (int i = 0; i < OBJECT_SIDES; i++) {
		struct mpt_wire_side *side = object_side(o, i);

		add32(&side->seq, 1);
		futex_wake(&side->seq, INT_MAX);
		futex_wake(&side->lock, INT_MAX);
		bell_answer(side);
	}
}

/* Who visits writes that down before it looks at the state, who ends the object changes
 * the state before it looks for visitors: one of the two sees the other. */
struct mpt_wire_oprec *object_visit(struct member *me, const struct handle *h, uint16_t op)
{
	const struct blocking how = { .op = op,
				      .object = h->slot,
				      .object_generation = h->generation };
	struct mpt_wire_oprec *visit = oprec_open(me, &how, 0);

	oprec_phase(visit, MPT_OPREC_VISIT);
	fence();
	if (handle_usable(h))
		return visit;
	oprec_close(me, visit);
	return NULL;
}

void object_leave(struct member *me, struct mpt_wire_oprec *visit)
{
	oprec_close(me, visit);
}

/* They have been woken and need some microseconds; a stopped one needs for ever. */
static bool visitors_gone(const struct handle *h, const struct blocking *how)
{
	struct timespec pause = { 0, 50000 };

	fence();
	while (has_visitors(h->slot, h->generation)) {
		if (futex_now() >= how->deadline)
			return false;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return true;
}

/* Nobody may be inside when the storage goes; a member stopped inside keeps it, and
 * then (DEAD) who uses the slot next takes it. */
static void give_storage_back(const struct handle *h, struct member *me)
{
	struct mpt_wire_object *o = h->object;
	struct blocking how = handle_blocking(h, MPT_OP_ID(o->kind, 2), DESTROY_PATIENCE_NS);
	int held = 0;
	uint32_t dead;

	while (held < OBJECT_SIDES &&
	       lockword_acquire(&object_side(o, held)->lock, me, &how, &dead) >= 0)
		held++;
	if (held == OBJECT_SIDES && visitors_gone(h, &how))
		store64_release(&o->extent, 0);
	else
		store32_release(&o->state, MPT_SLOT_DEAD);
	while (held > 0)
		lockword_release(&object_side(o, --held)->lock);
	emit_unblock(me, &how, 0);
}

/* Slots are given anew under domain_lock, so this cannot hit a successor. */
static bool end(struct handle *h, const struct member *me)
{
	struct mpt_wire_object *o = h->object;
	bool locked = domain_lock() == 0, ended;

	ended = load32(&o->generation) == h->generation &&
		cas32(&o->state, MPT_SLOT_LIVE, MPT_SLOT_ENDED);
	/* A lock's word is the lock itself: whoever waits gets it, sees the end, and lets
	 * the next one see it.  What another holder is at work on in the storage is not
	 * taken from under it (give_storage_back). */
	if (ended && locked && (object_traits(o->kind) & MPT_T_OWNER) &&
	    (load64(&o->extent) == 0 || lockword_owned(&o->take.lock, me)))
		exchange32(&o->take.lock, 0);
	if (locked)
		domain_unlock();
	return ended;
}

bool object_end(struct handle *h)
{
	uint16_t kind = h->object->kind; /* one without storage may have a successor at once */
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me || h->creator_pid != me->process->inner_pid || !end(h, me))
		return false;
	wake_everybody(h->object);
	emit_note(me, MPT_OP_ID(kind, 2), h->slot, 1);
	return true;
}

void object_give_back(struct handle *h)
{
	bool stored = load64_acquire(&h->object->extent) != 0;
	struct member *me;
	int rc;

	me = member_get(&rc);
	/* In this order: what a successor has is not ours to give. */
	if (me && stored && load32(&h->object->generation) == h->generation)
		give_storage_back(h, me);
}

void object_destroy(struct handle *h)
{
	if (object_end(h))
		object_give_back(h);
}

/* ---- plain handles ------------------------------------------------------------- */

static void *checked(void *handle, int result, int saved, int *error)
{
	if (result < 0) {
		free(handle);
		handle = NULL;
	}
	*error = result;
	errno = saved;
	return handle;
}

void *handle_create(size_t size, const struct object_wish *wish, int *error)
{
	int saved = errno;
	struct handle *handle = calloc(1, size);

	return checked(handle, handle ? object_create(handle, wish) : -ENOMEM, saved, error);
}

void *handle_open(size_t size, enum mpt_kind kind, const char *path, unsigned int flags, int *error)
{
	int saved = errno;
	struct handle *handle = calloc(1, size);

	return checked(handle, handle ? object_open(handle, kind, path, flags) : -ENOMEM, saved,
		       error);
}

void handle_destroy(struct handle *handle)
{
	int saved = errno;

	if (!handle)
		return;
	object_destroy(handle);
	free(handle);
	errno = saved;
}
