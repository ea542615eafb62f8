/* SPDX-License-Identifier: BSD-2-Clause */
/* detect.c - filling in a finding.  See detect.h. */
#include "mpstat/model/detect.h"

#include <stdarg.h>
#include <stdio.h>

void detect_evidence(struct finding *finding, const char *fmt, ...)
{
	va_list args;

	if (finding->evidence_count == FINDING_EVIDENCE) {
		finding->evidence_left_out++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(finding->evidence[finding->evidence_count++], FINDING_TEXT, fmt, args);
	va_end(args);
}

void detect_process(struct finding *finding, struct process_id id)
{
	for (size_t i = 0; i < finding->process_count; i++) {
		if (finding->processes[i].pid == id.pid && finding->processes[i].start == id.start)
			return;
	}
	if (finding->process_count < FINDING_EVIDENCE)
		finding->processes[finding->process_count++] = id;
}

void detect_object(struct finding *finding, struct object_id id)
{
	for (size_t i = 0; i < finding->object_count; i++) {
		if (finding->objects[i].domain == id.domain && finding->objects[i].slot == id.slot &&
		    finding->objects[i].generation == id.generation)
			return;
	}
	if (finding->object_count < FINDING_EVIDENCE)
		finding->objects[finding->object_count++] = id;
}

void detect_thread(struct finding *finding, const struct model *model,
		   const struct thread *thread)
{
	char text[FINDING_TEXT];
	struct sentence out = sentence_begin(text, sizeof(text));

	words_thread(&out, thread);
	sentence_add(&out, " waits ");
	words_wait_held(&out, thread);
	words_for(&out, model, thread->fact.wait_since_ns);
	detect_evidence(finding, "%s", text);
	detect_process(finding, thread->process->id);
	if (thread->wait_object)
		detect_object(finding, thread->wait_object->id);
}

bool detect_handler_may_end(const struct thread *thread, bool alone)
{
	enum fact_handlers least = alone ? FACT_HANDLERS_KEYS : FACT_HANDLERS_OTHERS;

	return waits_for(thread) == WAIT_ENDS && thread->fact.handlers >= least;
}

const char *detect_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
