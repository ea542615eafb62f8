/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.c - what is true of a process when several sources describe it.
 *
 * Two rankings.  What a program says about itself (name, domain, exit code)
 * comes from the highest source that knows it.  What the kernel knows for sure
 * (state, times, sizes, parent, owner) comes from the lowest: a program can
 * write anything into its own segment.  An unknown value never hides a known
 * one, and what was known stays when its source falls silent.
 *
 * Whether it still lives: /proc shows it -> yes.  A whole /proc snapshot begun
 * after it was first told lacks it -> no.  Else, when the kernel told events of
 * its life since the last snapshot, it is still to be decided: it lives.  Else
 * what the others say; when nobody speaks of it any more, it has ended.
 */
#include "mpstat/model/rate.h"
#include "mpstat/model/store.h"

#include <stdlib.h>
#include <string.h>

#define END(text) ((text)[sizeof(text) - 1] = 0)

static bool is_kernel(const struct claim *claim)
{
	return claim->told.source == FACT_FROM_PROC || claim->told.source == FACT_FROM_KERNEL;
}

/* Does a come before b?  Higher source, then the living, then identity. */
static bool better(const struct claim *a, const struct claim *b)
{
	if (a->told.source != b->told.source)
		return a->told.source > b->told.source;
	if (a->fact.ended != b->fact.ended)
		return !a->fact.ended;
	if (a->fact.domain != b->fact.domain)
		return a->fact.domain < b->fact.domain;
	if (a->fact.slot != b->fact.slot)
		return a->fact.slot < b->fact.slot;
	return a->fact.generation < b->fact.generation;
}

/* A process is in one domain, or in a few after exec.  A segment that claims one
 * process in all its slots must not make lists long. */
#define CLAIMS 8

static void insert(struct process_node *node, struct claim *claim)
{
	struct claim **at = &node->claims;

	while (*at && better(*at, claim))
		at = &(*at)->next;
	claim->next = *at;
	*at = claim;
	node->claim_count++;
}

static void take_out(struct process_node *node, struct claim *claim)
{
	struct claim **at = &node->claims;

	while (*at != claim)
		at = &(*at)->next;
	*at = claim->next;
	node->claim_count--;
}

static void keep_text(char *old, const char *text, size_t size)
{
	if (text[0])
		memcpy(old, text, size);
}

static void keep_number(uint64_t *old, uint64_t number)
{
	if (number != FACT_UNKNOWN)
		*old = number;
}

/* Called from the worst claim to the best: the last that knows it wins. */
static void merge_own(struct fact_process *out, const struct fact_process *claim)
{
	keep_text(out->name, claim->name, sizeof(out->name));
	keep_text(out->command, claim->command, sizeof(out->command));
	if (claim->exit_code != FACT_EXIT_UNKNOWN)
		out->exit_code = claim->exit_code;
	if (claim->domain) {
		out->domain = claim->domain;
		out->slot = claim->slot;
		out->generation = claim->generation;
		out->daemon = claim->daemon;
	}
}

/* Called from the best claim to the worst: the last that knows it wins. */
static void merge_kernel(struct fact_process *out, const struct fact_process *claim)
{
	if (claim->parent.pid)
		out->parent = claim->parent;
	if (claim->state)
		out->state = claim->state;
	if (claim->session)
		out->session = claim->session;
	if (claim->group)
		out->group = claim->group;
	out->uid = claim->uid;
	keep_number(&out->cpu_ns, claim->cpu_ns);
	keep_number(&out->rss_bytes, claim->rss_bytes);
	keep_number(&out->threads, claim->threads);
	keep_number(&out->started_ns, claim->started_ns);
	memcpy(out->inside, claim->inside, sizeof(out->inside));
	out->inside_since_ns = claim->inside_since_ns;
}

/* What only a kernel source can know. */
static void merge_sure(struct fact_process *out, const struct fact_process *claim)
{
	if (claim->pid_namespace)
		out->pid_namespace = claim->pid_namespace;
	if (claim->inner_pid)
		out->inner_pid = claim->inner_pid;
	out->subreaper = claim->subreaper;
	out->reaper_known = claim->reaper_known;
	out->ignores_children = claim->ignores_children;
	out->kernel_thread = claim->kernel_thread;
	keep_text(out->cgroup, claim->cgroup, sizeof(out->cgroup));
	keep_text(out->container, claim->container, sizeof(out->container));
}

/* Worst first, by recursion: a process has a handful of claims. */
static void merge_upwards(struct fact_process *out, const struct claim *claim)
{
	if (!claim)
		return;
	merge_upwards(out, claim->next);
	merge_own(out, &claim->fact);
}

static bool has_ended(const struct process_node *node)
{
	bool all = true;

	for (const struct claim *claim = node->claims; claim; claim = claim->next) {
		if (is_kernel(claim) && !claim->fact.ended)
			return false;
		all = all && claim->fact.ended;
	}
	return node->absent || (all && !node->life);
}

/* When it ended: what the kernel said, else the best claim, else when it was noticed. */
static uint64_t end_time(const struct process_node *node, uint64_t now_ns)
{
	if (node->exited)
		return node->process.death.at_ns;
	for (const struct claim *claim = node->claims; claim; claim = claim->next) {
		if (claim->fact.ended && claim->fact.ended_ns)
			return claim->fact.ended_ns;
	}
	return node->process.fact.ended_ns ? node->process.fact.ended_ns : now_ns;
}

/* Since when it is a zombie; 0: it is none, or nobody knows. */
static uint64_t zombie_since(const struct process_node *node)
{
	if (node->process.fact.state != 'Z')
		return 0;
	if (node->exited)
		return node->process.death.at_ns;
	for (const struct claim *claim = node->claims; claim; claim = claim->next) {
		if (is_kernel(claim))
			return claim->fact.ended_ns;
	}
	return 0;
}

void merge_claims(struct process_node *node, uint64_t now_ns)
{
	struct process *process = &node->process;
	struct fact_process *out = &process->fact;

	if (node->exited && process->death.exit_code != FACT_EXIT_UNKNOWN)
		out->exit_code = process->death.exit_code;
	merge_upwards(out, node->claims);
	process->sources = node->life ? 1u << FACT_FROM_KERNEL : 0;
	for (const struct claim *claim = node->claims; claim; claim = claim->next) {
		merge_kernel(out, &claim->fact);
		if (is_kernel(claim))
			merge_sure(out, &claim->fact);
		process->sources |= 1u << claim->told.source;
	}
	out->ended = has_ended(node);
	out->ended_ns = out->ended ? end_time(node, now_ns) : zombie_since(node);
	if (out->ended) {
		/* Last known, but certainly not so any more. */
		out->state = 0;
		out->inside[0] = 0;
		out->inside_since_ns = 0;
	}
	if (!process_lives(process))
		life_settle(node);
}

struct process_node *merge_obtain(struct model *model, struct process_id id, uint64_t time_ns)
{
	struct map_key key = key_process(id);
	struct process_node *node;

	node = (struct process_node *)store_obtain(model, &model->processes, &key, sizeof(*node),
						   MODEL_PROCESSES);
	if (!node || node->process.id.pid)
		return node;
	node->process.id = id;
	node->process.fact.id = id;
	node->process.fact.cpu_ns = FACT_UNKNOWN;
	node->process.fact.rss_bytes = FACT_UNKNOWN;
	node->process.fact.threads = FACT_UNKNOWN;
	node->process.fact.started_ns = FACT_UNKNOWN;
	node->process.fact.exit_code = FACT_EXIT_UNKNOWN;
	node->process.death.exit_code = FACT_EXIT_UNKNOWN;
	node->process.parent_death.exit_code = FACT_EXIT_UNKNOWN;
	node->process.first_seen_ns = time_ns;
	rate_reset(&node->process.cpu);
	node->born = model->snapshot[FACT_FROM_PROC].number;
	return node;
}

static bool same_claim(const struct claim *claim, const struct fact *fact)
{
	const struct fact_process *told = &fact->u.process;

	return claim->told.source == fact->source && claim->fact.domain == told->domain &&
	       claim->fact.slot == told->slot && claim->fact.generation == told->generation;
}

void merge_free_claim(struct model *model, struct claim *claim)
{
	if (claim->member)
		map_remove(&model->members, &claim->node);
	free(claim);
}

/* A slot belongs to the process that was told last. */
static void evict(struct model *model, const struct map_key *key)
{
	struct claim *old = (struct claim *)map_find(&model->members, key);

	if (!old)
		return;
	take_out(old->process, old);
	merge_claims(old->process, model->now_ns);
	merge_free_claim(model, old);
}

static struct claim *new_claim(struct model *model, struct process_node *node,
			       const struct fact *fact)
{
	const struct fact_process *told = &fact->u.process;
	struct map_key key = key_slot(told->domain, told->slot, told->generation);
	struct claim *claim;

	if (node->claim_count >= CLAIMS) {
		model->rejected++;
		return NULL;
	}
	claim = calloc(1, sizeof(*claim));
	if (!claim) {
		model->left_out++;
		return NULL;
	}
	claim->process = node;
	if (!told->domain)
		return claim;
	evict(model, &key);
	claim->node.key = key;
	if (map_add(&model->members, &claim->node)) {
		model->left_out++;
		free(claim);
		return NULL;
	}
	claim->member = true;
	return claim;
}

/* Said again word for word, by the only one who speaks of a process that lives: to
 * merge it once more would change nothing.  So it is with most, most of the time. */
static bool is_repeated(const struct process_node *node, const struct claim *claim,
			const struct fact *fact)
{
	return claim == node->claims && !claim->next && !node->absent && !node->life &&
	       node->process.death.exit_code == FACT_EXIT_UNKNOWN &&
	       process_lives(&node->process) &&
	       !memcmp(&claim->fact, &fact->u.process, sizeof(claim->fact));
}

static void take_over(struct model *model, struct process_node *node, struct claim *claim,
		      const struct fact *fact)
{
	claim->fact = fact->u.process;
	END(claim->fact.name);
	END(claim->fact.command);
	END(claim->fact.inside);
	END(claim->fact.cgroup);
	END(claim->fact.container);
	sweep_tell(model, &claim->told, fact);
	if (claim->told.source == FACT_FROM_PROC)
		node->absent = false;
	if (is_kernel(claim))
		life_seen(node, fact);
	insert(node, claim);
	merge_claims(node, claim->told.time_ns);
}

void merge_process(struct model *model, const struct fact *fact)
{
	struct process_node *node = merge_obtain(model, fact->u.process.id, fact->time_ns);
	struct claim *claim;

	if (!node)
		return;
	for (claim = node->claims; claim && !same_claim(claim, fact); claim = claim->next)
		;
	if (claim && is_repeated(node, claim, fact)) {
		sweep_tell(model, &claim->told, fact);
	} else {
		if (claim)
			take_out(node, claim);
		else
			claim = new_claim(model, node, fact);
		if (!claim)
			return;
		take_over(model, node, claim, fact);
	}
	node->process.last_seen_ns = claim->told.time_ns;
}
