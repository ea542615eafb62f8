/* SPDX-License-Identifier: BSD-2-Clause */
/* field_value.c - values that take more than reading a member. */
#include "mpstat/model/field_value.h"

#include "mpstat/model/hist.h"
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/store.h"
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct value v_age(const struct model *m, uint64_t since_ns)
{
	return since_ns && since_ns != FACT_UNKNOWN ? v_u64(words_age(m, since_ns)) : v_none();
}

struct value v_percentile(const struct fact_hist *hist, double q, uint64_t max_ns)
{
	uint64_t ns;

	return hist_percentile(hist, q, max_ns, &ns) ? v_u64(ns) : v_none();
}

struct value v_domain_id(const struct model *m, uint64_t id)
{
	if (!id)
		return v_none();
	snprintf(m->scratch, MODEL_SCRATCH, "%016" PRIx64, id);
	return v_text(m->scratch);
}

struct value v_object_id(const struct model *m, struct object_id id)
{
	snprintf(m->scratch, MODEL_SCRATCH, "%016" PRIx64 ":%s%u.%u", id.domain,
		 id.slot & FACT_REF_PROCESS ? "p" : "", id.slot & ~FACT_REF_PROCESS,
		 id.generation);
	return v_text(m->scratch);
}

struct value v_any_ids(const struct model *m, const struct thread *t)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);
	const struct fact_any *any = &t->fact.wait_any;

	if (!t->fact.wait_op || !any->count)
		return v_none();
	for (uint32_t i = 0; i < any->count && i < FACT_ANY; i++) {
		uint32_t slot = any->of[i].slot;

		sentence_add(&out, i ? " " : "");
		if (slot == FACT_REF_NONE)
			sentence_add(&out, "fd:%u", any->of[i].generation);
		else
			sentence_add(&out, "%016" PRIx64 ":%s%u.%u", t->fact.domain,
				     slot & FACT_REF_PROCESS ? "p" : "", slot & ~FACT_REF_PROCESS,
				     any->of[i].generation);
	}
	if (any->count > FACT_ANY)
		sentence_add(&out, " ...");
	return v_text(m->scratch);
}

struct value v_kind(const struct model *m, uint16_t kind)
{
	return v_text(kind_name(kind, m->scratch, MODEL_SCRATCH));
}

struct value v_op(const struct model *m, uint16_t op)
{
	return op ? v_text(op_name(op, m->scratch, MODEL_SCRATCH)) : v_none();
}

struct value v_whole_op(const struct model *m, uint16_t op)
{
	return op ? v_text(op_write(op, m->scratch, MODEL_SCRATCH)) : v_none();
}

struct value v_verdict(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_FINE] = "fine", [VERDICT_WAITING] = "waiting", [VERDICT_STUCK] = "stuck"};

	return v_text(words[verdict]);
}

struct value v_process_verdict(const struct process *p)
{
	if (process_lives(p))
		return v_verdict(p->verdict);
	return v_text(!p->fact.ended && p->fact.state == 'Z' ? "zombie" : "ended");
}

struct value v_death(const struct model *m, const struct process *p)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (process_lives(p))
		return v_none();
	words_cause(&out, &p->death);
	return v_text(m->scratch);
}

struct value v_process_state(const struct model *m, const struct process *p)
{
	if (!process_lives(p) && (p->fact.ended || p->fact.state != 'Z'))
		return v_text("X");
	if (!p->fact.state)
		return v_none();
	snprintf(m->scratch, MODEL_SCRATCH, "%c", p->fact.state);
	return v_text(m->scratch);
}

struct value v_sources(const struct model *m, const struct process *p)
{
	static const char *const names[FACT_SOURCES] = {
		[FACT_FROM_PROC] = "proc",
		[FACT_FROM_KERNEL] = "kernel",
		[FACT_FROM_WAITS] = "waits",
		[FACT_FROM_PYTHON] = "python",
		[FACT_FROM_SEGMENT] = "segment",
	};
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	for (int i = 0; i < FACT_SOURCES; i++) {
		if (names[i] && p->sources & 1u << i)
			sentence_add(&out, "%s%s", out.used ? "," : "", names[i]);
	}
	return v_name(m->scratch);
}

struct value v_thread_wait(const struct model *m, const struct thread *t)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (!t->fact.wait_op || t->fact.ended)
		return v_text("");
	out.brief = true;
	sentence_add(&out, "waiting ");
	words_wait_held(&out, t);
	words_for(&out, m, t->fact.wait_since_ns);
	return v_text(m->scratch);
}

struct value v_process_task(const struct process *p)
{
	for (const struct thread *at = p->first_thread; at; at = at->next)
		if (at->task_object && at->fact.task[0])
			return v_text(at->fact.task);
	return v_none();
}

struct value v_thread_blocker(const struct model *m, const struct thread *t)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (!t->blocker)
		return v_none();
	out.brief = true;
	words_thread(&out, t->blocker);
	return v_text(m->scratch);
}

struct value v_holder(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (!o->fact.held)
		return v_none();
	if (!o->owner)
		return v_text("?");
	out.brief = true;
	words_thread(&out, o->owner);
	return v_text(m->scratch);
}

struct value v_size(const struct object *o)
{
	return kind_has(o->fact.kind, MPT_T_SIZE) ? v_u64(o->fact.capacity_bytes) : v_none();
}

struct value v_guard(const struct model *m, const struct object *o)
{
	const struct object *guard;

	if (o->fact.unguarded)
		return v_text("(none)");
	if (!o->fact.guard.domain)
		return v_none();
	guard = model_find_object(m, o->fact.guard);
	return guard ? v_name(guard->fact.name) : v_text("(ended)");
}

/* ---- the state of an object: by what it has ------------------------------ */

static struct value mapped_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);
	char size[FMT_MAX];

	sentence_add(&out, "(%s in %llu process%s)",
		     fmt_bytes(size, sizeof(size), o->fact.capacity_bytes),
		     (unsigned long long)o->fact.mapped_by, o->fact.mapped_by == 1 ? "" : "es");
	return v_text(m->scratch);
}

/* What is guarded by another lock is held by nobody itself. */
static struct value guard_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);
	const struct object *guard = model_find_object(m, o->fact.guard);

	if (o->fact.unguarded)
		return v_text("(no lock)");
	if (!guard)
		return v_text("(by an ended lock)");
	sentence_add(&out, "(by `%s`)", guard->fact.name);
	return v_text(m->scratch);
}

static struct value parties_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (o->fact.broken)
		sentence_add(&out, "(broken)");
	else
		sentence_add(&out, "(%llu of %llu here)", (unsigned long long)o->fact.arrived,
			     (unsigned long long)o->fact.capacity);
	return v_text(m->scratch);
}

static struct value flag_state(const struct model *m, const struct object *o)
{
	(void)m;
	return v_text(o->fact.set ? "(set)" : "(clear)");
}

static struct value sleepers_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	sentence_add(&out, "(%u waiting", o->take_waiters + o->give_waiters);
	if (o->lock && o->lock->fact.name[0])
		sentence_add(&out, ", %s", o->lock->fact.name);
	sentence_add(&out, ")");
	return v_text(m->scratch);
}

/* "1 free" and who has the others. */
static struct value units_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	out.brief = true;
	sentence_add(&out, "(%llu free)", (unsigned long long)ledger_units_free(o));
	if (ledger_units_out(o)) {
		sentence_add(&out, " ");
		words_holders(&out, o);
	}
	return v_text(m->scratch);
}

static struct value holders_state(const struct model *m, const struct object *o)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	if (o->fact.ends != FACT_ENDS_TOLD)
		return v_text("?");
	out.brief = true;
	words_holders(&out, o);
	return v_text(m->scratch);
}

static struct value workers_state(const struct model *m, const struct object *o)
{
	if (o->fact.terminated)
		return v_text("(terminated)");
	snprintf(m->scratch, MODEL_SCRATCH, "(%u of %llu busy)", o->busy,
		 (unsigned long long)o->fact.workers_wanted);
	return v_text(m->scratch);
}

static struct value owner_state(const struct model *m, const struct object *o)
{
	struct value holder = v_holder(m, o);
	struct sentence out;

	if (o->fact.unguarded || o->fact.guard.domain)
		return guard_state(m, o);
	if (holder.type != VALUE_TEXT && kind_has(o->fact.kind, MPT_T_ITEMS)) {
		out = sentence_begin(m->scratch, MODEL_SCRATCH);
		sentence_add(&out, "(%llu items)", (unsigned long long)o->fact.items);
		return v_text(m->scratch);
	}
	if (holder.type != VALUE_TEXT || o->fact.owner_times < 2)
		return holder;
	out = sentence_begin(m->scratch, MODEL_SCRATCH);
	if (o->owner) {
		out.brief = true;
		words_thread(&out, o->owner);
	} else {
		sentence_add(&out, "?");
	}
	sentence_add(&out, " x%llu", (unsigned long long)o->fact.owner_times);
	return v_text(m->scratch);
}

struct value v_state(const struct model *m, const struct object *o)
{
	static const struct {
		uint32_t trait;
		struct value (*say)(const struct model *m, const struct object *o);
	} states[] = {
		{MPT_T_PARTIES, parties_state},
		{MPT_T_FLAG, flag_state},
		{MPT_T_SLEEPERS, sleepers_state},
		{MPT_T_UNITS, units_state},
		{MPT_T_HOLDERS, holders_state},
		{MPT_T_WORKERS, workers_state},
		{MPT_T_MAPPED, mapped_state},
		{MPT_T_OWNER, owner_state},
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (kind_has(o->fact.kind, states[i].trait))
			return states[i].say(m, o);
	}
	return v_none();
}

/* ---- records ----------------------------------------------------------- */

struct value v_record_object(const struct model *m, const struct record *r)
{
	struct object_id id = r->fact.object;
	char kind[KIND_NAME_MAX];

	if (r->object_name[0])
		return v_text(r->object_name);
	if (id.slot == FACT_REF_NONE || (!id.domain && !id.slot && !id.generation))
		return v_none();
	snprintf(m->scratch, MODEL_SCRATCH, "%s #%u",
		 kind_name(MPT_OP_KIND(r->fact.op), kind, sizeof(kind)),
		 id.slot & ~FACT_REF_PROCESS);
	return v_text(m->scratch);
}

/* Seconds since its domain was made, else since the machine started. */
struct value v_record_time(const struct model *m, const struct record *r)
{
	const struct domain_node *domain = store_domain(m, r->fact.domain);
	uint64_t zero = domain ? domain->domain.fact.created_ns : 0;

	return v_f64(((double)r->time_ns - (double)zero) / 1e9);
}

static bool is_hold(const struct record *r)
{
	return op_effect(r->fact.op) == MPT_E_PASS &&
	       kind_has(MPT_OP_KIND(r->fact.op), MPT_T_OWNER);
}

struct value v_record_wait(const struct record *r)
{
	bool ended = r->fact.phase == MPT_PHASE_END;

	return ended && !is_hold(r) ? v_some(r->fact.span) : v_none();
}

struct value v_record_hold(const struct record *r)
{
	return is_hold(r) ? v_u64(r->fact.span) : v_none();
}

struct value v_record_result(const struct record *r)
{
	const char *name;

	if (r->fact.phase == MPT_PHASE_BEGIN)
		return v_none();
	if (r->fact.flags & FACT_RECORD_FAILED) {
		name = r->fact.value < 4096 ? strerrorname_np((int)r->fact.value) : NULL;
		return v_text(name ? name : "failed");
	}
	return v_text(r->fact.flags & FACT_RECORD_RECOVERED ? "recovered" : "ok");
}
