/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_self_deadlock.c - a thread that waits for what only it can end. */
#include "mpstat/model/detect.h"

#include <stdio.h>

static void add_finding(const struct model *model, const struct thread *thread,
			struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_self_deadlock);
	struct sentence text;

	if (!finding)
		return;
	finding->severity = SEVERITY_PROBLEM;
	finding->since_ns = thread->fact.wait_since_ns;
	text = sentence_begin(finding->sentence, sizeof(finding->sentence));
	sentence_add(&text, "Deadlock: ");
	words_thread(&text, thread);
	sentence_add(&text, " waits ");
	words_wait(&text, thread);
	sentence_add(&text, thread->wait_object ? ", which it holds itself" : ", that is itself");
	detect_thread(finding, model, thread);
	snprintf(finding->advice, sizeof(finding->advice),
		 "It will never go on; another process could release the lock for it. Look for a "
		 "second acquire before the release, also in callbacks and signal handlers.");
}

static void check(const struct model *model, struct findings *out)
{
	for (size_t i = 0; i < waits_cycle_count(model); i++) {
		const struct cycle *cycle = waits_cycle(model, i);

		if (cycle->length == 1 && cycle->first->process->matched)
			add_finding(model, cycle->first, out);
	}
}

const struct detector detect_self_deadlock = {
	.name = "self-deadlock",
	.help = "a thread that waits for a lock it holds itself",
	.check = check,
};
