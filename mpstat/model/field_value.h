/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * field_value.h - how the rows of fields_*.def make their values.
 *
 * Owns: the constructors of struct value, and the texts made on demand.  Those
 * lie in the model's scratch buffer until the next one is made.
 */
#ifndef MPSTAT_MODEL_FIELD_VALUE_H
#define MPSTAT_MODEL_FIELD_VALUE_H

#include "mpstat/model/field.h"

#include <math.h>

static inline struct value v_none(void)
{
	return (struct value){.type = VALUE_NONE};
}

static inline struct value v_u64(uint64_t number)
{
	return (struct value){.type = VALUE_U64, .u.u64 = number};
}

static inline struct value v_i64(int64_t number)
{
	return (struct value){.type = VALUE_I64, .u.i64 = number};
}

static inline struct value v_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .u.b = b};
}

/* NAN is unknown. */
static inline struct value v_f64(double number)
{
	return isnan(number) ? v_none() : (struct value){.type = VALUE_F64, .u.f64 = number};
}

static inline struct value v_text(const char *text)
{
	return (struct value){.type = VALUE_TEXT, .u.text = text};
}

/* "" is unknown. */
static inline struct value v_name(const char *text)
{
	return text[0] ? v_text(text) : v_none();
}

/* FACT_UNKNOWN is unknown. */
static inline struct value v_known(uint64_t number)
{
	return number == FACT_UNKNOWN ? v_none() : v_u64(number);
}

/* What only a domain keeps count of. */
static inline struct value v_kept(const struct object *o, struct value value)
{
	return o->id.domain ? value : v_none();
}

/* 0 is unknown. */
static inline struct value v_some(uint64_t number)
{
	return number ? v_u64(number) : v_none();
}

/* When a wait ends by itself; that it does may be known without when. */
static inline struct value v_deadline(uint64_t ns)
{
	return ns == FACT_UNKNOWN ? v_none() : v_some(ns);
}

/* The part a of b as a percentage, at most 100; unknown when b is 0. */
static inline struct value v_percent(uint64_t a, uint64_t b)
{
	if (!b)
		return v_none();
	return v_f64(a < b ? 100.0 * (double)a / (double)b : 100);
}

/* ns since then; unknown for 0 and FACT_UNKNOWN. */
struct value v_age(const struct model *m, uint64_t since_ns);
struct value v_percentile(const struct fact_hist *hist, double q, uint64_t max_ns);

/* Texts in the scratch buffer. */
struct value v_domain_id(const struct model *m, uint64_t id);	/* 16 hex digits */
struct value v_object_id(const struct model *m, struct object_id id); /* domain:slot.gen */
struct value v_any_ids(const struct model *m, const struct thread *t);
struct value v_kind(const struct model *m, uint16_t kind);
struct value v_op(const struct model *m, uint16_t op);	    /* "acquire" */
struct value v_whole_op(const struct model *m, uint16_t op); /* "lock.acquire" */

struct value v_verdict(enum verdict verdict);
struct value v_process_state(const struct model *m, const struct process *p);
struct value v_process_verdict(const struct process *p);
struct value v_death(const struct model *m, const struct process *p); /* unknown: it lives */
struct value v_sources(const struct model *m, const struct process *p);
struct value v_thread_wait(const struct model *m, const struct thread *t);
/* The task that one of its threads runs as a worker. */
struct value v_process_task(const struct process *p);
struct value v_thread_blocker(const struct model *m, const struct thread *t);
struct value v_holder(const struct model *m, const struct object *o);
/* Unknown for what is no memory. */
struct value v_size(const struct object *o);
/* The name of the lock that guards it; "(none)", "(ended)"; unknown: its own. */
struct value v_guard(const struct model *m, const struct object *o);
/* The holder and how often it holds it; "(set)", "(4.0K in 3 processes)" ... */
struct value v_state(const struct model *m, const struct object *o);
struct value v_record_object(const struct model *m, const struct record *r);
struct value v_record_time(const struct model *m, const struct record *r);
struct value v_record_wait(const struct record *r);
struct value v_record_hold(const struct record *r);
struct value v_record_result(const struct record *r);

#endif
