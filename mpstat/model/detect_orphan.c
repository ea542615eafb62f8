/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_orphan.c - processes that outlived the parent that started them.
 *
 * A note: it may be meant.  A daemon certainly is: its parent ended with code 0
 * and it is in a session of its own, or in the one its parent made for it.
 */
#include "mpstat/model/detect.h"

#include "mpstat/util/vec.h"

#include <stdio.h>
#include <stdlib.h>

struct orphans {
	const struct process **items;
	size_t count, room;
};

static bool is_daemon(const struct process *process)
{
	uint32_t session = process->fact.session;

	return process->parent_death.exit_code == 0 &&
	       (session == process->id.pid || session == process->first_parent.pid);
}

static bool is_told(const struct process *process)
{
	return process->orphan && process->matched && process_lives(process) &&
	       !is_daemon(process);
}

static int by_parent(const void *a, const void *b)
{
	const struct process *x = *(const struct process *const *)a;
	const struct process *y = *(const struct process *const *)b;

	if (x->first_parent.pid != y->first_parent.pid)
		return x->first_parent.pid < y->first_parent.pid ? -1 : 1;
	if (x->first_parent.start != y->first_parent.start)
		return x->first_parent.start < y->first_parent.start ? -1 : 1;
	if (x->id.pid != y->id.pid)
		return x->id.pid < y->id.pid ? -1 : 1;
	return x->id.start < y->id.start ? -1 : x->id.start > y->id.start;
}

static bool same_parent(const struct process *a, const struct process *b)
{
	return a->first_parent.pid == b->first_parent.pid &&
	       a->first_parent.start == b->first_parent.start;
}

static void say(struct finding *finding, const struct process *first, size_t count)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));

	sentence_add(&out, "%zu process%s outlived %s parent ", count, count == 1 ? "" : "es",
		     count == 1 ? "its" : "their");
	if (first->first_parent_name[0])
		sentence_add(&out, "%s (pid %u), which ", first->first_parent_name,
			     first->first_parent.pid);
	else
		sentence_add(&out, "pid %u, which ", first->first_parent.pid);
	words_death(&out, &first->parent_death);
}

static void list(const struct model *model, struct finding *finding, const struct process *orphan)
{
	char text[FINDING_TEXT];
	struct sentence out = sentence_begin(text, sizeof(text));

	words_process(&out, orphan);
	sentence_add(&out, " is an orphan");
	words_for(&out, model, orphan->orphaned_ns);
	sentence_add(&out, ", adopted by ");
	if (orphan->parent)
		words_process(&out, orphan->parent);
	else
		sentence_add(&out, "pid %u", orphan->fact.parent.pid);
	detect_evidence(finding, "%s", text);
	detect_process(finding, orphan->id);
}

static void add_finding(const struct model *model, const struct process *const *family,
			size_t count, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_orphan);

	if (!finding)
		return;
	finding->severity = SEVERITY_NOTE;
	finding->since_ns = family[0]->orphaned_ns;
	say(finding, family[0], count);
	for (size_t i = 0; i < count; i++)
		list(model, finding, family[i]);
	snprintf(finding->advice, sizeof(finding->advice),
		 "If it is not meant: end %s, and let children ask for a signal at the end of "
		 "their parent (prctl PR_SET_PDEATHSIG), or let the parent end them first.",
		 count == 1 ? "it" : "them");
}

static void collect(const struct model *model, struct orphans *orphans, struct findings *out)
{
	const struct process *at;

	for (size_t i = 0; (at = words_explained(model, i)); i++) {
		if (!is_told(at))
			continue;
		if (VEC_RESERVE(orphans, orphans->count + 1)) {
			detect_missed(out);
			return;
		}
		orphans->items[orphans->count++] = at;
	}
}

static void check(const struct model *model, struct findings *out)
{
	struct orphans orphans = {0};
	size_t first = 0, end;

	collect(model, &orphans, out);
	if (orphans.count)
		qsort(orphans.items, orphans.count, sizeof(*orphans.items), by_parent);
	for (; first < orphans.count; first = end) {
		for (end = first + 1; end < orphans.count; end++) {
			if (!same_parent(orphans.items[first], orphans.items[end]))
				break;
		}
		add_finding(model, orphans.items + first, end - first, out);
	}
	free(orphans.items);
}

const struct detector detect_orphan = {
	.name = "orphan",
	.help = "processes that outlived the parent that started them, daemons aside",
	.check = check,
};
