/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_object.c - one object: holder, waiters, ledger, numbers, histograms.
 */
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/waits.h"
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"
#include "mpstat/view/story.h"
#include "mpstat/view/view_state.h"

#include <inttypes.h>
#include <stdio.h>

static struct object_id id_of(struct identity subject)
{
	return (struct object_id){.domain = subject.a,
				  .slot = (uint32_t)(subject.b >> 32),
				  .generation = (uint32_t)subject.b};
}

static uint64_t age(const struct model *model, uint64_t since_ns)
{
	uint64_t now = model_now(model);

	return now > since_ns ? now - since_ns : 0;
}

/* Who holds the lock of another is to be seen there. */
static void tell_guard(struct pane *pane, const struct model *model, const struct object *object)
{
	const struct object *guard = model_find_object(model, object->fact.guard);
	char kind[KIND_NAME_MAX];

	if (object->fact.unguarded)
		pane_pair(pane, "Guarded by", STYLE_FAINT, "nothing");
	else if (guard)
		pane_pair(pane, "Guarded by", STYLE_STRONG, "%s %s",
			  kind_name(guard->fact.kind, kind, sizeof(kind)), guard->fact.name);
	else
		pane_pair(pane, "Guarded by", STYLE_BAD, "a lock that has ended");
}

/* " for 3.2s"; nothing when nobody knows since when: outside of any domain. */
static void held_since(const struct model *model, const struct object *object, char *text,
		       size_t size)
{
	char since[FMT_MAX];

	text[0] = '\0';
	if (object->fact.owner_since_ns)
		snprintf(text, size, " for %s",
			 fmt_ns(since, sizeof(since), age(model, object->fact.owner_since_ns)));
}

static void tell_lost_holder(struct pane *pane, const struct fact_object *fact, const char *since)
{
	if (fact->owner_state == FACT_OWNER_GONE)
		pane_pair(pane, "Holder", STYLE_BAD, "thread %u, which has ended", fact->owner_tid);
	else if (fact->owner_state == FACT_OWNER_INHERITED)
		pane_pair(pane, "Holder", STYLE_BAD, "thread %u of pid %u, when that forked",
			  fact->owner_tid, fact->owner_process.pid);
	else
		pane_pair(pane, "Holder", STYLE_BAD, "somebody unknown%s", since);
}

static void tell_holder(struct pane *pane, const struct model *model, const struct object *object)
{
	char since[FMT_MAX + 8];

	if (object->lock) {
		pane_pair(pane, "Lock", STYLE_STRONG, "%s", object->lock->fact.name);
		object = object->lock;
	}
	if (!kind_has(object->fact.kind, MPT_T_OWNER))
		return;
	if (object->fact.unguarded || object->fact.guard.domain) {
		tell_guard(pane, model, object);
		return;
	}
	if (!object->fact.held) {
		pane_pair(pane, "Holder", STYLE_FAINT, "nobody");
		return;
	}
	held_since(model, object, since, sizeof(since));
	if (object->owner && object->owner->process)
		pane_pair(pane, kind_has(object->fact.kind, MPT_T_RUNS) ? "Thread" : "Holder",
			  STYLE_STRONG, "%s (pid %u, thread %u)%s",
			  object->owner->process->fact.name, object->owner->process->id.pid,
			  object->owner->fact.tid, since);
	else
		tell_lost_holder(pane, &object->fact, since);
}

static void tell_waiter(struct pane *pane, const struct model *model, const struct thread *thread)
{
	char verb[KIND_NAME_MAX], since[FMT_MAX], until[FMT_MAX + 16];
	struct sentence text = sentence_begin(until, sizeof(until));
	char label[32];

	words_until(&text, model, thread);
	snprintf(label, sizeof(label), "pid %u", thread->process->id.pid);
	pane_pair(pane, label, thread->verdict == VERDICT_STUCK ? STYLE_BAD : STYLE_WAITING,
		  "%s: %s for %s%s%s", thread->process->fact.name,
		  op_name(thread->fact.wait_op, verb, sizeof(verb)),
		  fmt_ns(since, sizeof(since), age(model, thread->fact.wait_since_ns)), until,
		  thread->verdict == VERDICT_STUCK ? ", stuck" : "");
}

static void tell_waiters(struct pane *pane, const struct model *model, const struct object *object)
{
	const struct process *process = NULL;
	bool any = false;

	while ((process = model_next_process(model, process))) {
		for (const struct thread *t = process->first_thread; t; t = t->next) {
			if (!thread_waits_for(t, object) || t->serves == object || waits_serving(t))
				continue;
			if (!any)
				pane_section(pane, "Waiting now");
			any = true;
			tell_waiter(pane, model, t);
		}
	}
}

static void tell_worker(struct pane *pane, const struct thread *thread)
{
	const struct process *process = thread->process;
	enum style style = thread->verdict == VERDICT_STUCK ? STYLE_BAD
			   : thread->task_object	       ? STYLE_STRONG
							       : STYLE_FAINT;
	char label[32];

	snprintf(label, sizeof(label), "pid %u", process->id.pid);
	pane_pair(pane, label, style, "%s: %s", process->fact.name,
		  process->waiting_for[0] ? process->waiting_for : "running");
}

static void tell_workers(struct pane *pane, const struct model *model, const struct object *object)
{
	const struct process *process = NULL;

	if (!object->workers)
		return;
	pane_section(pane, "Workers");
	while ((process = model_next_process(model, process)))
		for (const struct thread *t = process->first_thread; t; t = t->next)
			if (t->serves == object)
				tell_worker(pane, t);
}

static const struct table_column depth_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "puts"},
	{.key = "gets"},
	{.key = "lost"},
	{.key = "put_per_s", .drop = 1},
	{.key = "get_per_s", .drop = 2},
	{.key = "last_ns", .drop = 3},
	{.key = NULL},
};

static const struct table_column owner_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "gets", .title = "ACQUIRED"},
	{.key = "get_per_s", .title = "ACQ/s", .drop = 1},
	{.key = "last_ns", .drop = 2},
	{.key = NULL},
};

static const struct table_column items_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "gets", .title = "READS"},
	{.key = "puts", .title = "CHANGES"},
	{.key = "get_per_s", .title = "READ/s", .drop = 1},
	{.key = "put_per_s", .title = "CHG/s", .drop = 2},
	{.key = "last_ns", .drop = 3},
	{.key = NULL},
};

static const struct table_column task_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "puts"},
	{.key = "gets"},
	{.key = "finished"},
	{.key = "out", .title = "HAS"},
	{.key = "lost", .drop = 4},
	{.key = "put_per_s", .drop = 1},
	{.key = "get_per_s", .drop = 2},
	{.key = "last_ns", .drop = 3},
	{.key = NULL},
};

static const struct table_column unit_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "out", .title = "HAS"},
	{.key = "gets", .title = "ACQUIRED"},
	{.key = "puts", .title = "RELEASED"},
	{.key = "get_per_s", .title = "ACQ/s", .drop = 1},
	{.key = "last_ns", .drop = 2},
	{.key = NULL},
};

static const struct table_spec items_spec = {.entity = ENTITY_USE, .columns = items_columns};
static const struct table_spec task_spec = {.entity = ENTITY_USE, .columns = task_columns};
static const struct table_spec unit_spec = {.entity = ENTITY_USE, .columns = unit_columns};
/* What is neither put nor held. */
static const struct table_column signal_columns[] = {
	{.key = "pid"},
	{.key = "process", .grow = 20},
	{.key = "puts", .title = "SIGNALS"},
	{.key = "gets", .title = "WAITS"},
	{.key = "last_ns", .drop = 1},
	{.key = NULL},
};

static const struct table_spec depth_spec = {.entity = ENTITY_USE, .columns = depth_columns};
static const struct table_spec owner_spec = {.entity = ENTITY_USE, .columns = owner_columns};
static const struct table_spec signal_spec = {.entity = ENTITY_USE, .columns = signal_columns};

static const struct table_spec *spec_of(const struct object *object)
{
	uint32_t traits = kind_traits(object->fact.kind);

	if (traits & MPT_T_ITEMS)
		return &items_spec;
	if (traits & MPT_T_UNITS)
		return &unit_spec;
	if (traits & MPT_T_UNFINISHED)
		return &task_spec;
	if (traits & MPT_T_DEPTH)
		return &depth_spec;
	return traits & MPT_T_OWNER ? &owner_spec : &signal_spec;
}

/* put = got + queued + lost, for the object; the rows say whose. */
static void tell_balance(struct pane *pane, const struct object *object)
{
	if (kind_has(object->fact.kind, MPT_T_DEPTH))
		pane_text(pane, STYLE_PLAIN, 2,
			  "put %" PRIu64 " = got %" PRIu64 " + queued %" PRIu64 " + lost %" PRIu64,
			  ledger_puts(object), ledger_gets(object), ledger_depth(object),
			  ledger_lost(object));
}

static const char *ends_title(const struct object *object)
{
	if (kind_has(object->fact.kind, MPT_T_HOLDERS))
		return "Held by";
	return object->fact.ends == FACT_ENDS_TOLD ? "Open in" : "Open in, and perhaps in others";
}

/* Outside of any domain nobody counts: who has which end open is all that is known. */
static void tell_ends(struct pane *pane, const struct object *object)
{
	char label[32];

	pane_section(pane, ends_title(object));
	for (const struct use *use = object->first_use; use; use = use->next) {
		snprintf(label, sizeof(label), "pid %u", use->process.pid);
		pane_pair(pane, label, STYLE_PLAIN, "%s: %s", use->process_name, use_ends(use));
	}
}

static void tell_ledger(struct page *page, const struct model *model, const struct object *object)
{
	struct table *table;

	if (!object->first_use)
		return;
	if (!object->id.domain) {
		tell_ends(page->pane, object);
		return;
	}
	pane_section(page->pane, "Ledger");
	tell_balance(page->pane, object);
	table = table_new(spec_of(object));
	if (!table)
		return;
	table_begin(table);
	for (const struct use *use = object->first_use; use; use = use->next)
		table_add(table, identity_process(use->process), (struct identity){0, 0}, use);
	table_end(table, model);
	story_table(page->pane, table, model, page->columns);
	table_free(table);
}

/* "Time waited in put": by the kind's own verb for the effect. */
static void tell_side(struct pane *pane, uint16_t kind, enum mpt_effect effect,
		      const struct fact_side *side)
{
	char title[64];

	for (uint16_t number = 1; number < 256; number++) {
		const struct op *op = op_find((uint16_t)MPT_OP_ID(kind, number));

		if (!op || op->effect != effect || !op->waits[0])
			continue;
		snprintf(title, sizeof(title), "Time waited in %s (of calls that had to wait)",
			 op->name);
		story_hist(pane, title, &side->wait);
		return;
	}
}

static void set_title(struct page *page, const struct object *object)
{
	char number[KIND_NAME_MAX];
	const char *kind = kind_name(object->fact.kind, number, sizeof(number));

	if (object->fact.name[0])
		snprintf(page->title, sizeof(page->title), "%s %s", kind, object->fact.name);
	else
		snprintf(page->title, sizeof(page->title), "%s #%u", kind, object->id.slot);
}

static void update(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	const struct object *object = model_find_object(model, id_of(page->subject));
	struct pane *pane = page->pane;

	if (!object) {
		pane_text(pane, STYLE_WAITING, 2, "%s is gone.", page->title);
		pane_text(pane, STYLE_PLAIN, 2, "Esc goes back to the list.");
		return;
	}
	set_title(page, object);
	tell_holder(pane, model, object);
	tell_workers(pane, model, object);
	tell_waiters(pane, model, object);
	tell_ledger(page, model, object);
	tell_side(pane, object->fact.kind, MPT_E_GIVE, &object->fact.give);
	tell_side(pane, object->fact.kind, MPT_E_TAKE, &object->fact.take);
	if (!(kind_traits(object->fact.kind) & (MPT_T_OWNER | MPT_T_DEPTH)))
		tell_side(pane, object->fact.kind, MPT_E_PASS, &object->fact.give);
	story_hist(pane,
		   kind_has(object->fact.kind, MPT_T_OWNER) ? "Time held"
							    : "Time from put to get",
		   &object->fact.hold);
	story_hist(pane, "Time a task ran", &object->fact.run);
	pane_section(pane, "Numbers");
	story_fields(pane, model, ENTITY_OBJECT, kind_traits(object->fact.kind), object);
}

const struct screen screen_object = {
	.name = "object",
	.title = "Object",
	.help = "One queue, pipe, pool or lock: holder, waiters, ledger, numbers, histograms.",
	.update = update,
};
