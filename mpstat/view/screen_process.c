/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_process.c - one process: its life, threads and their waits, objects held and
 * used, all its numbers.
 */
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/words.h"
#include "mpstat/view/lives.h"
#include "mpstat/view/story.h"
#include "mpstat/view/view_state.h"

#include <stdio.h>

static const struct process *find(const struct model *model, struct identity subject)
{
	const struct process *process = model_find_pid(model, (uint32_t)subject.a);

	if (process && process->id.start == subject.b)
		return process;
	/* it may have ended, and its pid belong to another one now */
	process = NULL;
	while ((process = model_next_process(model, process)))
		if (process->id.pid == subject.a && process->id.start == subject.b)
			break;
	return process;
}

static void tell_thread(struct pane *pane, const struct model *model, const struct thread *thread)
{
	enum style style = thread->verdict == VERDICT_STUCK ? STYLE_BAD : STYLE_WAITING;
	char label[FACT_NAME_MAX + 16], text[STORY_VALUE_MAX];

	snprintf(label, sizeof(label), "%u %s", thread->fact.tid, thread->fact.name);
	if (!thread->fact.wait_op) {
		pane_pair(pane, label, thread->fact.ended ? STYLE_FAINT : STYLE_PLAIN, "%s",
			  thread->fact.ended ? "has ended" : "waits for no object");
		return;
	}
	pane_pair(pane, label, style, "%s%s", thread->verdict == VERDICT_STUCK ? "stuck " : "",
		  story_value(model, ENTITY_THREAD, "waiting_for", thread, text));
}

static void tell_threads(struct pane *pane, const struct model *model,
			 const struct process *process)
{
	if (!process->first_thread)
		return;
	pane_section(pane, "Threads");
	for (const struct thread *thread = process->first_thread; thread; thread = thread->next)
		tell_thread(pane, model, thread);
}

static void tell_one_held(struct pane *pane, const struct model *model, const struct object *object)
{
	char kind[KIND_NAME_MAX], text[FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	sentence_add(&out, "%s", kind_name(object->fact.kind, kind, sizeof(kind)));
	words_for(&out, model, object->fact.owner_since_ns);
	sentence_add(&out, "; %u waiting", object->take_waiters);
	pane_pair(pane, object->fact.name, STYLE_PLAIN, "%s", text);
}

static void tell_held(struct pane *pane, const struct model *model, const struct process *process)
{
	const struct object *object = NULL;
	bool any = false;

	while ((object = model_next_object(model, object))) {
		if (!object->owner || object->owner->process != process ||
		    kind_has(object->fact.kind, MPT_T_RUNS))
			continue;
		if (!any)
			pane_section(pane, "Holds");
		any = true;
		tell_one_held(pane, model, object);
	}
}

static void tell_use(struct pane *pane, const struct model *model, const struct object *object,
		     const struct use *use)
{
	char gives[STORY_VALUE_MAX], takes[STORY_VALUE_MAX], lost[STORY_VALUE_MAX];

	if (!object->id.domain) {
		pane_pair(pane, object->fact.name, STYLE_PLAIN, "%s: %s",
			  kind_name(object->fact.kind, takes, sizeof(takes)), use_ends(use));
		return;
	}
	story_value(model, ENTITY_USE, "gets", use, takes);
	if (kind_has(object->fact.kind, MPT_T_DEPTH))
		pane_pair(pane, object->fact.name, STYLE_PLAIN, "put %s, got %s, lost %s",
			  story_value(model, ENTITY_USE, "puts", use, gives), takes,
			  story_value(model, ENTITY_USE, "lost", use, lost));
	else
		pane_pair(pane, object->fact.name, STYLE_PLAIN, "acquired %s times", takes);
}

static void tell_uses(struct pane *pane, const struct model *model, const struct process *process)
{
	const struct object *object = NULL;
	bool any = false;

	while ((object = model_next_object(model, object))) {
		for (const struct use *use = object->first_use; use; use = use->next) {
			if (use->process.pid != process->id.pid ||
			    use->process.start != process->id.start)
				continue;
			if (!any)
				pane_section(pane, "Has used");
			any = true;
			tell_use(pane, model, object, use);
		}
	}
}

/* Why it is here at all: an end, a zombie, an orphan. */
static void tell_story(struct pane *pane, const struct model *model,
		       const struct process *process)
{
	enum style style = process->fact.ended ? STYLE_PLAIN : STYLE_WAITING;
	char text[2 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	if (process->fact.ended)
		lives_end(&out, model, process);
	else
		sentence_add(&out, "%s", process->story);
	if (out.used)
		pane_text(pane, lives_ended_badly(process) ? STYLE_BAD : style, 0, "%s", text);
}

static void update(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	const struct process *process = find(model, page->subject);

	if (!process) {
		pane_text(page->pane, STYLE_WAITING, 2, "%s has ended.", page->title);
		pane_text(page->pane, STYLE_PLAIN, 2, "Esc goes back to the list.");
		return;
	}
	snprintf(page->title, sizeof(page->title), "%s (%u)", process->fact.name, process->id.pid);
	tell_story(page->pane, model, process);
	if (process->waiting_for[0])
		pane_text(page->pane, process->verdict == VERDICT_STUCK ? STYLE_BAD : STYLE_WAITING,
			  0, "%s%s", process->verdict == VERDICT_STUCK ? "Stuck " : "",
			  process->waiting_for);
	lives_tell(page->pane, model, process);
	tell_threads(page->pane, model, process);
	tell_held(page->pane, model, process);
	tell_uses(page->pane, model, process);
	pane_section(page->pane, "Numbers");
	story_fields(page->pane, model, ENTITY_PROCESS, 0, process);
}

static struct process_id process_of(const struct page *page, const struct view *view,
				    const void *row)
{
	const struct process *process = find(view->config.model, page->subject);

	(void)row;
	return process && !process->fact.ended ? process->id : (struct process_id){0, 0};
}

const struct screen screen_process = {
	.name = "process",
	.title = "Process",
	.help = "One process: its life, its threads, what they wait for, what it holds and used.",
	.update = update,
	.process = process_of,
};
