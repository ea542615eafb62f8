/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * story.c - a zombie, an orphan or an end explained in one sentence.
 *
 * Owns: process.story, and what a parent is doing.  Does not own: the words for a cause (words_death.c),
 * what happened (life.c).
 */
#include "mpstat/model/store.h"
#include "mpstat/model/words.h"

#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <string.h>

#define INIT 1

static bool is_zombie(const struct process *process)
{
	return !process->fact.ended && !process_lives(process) && process->fact.state == 'Z';
}

bool words_of_init(const struct process *process)
{
	return process->fact.parent.pid == INIT ||
	       (process->parent && process->parent->fact.inner_pid == INIT);
}

static void add_parent(struct sentence *out, const struct process *process)
{
	uint32_t pid = process->fact.parent.pid;

	if (process->parent && process->parent->fact.name[0])
		words_process(out, process->parent);
	else if (pid == INIT)
		sentence_add(out, "init (pid %u)", pid);
	else
		sentence_add(out, "pid %u", pid);
	if (pid != INIT && words_of_init(process))
		sentence_add(out, ", the init of its pid namespace,");
}

static void add_first_parent(struct sentence *out, const struct process *process)
{
	if (process->first_parent_name[0])
		sentence_add(out, "%s (pid %u)", process->first_parent_name,
			     process->first_parent.pid);
	else
		sentence_add(out, "pid %u", process->first_parent.pid);
}

/* ---- zombies ------------------------------------------------------------- */

const char *words_doing(const struct process *process)
{
	if (!process_lives(process))
		return NULL;
	if (process->waiting_for[0])
		return process->waiting_for;
	switch (process->fact.state) {
	case 'R':
		return "running";
	case 'T':
	case 't':
		return "stopped";
	default:
		return NULL;
	}
}

static void add_collector(struct sentence *out, const struct process *process)
{
	const struct process *parent = process->parent;
	const char *what;

	if (!process->fact.parent.pid) {
		sentence_add(out, "its parent has not waited for it");
		return;
	}
	sentence_add(out, "its parent ");
	add_parent(out, process);
	sentence_add(out, " has not waited for it");
	what = parent ? words_doing(parent) : NULL;
	if (what)
		sentence_add(out, " and is %s", what);
	if (parent && parent->fact.ignores_children)
		sentence_add(out, "; SIGCHLD, now ignored, was not ignored when it ended");
}

static void add_adopted(struct sentence *out, const struct process *process)
{
	if (process->orphan) {
		sentence_add(out, "its parent ");
		add_first_parent(out, process);
		sentence_add(out, " ended and ");
	}
	add_parent(out, process);
	sentence_add(out, " has not collected it yet");
}

static void add_zombie(struct sentence *out, const struct model *model,
		       const struct process *process)
{
	sentence_add(out, "zombie");
	words_for(out, model, process->death.at_ns);
	sentence_add(out, ": ");
	words_death(out, &process->death);
	sentence_add(out, "; ");
	if (process->orphan || words_of_init(process))
		add_adopted(out, process);
	else
		add_collector(out, process);
}

/* ---- orphans ------------------------------------------------------------- */

static void add_orphan(struct sentence *out, const struct model *model,
		       const struct process *process)
{
	sentence_add(out, "orphan");
	words_for(out, model, process->orphaned_ns);
	sentence_add(out, ": its parent ");
	add_first_parent(out, process);
	sentence_add(out, " ");
	words_death(out, &process->parent_death);
	sentence_add(out, "; adopted by ");
	add_parent(out, process);
	if (out->used && out->text[out->used - 1] == ',')
		sentence_back(out, out->used - 1);
}

static void add_relative(struct sentence *out, const struct model *model, const char *what,
			 uint32_t leader)
{
	const struct process *found = model_find_pid(model, leader);

	sentence_add(out, "; same %s as ", what);
	if (found)
		words_process(out, found);
	else
		sentence_add(out, "pid %u", leader);
}

static void add_late_orphan(struct sentence *out, const struct model *model,
			    const struct process *process)
{
	sentence_add(out, "first parent unknown, adopted before mpstat looked");
	if (life_strange_group(model, process))
		add_relative(out, model, "process group", process->fact.group);
	else if (process->fact.session && process->fact.session != process->id.pid)
		add_relative(out, model, "session", process->fact.session);
}

/* ---- all ----------------------------------------------------------------- */

/* What does not fit ends in "...". */
static void fit(char *out, size_t size, const char *text)
{
	if (strlen(text) < size) {
		memcpy(out, text, strlen(text) + 1);
		return;
	}
	text_copy(out, size - 3, text);
	strcat(out, "...");
}

static void tell(const struct model *model, struct process *process)
{
	char text[4 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	if (is_zombie(process))
		add_zombie(&out, model, process);
	else if (!process_lives(process))
		words_cause(&out, &process->death);
	else if (process->orphan)
		add_orphan(&out, model, process);
	else
		add_late_orphan(&out, model, process);
	fit(process->story, sizeof(process->story), text);
}

void story_clear(struct model *model)
{
	for (size_t i = 0; i < model->stories.count; i++) {
		if (!process_node_of(model->stories.items[i])->told)
			model->stories.items[i]->story[0] = 0;
	}
	model->stories.count = 0;
}

void story_note(struct model *model, struct process *process)
{
	if (!process->orphan && !process->probably_orphan && process_lives(process))
		return;
	if (VEC_RESERVE(&model->stories, model->stories.count + 1))
		model->left_out++;
	else
		model->stories.items[model->stories.count++] = process;
}

void story_update(struct model *model)
{
	for (size_t i = 0; i < model->stories.count; i++) {
		struct process *process = model->stories.items[i];
		struct process_node *node = process_node_of(process);

		if (node->told && process->fact.ended)
			continue;
		tell(model, process);
		node->told = process->fact.ended;
	}
}

const struct process *words_explained(const struct model *model, size_t index)
{
	return index < model->stories.count ? model->stories.items[index] : NULL;
}
