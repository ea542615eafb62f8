/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_knot.c - threads that any of several could wake, none of which can run.
 *
 * No ring can be named: each waits for "somebody", and everybody waits.
 */
#include "mpstat/model/detect.h"
#include "mpstat/model/kind.h"

#include <stdio.h>

/* What somebody would do to the object to end the wait. */
static const char *cure(const struct thread *thread)
{
	uint32_t traits = kind_traits(thread->wait_object->fact.kind);
	enum mpt_effect effect = op_effect(thread->fact.wait_op);

	if (traits & MPT_T_WORKERS)
		return effect == MPT_E_TAKE ? "give a task to" : "finish a task of";
	if (traits & MPT_T_UNFINISHED && effect == MPT_E_PASS)
		return "finish a task of";
	if (!(traits & MPT_T_DEPTH))
		return "end a wait for";
	return effect == MPT_E_GIVE ? "take from" : "put into";
}

static void say(struct finding *finding, const struct thread *thread)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));

	sentence_add(&out, "Deadlock: every process that could ");
	if (waits_for(thread) == WAIT_ANY) {
		sentence_add(&out, "end a wait ");
		words_wait(&out, thread);
	} else {
		sentence_add(&out, "%s ", cure(thread));
		words_object(&out, thread->wait_object);
	}
	sentence_add(&out, " is itself waiting or dead");
}

/* Who waits for the work of others tells more than who has none; then the longest wait. */
static bool is_better(const struct thread *a, const struct thread *b)
{
	bool idle = a->wait_object && a->serves == a->wait_object;
	bool other_idle = b->wait_object && b->serves == b->wait_object;

	if (idle != other_idle)
		return other_idle;
	return a->fact.wait_since_ns < b->fact.wait_since_ns;
}

/* A lock that it holds itself is told of by another detector. */
static bool names_objects(const struct thread *thread)
{
	if (waits_for_itself(thread))
		return false;
	if (waits_for(thread) == WAIT_ANY)
		return waits_any_domain(thread);
	if (waits_for(thread) == WAIT_ENDS)
		return !detect_is_forgotten(thread);
	return waits_for_several(thread) && !waits_serving(thread);
}

/* The one to name first waits for an object; others may wait for its process. */
static const struct thread *speaker(const struct model *model, const struct knot *knot)
{
	const struct thread *found = NULL;

	for (const struct thread *at = knot->first; at; at = waits_knot_next(model, at)) {
		if (!names_objects(at))
			continue;
		if (!found || is_better(at, found))
			found = at;
	}
	return found;
}

static bool matches(const struct model *model, const struct knot *knot)
{
	for (const struct thread *at = knot->first; at; at = waits_knot_next(model, at)) {
		if (at->process->matched)
			return true;
	}
	return false;
}

static bool handler_may_end(const struct model *model, const struct knot *knot)
{
	for (const struct thread *at = knot->first; at; at = waits_knot_next(model, at))
		if (detect_handler_may_end(at, false))
			return true;
	return false;
}

static const char *advice(const struct thread *first)
{
	const struct object *object = first->wait_object; /* NULL: it waits for several */

	if (object && kind_has(object->fact.kind, MPT_T_WORKERS) && !first->serves)
		return "Do not wait for a result while keeping what its task needs, nor in a task for "
		       "another one of the same pool, or wait with a timeout.";
	return "Nobody is left to wake them. Tell waiters when the work is over (close, or one "
	       "last message for each), or wait with a timeout.";
}

static void add_finding(const struct model *model, const struct knot *knot, struct findings *out)
{
	const struct thread *first = speaker(model, knot);
	struct finding *finding = first ? findings_add(out, &detect_knot) : NULL;

	if (!finding)
		return;
	finding->severity = handler_may_end(model, knot) ? SEVERITY_NOTE : SEVERITY_PROBLEM;
	finding->since_ns = knot->since_ns;
	say(finding, first);
	detect_thread(finding, model, first);
	for (const struct thread *at = knot->first; at; at = waits_knot_next(model, at)) {
		if (at != first)
			detect_thread(finding, model, at);
	}
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice(first));
}

static void check(const struct model *model, struct findings *out)
{
	for (size_t i = 0; i < waits_knot_count(model); i++) {
		const struct knot *knot = waits_knot(model, i);

		if (matches(model, knot))
			add_finding(model, knot, out);
	}
}

const struct detector detect_knot = {
	.name = "knot",
	.help = "waiting threads of which each could only be woken by another of them",
	.check = check,
};
