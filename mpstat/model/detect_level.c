/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_level.c - long waits at an empty or full object.  See detect_level.h. */
#include "mpstat/model/detect_level.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/util/vec.h"

#include <stdio.h>
#include <stdlib.h>

#define LONG_NS 10000000000ull

struct waiters {
	const struct thread **items;
	size_t count, room;
};

static bool waits_long(const struct model *model, const struct thread *thread, bool give)
{
	const struct object *object = thread->wait_object;

	if (!object || thread->verdict != VERDICT_WAITING || !object->matched ||
	    !kind_has(object->fact.kind, MPT_T_DEPTH) ||
	    kind_has(object->fact.kind, MPT_T_WORKERS)) /* idle workers are what a pool is for */
		return false;
	/* To read from a pipe or socket is how most programs rest. */
	if (!object->id.domain && !give)
		return false;
	if ((op_effect(thread->fact.wait_op) == MPT_E_GIVE) != give)
		return false;
	return words_age(model, thread->fact.wait_since_ns) > LONG_NS &&
	       (ledger_depth(object) > 0) == give;
}

static int by_object(const void *a, const void *b)
{
	const struct thread *x = *(const struct thread *const *)a;
	const struct thread *y = *(const struct thread *const *)b;
	uint64_t xs = x->fact.wait_since_ns, ys = y->fact.wait_since_ns;

	if (x->wait_object->id.domain != y->wait_object->id.domain)
		return x->wait_object->id.domain < y->wait_object->id.domain ? -1 : 1;
	if (x->wait_object->id.slot != y->wait_object->id.slot)
		return x->wait_object->id.slot < y->wait_object->id.slot ? -1 : 1;
	if (x->wait_object->id.generation != y->wait_object->id.generation)
		return x->wait_object->id.generation < y->wait_object->id.generation ? -1 : 1;
	if (xs != ys)
		return xs < ys ? -1 : 1;
	if (x->process->id.pid != y->process->id.pid)
		return x->process->id.pid < y->process->id.pid ? -1 : 1;
	return x->fact.tid == y->fact.tid ? 0 : x->fact.tid < y->fact.tid ? -1 : 1;
}

static void say(struct finding *finding, const struct model *model, const struct waiters *some)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	const struct thread *first = some->items[0];

	if (some->count == 1)
		words_thread(&out, first);
	else
		sentence_add(&out, "%zu threads", some->count);
	sentence_add(&out, some->count == 1 ? " has waited " : " have waited ");
	words_wait(&out, first);
	if (some->count > 1)
		sentence_add(&out, ", the longest");
	words_for(&out, model, first->fact.wait_since_ns);
}

/* `some` all wait at one object, the longest first. */
static void add_finding(const struct model *model, struct findings *out,
			const struct level *level, const struct waiters *some)
{
	struct finding *finding = findings_add(out, level->detector);

	if (!finding)
		return;
	finding->since_ns = some->items[0]->fact.wait_since_ns;
	say(finding, model, some);
	for (size_t i = 0; i < some->count; i++)
		detect_thread(finding, model, some->items[i]);
	snprintf(finding->advice, sizeof(finding->advice), "%s", level->advice);
}

static bool collect(const struct model *model, struct waiters *found, bool give)
{
	for (const struct process *process = NULL;
	     (process = model_next_process(model, process));) {
		for (const struct thread *at = process->first_thread; at; at = at->next) {
			if (!waits_long(model, at, give))
				continue;
			if (VEC_RESERVE(found, found->count + 1))
				return false;
			found->items[found->count++] = at;
		}
	}
	return true;
}

void detect_level(const struct model *model, struct findings *out, const struct level *level)
{
	struct waiters found = {0}, some;

	if (!collect(model, &found, level->give))
		detect_missed(out);
	if (found.count)
		qsort(found.items, found.count, sizeof(found.items[0]), by_object);
	for (size_t at = 0; at < found.count; at += some.count) {
		some = (struct waiters){.items = found.items + at};
		while (at + some.count < found.count &&
		       some.items[some.count]->wait_object == some.items[0]->wait_object)
			some.count++;
		add_finding(model, out, level, &some);
	}
	free(found.items);
}
