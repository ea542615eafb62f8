/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_self_deadlock.c - a thread that waits for what only it can end.
 *
 * A plain lock may be released by any process, and some programs use one as a signal.  So it
 * is a deadlock only when nobody else can run; else it is told as what it looks like.
 */
#include "mpstat/model/detect.h"
#include "mpstat/model/kind.h"

#include <stdio.h>

#define LONG_NS 1000000000u /* shorter waits may be a torn reading */

/* What it would have to do to go on. */
static const char *cure(const struct thread *thread)
{
	if (!kind_has(thread->wait_object->fact.kind, MPT_T_DEPTH))
		return "end";
	return op_effect(thread->fact.wait_op) == MPT_E_GIVE ? "empty" : "fill";
}

static void say(struct finding *finding, const struct thread *thread, bool certain)
{
	struct sentence text = sentence_begin(finding->sentence, sizeof(finding->sentence));

	if (certain)
		sentence_add(&text, "Deadlock: ");
	words_thread(&text, thread);
	sentence_add(&text, " waits ");
	words_wait(&text, thread);
	if (waits_for(thread) == WAIT_ENDS)
		sentence_add(&text, ", which only it could %s itself", cure(thread));
	else
		sentence_add(&text, thread->wait_object ? ", which it holds itself"
							: ", that is itself");
}

static void add_finding(const struct model *model, const struct thread *thread, bool certain,
			struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_self_deadlock);

	if (!finding)
		return;
	finding->severity = certain ? SEVERITY_PROBLEM : SEVERITY_NOTE;
	finding->since_ns = thread->fact.wait_since_ns;
	say(finding, thread, certain);
	detect_thread(finding, model, thread);
	if (waits_for(thread) == WAIT_ENDS) {
		snprintf(finding->advice, sizeof(finding->advice),
			 "%s. Do not wait for what the same thread would have to do next.",
			 certain ? "It will never go on"
				 : "Unless a signal handler does something about it, it will never "
				   "go on");
		return;
	}
	snprintf(finding->advice, sizeof(finding->advice),
		 "%s. Look for a second acquire before the release, also in callbacks and signal "
		 "handlers.",
		 certain ? "It will never go on: nobody who could release the lock can run"
			 : "Unless another process releases the lock for it, it will never go on");
}

static void check_process(const struct model *model, const struct process *process,
			  struct findings *out)
{
	for (const struct thread *at = process->first_thread; at; at = at->next) {
		uint64_t since = at->fact.wait_since_ns;

		if (at->fact.ended || !waits_for_itself(at))
			continue;
		if (at->verdict == VERDICT_STUCK)
			add_finding(model, at, true, out);
		else if (model_now(model) > since && model_now(model) - since >= LONG_NS)
			add_finding(model, at, false, out);
	}
}

static void check(const struct model *model, struct findings *out)
{
	const struct process *process = NULL;

	for (size_t i = 0; i < waits_cycle_count(model); i++) {
		const struct thread *first = waits_cycle(model, i)->first;

		if (waits_cycle(model, i)->length == 1 && first->process->matched &&
		    !waits_for_itself(first) && !detect_is_forgotten(first))
			add_finding(model, first, !detect_handler_may_end(first, true), out);
	}
	while ((process = model_next_process(model, process)))
		if (process->matched && process_lives(process))
			check_process(model, process, out);
}

const struct detector detect_self_deadlock = {
	.name = "self-deadlock",
	.help = "a thread that waits for a lock it holds itself",
	.check = check,
};
