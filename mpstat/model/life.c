/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c - births, deaths and signals as they happen.
 *
 * Owns: what follows from FACT_LIFE: processes no snapshot ever saw, the first
 * parent, who ended whom; orphans, also those found without events because a
 * parent changes between snapshots.  Does not own: whether a process lives
 * (merge.c, sweep.c: /proc decides), sentences (story.c).
 *
 * Events come in any order, twice, late, or not at all.  What contradicts what
 * is known is counted as rejected and left out.
 */
#include "mpstat/model/store.h"

#include <stdlib.h>
#include <string.h>

#define INIT 1
#define SIGNALS 64
#define STOP_FIRST 19 /* SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU */
#define STOP_LAST 22
#define EXIT_CODES 255
#define KILLED_BY_MEMORY (-9)

/* Names end, whatever a source says. */
#define END(text) ((text)[sizeof(text) - 1] = 0)

bool life_same(struct process_id a, struct process_id b)
{
	return a.pid == b.pid && (a.start == b.start || !a.start || !b.start);
}

bool life_failed(const struct process *process)
{
	int32_t code = process->death.exit_code;

	if (code == FACT_EXIT_UNKNOWN)
		code = process->fact.exit_code;
	return code != 0 && code != FACT_EXIT_UNKNOWN;
}

/* ---- who ended it ------------------------------------------------------ */

static void remember(struct process_node *node, const struct life_signal *signal)
{
	struct life_signals *known = node->signals;
	size_t at = 0, oldest = 0;

	while (at < known->count && known->items[at].signal != signal->signal) {
		if (known->items[at].at_ns < known->items[oldest].at_ns)
			oldest = at;
		at++;
	}
	if (at == LIFE_SIGNALS)
		at = oldest;
	else if (at == known->count)
		known->count++;
	else if (known->items[at].at_ns > signal->at_ns)
		return; /* an older one, told late */
	known->items[at] = *signal;
}

const struct life_signal *life_stop(const struct process_node *node)
{
	const struct life_signal *last = NULL;

	for (size_t i = 0; node->signals && i < node->signals->count; i++) {
		const struct life_signal *signal = &node->signals->items[i];

		if (signal->signal >= STOP_FIRST && signal->signal <= STOP_LAST &&
		    (!last || signal->at_ns > last->at_ns))
			last = signal;
	}
	return last;
}

/* The signal it died of, among those that came before. */
static const struct life_signal *culprit(const struct process_node *node)
{
	const struct death *death = &node->process.death;

	for (size_t i = 0; node->signals && i < node->signals->count; i++) {
		const struct life_signal *signal = &node->signals->items[i];

		if (signal->signal == -death->exit_code &&
		    (!death->at_ns || signal->at_ns <= death->at_ns))
			return signal;
	}
	return NULL;
}

static void blame(struct process_node *node)
{
	struct death *death = &node->process.death;
	const struct life_signal *signal;

	death->origin = FACT_ORIGIN_UNKNOWN;
	death->itself = false;
	death->by = (struct process_id){0};
	death->by_name[0] = 0;
	if (death->exit_code == FACT_EXIT_UNKNOWN || death->exit_code >= 0)
		return;
	if (node->oom && death->exit_code == KILLED_BY_MEMORY) {
		death->origin = FACT_ORIGIN_MEMORY;
		return;
	}
	signal = culprit(node);
	if (!signal)
		return;
	death->origin = signal->origin;
	/* Others only happened to be running when the kernel sent it. */
	if (signal->origin != FACT_ORIGIN_PROCESS && signal->origin != FACT_ORIGIN_PARENT_DEATH)
		return;
	death->by = signal->by;
	death->itself = signal->by.pid && life_same(signal->by, node->process.id);
	memcpy(death->by_name, signal->by_name, sizeof(death->by_name));
}

void life_settle(struct process_node *node)
{
	struct process *process = &node->process;

	if (!node->exited) {
		process->death.exit_code = process->fact.exit_code;
		if (process->fact.state == 'Z' && process->fact.ended_ns)
			process->death.at_ns = process->fact.ended_ns;
	}
	blame(node);
	node->told = false;
}

/* ---- events ------------------------------------------------------------ */

static bool is_told_by_kernel(const struct claim *claim)
{
	return claim->told.source == FACT_FROM_PROC || claim->told.source == FACT_FROM_KERNEL;
}

/* A parent lives when its child is born, so it has another pid and is older. */
static bool is_possible_parent(struct process_id parent, struct process_id child)
{
	return parent.pid && parent.pid != child.pid && parent.start <= child.start;
}

/* What a snapshot told later than the event is newer than the event. */
static void set_parent(struct process_node *node, struct process_id parent, uint64_t time_ns)
{
	bool told = false;

	for (struct claim *claim = node->claims; claim; claim = claim->next) {
		if (!is_told_by_kernel(claim))
			continue;
		told = true;
		if (claim->told.time_ns < time_ns)
			claim->fact.parent = parent;
	}
	if (!told)
		node->process.fact.parent = parent;
}

static void set_name(struct process_node *node, const char *name, uint64_t time_ns)
{
	for (struct claim *claim = node->claims; claim; claim = claim->next) {
		if (is_told_by_kernel(claim) && claim->told.time_ns < time_ns)
			memcpy(claim->fact.name, name, FACT_NAME_MAX);
	}
	if (node->claims || time_ns < node->named_ns)
		return;
	memcpy(node->process.fact.name, name, FACT_NAME_MAX);
	node->named_ns = time_ns;
}

/* Has it a name that its program chose, beyond the kernel's? */
static bool has_own_name(const struct process_node *node)
{
	const struct claim *claim = node->claims; /* best first */

	return claim && !is_told_by_kernel(claim) && claim->fact.name[0];
}

/* What it was called at that moment; the model may know an older or a newer name. */
static void name_other(const struct model *model, const struct fact_life *life, char *name)
{
	const struct process_node *other = life->other.pid ? store_process(model, life->other) : NULL;

	if (other && (has_own_name(other) || !life->other_name[0]))
		memcpy(name, other->process.fact.name, FACT_NAME_MAX);
	else
		memcpy(name, life->other_name, FACT_NAME_MAX);
}

static void apply_fork(struct model *model, struct process_node *node, const struct fact *fact)
{
	const struct fact_life *life = &fact->u.life;
	struct process *process = &node->process;

	if (node->forked) {
		model->rejected += !life_same(process->first_parent, life->other);
		return;
	}
	if ((life->other.pid && !is_possible_parent(life->other, process->id)) ||
	    (node->exited && process->death.at_ns < fact->time_ns)) {
		model->rejected++;
		return;
	}
	node->forked = node->met = true;
	process->born_seen = true;
	process->probably_orphan = false;
	process->first_parent = life->other;
	name_other(model, life, process->first_parent_name);
	if (!process->fact.parent.pid)
		process->fact.parent = life->other;
	if (process->fact.started_ns == FACT_UNKNOWN)
		process->fact.started_ns = fact->time_ns;
}

static void apply_exec(struct model *model, struct process_node *node, const struct fact *fact)
{
	(void)model;
	if (fact->u.life.name[0])
		set_name(node, fact->u.life.name, fact->time_ns);
}

static void apply_exit(struct model *model, struct process_node *node, const struct fact *fact)
{
	const struct fact_life *life = &fact->u.life;
	struct death *death = &node->process.death;
	int32_t code = life->exit_code;

	if (code != FACT_EXIT_UNKNOWN && (code < -SIGNALS || code > EXIT_CODES)) {
		model->rejected++;
		code = FACT_EXIT_UNKNOWN;
	}
	if (node->exited && death->exit_code != FACT_EXIT_UNKNOWN) {
		model->rejected += death->exit_code != code;
		return;
	}
	node->exited = true;
	death->at_ns = fact->time_ns ? fact->time_ns : 1; /* 0 is "lives" */
	death->exit_code = code;
	death->core = life->core;
	if (life->name[0])
		set_name(node, life->name, fact->time_ns);
	if (is_possible_parent(life->other, node->process.id))
		set_parent(node, life->other, fact->time_ns);
	else
		model->rejected += life->other.pid != 0;
	if (model->snapshot[FACT_FROM_PROC].number)
		return;
	/* No /proc: nobody else will say so. */
	node->absent = true;
	node->life = false;
}

static void apply_signal(struct model *model, struct process_node *node, const struct fact *fact)
{
	const struct fact_life *life = &fact->u.life;
	struct life_signal signal = {
		.at_ns = fact->time_ns,
		.by = life->other,
		.signal = life->signal,
		.origin = life->origin,
	};

	if (!life->signal || life->signal > SIGNALS || life->origin >= FACT_ORIGINS) {
		model->rejected++;
		return;
	}
	if (!node->signals)
		node->signals = calloc(1, sizeof(*node->signals));
	if (!node->signals) {
		model->left_out++;
		return;
	}
	name_other(model, life, signal.by_name);
	remember(node, &signal);
}

static void apply_oom(struct model *model, struct process_node *node, const struct fact *fact)
{
	(void)model;
	(void)fact;
	node->oom = true;
}

static void (*const apply[FACT_LIFE_WHATS])(struct model *, struct process_node *,
					    const struct fact *) = {
	[FACT_LIFE_FORK] = apply_fork,	   [FACT_LIFE_EXEC] = apply_exec,
	[FACT_LIFE_EXIT] = apply_exit,	   [FACT_LIFE_SIGNAL] = apply_signal,
	[FACT_LIFE_OOM] = apply_oom,
};

/* The process an event is about.  A snapshot that was begun before does not say
 * that it has ended. */
static struct process_node *meet(struct model *model, const struct fact *fact)
{
	const struct fact_life *life = &fact->u.life;
	struct process_node *node = store_process(model, life->process);
	struct fact_process *known;

	if (!node && model->newborn >= MODEL_TOLD) {
		model->lost[FACT_LOSS_LIFE]++;
		return NULL;
	}
	model->newborn += !node;
	node = merge_obtain(model, life->process, fact->time_ns);
	if (!node)
		return NULL;
	known = &node->process.fact;
	if (!node->claims && !node->absent) {
		node->life = true;
		known->uid = life->uid;
		known->session = life->session;
		known->group = life->group;
	}
	if (!known->name[0])
		memcpy(known->name, life->name, sizeof(known->name));
	if (node->process.last_seen_ns < fact->time_ns)
		node->process.last_seen_ns = fact->time_ns;
	return node;
}

void life_apply(struct model *model, const struct fact *told)
{
	struct fact fact = *told;
	struct fact_life *life = &fact.u.life;
	struct process_node *node;

	if (!life->process.pid || life->what >= FACT_LIFE_WHATS || !apply[life->what]) {
		model->rejected++;
		return;
	}
	END(life->name);
	END(life->other_name);
	node = meet(model, &fact);
	if (!node)
		return;
	apply[life->what](model, node, &fact);
	merge_claims(node, fact.time_ns);
}

/* ---- snapshots --------------------------------------------------------- */

static bool shows_life(const struct fact_process *told)
{
	return !told->ended && told->state && told->state != 'X' && told->state != 'Z';
}

/* An exit code some program told of a process that lives. */
static void revive(struct process_node *node)
{
	memset(&node->process.death, 0, sizeof(node->process.death));
	node->process.death.exit_code = FACT_EXIT_UNKNOWN;
	node->process.fact.exit_code = FACT_EXIT_UNKNOWN;
}

void life_seen(struct process_node *node, const struct fact *fact)
{
	const struct fact_process *told = &fact->u.process;
	struct process *process = &node->process;

	if (fact->source == FACT_FROM_PROC)
		node->life = false;
	if (!node->forked && !process->first_parent.pid && !told->kernel_thread)
		process->first_parent = told->parent;
	/* The kernel's word is final, whatever a snapshot shows: giving back memory comes after
	 * the end, and takes its time. */
	if (!node->exited && shows_life(told) &&
	    (process->death.at_ns || process->death.exit_code != FACT_EXIT_UNKNOWN))
		revive(node);
}

/* ---- parents, at a tick ------------------------------------------------- */

static const struct process *first_parent(const struct model *model, struct process *process)
{
	const struct process_node *node;

	if (process->parent && life_same(process->parent->id, process->first_parent)) {
		process->first_parent.start = process->parent->id.start;
		return process->parent;
	}
	node = store_process(model, process->first_parent);
	return node ? &node->process : NULL;
}

bool life_adopts(const struct process *process)
{
	return process->id.pid == INIT || process->fact.inner_pid == INIT ||
	       process->fact.subreaper;
}

/* A group and a session are inherited from the parent or made by oneself. */
static bool is_strange(const struct process *process, uint32_t leader, uint32_t of_parent)
{
	return leader && leader != process->id.pid && leader != process->fact.parent.pid &&
	       leader != of_parent;
}

/* One may also join the group of a sibling, as the parts of a pipeline do. */
bool life_strange_group(const struct model *model, const struct process *process)
{
	const struct process *parent = process->parent, *leader;

	if (!is_strange(process, process->fact.group, parent ? parent->fact.group : 0))
		return false;
	leader = model_find_pid(model, process->fact.group);
	return !leader || leader->fact.ended ||
	       !life_same(leader->fact.parent, process->fact.parent);
}

static bool has_strange_session(const struct process *process)
{
	const struct process *parent = process->parent;

	return is_strange(process, process->fact.session, parent ? parent->fact.session : 0);
}

/* The parent that the first snapshot showed: was it that from the beginning? */
static void meet_parent(const struct model *model, struct process_node *node,
			const struct process *parent)
{
	struct process *process = &node->process;
	bool adopter = process->first_parent.pid == INIT || (parent && life_adopts(parent));

	node->met = true;
	if (parent)
		memcpy(process->first_parent_name, parent->fact.name,
		       sizeof(process->first_parent_name));
	process->born_seen = parent && !adopter && parent->fact.reaper_known;
	process->probably_orphan = adopter && (life_strange_group(model, process) ||
					       has_strange_session(process));
}

static uint64_t end_of(const struct process *process)
{
	return process->death.at_ns ? process->death.at_ns : process->fact.ended_ns;
}

/* The end of the first parent, if the process was there. */
static void follow_parent(struct process *process, const struct process *parent)
{
	if (process_lives(parent))
		return;
	if (process->fact.ended && end_of(parent) > end_of(process))
		return;
	process->parent_death = parent->death;
	process->orphaned_ns = end_of(parent);
	if (!process->first_parent_name[0])
		memcpy(process->first_parent_name, parent->fact.name,
		       sizeof(process->first_parent_name));
}

static void update(const struct model *model, struct process_node *node)
{
	struct process *process = &node->process;
	const struct process *parent;

	if (node->settled != process->fact.ended) {
		node->settled = process->fact.ended;
		node->told = false;
		process->story[0] = 0;
	}
	if (process->orphan)
		process->orphan = false;
	if (!process->first_parent.pid || process->fact.kernel_thread)
		return;
	parent = first_parent(model, process);
	if (!node->met)
		meet_parent(model, node, parent);
	process->orphan = !process->fact.ended && process->fact.parent.pid &&
			  !life_same(process->fact.parent, process->first_parent);
	if (parent)
		follow_parent(process, parent);
}

void life_update(struct model *model)
{
	for (size_t i = 0; i < model->processes.count; i++) {
		struct process_node *node = (struct process_node *)model->processes.items[i];

		update(model, node);
		story_note(model, &node->process);
	}
}
