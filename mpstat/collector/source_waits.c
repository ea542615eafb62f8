/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_waits.c - the source that says what threads wait for that do not use the library.
 *
 * Owns: a look at every thread per refresh, told as threads, objects and uses.  Does not
 * own: the look (blocked.h), what a wait means (wait_*.c), who is there (source_proc.c).
 *
 * Threads are told of processes that have something to do with a wait that is understood:
 * all of those, so that nobody seems to be stuck who has a thread that can run.
 */
#include "mpstat/collector/functions.h"
#include "mpstat/collector/handlers.h"
#include "mpstat/collector/wait.h"
#include "mpstat/model/kind.h"
#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When a wait began that is still the same. */
struct since {
	uint32_t pid, tid;
	uint64_t start, runs, since_ns;
};

struct waits_source {
	const struct source_options *options;
	struct blocked_look look;
	struct wait_look waits;
	struct handlers handlers;
	struct {
		struct fact_thread *items; /* as look.items */
		size_t count, room;
	} threads;
	struct {
		struct since *items; /* sorted, of the last look */
		size_t count, room;
	} before, now;
	struct {
		uint32_t *items; /* sorted */
		size_t count, room;
	} owners;
	uint64_t now_ns;
	size_t understood;
	struct err err;
	char note[FACT_TEXT_MAX];
};

/* ---- since when ------------------------------------------------------------------ */

/* The clocks of two looks differ a little: a thread that did not run waits since what was
 * said first. */
static uint64_t since_of(const struct waits_source *s, size_t *at, const struct blocked *thread)
{
	const struct since *old;

	for (; *at < s->before.count; ++*at) {
		old = &s->before.items[*at];
		if (old->pid > thread->pid || (old->pid == thread->pid && old->tid >= thread->tid))
			break;
	}
	old = *at < s->before.count ? &s->before.items[*at] : NULL;
	if (old && old->pid == thread->pid && old->tid == thread->tid &&
	    old->start == thread->start && old->runs == thread->runs && thread->runs)
		return old->since_ns;
	return thread->since_ns ? thread->since_ns : s->now_ns;
}

static void swap_since(struct waits_source *s)
{
	struct since *items = s->before.items;
	size_t room = s->before.room;

	s->before.items = s->now.items;
	s->before.count = s->now.count;
	s->before.room = s->now.room;
	s->now.items = items;
	s->now.room = room;
	s->now.count = 0;
}

/* ---- threads ------------------------------------------------------------------------ */

static bool needs_handlers(const struct fact_thread *thread)
{
	return thread->wait_op && !thread->wait_process.pid && !thread->wait_children &&
	       !thread->wait_deadline_ns && !kind_has(MPT_OP_KIND(thread->wait_op), MPT_T_OWNER);
}

static void fill_thread(struct waits_source *s, const struct blocked *thread, uint64_t since_ns,
			struct fact_thread *out)
{
	memset(out, 0, sizeof(*out));
	out->process = wait_process_of(thread);
	out->tid = thread->tid;
	text_clean(out->name, sizeof(out->name), thread->comm, strlen(thread->comm));
	if (!wait_understand(&s->waits, thread, out)) {
		out->wait_op = 0;
		return;
	}
	s->understood++;
	out->wait_since_ns = since_ns;
}

static int translate(struct waits_source *s)
{
	size_t at = 0;

	s->understood = 0;
	s->threads.count = s->now.count = 0;
	if (VEC_RESERVE(&s->threads, s->look.count) || VEC_RESERVE(&s->now, s->look.count))
		return -ENOMEM;
	for (size_t i = 0; i < s->look.count; i++) {
		const struct blocked *thread = &s->look.items[i];
		uint64_t since_ns = since_of(s, &at, thread);

		s->now.items[s->now.count++] = (struct since){ thread->pid, thread->tid,
							       thread->start, thread->runs,
							       since_ns };
		fill_thread(s, thread, since_ns, &s->threads.items[s->threads.count++]);
	}
	swap_since(s);
	return 0;
}

/* ---- telling -------------------------------------------------------------------------- */

static void begin(const struct waits_source *s, struct fact *fact, enum fact_type type)
{
	memset(fact, 0, sizeof(*fact));
	fact->type = type;
	fact->source = FACT_FROM_WAITS;
	fact->time_ns = s->now_ns;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The processes that own something.  Without memory none: then their threads can run. */
static void collect_owners(struct waits_source *s)
{
	s->owners.count = 0;
	if (VEC_RESERVE(&s->owners, map_size(&s->waits.outside.objects)))
		return;
	for (const struct map_node *at = map_first(&s->waits.outside.objects); at;
	     at = map_next(at)) {
		const struct outside_object *object = (const struct outside_object *)at;

		if (object->look == s->waits.outside.look && object->fact.held)
			s->owners.items[s->owners.count++] = object->fact.owner_process.pid;
	}
	if (s->owners.count)
		qsort(s->owners.items, s->owners.count, sizeof(s->owners.items[0]), by_number);
}

static bool owns(const struct waits_source *s, const struct fact_thread *thread)
{
	return s->owners.count && bsearch(&thread->process.pid, s->owners.items, s->owners.count,
					  sizeof(s->owners.items[0]), by_number);
}

static bool same_process(const struct fact_thread *a, const struct fact_thread *b)
{
	return a->process.pid == b->process.pid && a->process.start == b->process.start;
}

/* The threads of one process are neighbours: one of them waits? */
static size_t end_of_process(const struct waits_source *s, size_t first, bool *matters)
{
	size_t end = first;

	*matters = false;
	while (end < s->threads.count &&
	       same_process(&s->threads.items[first], &s->threads.items[end])) {
		*matters |= s->threads.items[end].wait_op != 0;
		end++;
	}
	*matters = *matters || owns(s, &s->threads.items[first]);
	return end;
}

static void tell_threads(struct waits_source *s, const struct fact_sink *sink)
{
	struct fact fact;
	bool matters;

	collect_owners(s);
	begin(s, &fact, FACT_THREAD);
	for (size_t first = 0, end; first < s->threads.count; first = end) {
		end = end_of_process(s, first, &matters);
		for (size_t i = first; matters && i < end; i++) {
			struct fact_thread *thread = &s->threads.items[i];

			if (needs_handlers(thread))
				thread->handlers = (uint8_t)handlers_of(&s->handlers, s->options->proc,
							       thread->process.pid,
							       thread->process.start, s->now_ns);
			fact.u.thread = *thread;
			sink->apply(sink->arg, &fact);
		}
	}
}

static void tell_snapshot(struct waits_source *s, const struct fact_sink *sink)
{
	struct fact fact;

	begin(s, &fact, FACT_SNAPSHOT_BEGIN);
	sink->apply(sink->arg, &fact);
	begin(s, &fact, FACT_OBJECT);
	outside_tell(&s->waits.outside, &fact, sink);
	tell_threads(s, sink);
	begin(s, &fact, FACT_SNAPSHOT_END);
	sink->apply(sink->arg, &fact);
}

static void tell_source(struct waits_source *s, const struct fact_sink *sink)
{
	struct fact fact;

	begin(s, &fact, FACT_SOURCE);
	s->note[0] = '\0';
	if (s->err.code)
		snprintf(s->note, sizeof(s->note), "%.*s", FACT_TEXT_MAX - 1, s->err.text);
	else if (s->look.note[0])
		snprintf(s->note, sizeof(s->note), "%s", s->look.note);
	fact.u.source.ok = !s->note[0];
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "waits");
	if (s->note[0])
		text_copy(fact.u.source.text, sizeof(fact.u.source.text), s->note);
	else
		snprintf(fact.u.source.text, sizeof(fact.u.source.text),
			 "%zu threads, %zu waits understood", s->look.count, s->understood);
	sink->apply(sink->arg, &fact);
}

/* ---- the source ------------------------------------------------------------------------ */

static void source_waits_read(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct waits_source *s = state;

	if (s->options->only_files)
		return;
	s->now_ns = now_ns;
	s->err = (struct err){ 0 };
	blocked_look_take(&s->look, s->options->kernel, s->options->proc, NULL, 0, now_ns,
			  &s->err);
	outside_begin(&s->waits.outside);
	handlers_begin(&s->handlers);
	s->waits.look = &s->look;
	s->waits.locks.read = false;
	if (s->waits.functions && !s->look.by_kernel)
		functions_forget(s->waits.functions);
	if (!s->err.code && (wait_look_index(&s->waits) || translate(s)))
		err_set(&s->err, -ENOMEM, "no memory for %zu threads", s->look.count);
	if (!s->err.code)
		tell_snapshot(s, sink);
	tell_source(s, sink);
}

static const char *source_waits_note(const void *state, size_t index)
{
	const struct waits_source *s = state;

	return index == 0 && s->note[0] ? s->note : NULL;
}

static void source_waits_close(void *state)
{
	struct waits_source *s = state;

	blocked_look_free(&s->look);
	outside_free(&s->waits.outside);
	file_locks_free(&s->waits.locks);
	functions_free(s->waits.functions);
	handlers_free(&s->handlers);
	free(s->waits.inner.items);
	free(s->threads.items);
	free(s->before.items);
	free(s->now.items);
	free(s->owners.items);
	free(s);
}

static int source_waits_open(void **state, const struct source_options *options, struct err *err)
{
	struct waits_source *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	s->options = options;
	s->waits.proc = options->proc;
	s->waits.functions = functions_new(options->proc);
	*state = s;
	return 0;
}

const struct source source_waits = {
	.name = "waits",
	.help = "what threads wait for, of any program: eBPF, or /proc",
	.from = FACT_FROM_WAITS,
	.open = source_waits_open,
	.read = source_waits_read,
	.close = source_waits_close,
	.note = source_waits_note,
};
