/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_life.c - the source that tells what happens to processes as it happens.
 *
 * Owns: taking events from our eBPF programs or, without them, from the process
 * connector; what is said when there is neither.  Does not own: what events mean
 * (life_fact.h, connector.h), who is there now (source_proc.c).
 *
 * It takes no snapshots: nothing it told is ever "gone".  It is read right before
 * /proc is: an event from before a /proc snapshot then never comes after it, but
 * for those of the moment between.
 */
#include "mpstat/collector/connector.h"
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/life_fact.h"
#include "mpstat/collector/source.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES 8 /* more than there are programs */
#define WITHOUT                                                                              \
	"who sent a signal, exit codes of the reaped, and processes that live shorter than " \
	"a refresh are not seen"

struct life_source {
	struct kernel *kernel;
	struct connector *connector;
	struct ticks ticks;
	uint64_t lost; /* of what the kernel counts, already told */
	const struct fact_sink *sink; /* while events are taken */
	char text[FACT_TEXT_MAX];
	char notes[NOTES][480];
	size_t note_count;
};

/* ---- what it can see ------------------------------------------------------------- */

/* A look at what there is now: without it /proc is read, and nothing is missing here. */
static bool is_look(const struct kernel_part *part)
{
	static const char *const looks[] = {"tasks", "waits", "files"};

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (strcmp(part->name, looks[i]) == 0)
			return true;
	return false;
}

static void judge_part(struct life_source *s, const struct kernel_part *part)
{
	size_t used = strlen(s->text);

	if (part->works || is_look(part))
		return;
	snprintf(s->text + used, sizeof(s->text) - used, "; not seen: %s", part->gives);
	if (s->note_count < NOTES)
		snprintf(s->notes[s->note_count++], sizeof(s->notes[0]),
			 "eBPF program '%s' does not work: %s; not seen: %s", part->name, part->why,
			 part->gives);
}

static void judge_kernel(struct life_source *s)
{
	const struct kernel_part *part;
	size_t all, works = 0;

	for (all = 0; (part = kernel_part(s->kernel, all)) != NULL; all++)
		works += part->works;
	snprintf(s->text, sizeof(s->text), "eBPF: %zu of %zu programs", works, all);
	for (size_t i = 0; i < all; i++)
		judge_part(s, kernel_part(s->kernel, i));
}

static void judge_connector(struct life_source *s, const char *why)
{
	snprintf(s->text, sizeof(s->text),
		 "process connector, not eBPF: who sent a signal and who ran out of memory is "
		 "not seen");
	snprintf(s->notes[0], sizeof(s->notes[0]), "%s (%.250s)", s->text, why);
	s->note_count = 1;
}

/* ---- telling ----------------------------------------------------------------------- */

static void begin(struct fact *fact, enum fact_type type, uint64_t now_ns)
{
	memset(fact, 0, sizeof(*fact));
	fact->type = type;
	fact->source = FACT_FROM_KERNEL;
	fact->time_ns = now_ns;
}

static void tell_loss(uint64_t count, uint64_t now_ns, const struct fact_sink *sink)
{
	struct fact fact;

	if (!count)
		return;
	begin(&fact, FACT_LOSS, now_ns);
	fact.u.loss.cause = FACT_LOSS_LIFE;
	fact.u.loss.count = count;
	sink->apply(sink->arg, &fact);
}

static void take_event(void *arg, const struct life_event *event)
{
	struct life_source *s = arg;
	struct fact fact;

	if (life_fact(event, &s->ticks, &fact))
		s->sink->apply(s->sink->arg, &fact);
}

static void source_life_drain(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct life_source *s = state;
	uint64_t lost;

	if (s->connector) {
		tell_loss(connector_drain(s->connector, sink), now_ns, sink);
		return;
	}
	s->sink = sink;
	kernel_events(s->kernel, take_event, s);
	s->sink = NULL;
	lost = kernel_events_lost(s->kernel);
	tell_loss(lost - s->lost, now_ns, sink);
	s->lost = lost;
}

static void source_life_read(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct life_source *s = state;
	struct fact fact;

	begin(&fact, FACT_SOURCE, now_ns);
	fact.u.source.ok = s->note_count == 0;
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "life");
	text_clean(fact.u.source.text, sizeof(fact.u.source.text), s->text, sizeof(s->text));
	sink->apply(sink->arg, &fact);
	source_life_drain(state, now_ns, sink);
}

static const char *source_life_note(const void *state, size_t index)
{
	const struct life_source *s = state;

	return index < s->note_count ? s->notes[index] : NULL;
}

/* ---- opening -------------------------------------------------------------------------- */

static void source_life_close(void *state)
{
	struct life_source *s = state;

	connector_close(s->connector); /* the kernel is only lent */
	free(s);
}

static int open_connector(struct life_source *s, const struct source_options *options,
			  struct err *err)
{
	const char *why = options->kernel_why ? options->kernel_why : "eBPF is not used";
	struct err refused = { 0 };

	if (connector_open(&s->connector, options->proc, &refused) < 0)
		return err_set(err, refused.code, "%.150s; %.100s: " WITHOUT, why, refused.text);
	judge_connector(s, why);
	return 0;
}

static int source_life_open(void **state, const struct source_options *options, struct err *err)
{
	struct life_source *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	ticks_init(&s->ticks);
	s->kernel = options->kernel;
	if (s->kernel) {
		judge_kernel(s);
	} else if (open_connector(s, options, err) < 0) {
		free(s);
		return err->code;
	}
	*state = s;
	return 0;
}

const struct source source_life = {
	.name = "life",
	.help = "births, deaths and signals: eBPF, or the process connector",
	.from = FACT_FROM_KERNEL,
	.open = source_life_open,
	.read = source_life_read,
	.drain = source_life_drain,
	.close = source_life_close,
	.note = source_life_note,
};
