/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_deadlock.c - rings of threads that wait for each other.
 *
 * Owns: the sentence.  The rings themselves are found by waits.c and rings.c.
 */
#include "mpstat/model/detect.h"
#include "mpstat/model/kind.h"

#include <stdio.h>

/* What the only one who could wake it would do to the object. */
static const char *cure(const struct thread *waiter)
{
	if (!kind_has(waiter->wait_object->fact.kind, MPT_T_DEPTH))
		return "end";
	return op_effect(waiter->fact.wait_op) == MPT_E_GIVE ? "empty" : "fill";
}

static void add_only(struct sentence *out, const struct thread *waiter)
{
	sentence_add(out, ", which only ");
	words_thread(out, waiter->blocker);
	sentence_add(out, " could %s", cure(waiter));
}

/* From a wait to the blocker's own wait. */
static void add_link(struct sentence *out, const struct thread *waiter)
{
	const struct thread *blocker = waiter->blocker;

	switch (waits_for(waiter)) {
	case WAIT_OWNER:
	case WAIT_HOLDERS:
		if (words_is_held(waiter)) {
			sentence_add(out, ", held by ");
			words_thread(out, blocker);
		}
		break;
	case WAIT_ENDS:
		if (words_is_held(waiter)) {
			sentence_add(out, ", held by ");
			words_thread(out, blocker);
			break;
		}
		/* fallthrough */
	case WAIT_ANYBODY:
		add_only(out, waiter);
		break;
	case WAIT_ANY:
	case WAIT_CHILDREN:
		sentence_add(out, ", of which ");
		words_process(out, blocker->process);
		sentence_add(out, " waits ");
		return;
	default:
		/* The wait named the process; which thread of it? */
		if (blocker->process->fact.threads > 1) {
			sentence_add(out, ", whose thread %u", blocker->fact.tid);
			sentence_add(out, " waits ");
			return;
		}
	}
	sentence_add(out, ", which waits ");
}

static const struct thread *last_of(const struct thread *first)
{
	const struct thread *at = first;

	while (at->blocker != first)
		at = at->blocker;
	return at;
}

/* "a (pid 1) holds lock `A` and waits for lock `B`, held by b (pid 2), which
 * waits for lock `A`" */
static void add_ring(struct sentence *out, const struct thread *first)
{
	const struct thread *last = last_of(first);

	words_thread(out, first);
	if (words_is_held(last)) {
		sentence_add(out, " holds ");
		words_object(out, last->wait_object);
		sentence_add(out, " and");
	}
	sentence_add(out, " waits ");
	for (const struct thread *at = first;; at = at->blocker) {
		words_wait(out, at);
		if (at == last)
			break;
		add_link(out, at);
	}
	if (waits_for(last) == WAIT_ANYBODY ||
	    (waits_for(last) == WAIT_ENDS && !words_is_held(last)))
		add_only(out, last);
}

/* Distinct processes; each is met in one run or not at all in small rings, and
 * in large ones only the total matters. */
static bool one_thread_each(const struct cycle *cycle)
{
	const struct thread *a = cycle->first;

	for (uint32_t i = 0; i < cycle->length && i < FINDING_EVIDENCE; i++, a = a->blocker) {
		const struct thread *b = a->blocker;

		for (uint32_t j = i + 1; j < cycle->length && j < FINDING_EVIDENCE; j++) {
			if (a->process == b->process)
				return false;
			b = b->blocker;
		}
	}
	return true;
}

static void say(struct finding *finding, const struct cycle *cycle)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	size_t used;

	sentence_add(&out, "Deadlock: %u %s wait for each other", cycle->length,
		     one_thread_each(cycle) ? "processes" : "threads");
	used = out.used;
	sentence_add(&out, ": ");
	add_ring(&out, cycle->first);
	if (!out.cut)
		return;
	/* Too long: names only, or not even those; the evidence has it all. */
	sentence_back(&out, used);
	sentence_add(&out, " in a ring: ");
	for (const struct thread *at = cycle->first; !out.cut; at = at->blocker) {
		words_thread(&out, at);
		if (at->blocker == cycle->first)
			break;
		sentence_add(&out, ", ");
	}
	if (out.cut)
		sentence_back(&out, used);
}

static bool matches(const struct cycle *cycle)
{
	const struct thread *at = cycle->first;

	do {
		if (at->process->matched)
			return true;
		at = at->blocker;
	} while (at != cycle->first);
	return false;
}

static bool only_owners(const struct thread *first)
{
	const struct thread *at = first;

	do {
		if (waits_for(at) != WAIT_OWNER)
			return false;
		at = at->blocker;
	} while (at != first);
	return true;
}

static bool handler_may_end(const struct thread *first)
{
	const struct thread *at = first;

	do {
		if (detect_handler_may_end(at, false))
			return true;
		at = at->blocker;
	} while (at != first);
	return false;
}

static void advise(struct finding *finding, const struct cycle *cycle)
{
	const char *cure = only_owners(cycle->first)
				   ? "take the locks in the same order everywhere, or with a timeout"
				   : "do not wait for a process while keeping what it needs, or wait "
				     "with a timeout";

	if (finding->severity == SEVERITY_NOTE)
		snprintf(finding->advice, sizeof(finding->advice),
			 "Unless a signal handler of theirs does something about it, none can go "
			 "on. To cure it: %s.",
			 cure);
	else
		snprintf(finding->advice, sizeof(finding->advice),
			 "None of them can go on by itself; ending one frees the others. To cure "
			 "it: %s.",
			 cure);
}

static void add_behind(struct finding *finding, const struct cycle *cycle)
{
	if (cycle->behind)
		detect_evidence(finding, "%u more thread%s wait%s behind them", cycle->behind,
				detect_plural(cycle->behind), cycle->behind == 1 ? "s" : "");
}

static void add_finding(const struct model *model, const struct cycle *cycle,
			struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_deadlock);
	const struct thread *at = cycle->first;
	/* The members may use up the lines. */
	bool large = cycle->length >= FINDING_EVIDENCE;

	if (!finding)
		return;
	finding->severity = handler_may_end(cycle->first) ? SEVERITY_NOTE : SEVERITY_PROBLEM;
	finding->since_ns = cycle->since_ns;
	say(finding, cycle);
	if (large)
		add_behind(finding, cycle);
	do {
		detect_thread(finding, model, at);
		at = at->blocker;
	} while (at != cycle->first);
	if (!large)
		add_behind(finding, cycle);
	advise(finding, cycle);
}

/* All of them wait for data from the same pipe: another detector tells of that. */
static bool is_forgotten_end(const struct cycle *cycle)
{
	return detect_is_forgotten(cycle->first);
}

static void check(const struct model *model, struct findings *out)
{
	for (size_t i = 0; i < waits_cycle_count(model); i++) {
		const struct cycle *cycle = waits_cycle(model, i);

		if (cycle->length > 1 && matches(cycle) && !is_forgotten_end(cycle))
			add_finding(model, cycle, out);
	}
}

const struct detector detect_deadlock = {
	.name = "deadlock",
	.help = "processes or threads that wait for each other in a ring, for ever",
	.check = check,
};
