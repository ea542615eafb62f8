/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blind.c - sleeping processes that no source can explain.
 *
 * Owns: the list of kernel functions and calls whose sleepers need no
 * explanation.  Does not own: reading them (collector/).
 */
#include "mpstat/commands/blind.h"

#include "mpstat/commands/stop.h"
#include "mpstat/model/waits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_AGAIN_S 0.1
#define ROUNDS_MAX 100

/*
 * Where /proc says a process sleeps, and nothing inside the observed programs
 * is needed to end it, or the model judges it itself: timers, the outside world
 * (terminal, network, any of several descriptors), children, stopped by a
 * debugger or job control.  Parts of names: the kernel decorates its functions
 * (wchan) in ways that change, __do_sys_pause, ep_poll.
 */
/* clang-format off: one per line says no more */
static const char *const understood[] = {
	"do_wait",    "wait4",	      "waitid",		"nanosleep",	   "nsleep",
	"poll",	      "select",	      "io_cqring_wait", "io_uring_enter",  "n_tty_read",
	"wait_woken", "sigtimedwait", "sigsuspend",	"rt_sig",	   "pause",
	"signalfd",   "timerfd",      "inotify_read",	"inet_csk_accept", "inet_stream_connect",
	"tcp_",	      "sk_wait_data", "do_signal_stop", "ptrace_stop",
};
/* clang-format on */

static void __attribute__((format(printf, 2, 3))) add(struct blind *blind, const char *text, ...)
{
	va_list args;

	if (blind->count < BLIND_MAX) {
		va_start(args, text);
		vsnprintf(blind->text[blind->count], BLIND_TEXT, text, args);
		va_end(args);
	}
	blind->count++;
}

static bool is_understood(const char *inside)
{
	size_t i;

	if (strstr(inside, "futex")) /* futex_do_wait is no do_wait */
		return false;
	for (i = 0; i < sizeof(understood) / sizeof(*understood); i++)
		if (strstr(inside, understood[i]))
			return true;
	return false;
}

/* Records written by all threads: it moved when this did. */
static uint64_t progress_of(const struct process *process)
{
	const struct thread *thread;
	uint64_t records = 0;

	for (thread = process->first_thread; thread; thread = thread->next)
		records += thread->fact.records;
	return records;
}

/* Outside of any domain a wait is explained when who could end it is known, or that
 * anybody could. */
static bool is_explained(const struct thread *thread)
{
	const struct object *object = thread->wait_object;

	if (!object || object->id.domain || thread->fact.wait_deadline_ns)
		return true;
	return waits_for(thread) != WAIT_UNKNOWN || object->fact.ends != FACT_ENDS_UNKNOWN ||
	       object->fact.held;
}

/* /proc tells where the first thread sleeps.  Does another source tell it, too? */
static bool told_by_others(const struct process *process)
{
	const struct thread *thread;

	for (thread = process->first_thread; thread; thread = thread->next)
		if (thread->fact.tid == process->id.pid && thread->fact.wait_op)
			return is_explained(thread);
	return false;
}

static bool is_suspect(const struct process *process)
{
	const struct fact_process *fact = &process->fact;

	if (!process->matched || !process_lives(process) || fact->kernel_thread)
		return false;
	if (fact->state != 'S' && fact->state != 'D')
		return false; /* runs, or is stopped by somebody who knows */
	if (is_understood(fact->inside) || told_by_others(process))
		return false;
	if (!process->domain)
		return true;
	/* A thread that waits for another of its own process, as in pthread_join: that
	 * other one is judged by itself. */
	return fact->inside[0] && !(fact->threads > 1 && strstr(fact->inside, "futex"));
}

static void add_process(struct blind *blind, const struct process *process)
{
	const struct fact_process *fact = &process->fact;

	if (!fact->inside[0])
		add(blind,
		    "process %u (%s) sleeps, and where is not readable: %s", process->id.pid,
		    fact->name,
		    geteuid() == 0 ? "refused even to root" : "needs its user or root");
	else
		add(blind,
		    "process %u (%s) sleeps in %s, and who could wake it is not known: needs "
		    "libmptrace in that place",
		    process->id.pid, fact->name, fact->inside);
}

/* A member of a domain that was suspect at the first look. */
struct suspect {
	struct process_id id;
	uint64_t progress;
};

struct suspects {
	struct suspect *items;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	if (x->id.pid != y->id.pid)
		return x->id.pid < y->id.pid ? -1 : 1;
	return x->id.start == y->id.start ? 0 : x->id.start < y->id.start ? -1 : 1;
}

/* The members among the suspects; without memory there are none, and then
 * every one of the second look counts. */
static void find_members(struct suspects *members, const struct model *model)
{
	const struct process *process = NULL;
	size_t room = 0;

	memset(members, 0, sizeof(*members));
	while ((process = model_next_process(model, process)))
		room += process->domain && is_suspect(process);
	members->items = room ? calloc(room, sizeof(*members->items)) : NULL;
	while (members->items && (process = model_next_process(model, process)))
		if (process->domain && is_suspect(process) && members->count < room)
			members->items[members->count++] =
				(struct suspect){process->id, progress_of(process)};
	if (members->items)
		qsort(members->items, members->count, sizeof(*members->items), by_id);
}

/* Was it suspect then, and has done nothing since? */
static bool is_still(const struct suspects *members, const struct process *process)
{
	const struct suspect key = {process->id, 0}, *found;

	if (!members->items)
		return true;
	found = bsearch(&key, members->items, members->count, sizeof(key), by_id);
	return found && found->progress == progress_of(process);
}

static size_t count_unplaced(const struct model *model)
{
	const struct process *process = NULL;
	size_t count = 0;

	while ((process = model_next_process(model, process)))
		count += is_suspect(process) && !process->fact.inside[0];
	return count;
}

/* Where a process sleeps is read of some per refresh, by turns, because it is dear
 * with 10,000 of them.  Goes on until all had their turn. */
static void place_all(struct session *session)
{
	size_t unplaced = count_unplaced(session->model), before, round;

	for (round = 0; unplaced > 0 && round < ROUNDS_MAX && !stop_signal(); round++) {
		before = unplaced;
		session_refresh(session);
		unplaced = count_unplaced(session->model);
		if (unplaced >= before)
			break; /* no right, not no turn */
	}
}

/* What a source could not see: each of its notes, or else its own sentence.  Notes are
 * about domains; when particular processes were asked for, those are judged by
 * themselves, and another user's domain is none of their business. */
static void add_source(struct blind *blind, const struct session *session, size_t source)
{
	const struct fact_source_state *state = model_source(session->model, sources[source]->from);
	const char *note;
	size_t i;

	if (session_is_extra(sources[source]->from))
		return;
	for (i = 0; (note = session_note(session, source, i)); i++)
		if (!session_narrow(session))
			add(blind, "%s: %s", sources[source]->name, note);
	if (i == 0 && state && !state->ok)
		add(blind, "%s: %s", sources[source]->name, state->text);
}

void blind_find(struct blind *blind, struct session *session)
{
	const struct process *process = NULL;
	struct suspects members;
	size_t i;

	memset(blind, 0, sizeof(*blind));
	place_all(session);
	find_members(&members, session->model);
	if (members.count > 0) {
		session_wait(session, LOOK_AGAIN_S);
		session_refresh(session);
	}
	for (i = 0; sources[i]; i++)
		add_source(blind, session, i);
	while ((process = model_next_process(session->model, process)))
		if (is_suspect(process) && (!process->domain || is_still(&members, process)))
			add_process(blind, process);
	free(members.items);
}
