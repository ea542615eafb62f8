/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.c - sources into the model, once per refresh.
 *
 * Owns: opening, the order of a refresh, the scope in words.  Does not own:
 * what sources read, what the model makes of it.
 */
#include "mpstat/commands/session.h"

#include "mpstat/commands/rights.h"
#include "mpstat/commands/stop.h"
#include "mpstat/commands/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORDS_KEPT 20000 /* for the screen: about 5 MB */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t source_count(void)
{
	size_t count = 0;

	while (sources[count])
		count++;
	return count;
}

static void apply(void *arg, const struct fact *fact)
{
	struct session *session = arg;
	uint64_t seen = model_records_seen(session->model);

	/* What the kernel had no room for is of no domain. */
	if (fact->type == FACT_LOSS && fact->source == FACT_FROM_SEGMENT &&
	    session_narrow(session) && losses_hold(&session->losses, &fact->u.loss) == 0)
		return;
	model_apply(session->model, fact);
	/* The model may have refused it. */
	if (session->on_record && model_records_seen(session->model) != seen)
		session->on_record(session->on_record_arg, model_newest_record(session->model));
}

/* Nobody is to be frightened by what most users never have: what helps, shortly. */
static void describe_extra(const struct session *session, const struct err *why, char *text,
			   size_t size)
{
	const char *program = session->options->program;

	if (why->code == -EPERM || why->code == -EACCES)
		snprintf(text, size,
			 "run as root to see who ended whom, and what lives only briefly ('%s "
			 "doctor' says more)",
			 program);
	else
		snprintf(text, size,
			 "who ended whom, and what lives only briefly, is not seen ('%s doctor' "
			 "says why)",
			 program);
}

/* "this source is missing" as a fact: the header line and doctor show it. */
static void tell_missing(struct session *session, const struct source *source,
			 const struct err *why)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = FACT_SOURCE;
	fact.source = source->from;
	fact.time_ns = clock_ns(CLOCK_MONOTONIC);
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "%s", source->name);
	if (!session_is_extra(source->from))
		snprintf(fact.u.source.text, sizeof(fact.u.source.text), "%s", why->text);
	else
		describe_extra(session, why, fact.u.source.text, sizeof(fact.u.source.text));
	model_apply(session->model, &fact);
}

static void open_kernel(struct session *session)
{
	struct err *why = &session->kernel_why;

	session->rights = rights_now();
	if (session->source_options.only_files)
		err_set(why, -ENOENT, "nothing that runs is looked at");
	else if (session->options->no_bpf)
		err_set(why, -ECANCELED, "not asked, because of --no-bpf");
	else
		kernel_open(&session->kernel, why);
	session->source_options.kernel = session->kernel;
	session->source_options.kernel_why = session->kernel ? "" : why->text;
}

static void open_sources(struct session *session)
{
	size_t i;

	for (i = 0; sources[i]; i++) {
		struct err why = {0, ""};

		if (session->source_options.only_files && sources[i]->from != FACT_FROM_SEGMENT)
			continue; /* /proc shows what runs now */
		session->opened[i] =
			sources[i]->open(&session->states[i], &session->source_options, &why) == 0;
		if (!session->opened[i])
			tell_missing(session, sources[i], &why);
		else if (sources[i]->drain)
			session->drains = true;
	}
}

static void describe_scope(struct session *session)
{
	const struct options *options = session->options;
	size_t used = 0, i;
	char *scope = session->scope, pids[128] = "";

	for (i = 0; i < options->pid_count && used < sizeof(pids) - 16; i++)
		used += (size_t)snprintf(pids + used, sizeof(pids) - used, "%s%u", i ? ", " : "",
					 options->pids[i]);
	if (i < options->pid_count)
		snprintf(pids + used, sizeof(pids) - used, ", ...");
	used = 0;
	if (options->input_count)
		used += (size_t)snprintf(scope, sizeof(session->scope), "%zu kept segment%s",
					 options->input_count,
					 options->input_count == 1 ? "" : "s");
	if (options->pid_count)
		used += (size_t)snprintf(scope + used, sizeof(session->scope) - used,
					 "%sprocess %s and descendants", used ? ", " : "", pids);
	if (options->group)
		used += (size_t)snprintf(scope + used, sizeof(session->scope) - used,
					 "%sgroup %.*s", used ? ", " : "", FACT_NAME_MAX,
					 options->group);
	if (used == 0)
		snprintf(scope, sizeof(session->scope), "%s",
			 options->all ? "all processes" : "all domains");
}

static void set_targets(struct session *session, uint32_t flags)
{
	const struct options *options = session->options;
	struct source_options *to = &session->source_options;
	struct model_filter filter = {options->pids, options->pid_count, options->group,
				      options->all};

	to->proc = "/proc";
	to->files = (const char *const *)session->inputs.paths;
	to->file_count = session->inputs.count;
	to->only_files = options->input_count > 0;
	to->records = (flags & SESSION_RECORDS) != 0;
	/* A group may be a command without any domain. */
	to->all_processes = options->all || options->group;
	to->pids = options->pids;
	to->pid_count = options->pid_count;
	model_set_filter(session->model, &filter);
}

static int check_targets(struct session *session, struct err *err)
{
	const struct options *options = session->options;
	size_t i;

	for (i = 0; i < options->input_count; i++)
		if (inputs_add(&session->inputs, options->inputs[i], err) < 0)
			return err->code;
	for (i = 0; i < options->pid_count && options->input_count == 0; i++)
		if (target_check(options->pids[i], err) < 0)
			return err->code;
	return 0;
}

int session_open(struct session *session, const struct options *options, uint32_t flags,
		 struct err *err)
{
	memset(session, 0, sizeof(*session));
	session->options = options;
	session->sink.apply = apply;
	session->sink.arg = session;
	if (check_targets(session, err) < 0) {
		inputs_free(&session->inputs);
		return err->code;
	}
	session->model = model_new(RECORDS_KEPT);
	session->states = calloc(source_count() + 1, sizeof(*session->states));
	session->opened = calloc(source_count() + 1, sizeof(*session->opened));
	if (!session->model || !session->states || !session->opened) {
		session_close(session);
		return err_set(err, -ENOMEM, "no memory for the model");
	}
	if (gethostname(session->host, sizeof(session->host) - 1) < 0)
		session->host[0] = '\0';
	describe_scope(session);
	session->widen = flags & SESSION_WIDEN && !session_narrow(session) && !options->all &&
			 !options->input_count;
	set_targets(session, flags);
	open_kernel(session);
	open_sources(session);
	return 0;
}

void session_close(struct session *session)
{
	size_t i;

	for (i = 0; session->opened && sources[i]; i++)
		if (session->opened[i])
			sources[i]->close(session->states[i]);
	kernel_close(session->kernel); /* after those it was lent to */
	session->kernel = NULL;
	free(session->states);
	free(session->opened);
	session->states = NULL;
	session->opened = NULL;
	losses_free(&session->losses);
	inputs_free(&session->inputs);
	model_free(session->model);
	session->model = NULL;
}

/* Decided once: what is on the screen must not change its mind. */
static void widen(struct session *session)
{
	const struct model_filter all = {.all = true};

	if (!session->widen)
		return;
	session->widen = false;
	if (model_next_domain(session->model, NULL))
		return;
	model_set_filter(session->model, &all);
	snprintf(session->scope, sizeof(session->scope),
		 "all processes (none uses libmptrace)");
}

void session_drain(struct session *session)
{
	size_t i;

	for (i = 0; session->drains && sources[i]; i++)
		if (session->opened[i] && sources[i]->drain)
			sources[i]->drain(session->states[i], clock_ns(CLOCK_MONOTONIC),
					  &session->sink);
}

void session_refresh(struct session *session)
{
	size_t i;

	for (i = 0; sources[i]; i++)
		if (session->opened[i])
			sources[i]->read(session->states[i], clock_ns(CLOCK_MONOTONIC),
					 &session->sink);
	/* Whose end a snapshot has seen, of that the events tell when and why. */
	session_drain(session);
	model_tick(session->model, clock_ns(CLOCK_MONOTONIC));
	widen(session);
	losses_release(&session->losses, session->model);
}

bool session_wait(struct session *session, double seconds)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), end = now + (uint64_t)(seconds * 1e9);
	double left = seconds;
	bool goes_on = true;

	while (goes_on && session->drains && left > SESSION_DRAIN_S) {
		goes_on = stop_sleep(SESSION_DRAIN_S);
		session_drain(session);
		now = clock_ns(CLOCK_MONOTONIC);
		left = now < end ? (double)(end - now) / 1e9 : 0;
	}
	return goes_on && stop_sleep(left);
}

void session_refresh_arg(void *session)
{
	session_refresh(session);
}

void session_drain_arg(void *session)
{
	session_drain(session);
}

bool session_is_extra(enum fact_source from)
{
	return from == FACT_FROM_KERNEL;
}

int session_found(const struct session *session, struct err *err)
{
	const struct options *options = session->options;
	const struct process *process = NULL;
	const struct object *object = NULL;

	if (!options->group)
		return 0;
	while ((process = model_next_process(session->model, process)))
		if (process->matched)
			return 0;
	while ((object = model_next_object(session->model, object)))
		if (object->matched)
			return 0;
	return err_set(err, -ESRCH,
		       "there is no domain and no command called '%s'; '%s list' shows the "
		       "domains",
		       options->group, options->program);
}

size_t session_blind(const struct session *session, char *text, size_t size)
{
	size_t count = 0, used = 0;
	int from;

	*text = '\0';
	for (from = FACT_FROM_NONE + 1; from < FACT_SOURCES; from++) {
		const struct fact_source_state *state =
			model_source(session->model, (enum fact_source)from);

		if (!state || state->ok || !state->name[0] ||
		    session_is_extra((enum fact_source)from))
			continue;
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s: %s",
						 count ? "; " : "", state->name, state->text);
		count++;
	}
	return count;
}

const char *session_note(const struct session *session, size_t source, size_t index)
{
	if (!session->opened[source] || !sources[source]->note)
		return NULL;
	return sources[source]->note(session->states[source], index);
}

bool session_narrow(const struct session *session)
{
	return session->options->pid_count > 0 || session->options->group;
}

uint64_t session_realtime(const struct session *session)
{
	uint64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);

	return model_now(session->model) + offset;
}
