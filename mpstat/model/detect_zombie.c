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
#define MOMENT_NS 1000000000ull
#define INIT 1

static bool is_zombie(const struct process *process)
{
	return process->fact.state == 'Z' && !process_lives(process) && !process->fact.ended;
}

static bool is_told(const struct process *process)
{
	return is_zombie(process) && process->matched;
}

/* The zombie, or the zombies of one parent (then `first` is its first child). */
struct family {
	const struct process *parent; /* NULL: not known to us */
	const struct process *first;
	uint64_t count;
	uint64_t since_ns; /* of the oldest; 0: unknown */
	bool of_init;
};

static void count_in(struct family *family, const struct process *zombie)
{
	uint64_t at_ns = zombie->death.at_ns;

	if (!family->count || words_of_init(zombie))
		family->of_init = words_of_init(zombie);
	family->count++;
	if (at_ns && (!family->since_ns || at_ns < family->since_ns))
		family->since_ns = at_ns;
}

static struct family family_of(const struct process *parent)
{
	struct family family = {.parent = parent, .first = parent->first_child};

	for (const struct process *at = family.first; at; at = at->next_sibling) {
		if (is_told(at))
			count_in(&family, at);
	}
	return family;
}

static void list_one(const struct model *model, struct finding *finding,
		     const struct process *zombie)
{
	char text[FINDING_TEXT];
	struct sentence out = sentence_begin(text, sizeof(text));

	words_process(&out, zombie);
	sentence_add(&out, " ");
	words_death(&out, &zombie->death);
	if (words_age(model, zombie->death.at_ns)) {
		sentence_add(&out, ", a zombie");
		words_for(&out, model, zombie->death.at_ns);
	}
	detect_evidence(finding, "%s", text);
	detect_process(finding, zombie->id);
}

static void list(const struct model *model, struct finding *finding, const struct family *family)
{
	if (!family->parent) {
		list_one(model, finding, family->first);
		return;
	}
	for (const struct process *at = family->first; at; at = at->next_sibling) {
		if (is_told(at))
			list_one(model, finding, at);
	}
}

static void add_parent(struct sentence *out, const struct family *family)
{
	uint32_t pid = family->first->fact.parent.pid;

	if (family->parent)
		words_process(out, family->parent);
	else if (pid == INIT)
		sentence_add(out, "init (pid %u)", pid);
	else if (pid)
		sentence_add(out, "pid %u", pid);
	else
		sentence_add(out, "an unknown parent");
}

static void say(struct finding *finding, const struct family *family)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	const char *what = family->parent ? words_doing(family->parent) : NULL;
	bool one = family->count == 1;

	if (family->of_init) {
		sentence_add(&out, "%llu ended process%s that ",
			     (unsigned long long)family->count, one ? "" : "es");
		add_parent(&out, family);
		sentence_add(&out, " has not collected yet");
		return;
	}
	sentence_add(&out, "%llu child%s of ", (unsigned long long)family->count,
		     one ? "" : "ren");
	add_parent(&out, family);
	sentence_add(&out, " %s ended, but the parent has not waited for %s", one ? "has" : "have",
		     one ? "it" : "them");
	if (what)
		sentence_add(&out, " and is %s", what);
}

static const char *advice(const struct family *family)
{
	const struct process *parent = family->parent;

	if (family->of_init)
		return "An init collects orphans by itself, within a second or so. In a container "
		       "whose first process does not, start one that does (docker run --init).";
	if (parent && (parent->fact.state == 'T' || parent->fact.state == 't'))
		return "The parent is stopped and cannot wait for its children: continue it "
		       "(kill -CONT) or end it.";
	if (parent && parent->fact.ignores_children)
		return "The parent ignores SIGCHLD now, which only spares it children that end from "
		       "then on: it has to wait for these; killing the parent removes them too.";
	return "The parent has to join or wait for its children (mpt_process_join, waitpid); "
	       "killing the parent removes them too.";
}

/* Every child is one for a moment, until its parent has looked. */
static bool is_passing(const struct model *model, const struct family *family)
{
	return family->count < MANY && family->since_ns &&
	       words_age(model, family->since_ns) < MOMENT_NS;
}

static void add_finding(const struct model *model, const struct family *family,
			struct findings *out)
{
	struct finding *finding;

	if (is_passing(model, family))
		return;
	finding = findings_add(out, &detect_zombie);
	if (!finding)
		return;
	finding->severity = family->count >= MANY ? SEVERITY_PROBLEM : SEVERITY_NOTE;
	finding->since_ns = family->since_ns;
	say(finding, family);
	if (family->parent)
		detect_process(finding, family->parent->id);
	list(model, finding, family);
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice(family));
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct process *at = NULL; (at = model_next_process(model, at));) {
		struct family family = {.first = at};

		if (at->first_child)
			family = family_of(at);
		if (family.parent && family.count)
			add_finding(model, &family, out);
		if (at->parent || !is_told(at))
			continue;
		/* Its parent is not known to us. */
		family = (struct family){.first = at};
		count_in(&family, at);
		add_finding(model, &family, out);
	}
}

const struct detector detect_zombie = {
	.name = "zombie",
	.help = "ended children that their parent has not waited for",
	.check = check,
};
