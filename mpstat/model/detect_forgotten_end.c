/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_forgotten_end.c - readers that wait for the end of a pipe they keep open themselves.
 *
 * A pipe ends when its last write end is closed.  When all who have one open read from it
 * themselves, the end never comes: a close() after fork() was forgotten.
 */
#include "mpstat/model/detect.h"
#include "mpstat/model/kind.h"

#include <stdio.h>

static bool reads_stuck(const struct process *process, const struct object *object)
{
	for (const struct thread *at = process->first_thread; at; at = at->next)
		if (at->wait_object == object && at->verdict == VERDICT_STUCK)
			return true;
	return false;
}

bool detect_is_forgotten(const struct thread *thread)
{
	const struct object *object = thread->wait_object;
	bool any = false;

	if (waits_for(thread) != WAIT_ENDS || !kind_has(object->fact.kind, MPT_T_DEPTH) ||
	    op_effect(thread->fact.wait_op) == MPT_E_GIVE)
		return false;
	for (const struct use *at = object->first_use; at; at = at->next) {
		if (!at->can_give)
			continue;
		if (!at->known || !reads_stuck(at->known, object))
			return false;
		any = true;
	}
	return any;
}

static void say(struct finding *finding, const struct thread *thread, uint32_t readers)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));

	sentence_add(&out, "Deadlock: ");
	words_thread(&out, thread);
	sentence_add(&out, " waits ");
	words_wait(&out, thread);
	if (readers > 1)
		sentence_add(&out, ", which only its %u waiting readers have open for writing",
			     readers);
	else
		sentence_add(&out, ", which only it has open for writing itself");
}

static void add_finding(const struct model *model, const struct thread *thread,
			struct findings *out)
{
	const struct object *object = thread->wait_object;
	struct finding *finding = findings_add(out, &detect_forgotten_end);

	if (!finding)
		return;
	finding->severity = SEVERITY_PROBLEM;
	finding->since_ns = thread->fact.wait_since_ns;
	say(finding, thread, object->take_waiters);
	for (const struct use *at = object->first_use; at; at = at->next)
		for (const struct thread *reader = at->known ? at->known->first_thread : NULL;
		     reader; reader = reader->next)
			if (reader->wait_object == object)
				detect_thread(finding, model, reader);
	snprintf(finding->advice, sizeof(finding->advice),
		 "The end of the data never comes while a write end is open: close the write end in "
		 "the reader right after fork().");
}

/* The first of the stuck readers of an object speaks for all. */
static const struct thread *first_reader(const struct object *object)
{
	for (const struct use *at = object->first_use; at; at = at->next)
		for (const struct thread *reader = at->known ? at->known->first_thread : NULL;
		     reader; reader = reader->next)
			if (reader->wait_object == object && reader->verdict == VERDICT_STUCK)
				return reader;
	return NULL;
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct object *at = NULL; (at = model_next_object(model, at));) {
		const struct thread *reader;

		if (at->id.domain || !at->matched || at->verdict != VERDICT_STUCK)
			continue;
		reader = first_reader(at);
		/* A handler that writes to wake the reader is why some keep it open. */
		if (reader && detect_is_forgotten(reader) &&
		    !detect_handler_may_end(reader, false))
			add_finding(model, reader, out);
	}
}

const struct detector detect_forgotten_end = {
	.name = "forgotten-end",
	.help = "readers of a pipe whose only write ends they have open themselves",
	.check = check,
};
