/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_segment.c - the source that reads the domains of libmptrace.
 *
 * Owns: one refresh over all domains, and what is said about those that cannot
 * be read.  Does not own: finding them (watch.h), the meaning of their
 * bytes (decode.h, records.h).
 *
 * Everything is read by copy and nothing is written: the observed programs
 * cannot notice.  One domain that is damaged costs one sentence; the rest is
 * told.
 */
#include "mpstat/collector/notes.h"
#include "mpstat/collector/proc.h"
#include "mpstat/collector/records.h"
#include "mpstat/collector/watch.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of tables copied per refresh, of all domains together. */
#define TABLES_PER_REFRESH (1ull << 30)

struct segment_source {
	const struct source_options *options;
	int proc;
	uint8_t boot_id[16];
	uint64_t pidns;
	struct watch watch;
	struct snapshot snapshot;
	struct records records;
	struct notes notes;
	uint64_t table_bytes; /* copied in this refresh */
	size_t told;	      /* domains told in this refresh */
};

/* ---- one domain ------------------------------------------------------------ */

struct reading {
	struct segment_source *source;
	struct watched *watched;
	const struct fact_sink *sink;
	uint64_t now_ns;
};

/* "domain 'web' (process 12)" or the file's name. */
static void name_of(const struct watched *w, const struct segment *segment, char *out, size_t size)
{
	char name[FACT_NAME_MAX];

	if (w->path) {
		text_clean(out, size, w->path, strlen(w->path));
		return;
	}
	if (text_clean(name, sizeof(name), segment->header.name, sizeof(segment->header.name)))
		snprintf(out, size, "domain '%s' of process %u", name, w->pid);
	else
		snprintf(out, size, "domain of process %u", w->pid);
}

static void complain(const struct reading *r, const struct segment *segment, const char *what)
{
	char name[NOTE_TEXT / 2];

	name_of(r->watched, segment, name, sizeof(name));
	notes_add(&r->source->notes, "%s %s", name, what);
}

static bool open_domain(const struct reading *r, struct segment *segment)
{
	struct err err = { 0 };
	const struct mpt_wire_section *s = segment->header.section;
	uint64_t size = 0;

	if (segment_load(segment, r->watched->fd, &err) != SEG_OK) {
		complain(r, segment, err.text);
		return false;
	}
	if (memcmp(segment->header.domain_id, r->watched->id, sizeof(r->watched->id)) != 0) {
		complain(r, segment, "has become another domain and is not read any more");
		return false;
	}
	for (int i = MPT_SEC_PROCESSES; i <= MPT_SEC_OBJECTS; i++)
		size += (uint64_t)s[i].used * s[i].stride;
	if (size > TABLES_PER_REFRESH - r->source->table_bytes) {
		complain(r, segment, "is left out: the domains before it took all of a refresh");
		return false;
	}
	r->source->table_bytes += size;
	return true;
}

static bool same_boot(const struct segment_source *source, const struct segment *segment)
{
	static const uint8_t unknown[16];

	return memcmp(source->boot_id, segment->header.boot_id, 16) == 0 ||
	       memcmp(source->boot_id, unknown, 16) == 0 ||
	       memcmp(segment->header.boot_id, unknown, 16) == 0;
}

static int judge_members(const struct reading *r, const struct segment *segment, struct err *err)
{
	struct claim_context context = {
		.proc = r->source->proc,
		.segment = segment,
		.snapshot = &r->source->snapshot,
		.same_boot = same_boot(r->source, segment),
		.pidns = r->source->pidns,
		.announced = r->watched->announced,
		.announced_count = r->watched->announced_count,
		.now_ns = r->now_ns,
	};

	if (claims_check(&r->watched->claims, &context) < 0)
		return err_set(err, -ENOMEM, "is left out: no memory for its processes");
	return 0;
}

static bool copy(const struct reading *r, const struct segment *segment)
{
	struct snapshot *s = &r->source->snapshot;
	struct err err = { 0 };

	if (snapshot_load_processes(s, segment, &err) == 0 &&
	    judge_members(r, segment, &err) == 0 && snapshot_load_rest(s, segment, &err) == 0)
		return true;
	complain(r, segment, err.text);
	return false;
}

static void complain_about_content(const struct reading *r, const struct segment *segment)
{
	const struct snapshot *s = &r->source->snapshot;
	char what[120];

	if (r->watched->claims.forged) {
		snprintf(what, sizeof(what),
			 "names %u processes of other users that do not have it open: left out",
			 r->watched->claims.forged);
		complain(r, segment, what);
	}
	if (s->left_out) {
		snprintf(what, sizeof(what), "has %u more slots than are looked at: left out",
			 s->left_out);
		complain(r, segment, what);
	}
	if (s->unstable) {
		snprintf(what, sizeof(what),
			 "has %u threads whose waiting never held still: shown as not waiting",
			 s->unstable);
		complain(r, segment, what);
	}
	if (segment->header.total_size > SEGMENT_READ_MOST) {
		snprintf(what, sizeof(what), "is larger than %llu bytes: the rest is left out",
			 SEGMENT_READ_MOST);
		complain(r, segment, what);
	}
}

/* Objects before uses: rows of a ledger then never lack what its total has. */
static int tell(const struct reading *r, const struct decode *d)
{
	int rc;

	decode_domain(d);
	decode_processes(d);
	decode_threads(d);
	rc = decode_objects(d);
	if (rc == 0)
		rc = decode_uses(d);
	if (rc == 0 && r->source->options->records)
		rc = records_collect(&r->source->records, &r->watched->cursors, d);
	return rc;
}

static void read_domain(const struct reading *r)
{
	struct segment segment;
	struct decode d = {
		.segment = &segment,
		.snapshot = &r->source->snapshot,
		.claims = &r->watched->claims,
		.sink = r->sink,
		.now_ns = r->now_ns,
		.published = r->watched->published,
	};

	if (!open_domain(r, &segment) || !copy(r, &segment))
		return;
	d.domain = segment_domain(&segment.header);
	d.post_mortem = r->watched->path && r->watched->claims.alive == 0;
	if (tell(r, &d) < 0)
		complain(r, &segment, "is not told completely: no memory");
	complain_about_content(r, &segment);
	r->source->told++;
}

/* ---- one refresh -------------------------------------------------------------- */

static void tell_boundary(const struct fact_sink *sink, uint64_t now_ns, enum fact_type type)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = now_ns;
	sink->apply(sink->arg, &fact);
}

static void describe(const struct segment_source *s, const struct err *err, char *out, size_t size)
{
	size_t notes = notes_total(&s->notes);
	int n = 0;

	if (err->code)
		n = snprintf(out, size, "%s", err->text);
	else if (s->told == 0 && notes == 0)
		n = snprintf(out, size, "no program of libmptrace runs");
	else
		n = snprintf(out, size, "%zu domain%s", s->told, s->told == 1 ? "" : "s");
	if (notes && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, "; %s", s->notes.text[0]);
	if (notes > 1 && size > 40) {
		/* What is said last must be seen: it makes room for itself. */
		if ((size_t)n > size - 32)
			n = (int)size - 32;
		snprintf(out + n, size - (size_t)n, " (and %zu more: doctor)", notes - 1);
	}
}

static void tell_source(const struct segment_source *s, const struct err *err, uint64_t now_ns,
			const struct fact_sink *sink)
{
	struct fact fact;
	char text[NOTE_TEXT];

	memset(&fact, 0, sizeof(fact));
	fact.type = FACT_SOURCE;
	fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = now_ns;
	fact.u.source.ok = err->code == 0 && (s->told > 0 || notes_total(&s->notes) == 0);
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "segment");
	describe(s, err, text, sizeof(fact.u.source.text));
	text_copy(fact.u.source.text, sizeof(fact.u.source.text), text);
	sink->apply(sink->arg, &fact);
}

static void source_segment_read(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct segment_source *s = state;
	struct reading r = { .source = s, .sink = sink, .now_ns = now_ns };
	struct err err = { 0 };

	notes_clear(&s->notes);
	s->table_bytes = 0;
	s->told = 0;
	watch_refresh(&s->watch, now_ns, &s->notes, &err);
	tell_boundary(sink, now_ns, FACT_SNAPSHOT_BEGIN);
	for (r.watched = s->watch.domains; r.watched; r.watched = r.watched->hh.next)
		read_domain(&r);
	tell_boundary(sink, now_ns, FACT_SNAPSHOT_END);
	records_tell(&s->records, now_ns, sink);
	tell_source(s, &err, now_ns, sink);
	watch_expire(&s->watch);
}

static const char *source_segment_note(const void *state, size_t index)
{
	const struct segment_source *s = state;

	return index < s->notes.count ? s->notes.text[index] : NULL;
}

/* ---- beginning and end ----------------------------------------------------------- */

/* "xxxxxxxx-xxxx-..." to bytes; stays zero when it cannot be read. */
static void read_boot_id(int proc, uint8_t id[16])
{
	char text[64] = "", *p = text;
	int fd = openat(proc, "sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	unsigned int byte;

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0)
		for (int i = 0; i < 16; i++, p += 2) {
			p += *p == '-';
			if (sscanf(p, "%2x", &byte) != 1)
				break;
			id[i] = (uint8_t)byte;
		}
	close(fd);
}

static void source_segment_close(void *state)
{
	struct segment_source *s = state;

	watch_free(&s->watch);
	snapshot_free(&s->snapshot);
	records_free(&s->records);
	close(s->proc);
	free(s);
}

static int source_segment_open(void **state, const struct source_options *options,
			       struct err *err)
{
	struct segment_source *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	s->options = options;
	s->proc = proc_open(options->proc, err);
	if (s->proc < 0) {
		free(s);
		return err->code;
	}
	read_boot_id(s->proc, s->boot_id);
	if (fstatat(s->proc, "self/ns/pid", &st, 0) == 0)
		s->pidns = st.st_ino;
	s->watch.options = options;
	s->watch.proc = s->proc;
	*state = s;
	return 0;
}

const struct source source_segment = {
	.name = "segment",
	.help = "programs that use libmptrace: their shared memory, or kept files of it",
	.from = FACT_FROM_SEGMENT,
	.open = source_segment_open,
	.read = source_segment_read,
	.close = source_segment_close,
	.note = source_segment_note,
};
