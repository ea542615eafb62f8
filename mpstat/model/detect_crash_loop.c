/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_crash_loop.c - the same command dying again and again under one parent.
 *
 * Three bad ends within a minute, the others started after the first: children
 * that a parent ends together are no loop.  What a parent ends by SIGTERM, or
 * what it asked the kernel to end with itself, is no crash either.
 */
#include "mpstat/model/detect.h"

#include "mpstat/util/fmt.h"
#include "mpstat/util/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDS 3
#define WINDOW_NS 60000000000ull
#define TERMINATED (-15) /* by SIGTERM; this directory knows no system headers */

struct ends {
	const struct process **items;
	size_t count, room;
};

static uint64_t end_of(const struct process *process)
{
	return process->death.at_ns ? process->death.at_ns : process->fact.ended_ns;
}

static struct process_id parent_of(const struct process *process)
{
	return process->first_parent.pid ? process->first_parent : process->fact.parent;
}

static bool is_meant(const struct process *process)
{
	const struct death *death = &process->death;
	struct process_id parent = parent_of(process);

	if (death->origin == FACT_ORIGIN_PARENT_DEATH)
		return true;
	return death->exit_code == TERMINATED && death->origin == FACT_ORIGIN_PROCESS &&
	       death->by.pid == parent.pid && death->by.start == parent.start;
}

static bool is_crash(const struct model *model, const struct process *process)
{
	int32_t code = process->death.exit_code;
	uint64_t at_ns = end_of(process);

	if (process_lives(process) || !process->matched || !at_ns || !parent_of(process).pid)
		return false;
	if (!code || code == FACT_EXIT_UNKNOWN || is_meant(process))
		return false;
	return words_age(model, at_ns) <= WINDOW_NS;
}

static int compare(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

static int by_family(const struct process *x, const struct process *y)
{
	struct process_id a = parent_of(x), b = parent_of(y);
	int order = compare(a.pid, b.pid);

	if (!order)
		order = compare(a.start, b.start);
	return order ? order : strcmp(x->fact.name, y->fact.name);
}

static int by_time(const void *a, const void *b)
{
	const struct process *x = *(const struct process *const *)a;
	const struct process *y = *(const struct process *const *)b;
	int order = by_family(x, y);

	if (!order)
		order = compare(end_of(x), end_of(y));
	return order ? order : compare(x->id.pid, y->id.pid);
}

/* How many of them were started after the first had ended. */
static size_t count_again(const struct process *const *family, size_t count)
{
	uint64_t first = end_of(family[0]);
	size_t again = 0;

	for (size_t i = 1; i < count; i++) {
		uint64_t born = family[i]->fact.started_ns;

		again += born != FACT_UNKNOWN && born >= first;
	}
	return again;
}

static void say(struct finding *finding, const struct process *const *family, size_t count,
		const struct process *parent)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	const struct process *last = family[count - 1];
	uint64_t span = end_of(last) - end_of(family[0]);
	char text[FMT_MAX];

	sentence_add(&out, "%s keeps dying under ",
		     last->fact.name[0] ? last->fact.name : "A child");
	if (parent)
		words_process(&out, parent);
	else
		sentence_add(&out, "pid %u", parent_of(last).pid);
	sentence_add(&out, ": %zu bad ends in %s, %zu started again; the last ", count,
		     fmt_ns(text, sizeof(text), span), count_again(family, count));
	words_death(&out, &last->death);
}

/* Newest first: they matter most. */
static void list(const struct model *model, struct finding *finding,
		 const struct process *const *family, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		const struct process *at = family[i - 1];
		char text[FINDING_TEXT], age[FMT_MAX];
		struct sentence out = sentence_begin(text, sizeof(text));

		words_process(&out, at);
		sentence_add(&out, " ");
		words_death(&out, &at->death);
		sentence_add(&out, ", %s ago",
			     fmt_ns(age, sizeof(age), words_age(model, end_of(at))));
		detect_evidence(finding, "%s", text);
		detect_process(finding, at->id);
	}
}

static const struct process *find_parent(const struct model *model, struct process_id id)
{
	const struct process *found = model_find_pid(model, id.pid);

	return found && (!id.start || found->id.start == id.start) ? found : NULL;
}

/* Exit codes are also answers (grep, test), asked for again and again. */
static enum severity weigh(const struct process *const *family, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (family[i]->death.exit_code < 0)
			return SEVERITY_PROBLEM;
	}
	return SEVERITY_NOTE;
}

/* Did all of them end for a reason of this kind? */
static bool all_of(const struct process *const *family, size_t count, enum fact_origin origin)
{
	for (size_t i = 0; i < count; i++) {
		if (family[i]->death.origin != origin || family[i]->death.itself)
			return false;
	}
	return true;
}

/* Who was killed from outside left neither a log nor a core dump about it. */
static const char *advice(const struct process *const *family, size_t count)
{
	if (all_of(family, count, FACT_ORIGIN_MEMORY))
		return "Give it more memory (the machine, or the limit of its cgroup), start fewer "
		       "of them, or find what they fill it with.";
	if (all_of(family, count, FACT_ORIGIN_PROCESS))
		return "They did not fail by themselves: find out why the sender ends them.";
	return "Look at how it ends: its log, or the core dump. Let the parent wait longer each "
	       "time before it starts it again.";
}

static void add_finding(const struct model *model, const struct process *const *family,
			size_t count, struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_crash_loop);
	const struct process *parent = find_parent(model, parent_of(family[0]));

	if (!finding)
		return;
	finding->severity = weigh(family, count);
	finding->since_ns = end_of(family[0]);
	say(finding, family, count, parent);
	if (parent)
		detect_process(finding, parent->id);
	list(model, finding, family, count);
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice(family, count));
}

static void collect(const struct model *model, struct ends *ends, struct findings *out)
{
	const struct process *at;

	for (size_t i = 0; (at = words_explained(model, i)); i++) {
		if (!is_crash(model, at))
			continue;
		if (VEC_RESERVE(ends, ends->count + 1)) {
			detect_missed(out);
			return;
		}
		ends->items[ends->count++] = at;
	}
}

static void check(const struct model *model, struct findings *out)
{
	struct ends ends = {0};
	size_t first = 0, end;

	collect(model, &ends, out);
	if (ends.count)
		qsort(ends.items, ends.count, sizeof(*ends.items), by_time);
	for (; first < ends.count; first = end) {
		for (end = first + 1; end < ends.count; end++) {
			if (by_family(ends.items[first], ends.items[end]))
				break;
		}
		if (end - first >= ENDS &&
		    count_again(ends.items + first, end - first) >= ENDS - 1)
			add_finding(model, ends.items + first, end - first, out);
	}
	free(ends.items);
}

const struct detector detect_crash_loop = {
	.name = "crash-loop",
	.help = "the same command ending badly again and again under one parent",
	.check = check,
};
