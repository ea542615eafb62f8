/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_zombie.c - ended processes whose parent has not asked for the end.
 *
 * One is normal for a moment, so it is a note; ten of one parent show a parent
 * that does not look after its children.
 */
#include "mpstat/model/detect.h"

#include <stdio.h>

#define MANY 10

static bool is_zombie(const struct process *process)
{
	return process->fact.state == 'Z' && !process_lives(process) && !process->fact.ended;
}

static uint64_t count_zombies(const struct process *parent)
{
	uint64_t count = 0;

	for (const struct process *at = parent->first_child; at; at = at->next_sibling)
		count += is_zombie(at) && at->matched;
	return count;
}

static void list(struct finding *finding, const struct process *parent)
{
	for (const struct process *at = parent->first_child; at; at = at->next_sibling) {
		char text[FINDING_TEXT];
		struct sentence out = sentence_begin(text, sizeof(text));

		if (!is_zombie(at) || !at->matched)
			continue;
		words_process(&out, at);
		if (at->fact.exit_code != FACT_EXIT_UNKNOWN)
			sentence_add(&out, " ended with %d", at->fact.exit_code);
		else
			sentence_add(&out, " has ended");
		detect_evidence(finding, "%s", text);
		detect_process(finding, at->id);
	}
}

static void add_finding(const struct process *parent, uint64_t count, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_zombie);
	struct sentence text;

	if (!finding)
		return;
	finding->severity = count >= MANY ? SEVERITY_PROBLEM : SEVERITY_NOTE;
	text = sentence_begin(finding->sentence, sizeof(finding->sentence));
	sentence_add(&text, "%llu child%s of ", (unsigned long long)count,
		     count == 1 ? "" : "ren");
	words_process(&text, parent);
	sentence_add(&text, " %s ended, but the parent has not waited for %s",
		     count == 1 ? "has" : "have", count == 1 ? "it" : "them");
	detect_process(finding, parent->id);
	list(finding, parent);
	snprintf(finding->advice, sizeof(finding->advice),
		 "The parent has to join or wait for its children (mpt_process_join, waitpid); "
		 "killing the parent removes them too.");
}

/* Its parent is not known to us. */
static void add_orphan(const struct process *process, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_zombie);
	struct sentence text;

	if (!finding)
		return;
	text = sentence_begin(finding->sentence, sizeof(finding->sentence));
	words_process(&text, process);
	sentence_add(&text, " has ended, but its parent");
	if (process->fact.parent.pid)
		sentence_add(&text, " (pid %u)", process->fact.parent.pid);
	sentence_add(&text, " has not waited for it");
	detect_process(finding, process->id);
	snprintf(finding->advice, sizeof(finding->advice),
		 "The parent has to join or wait for its children.");
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct process *at = NULL; (at = model_next_process(model, at));) {
		uint64_t count = count_zombies(at);

		if (count)
			add_finding(at, count, out);
		if (!at->parent && is_zombie(at) && at->matched)
			add_orphan(at, out);
	}
}

const struct detector detect_zombie = {
	.name = "zombie",
	.help = "ended children that their parent has not waited for",
	.check = check,
};
