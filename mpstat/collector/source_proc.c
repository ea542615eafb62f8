/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_proc.c - the source that says who is there now: every process of the
 * machine.
 *
 * Owns: where the list comes from, its translation to facts.  Does not own:
 * filling the list (proc_rows.h), what is read of each process (proc_details.h,
 * proc_inside.h).
 *
 * Sources do not know each other and a process may be anybody's child, so every
 * process is told.  With our eBPF programs that is one look at all tasks and
 * hardly a file; without, or when that fails, one small file each.  Kernel threads
 * are left out unless all processes were asked for.
 */
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/life_fact.h"
#include "mpstat/collector/proc_details.h"
#include "mpstat/collector/proc_inside.h"
#include "mpstat/collector/proc_rows.h"
#include "mpstat/collector/source.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proc_source {
	const struct source_options *options;
	struct proc_rows rows;
	struct proc_details_list details;
	struct ticks ticks;
	uint64_t now_ns, page_size;
	size_t inside_next; /* where the turn for wchan is */
	bool whole;	    /* the rows are the kernel's */
	bool blind;	    /* the note is of something not seen */
	char note[FACT_TEXT_MAX];
};

static void begin(const struct proc_source *s, struct fact *fact, enum fact_type type)
{
	memset(fact, 0, sizeof(*fact));
	fact->type = type;
	fact->source = FACT_FROM_PROC;
	fact->time_ns = s->now_ns;
}

/* ---- one process ---------------------------------------------------------------- */

/* Only for those whose secrets we may see does 0 mean 0. */
static int32_t exit_code_of(const struct proc_row *row, uint32_t uid)
{
	if (row->state != 'Z')
		return FACT_EXIT_UNKNOWN;
	if (row->exit_status == 0 && !row->whole && geteuid() != 0 && uid != geteuid())
		return FACT_EXIT_UNKNOWN;
	return life_fact_exit_code(row->exit_status);
}

static struct process_id parent_of(const struct proc_source *s, const struct proc_row *row)
{
	const struct proc_row *parent;
	struct process_id id = { row->parent, row->parent_start };

	if (id.pid && !id.start) {
		parent = proc_rows_find(&s->rows, id.pid);
		id.start = parent ? parent->start : 0;
	}
	return id;
}

static void fill_numbers(const struct proc_source *s, const struct proc_row *row,
			 struct fact_process *out)
{
	out->state = row->state;
	out->cpu_ns = row->cpu_ns;
	out->rss_bytes = row->rss_pages < (1ull << 48) ? row->rss_pages * s->page_size :
							 FACT_UNKNOWN;
	out->threads = row->threads;
	out->started_ns = ticks_boot_to_monotonic(&s->ticks, row->boot_ns);
	out->session = row->session;
	out->group = row->group;
	out->kernel_thread = row->kernel_thread;
	out->subreaper = row->subreaper;
	out->reaper_known = row->whole;
}

static void fill_details(const struct proc_row *row, const struct proc_details *d,
			 struct fact_process *out)
{
	memcpy(out->command, d->command, sizeof(out->command));
	memcpy(out->cgroup, d->cgroup.path, sizeof(out->cgroup));
	memcpy(out->container, d->cgroup.container, sizeof(out->container));
	out->uid = row->whole ? row->uid : d->uid;
	out->pid_namespace = row->whole ? row->pid_namespace : d->pid_namespace;
	out->inner_pid = row->whole ? row->inner_pid : d->inner_pid;
	out->ignores_children = row->whole ? row->ignores_children : d->ignores_children;
	proc_inside_of(d, row, out->inside, sizeof(out->inside));
}

static void fill_process(const struct proc_source *s, const struct proc_row *row,
			 const struct proc_details *d, struct fact_process *out)
{
	out->id = d->id;
	out->parent = parent_of(s, row);
	text_clean(out->name, sizeof(out->name), row->comm, sizeof(row->comm));
	fill_numbers(s, row, out);
	fill_details(row, d, out);
	out->exit_code = exit_code_of(row, out->uid);
	if (row->state == 'Z')
		out->ended_ns = row->since_ns;
	else if (row->state == 'S' || row->state == 'D')
		out->inside_since_ns = row->since_ns;
}

static void tell_processes(struct proc_source *s, const struct fact_sink *sink)
{
	struct fact fact;

	begin(s, &fact, FACT_PROCESS);
	for (size_t i = 0; i < s->rows.count; i++) {
		if (!s->details.items[i]->read_ns)
			continue; /* gone before we could look */
		memset(&fact.u.process, 0, sizeof(fact.u.process));
		fill_process(s, &s->rows.items[i], s->details.items[i], &fact.u.process);
		sink->apply(sink->arg, &fact);
	}
}

/* ---- the source -------------------------------------------------------------------- */

/* Process 1 is everywhere: when it is not to be seen, others are not either. */
static void judge(struct proc_source *s, const struct err *err, const struct err *kernel)
{
	s->note[0] = '\0';
	s->blind = false;
	if (err->code) {
		s->blind = true;
		snprintf(s->note, sizeof(s->note), "%.*s", FACT_TEXT_MAX - 1, err->text);
	} else if (!s->whole && (s->rows.denied || !proc_rows_find(&s->rows, 1))) {
		s->blind = true;
		snprintf(s->note, sizeof(s->note),
			 "%s shows user %u only part of the processes (hidepid): run as root to "
			 "see them all",
			 s->options->proc, (unsigned int)geteuid());
	} else if (kernel->code) {
		snprintf(s->note, sizeof(s->note), "%.*s; read from %.40s instead",
			 FACT_TEXT_MAX - 70, kernel->text, s->options->proc);
	}
}

static void tell_source(const struct proc_source *s, const struct fact_sink *sink)
{
	char text[2 * FACT_TEXT_MAX];
	struct fact fact;

	begin(s, &fact, FACT_SOURCE);
	fact.u.source.ok = !s->blind;
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "proc");
	if (s->blind)
		snprintf(text, sizeof(text), "%s", s->note);
	else
		snprintf(text, sizeof(text), "%zu processes%s%s", s->rows.count,
			 s->note[0] ? "; " : "", s->note);
	text_clean(fact.u.source.text, sizeof(fact.u.source.text), text, strlen(text));
	sink->apply(sink->arg, &fact);
}

/* Half a list would end the processes of the other half: it is all or nothing. */
static int look(struct proc_source *s, struct err *err, struct err *kernel)
{
	int rc;

	s->rows.kernel_threads = s->options->all_processes;
	s->whole = s->options->kernel && kernel_has(s->options->kernel, "tasks") &&
		   proc_rows_kernel(&s->rows, s->options->kernel, kernel) == 0;
	rc = s->whole ? 0 : proc_rows_stat(&s->rows, s->options->proc, err);
	if (rc == 0 && proc_details_follow(&s->details, &s->rows) < 0)
		rc = err_set(err, -ENOMEM, "no memory for %zu processes", s->rows.count);
	return rc;
}

static void source_proc_read(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct proc_source *s = state;
	struct err err = { 0 }, kernel = { 0 };
	struct fact fact;

	s->now_ns = now_ns;
	ticks_refresh(&s->ticks);
	if (look(s, &err, &kernel) == 0) {
		proc_inside_read(&s->details, &s->rows, s->options, now_ns, &s->inside_next);
		proc_details_read(&s->details, &s->rows, now_ns);
		begin(s, &fact, FACT_SNAPSHOT_BEGIN);
		sink->apply(sink->arg, &fact);
		tell_processes(s, sink);
		begin(s, &fact, FACT_SNAPSHOT_END);
		sink->apply(sink->arg, &fact);
	}
	judge(s, &err, &kernel);
	tell_source(s, sink);
}

static const char *source_proc_note(const void *state, size_t index)
{
	const struct proc_source *s = state;

	return index == 0 && s->note[0] ? s->note : NULL;
}

static void source_proc_close(void *state)
{
	struct proc_source *s = state;

	proc_details_free(&s->details);
	proc_rows_free(&s->rows);
	close(s->rows.proc);
	free(s);
}

static int source_proc_open(void **state, const struct source_options *options, struct err *err)
{
	struct proc_source *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	s->options = options;
	s->rows.proc = proc_open(options->proc, err);
	if (s->rows.proc < 0) {
		free(s);
		return err->code;
	}
	ticks_init(&s->ticks);
	s->rows.ticks = &s->ticks;
	s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	*state = s;
	return 0;
}

const struct source source_proc = {
	.name = "proc",
	.help = "every process of the machine: eBPF, or /proc",
	.from = FACT_FROM_PROC,
	.open = source_proc_open,
	.read = source_proc_read,
	.close = source_proc_close,
	.note = source_proc_note,
};
