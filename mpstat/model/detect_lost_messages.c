/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_lost_messages.c - messages that died with the consumer that took them. */
#include "mpstat/model/detect.h"
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"

#include <stdio.h>

static void list_losers(struct finding *finding, const struct object *object)
{
	for (const struct use *use = object->first_use; use; use = use->next) {
		if (!use->lost)
			continue;
		if (use_is_rest(use))
			detect_evidence(finding, "%llu by %s", (unsigned long long)use->lost,
					use->process_name);
		else
			detect_evidence(finding, "%llu by %s (pid %u)",
					(unsigned long long)use->lost,
					use->process_name[0] ? use->process_name : "a process",
					use->process.pid);
		if (!use_is_rest(use))
			detect_process(finding, use->process);
	}
}

/* Whoever submitted a lost task is told, so it is no more than a note. */
static void say_tasks(struct finding *finding, const struct object *object)
{
	unsigned long long lost = ledger_lost(object);
	struct sentence text = sentence_begin(finding->sentence, sizeof(finding->sentence));

	sentence_add(&text, "%llu task%s of ", lost, detect_plural(lost));
	words_object(&text, object);
	sentence_add(&text, " %s lost: %s died in %s", lost == 1 ? "was" : "were",
		     lost == 1 ? "its worker" : "their workers", lost == 1 ? "it" : "them");
	if (object->fact.recovered_pid)
		detect_evidence(finding, "the last one was pid %u", object->fact.recovered_pid);
	snprintf(finding->advice, sizeof(finding->advice),
		 "Their results say so (-ECHILD, mpt_result_failure): find out why the workers "
		 "died, and submit the tasks again if they may run twice.");
}

static void add_finding(const struct object *object, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_lost_messages);
	unsigned long long lost = ledger_lost(object);
	struct sentence text;

	if (!finding)
		return;
	finding->since_ns = object->fact.recovered_ns;
	detect_object(finding, object->id);
	if (kind_has(object->fact.kind, MPT_T_WORKERS)) {
		say_tasks(finding, object);
		return;
	}
	finding->severity = SEVERITY_PROBLEM;
	text = sentence_begin(finding->sentence, sizeof(finding->sentence));
	sentence_add(&text, "%llu message%s of ", lost, detect_plural(lost));
	words_object(&text, object);
	sentence_add(&text, " %s lost: taken by a process that died before it had %s",
		     lost == 1 ? "was" : "were", lost == 1 ? "it" : "them");
	list_losers(finding, object);
	snprintf(finding->advice, sizeof(finding->advice),
		 "Delivery is at most once: put the work again if it matters, and find out why "
		 "the consumer died.");
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct object *at = NULL; (at = model_next_object(model, at));) {
		if (at->matched && ledger_lost(at))
			add_finding(at, out);
	}
}

const struct detector detect_lost_messages = {
	.name = "lost-messages",
	.help = "messages that were taken by a process that died before it had them",
	.check = check,
};
