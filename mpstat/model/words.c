/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c - entities and waits in words.  See words.h. */
#include "mpstat/model/words.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/store.h"
#include "mpstat/util/fmt.h"
#include "mpstat/util/text.h"

#include <string.h>

uint64_t words_age(const struct model *model, uint64_t since_ns)
{
	return since_ns && since_ns < model->now_ns ? model->now_ns - since_ns : 0;
}

void words_for(struct sentence *out, const struct model *model, uint64_t since_ns)
{
	uint64_t age = words_age(model, since_ns);
	char text[FMT_MAX];

	if (age)
		sentence_add(out, " for %s", fmt_ns(text, sizeof(text), age));
}

void words_until(struct sentence *out, const struct model *model, const struct thread *thread)
{
	uint64_t deadline = thread->fact.wait_deadline_ns;
	char text[FMT_MAX];

	if (deadline == FACT_UNKNOWN)
		sentence_add(out, ", with a timeout");
	else if (deadline > model->now_ns)
		sentence_add(out, ", gives up in %s",
			     fmt_ns(text, sizeof(text), deadline - model->now_ns));
}

void words_process(struct sentence *out, const struct process *process)
{
	if (process->fact.name[0])
		sentence_add(out, "%s (%s%u)", process->fact.name, out->brief ? "" : "pid ",
			     process->id.pid);
	else
		sentence_add(out, "pid %u", process->id.pid);
}

/* The only thread is the process in everybody's mind. */
static bool is_whole_process(const struct thread *thread)
{
	const struct process *process = thread->process;

	if (!process_lives(process))
		return thread->fact.tid == process->id.pid;
	return !thread->fact.ended && process_node_of(process)->actors < 2 &&
	       (thread->fact.tid == process->id.pid || process->fact.threads == 1);
}

void words_thread(struct sentence *out, const struct thread *thread)
{
	const struct process *process = thread->process;

	if (is_whole_process(thread))
		words_process(out, process);
	else if (process->fact.name[0])
		sentence_add(out, "%s (%s%u, tid %u)", process->fact.name,
			     out->brief ? "" : "pid ", process->id.pid, thread->fact.tid);
	else
		sentence_add(out, "pid %u, tid %u", process->id.pid, thread->fact.tid);
}

void words_object(struct sentence *out, const struct object *object)
{
	char kind[KIND_NAME_MAX];

	kind_name(object->fact.kind, kind, sizeof(kind));
	sentence_add(out, "%s ", kind_name(object->fact.kind, kind, sizeof(kind)));
	if (object->fact.name[0])
		sentence_add(out, "`%s`", object->fact.name);
	else
		sentence_add(out, "#%u", object->id.slot);
}

static void add_level(struct sentence *out, const struct object *object, uint16_t op)
{
	uint64_t depth = ledger_depth(object);

	if (!kind_has(object->fact.kind, MPT_T_DEPTH) || kind_has(object->fact.kind, MPT_T_WORKERS))
		return;
	if (op_effect(op) != MPT_E_GIVE) {
		sentence_add(out, depth ? "" : " (empty)");
	} else if (depth) {
		sentence_add(out, " (full)");
	}
}

/* "queue `a` (empty), worker (pid 12), descriptor 7 and 3 more" */
static void words_any(struct sentence *out, const struct thread *thread)
{
	const struct fact_any *fact = &thread->fact.wait_any;
	uint32_t listed = thread_any_listed(thread);

	for (uint32_t i = 0; i < listed; i++) {
		const struct any_of *one = &thread->wait_any[i];

		sentence_add(out, i ? ", " : "");
		if (one->process)
			words_process(out, one->process);
		else if (one->object)
			words_object(out, one->object);
		else if (fact->of[i].slot == FACT_REF_NONE)
			sentence_add(out, "descriptor %u", fact->of[i].generation);
		else
			sentence_add(out, "something that has ended");
		if (one->object)
			add_level(out, one->object, thread->fact.wait_op);
	}
	if (!listed)
		sentence_add(out, "%u things", fact->count);
	else if (fact->count > listed)
		sentence_add(out, " and %u more", fact->count - listed);
}

void words_wait(struct sentence *out, const struct thread *thread)
{
	uint16_t op = thread->fact.wait_op;
	const struct op *known = op_find(op);
	char name[KIND_NAME_MAX];

	if (thread->fact.wait_any.count) {
		sentence_add(out, "%s ", thread->fact.wait_any.count == 1 || !known ? "for" :
										   known->waits);
		words_any(out, thread);
		return;
	}
	if (thread->fact.task_awaited && thread->fact.task[0] && thread->wait_object)
		sentence_add(out, "for the result of `%s` from ", thread->fact.task);
	else if (known && known->waits[0])
		sentence_add(out, "%s ", known->waits);
	else
		sentence_add(out, "in %s of ", op_name(op, name, sizeof(name)));
	if (thread->fact.wait_children) {
		sentence_add(out, "any child");
	} else if (thread->wait_process) {
		words_process(out, thread->wait_process);
	} else if (thread->wait_object) {
		words_object(out, thread->wait_object);
		add_level(out, thread->wait_object, op);
	} else if (thread->fact.wait_object.slot & FACT_REF_PROCESS || thread->fact.wait_process.pid) {
		sentence_add(out, "a process");
	} else {
		char kind[KIND_NAME_MAX];

		sentence_add(out, "%s #%u", kind_name(MPT_OP_KIND(op), kind, sizeof(kind)),
			     thread->fact.wait_object.slot);
	}
}

void words_holders(struct sentence *out, const struct object *object)
{
	const struct process *first = NULL;
	unsigned int others = 0;

	for (const struct use *use = object->first_use; use; use = use->next) {
		if (!use->known || use_is_rest(use) || !(use_out(use) || use->can_give))
			continue;
		if (first)
			others++;
		else
			first = use->known;
	}
	if (!first)
		return;
	if (!process_lives(first))
		sentence_add(out, "dead ");
	words_process(out, first);
	if (others)
		sentence_add(out, " and %u other%s", others, others == 1 ? "" : "s");
}

bool words_is_held(const struct thread *thread)
{
	enum wait_for wait = waits_for(thread);

	if (wait == WAIT_ENDS)
		return kind_has(thread->wait_object->fact.kind, MPT_T_HOLDERS);
	return (wait == WAIT_OWNER || wait == WAIT_HOLDERS) &&
	       !kind_has(thread->wait_object->fact.kind, MPT_T_RUNS);
}

/* An owner that no longer is one. */
static void words_lost_owner(struct sentence *out, const struct fact_object *fact)
{
	if (fact->owner_state == FACT_OWNER_INHERITED)
		sentence_add(out, " held by thread %u of pid %u when that forked", fact->owner_tid,
			     fact->owner_process.pid);
	else
		sentence_add(out, " held by thread %u, which has ended", fact->owner_tid);
}

void words_wait_held(struct sentence *out, const struct thread *thread)
{
	const struct object *object = thread->wait_object;

	words_wait(out, thread);
	if (object && (waits_holders_known(object) ||
		       (kind_has(object->fact.kind, MPT_T_HOLDERS) && object->fact.ends == FACT_ENDS_TOLD))) {
		sentence_add(out, " held by ");
		words_holders(out, object);
	}
	if (object && object->fact.held && object->fact.owner_state != FACT_OWNER_LIVES)
		words_lost_owner(out, &object->fact);
	if (!object || !object->owner || kind_has(object->fact.kind, MPT_T_RUNS))
		return;
	sentence_add(out, process_lives(object->owner->process) ? " held by " : " held by dead ");
	if (object->owner == thread)
		sentence_add(out, "itself");
	else
		words_thread(out, object->owner);
}

/* ---- what a process is doing ------------------------------------------- */

/* The one blocked longest; the list is in the order of tids. */
static const struct thread *longest(const struct process *process)
{
	const struct thread *found = NULL;

	for (const struct thread *at = process->first_thread; at; at = at->next) {
		if (at->fact.ended || !at->fact.wait_op || waits_serving(at))
			continue;
		if (!found || at->fact.wait_since_ns < found->fact.wait_since_ns)
			found = at;
	}
	return found;
}

/* Who stopped it, if that was seen. */
static void describe_stop(struct sentence *out, const struct process *process)
{
	const struct life_signal *signal = life_stop(process_node_of(process));

	if (process->fact.state == 't') {
		sentence_add(out, "stopped by a debugger");
		return;
	}
	sentence_add(out, "stopped");
	if (!signal)
		return;
	if (signal->origin == FACT_ORIGIN_TERMINAL)
		sentence_add(out, " from the terminal");
	else if (signal->by.pid && signal->by_name[0])
		sentence_add(out, " by %s (%u)", signal->by_name, signal->by.pid);
	else if (signal->by.pid)
		sentence_add(out, " by pid %u", signal->by.pid);
}

/* Neighbours often sleep in the same place: what was looked up last. */
struct looked_up {
	const char *inside, *words;
};

static const char *look_up(struct looked_up *last, const char *inside)
{
	if (!last->inside || strcmp(last->inside, inside))
		*last = (struct looked_up){inside, words_inside(inside)};
	return last->words;
}

static void describe_kernel_wait(struct process *process, struct looked_up *last)
{
	const struct fact_process *fact = &process->fact;
	struct sentence out;
	const char *words;

	if (fact->state == 'T' || fact->state == 't') {
		out = sentence_begin(process->waiting_for, sizeof(process->waiting_for));
		describe_stop(&out, process);
	}
	if ((fact->state != 'S' && fact->state != 'D') || !fact->inside[0])
		return;
	words = look_up(last, fact->inside);
	if (words) {
		text_copy(process->waiting_for, sizeof(process->waiting_for), words);
	} else if (strcmp(fact->inside, "0")) {
		out = sentence_begin(process->waiting_for, sizeof(process->waiting_for));
		sentence_add(&out, "in %s", fact->inside);
	}
}

/* The one that runs longest. */
static const struct thread *worker(const struct process *process)
{
	const struct thread *found = NULL;

	for (const struct thread *at = process->first_thread; at; at = at->next)
		if (at->task_object && (!found || at->fact.task_since_ns < found->fact.task_since_ns))
			found = at;
	return found;
}

void words_task(struct sentence *out, const struct model *model, const struct thread *thread)
{
	if (thread->fact.task[0])
		sentence_add(out, "task `%s` of ", thread->fact.task);
	else
		sentence_add(out, "a task of ");
	words_object(out, thread->task_object);
	words_for(out, model, thread->fact.task_since_ns);
}

static void describe_task(const struct model *model, struct process *process,
			  const struct thread *thread)
{
	struct sentence out = sentence_begin(process->waiting_for, sizeof(process->waiting_for));

	sentence_add(&out, "running ");
	words_task(&out, model, thread);
}

static void describe_wait(const struct model *model, struct process *process,
			  const struct thread *thread)
{
	char text[2 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	out.brief = true;
	sentence_add(&out, "waiting ");
	words_wait_held(&out, thread);
	words_for(&out, model, thread->fact.wait_since_ns);
	if (thread->task_object && thread->fact.task[0])
		sentence_add(&out, " in task `%s`", thread->fact.task);
	if (process->blocked > 1)
		sentence_add(&out, " (+%u thread%s)", process->blocked - 1,
			     process->blocked == 2 ? "" : "s");
	text_copy(process->waiting_for, sizeof(process->waiting_for), text);
}

static void describe(const struct model *model, struct process *process, struct looked_up *last)
{
	const struct thread *thread;

	process->waiting_for[0] = 0;
	if (!process_lives(process))
		return;
	thread = longest(process);
	if (thread) {
		describe_wait(model, process, thread);
		return;
	}
	thread = worker(process);
	if (thread)
		describe_task(model, process, thread);
	else
		describe_kernel_wait(process, last);
}

void words_update(struct model *model)
{
	struct looked_up last = {NULL, NULL};

	for (size_t i = 0; i < model->processes.count; i++)
		describe(model, &((struct process_node *)model->processes.items[i])->process,
			 &last);
	/* A story may tell what another process waits for. */
	story_update(model);
}
