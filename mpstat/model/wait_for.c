/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_for.c - how one blocked thread could go on: who has to do something first.
 *
 * Owns: the answer for each wait, from what its object has (traits) and who has how much of
 * it.  Does not own: whether those can (waits.c).  Never guessed: a wait that is not
 * understood ends by itself.
 */
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/store.h"

/* An empty object has room, one with units in it has something to take. */
static bool is_over(const struct object *object, enum mpt_effect effect)
{
	uint64_t depth = ledger_depth(object);

	if (effect != MPT_E_GIVE)
		return depth > 0;
	if (!depth)
		return true;
	return object->fact.capacity && depth < object->fact.capacity &&
	       !object->fact.capacity_bytes;
}

static enum wait_for for_owner(const struct thread *thread, const struct object *object)
{
	const struct thread *owner = object->owner;

	if (!object->fact.held || !owner || !owner->process)
		return WAIT_UNKNOWN;
	/* Dead process: taken over.  Ended thread: anyone may release. */
	if (owner->fact.ended || !process_lives(owner->process))
		return WAIT_UNKNOWN;
	/* A recursive one never blocks its own owner; another one may be released by anybody. */
	if (owner == thread)
		return kind_has(object->fact.kind, MPT_T_RECURSES) ? WAIT_UNKNOWN : WAIT_ANYBODY;
	return WAIT_OWNER;
}

bool waits_for_itself(const struct thread *thread)
{
	const struct object *object = thread->wait_object;

	return object && kind_has(object->fact.kind, MPT_T_OWNER) && object->owner == thread &&
	       waits_for(thread) == WAIT_ANYBODY;
}

/* Who joins waits for anybody to finish; tasks of the dead are given up by the library. */
static enum wait_for for_finish(const struct object *object)
{
	if (!ledger_unfinished(object))
		return WAIT_UNKNOWN;
	for (const struct use *use = object->first_use; use; use = use->next)
		if (use->process_ended && !use_is_rest(use) && use_out(use))
			return WAIT_UNKNOWN;
	return WAIT_ANYBODY;
}

static bool is_holder(const struct use *use)
{
	return !use_is_rest(use) && use_out(use) > 0;
}

bool waits_holds(const struct object *object, const struct process *process)
{
	for (const struct use *use = object->first_use; use; use = use->next)
		if (is_holder(use) && use->known == process)
			return true;
	return false;
}

const struct process *waits_only_holder(const struct object *object)
{
	const struct process *only = NULL;

	for (const struct use *use = object->first_use; use; use = use->next) {
		if (!is_holder(use))
			continue;
		if (only)
			return NULL;
		only = use->known;
	}
	return only;
}

bool waits_holders_known(const struct object *object)
{
	uint64_t out = 0;

	if (!kind_has(object->fact.kind, MPT_T_UNITS))
		return false;
	for (const struct use *use = object->first_use; use; use = use->next)
		out += is_holder(use) ? use_out(use) : 0;
	return out && out == ledger_units_out(object);
}

/* Anybody may give a unit back, also one that somebody else has: then it is a signal.  Where
 * several have given back what they had, and nobody anything else, it stands for things one
 * takes and gives back, and only holders will. */
static bool is_given_back_by_holders(const struct object *object)
{
	unsigned int such = 0;

	for (const struct use *use = object->first_use; use; use = use->next) {
		if (use->foreign)
			return false;
		such += use->takes && use->gives;
	}
	return such >= 2;
}

/* What the dead had out is given back by the library. */
static enum wait_for for_units(const struct object *object)
{
	if (ledger_units_free(object))
		return WAIT_UNKNOWN;
	for (const struct use *use = object->first_use; use; use = use->next)
		if (is_holder(use) && use->process_ended)
			return WAIT_UNKNOWN;
	return waits_holders_known(object) && is_given_back_by_holders(object) ? WAIT_HOLDERS
									       : WAIT_ANYBODY;
}

bool waits_serving(const struct thread *thread)
{
	return kind_has(MPT_OP_KIND(thread->fact.wait_op), MPT_T_WORKERS) &&
	       op_effect(thread->fact.wait_op) == MPT_E_NOTE;
}

/* A task that is left lying will be taken; a worker that is missing is being replaced, and
 * of a terminated pool all end. */
static enum wait_for for_workers(const struct object *object, enum mpt_effect effect)
{
	if (object->fact.terminated)
		return WAIT_UNKNOWN;
	if (effect == MPT_E_TAKE && ledger_depth(object))
		return WAIT_UNKNOWN;
	return object->workers == object->fact.workers_wanted ? WAIT_WORKERS : WAIT_UNKNOWN;
}

/* Can this one of several things come without anybody running, or is it unknown? */
static bool comes_by_itself(const struct any_of *one)
{
	if (one->process)
		return !process_lives(one->process);
	return !one->object || !one->object->domain ||
	       !kind_has(one->object->fact.kind, MPT_T_DEPTH) ||
	       is_over(one->object, MPT_E_PASS);
}

static enum wait_for for_any(const struct thread *thread)
{
	uint32_t listed = thread_any_listed(thread);

	if (!listed || thread->fact.wait_any.count > listed)
		return WAIT_UNKNOWN;
	for (uint32_t i = 0; i < listed; i++) {
		if (comes_by_itself(&thread->wait_any[i]))
			return WAIT_UNKNOWN;
	}
	return WAIT_ANY;
}

/* ---- outside of any domain ---------------------------------------------- */

bool waits_ends_by(const struct thread *thread, const struct use *use)
{
	return op_effect(thread->fact.wait_op) == MPT_E_GIVE ? use->can_take : use->can_give;
}

/* A process that has ended has no end open; one that nobody tells of might do anything.
 * Without any other end the kernel would have ended the wait: it was not seen. */
static enum wait_for for_ends(const struct thread *thread, const struct object *object)
{
	bool gives = op_effect(thread->fact.wait_op) == MPT_E_GIVE;
	const struct open_ends *ends = gives ? &object->takers : &object->givers;

	if (object->fact.ends != FACT_ENDS_TOLD || !ends->count || ends->strange)
		return WAIT_UNKNOWN;
	return WAIT_ENDS;
}

/* Nobody takes over from the dead, unless the kernel does: then it wakes the waiter.  Readers
 * of a lock have no number there: some thread that could give it back is one. */
static enum wait_for for_outside_owner(const struct thread *thread, const struct object *object)
{
	const struct thread *owner = object->owner;

	if (!object->fact.held)
		return for_ends(thread, object);
	if (object->fact.owner_state != FACT_OWNER_LIVES)
		return WAIT_NOBODY;
	if (!owner || !owner->process || owner->fact.ended || !process_lives(owner->process))
		return WAIT_UNKNOWN;
	return WAIT_OWNER;
}

static enum wait_for for_outside(const struct thread *thread, const struct object *object)
{
	if (kind_has(object->fact.kind, MPT_T_OWNER))
		return for_outside_owner(thread, object);
	if (kind_has(object->fact.kind, MPT_T_DEPTH) &&
	    is_over(object, op_effect(thread->fact.wait_op)))
		return WAIT_UNKNOWN;
	return for_ends(thread, object);
}

/* One that has ended already would have ended the wait. */
static enum wait_for for_children(const struct process *process)
{
	for (const struct process *at = process->first_child; at; at = at->next_sibling)
		if (!process_lives(at))
			return WAIT_UNKNOWN;
	return process->first_child ? WAIT_CHILDREN : WAIT_UNKNOWN;
}

/* ---- each wait ------------------------------------------------------------ */

enum wait_for waits_for(const struct thread *thread)
{
	const struct object *object = thread->wait_object;
	uint16_t op = thread->fact.wait_op;

	if (!op)
		return WAIT_NOT;
	if (thread->fact.wait_deadline_ns || thread->fact.wait_over || !op_find(op))
		return WAIT_UNKNOWN;
	if (thread->fact.wait_any.count)
		return for_any(thread);
	if (thread->fact.wait_children)
		return for_children(thread->process);
	if (thread->wait_process)
		return process_lives(thread->wait_process) ? WAIT_PROCESS : WAIT_UNKNOWN;
	if (!object || object->fact.kind != MPT_OP_KIND(op))
		return WAIT_UNKNOWN;
	if (!object->id.domain)
		return for_outside(thread, object);
	if (!object->domain)
		return WAIT_UNKNOWN;
	if (kind_has(object->fact.kind, MPT_T_OWNER))
		return for_owner(thread, object);
	if (kind_has(object->fact.kind, MPT_T_UNITS))
		return for_units(object);
	if (kind_has(object->fact.kind, MPT_T_WORKERS))
		return for_workers(object, op_effect(op));
	if (kind_has(object->fact.kind, MPT_T_UNFINISHED) && op_effect(op) == MPT_E_PASS)
		return for_finish(object);
	if (kind_has(object->fact.kind, MPT_T_DEPTH) && is_over(object, op_effect(op)))
		return WAIT_UNKNOWN;
	return WAIT_ANYBODY;
}

const char *waits_name(enum wait_for wait)
{
	static const char *const names[] = {
		[WAIT_NOT] = "",	       [WAIT_UNKNOWN] = "unknown", [WAIT_OWNER] = "owner",
		[WAIT_PROCESS] = "process",    [WAIT_WORKERS] = "workers", [WAIT_HOLDERS] = "holders",
		[WAIT_ANYBODY] = "anybody",    [WAIT_ANY] = "any",	   [WAIT_ENDS] = "ends",
		[WAIT_CHILDREN] = "children",  [WAIT_NOBODY] = "nobody",
	};

	return names[wait];
}
