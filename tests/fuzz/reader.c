/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.c - see reader.h. */
#include "tests/fuzz/reader.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/image.h"
#include "tests/fuzz/told.h"
#include "tests/fuzz/tree.h"

extern const struct source source_proc;

#define CLEAN(text) told_clean(text, strnlen(text, sizeof(text)), false)

/* Names are cleaned where they come in, not only where they go out. */
static void apply(void *arg, const struct fact *fact)
{
	struct reader *r = arg;

	if (fact->type == FACT_DOMAIN)
		CLEAN(fact->u.domain.name);
	if (fact->type == FACT_PROCESS) {
		CLEAN(fact->u.process.name);
		CLEAN(fact->u.process.command);
	}
	if (fact->type == FACT_THREAD) {
		CLEAN(fact->u.thread.name);
		CLEAN(fact->u.thread.task);
	}
	if (fact->type == FACT_OBJECT) {
		CLEAN(fact->u.object.name);
		CLEAN(fact->u.object.site);
	}
	model_apply(r->model, fact);
}

void reader_open(struct reader *r)
{
	memset(r, 0, sizeof(*r));
	r->model = model_new(64);
	FUZZ_CLAIM(r->model, "no memory");
	r->segment.proc = tree_fd();
	r->segment.sink = (struct fact_sink){ apply, r };
	r->options = (struct source_options){ .proc = tree_root(), .records = true,
					      .all_processes = true };
	r->now_ns = 1000000000;
	image_fd();
}

void reader_add_proc(struct reader *r)
{
	struct err err = { 0 };

	FUZZ_CLAIM(source_proc.open(&r->proc, &r->options, &err) == 0, "%s", err.text);
}

void reader_close(struct reader *r)
{
	if (r->proc)
		source_proc.close(r->proc);
	reading_free(&r->segment);
	model_free(r->model);
}

static void tell_boundary(struct reader *r, enum fact_type type)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = r->now_ns;
	apply(r, &fact);
}

/* In the order of source_segment.c. */
static void read_segment(struct reader *r)
{
	struct decode *d = &r->segment.decode;

	tell_boundary(r, FACT_SNAPSHOT_BEGIN);
	if (reading_load(&r->segment, image_fd()) == SEG_OK) {
		d->now_ns = r->now_ns;
		decode_domain(d);
		decode_processes(d);
		decode_threads(d);
		decode_objects(d);
		decode_uses(d);
		records_collect(&r->segment.records, &r->segment.cursors, d);
	}
	tell_boundary(r, FACT_SNAPSHOT_END);
	records_tell(&r->segment.records, r->now_ns, &r->segment.sink);
}

void reader_look(struct reader *r, uint64_t later_ns)
{
	r->now_ns += later_ns;
	read_segment(r);
	if (r->proc)
		source_proc.read(r->proc, r->now_ns, &r->segment.sink);
	model_tick(r->model, r->now_ns);
}
