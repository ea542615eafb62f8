/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_stopped.c - threads that wait for a process that is stopped.
 *
 * It may be continued any time, so nobody is stuck; but until then nobody goes on.
 */
#include "mpstat/model/detect.h"

#include <stdio.h>

#define LONG_NS 100000000u /* shorter stops are how debuggers and shells work */

static bool is_stopped(const struct process *process)
{
	return process && process_lives(process) &&
	       (process->fact.state == 'T' || process->fact.state == 't');
}

/* The only child, when it is stopped. */
static const struct process *stopped_child(const struct process *process)
{
	const struct process *child = process->first_child;

	return child && !child->next_sibling && is_stopped(child) ? child : NULL;
}

/* Who has to go on first and is stopped; NULL: nobody. */
static const struct process *awaited(const struct thread *thread)
{
	switch (waits_for(thread)) {
	case WAIT_OWNER:
		thread = thread->wait_object->owner;
		return is_stopped(thread->process) ? thread->process : NULL;
	case WAIT_PROCESS:
		return is_stopped(thread->wait_process) ? thread->wait_process : NULL;
	case WAIT_CHILDREN:
		return stopped_child(thread->process);
	default:
		return NULL;
	}
}

static void add_finding(const struct model *model, const struct thread *thread,
			const struct process *stopped, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_stopped);
	struct sentence text;

	if (!finding)
		return;
	finding->severity = SEVERITY_PROBLEM;
	finding->since_ns = thread->fact.wait_since_ns;
	text = sentence_begin(finding->sentence, sizeof(finding->sentence));
	words_thread(&text, thread);
	sentence_add(&text, " waits ");
	words_wait(&text, thread);
	if (thread->wait_process != stopped) {
		sentence_add(&text, thread->wait_object ? ", held by " : ": ");
		words_process(&text, stopped);
	}
	sentence_add(&text, ", which is %s",
		     stopped->fact.state == 't' ? "stopped by a debugger" : "stopped");
	detect_thread(finding, model, thread);
	detect_process(finding, stopped->id);
	detect_evidence(finding, "pid %u is in state %c", stopped->id.pid, stopped->fact.state);
	snprintf(finding->advice, sizeof(finding->advice),
		 stopped->fact.state == 't' ? "Let the debugger of pid %u continue it, or detach."
					    : "Continue it: kill -CONT %u",
		 stopped->id.pid);
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct process *at = NULL; (at = model_next_process(model, at));) {
		if (!at->matched || !process_lives(at))
			continue;
		for (const struct thread *thread = at->first_thread; thread; thread = thread->next) {
			const struct process *stopped = thread->fact.ended ? NULL : awaited(thread);

			if (stopped && words_age(model, thread->fact.wait_since_ns) >= LONG_NS)
				add_finding(model, thread, stopped, out);
		}
	}
}

const struct detector detect_stopped = {
	.name = "stopped",
	.help = "threads that wait for a process that is stopped",
	.check = check,
};
