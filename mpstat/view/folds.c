/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folds.c - see folds.h.
 */
#include "mpstat/util/text.h"
#include "mpstat/view/folds.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Set in the identity of a group: no process has so large a pid. */
#define GROUP_BIT (1ull << 63)
#define DEPTH_MAX 128 /* of a tree; also the end of a made-up circle */

struct choice {
	struct identity group;
	bool folded;
};

struct folds {
	struct fold *folds; /* in the order of their workers' addresses */
	size_t count, room;
	struct choice *choices;
	size_t choice_count, choice_room;
	bool all_chosen, all_folded; /* for groups without a choice */
};

struct folds *folds_new(void)
{
	return calloc(1, sizeof(struct folds));
}

void folds_free(struct folds *folds)
{
	if (!folds)
		return;
	free(folds->folds);
	free(folds->choices);
	free(folds);
}

/* ---- identity ---------------------------------------------------------- */

static struct identity identity_of(struct process_id parent, const char *name)
{
	uint64_t hash = 1469598103934665603u ^ parent.start;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211u;
	return (struct identity){GROUP_BIT | parent.pid, hash};
}

struct identity folds_identity(const struct workers *workers)
{
	return identity_of(workers->parent->id, workers->name);
}

static bool same(struct identity a, struct identity b)
{
	return a.a == b.a && a.b == b.b;
}

const struct workers *folds_workers(const struct model *model, struct identity group)
{
	const struct workers *at = NULL;

	while ((at = model_next_workers(model, at)))
		if (at->parent && same(folds_identity(at), group))
			return at;
	return NULL;
}

/* ---- finding ----------------------------------------------------------- */

static int by_address(const void *left, const void *right)
{
	const struct fold *a = left, *b = right;
	uintptr_t x = (uintptr_t)a->workers, y = (uintptr_t)b->workers;

	return (x > y) - (x < y);
}

static struct fold *find(const struct folds *folds, const struct workers *workers)
{
	struct fold key = {.workers = workers};

	if (!workers || !folds->count)
		return NULL;
	return bsearch(&key, folds->folds, folds->count, sizeof(key), by_address);
}

/* The outermost folded group of the process or of one above it. */
static const struct fold *outermost(const struct folds *folds, const struct process *process)
{
	const struct fold *over = NULL;

	for (int n = 0; process && n < DEPTH_MAX; process = process->parent, n++) {
		const struct fold *fold = find(folds, process->workers);

		if (fold && fold->folded)
			over = fold;
	}
	return over;
}

/* One that has ended is no member any more; its row goes where it was. */
static const struct fold *former(const struct folds *folds, const struct process *process)
{
	struct identity id = identity_of(process->fact.parent, process->fact.name);

	for (size_t i = 0; i < folds->count; i++)
		if (folds->folds[i].folded && same(folds->folds[i].id, id))
			return &folds->folds[i];
	return NULL;
}

const struct fold *folds_over(const struct folds *folds, const struct process *process)
{
	const struct fold *over;

	if (!folds->count)
		return NULL;
	over = outermost(folds, process);
	return over || !process->fact.ended ? over : former(folds, process);
}

const struct fold *folds_over_fold(const struct folds *folds, const struct fold *fold)
{
	return folds_over(folds, fold->workers->parent);
}

bool folds_any(const struct folds *folds)
{
	for (size_t i = 0; i < folds->count; i++)
		if (folds->folds[i].folded)
			return true;
	return false;
}

bool folds_folded(const struct folds *folds, struct identity group)
{
	for (size_t i = 0; i < folds->count; i++)
		if (folds->folds[i].folded && same(folds->folds[i].id, group))
			return true;
	return false;
}

/* ---- choices ----------------------------------------------------------- */

static struct choice *choice_of(const struct folds *folds, struct identity group)
{
	for (size_t i = 0; i < folds->choice_count; i++)
		if (same(folds->choices[i].group, group))
			return &folds->choices[i];
	return NULL;
}

void folds_choose(struct folds *folds, struct identity group, bool folded)
{
	struct choice *choice = choice_of(folds, group);

	if (!choice) {
		size_t room = folds->choice_room ? folds->choice_room * 2 : 16;
		struct choice *more = folds->choices;

		if (folds->choice_count == folds->choice_room)
			more = realloc(more, room * sizeof(*more));
		if (!more)
			return;
		if (folds->choice_count == folds->choice_room)
			folds->choice_room = room;
		folds->choices = more;
		choice = &folds->choices[folds->choice_count++];
	}
	*choice = (struct choice){group, folded};
}

void folds_choose_all(struct folds *folds, bool folded)
{
	folds->choice_count = 0;
	folds->all_chosen = true;
	folds->all_folded = folded;
}

static bool wanted(const struct folds *folds, const struct fold *fold)
{
	const struct choice *choice = choice_of(folds, fold->id);

	if (fold->workers->members < 2)
		return false;
	if (choice)
		return choice->folded;
	if (folds->all_chosen)
		return folds->all_folded;
	return fold->workers->members > FOLDS_SHOWN_MAX && !fold->workers->stuck &&
	       !fold->below_stuck;
}

/* ---- the row of a group ------------------------------------------------ */

static void count(struct sentence *out, uint64_t number, const char *word, const char *before)
{
	if (number)
		sentence_add(out, "%s%" PRIu64 " %s", before, number, word);
}

/* Only what there is, what is wrong first. */
static void describe_states(struct sentence *out, const struct workers *w)
{
	const struct {
		uint32_t number;
		const char *word;
	} states[] = {{w->zombies, w->zombies == 1 ? "zombie" : "zombies"},
		      {w->stopped, "stopped"},
		      {w->blocked, "in the disk"},
		      {w->running, "running"},
		      {w->sleeping, "sleeping"}};
	const char *before = ": ";

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		count(out, states[i].number, states[i].word, before);
		before = states[i].number ? ", " : before;
	}
}

void folds_describe(struct sentence *out, const struct workers *workers, uint32_t stuck)
{
	count(out, stuck, "STUCK", "");
	sentence_add(out, "%s%u workers", stuck ? "; " : "", workers->members);
	describe_states(out, workers);
	count(out, workers->restarts, workers->restarts == 1 ? "restart" : "restarts", "; ");
	count(out, workers->failures, workers->failures == 1 ? "failure" : "failures",
	      workers->restarts ? ", " : "; ");
}

static void add_known(uint64_t *sum, uint64_t value)
{
	if (value != FACT_UNKNOWN)
		*sum = *sum == FACT_UNKNOWN ? value : *sum + value;
}

/* The state all of them are in, else '*'. */
static char common_state(char a, char b)
{
	return !a || a == b ? b : '*';
}

static void add_member(struct process *sum, const struct process *member)
{
	const struct fact_process *fact = &member->fact;

	if (fact->ended)
		return;
	sum->fact.state = common_state(sum->fact.state, fact->state);
	add_known(&sum->fact.cpu_ns, fact->cpu_ns);
	add_known(&sum->fact.threads, fact->threads);
	add_known(&sum->fact.rss_bytes, fact->rss_bytes);
	if (fact->started_ns < sum->fact.started_ns) /* unknown is greatest */
		sum->fact.started_ns = fact->started_ns;
	if (member->wait_since_ns &&
	    (!sum->wait_since_ns || member->wait_since_ns < sum->wait_since_ns))
		sum->wait_since_ns = member->wait_since_ns;
	if (member->verdict > sum->verdict)
		sum->verdict = member->verdict;
	sum->blocked += member->blocked;
	if (!isnan(member->cpu.per_second))
		sum->cpu.per_second = (isnan(sum->cpu.per_second) ? 0 : sum->cpu.per_second) +
				      member->cpu.per_second;
}

static void name_row(struct fold *fold)
{
	const struct workers *workers = fold->workers;
	struct process *row = &fold->process;
	char base[FACT_NAME_MAX];
	struct sentence out;

	text_clip(base, sizeof(base), workers->name, FACT_NAME_MAX / 2);
	out = sentence_begin(row->fact.name, sizeof(row->fact.name));
	sentence_add(&out, "%s x%u", base, workers->members);
	out = sentence_begin(row->waiting_for, sizeof(row->waiting_for));
	folds_describe(&out, workers, workers->stuck + fold->below_stuck);
	if (fold->below)
		sentence_add(&out, "; %u below them", fold->below);
}

static void make_row(struct fold *fold)
{
	const struct workers *workers = fold->workers;
	struct process *row = &fold->process;

	*row = (struct process){.parent = (struct process *)workers->parent,
				.workers = workers,
				.matched = true,
				.domain = workers->first->domain};
	row->fact = (struct fact_process){.parent = workers->parent->id,
					  .uid = workers->first->fact.uid,
					  .cpu_ns = FACT_UNKNOWN,
					  .rss_bytes = FACT_UNKNOWN,
					  .threads = FACT_UNKNOWN,
					  .started_ns = FACT_UNKNOWN,
					  .exit_code = FACT_EXIT_UNKNOWN};
	row->cpu.per_second = NAN;
	text_copy(row->fact.command, sizeof(row->fact.command), workers->first->fact.command);
	for (const struct process *at = workers->first; at; at = at->next_worker)
		add_member(row, at);
	if (fold->below_stuck)
		row->verdict = VERDICT_STUCK;
	name_row(fold);
}

/* ---- the groups -------------------------------------------------------- */

/* A group of which some are not asked for is shown as it is. */
static bool is_whole(const struct workers *workers)
{
	if (!workers->parent || !workers->first)
		return false;
	for (const struct process *at = workers->first; at; at = at->next_worker)
		if (!at->matched)
			return false;
	return true;
}

static bool add(struct folds *folds, const struct workers *workers)
{
	if (folds->count == folds->room) {
		size_t room = folds->room ? folds->room * 2 : 16;
		struct fold *more = realloc(folds->folds, room * sizeof(*more));

		if (!more)
			return false;
		folds->folds = more;
		folds->room = room;
	}
	folds->folds[folds->count++] = (struct fold){
		.workers = workers, .id = folds_identity(workers)};
	return true;
}

/* Counts the process for the groups it is below of. */
static void count_below(struct folds *folds, const struct process *process)
{
	const struct process *up = process->parent;

	for (int n = 0; up && n < DEPTH_MAX; up = up->parent, n++) {
		struct fold *fold = find(folds, up->workers);

		if (!fold)
			continue;
		fold->below++;
		fold->below_stuck += process->verdict == VERDICT_STUCK;
	}
}

void folds_clear(struct folds *folds)
{
	folds->count = 0;
}

void folds_update(struct folds *folds, const struct model *model)
{
	const struct workers *workers = NULL;
	const struct process *process = NULL;

	folds->count = 0;
	while ((workers = model_next_workers(model, workers))) {
		if (is_whole(workers) && !add(folds, workers)) {
			folds->count = 0;
			return;
		}
	}
	if (!folds->count)
		return;
	qsort(folds->folds, folds->count, sizeof(*folds->folds), by_address);
	while ((process = model_next_process(model, process)))
		if (process->matched && !process->fact.ended)
			count_below(folds, process);
	for (size_t i = 0; i < folds->count; i++) {
		folds->folds[i].folded = wanted(folds, &folds->folds[i]);
		if (folds->folds[i].folded)
			make_row(&folds->folds[i]);
	}
}
