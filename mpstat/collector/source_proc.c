/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_proc.c - the source that reads /proc: every process of the machine.
 *
 * Owns: which files are read how often, and the translation to facts.  Does
 * not own: parsing them (proc.h).
 *
 * Sources do not know each other and a process may be anybody's child, so every
 * process is told, at the price of one small file each (stat).  The rest is
 * read only when it may have changed:
 *   - command line and user: when the process is new, when its name or the place
 *     of its arguments changed (exec), and every 10 s (setproctitle, setuid);
 *   - where it sleeps (wchan): of those that sleep, at most INSIDE_READS per
 *     refresh, in turn; a value that may be outdated is not told.
 * Kernel threads are left out unless all processes were asked for.
 */
#include "mpstat/collector/proc.h"
#include "mpstat/collector/source.h"
#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* No memory must not end the program: know() looks. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define DETAILS_NS 10000000000ull
#define INSIDE_READS 1024
#define ANCESTORS 256 /* a longer chain is a loop made by pids that changed meanwhile */

/* What is remembered of a process between refreshes. */
struct known {
	struct process_id id;
	char command[FACT_TEXT_MAX];
	char comm[PROC_COMM_MAX];
	uint64_t arg_start;
	uint64_t details_ns; /* when command and uid were read; 0: never */
	uint64_t refresh;    /* the last one that saw it */
	uint32_t uid;
	/* wchan, valid while state and CPU time stay what they were */
	char inside[24];
	uint64_t inside_ticks;
	char inside_state; /* 0: not read */
	UT_hash_handle hh;
};

struct proc_source {
	const struct source_options *options;
	int proc;
	struct {
		struct proc_stat *items; /* sorted by pid */
		size_t count, room;
	} seen;
	struct known *known;
	uint64_t refresh, now_ns;
	size_t inside_next; /* where the turn for wchan is */
	size_t denied;	    /* processes whose stat is not ours to read */
	uint64_t ticks_per_second, page_size;
	uint64_t boot_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	char note[FACT_TEXT_MAX];
};

/* ---- all stat files ----------------------------------------------------------- */

static int compare_pids(const void *a, const void *b)
{
	const struct proc_stat *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static const struct proc_stat *find_stat(const struct proc_source *s, uint32_t pid)
{
	struct proc_stat key = { .pid = pid };

	if (s->seen.count == 0)
		return NULL;
	return bsearch(&key, s->seen.items, s->seen.count, sizeof(key), compare_pids);
}

static int add_stat(struct proc_source *s, uint32_t pid)
{
	struct proc_stat *stat;
	int rc = VEC_RESERVE(&s->seen, s->seen.count + 1);

	if (rc < 0)
		return rc;
	stat = &s->seen.items[s->seen.count];
	rc = proc_stat_read(s->proc, pid, stat);
	if (rc == -EACCES || rc == -EPERM)
		s->denied++;
	/* Anything else: it has gone meanwhile. */
	if (rc == 0 && stat->pid == pid &&
	    (s->options->all_processes || !(stat->flags & PROC_PF_KTHREAD)))
		s->seen.count++;
	return 0;
}

static int scan(struct proc_source *s, struct err *err)
{
	int fd = openat(s->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t pid;

	s->seen.count = s->denied = 0;
	if (!dir) {
		rc = err_set(err, -errno, "%s cannot be listed: %s", s->options->proc,
			     strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		pid = proc_pid_of(entry->d_name);
		if (pid)
			rc = add_stat(s, pid);
	}
	closedir(dir);
	if (rc < 0)
		return err_set(err, rc, "no memory for %zu processes", s->seen.count + 1);
	if (s->seen.count > 1)
		qsort(s->seen.items, s->seen.count, sizeof(*s->seen.items), compare_pids);
	return 0;
}

/* ---- what is remembered --------------------------------------------------------- */

/* NULL: no memory. */
static struct known *know(struct proc_source *s, const struct proc_stat *stat)
{
	struct process_id id;
	struct known *k;

	memset(&id, 0, sizeof(id)); /* padding is part of the key */
	id.pid = stat->pid;
	id.start = stat->start;
	HASH_FIND(hh, s->known, &id, sizeof(id), k);
	if (!k) {
		k = calloc(1, sizeof(*k));
		if (!k)
			return NULL;
		memcpy(&k->id, &id, sizeof(id));
		HASH_ADD(hh, s->known, id, sizeof(k->id), k);
		if (!k->hh.tbl) {
			free(k);
			return NULL;
		}
	}
	k->refresh = s->refresh;
	return k;
}

static void forget_ended(struct proc_source *s, bool all)
{
	struct known *k, *next;

	HASH_ITER(hh, s->known, k, next)
		if (all || k->refresh != s->refresh) {
			HASH_DEL(s->known, k);
			free(k);
		}
}

/* Arguments are separated by NUL; what does not fit ends in "...". */
static void read_command(struct proc_source *s, struct known *k)
{
	char text[4 * FACT_TEXT_MAX];
	ssize_t n = proc_read(s->proc, k->id.pid, "cmdline", text, sizeof(text));
	size_t used;

	k->command[0] = '\0';
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n <= 0)
		return;
	if (n < FACT_TEXT_MAX) {
		text_clean(k->command, sizeof(k->command), text, (size_t)n);
		return;
	}
	used = text_clean(k->command, sizeof(k->command) - 3, text, (size_t)n);
	memcpy(k->command + used, "...", 4);
}

static void update_details(struct proc_source *s, struct known *k, const struct proc_stat *stat)
{
	bool same = k->arg_start == stat->arg_start && strcmp(k->comm, stat->comm) == 0;

	if (k->details_ns && same && s->now_ns - k->details_ns < DETAILS_NS)
		return;
	if (proc_uid(s->proc, stat->pid, &k->uid) < 0)
		return; /* gone meanwhile */
	read_command(s, k);
	memcpy(k->comm, stat->comm, sizeof(k->comm));
	k->arg_start = stat->arg_start;
	k->details_ns = s->now_ns ? s->now_ns : 1;
}

/* ---- where it sleeps -------------------------------------------------------------- */

static bool is_target(const struct proc_source *s, const struct proc_stat *stat)
{
	for (int depth = 0; stat && depth < ANCESTORS; depth++) {
		for (size_t i = 0; i < s->options->pid_count; i++)
			if (s->options->pids[i] == stat->pid)
				return true;
		stat = find_stat(s, stat->parent);
	}
	return false;
}

static bool sleeps(const struct proc_source *s, const struct proc_stat *stat)
{
	if ((stat->state != 'S' && stat->state != 'D') || (stat->flags & PROC_PF_KTHREAD))
		return false;
	return s->options->pid_count == 0 || is_target(s, stat);
}

static void read_inside(struct proc_source *s, const struct proc_stat *stat)
{
	struct known *k = know(s, stat);
	char text[64];
	ssize_t n = proc_read(s->proc, stat->pid, "wchan", text, sizeof(text));

	if (!k)
		return;
	k->inside[0] = '\0';
	if (n > 0 && strcmp(text, "0") != 0)
		text_clean(k->inside, sizeof(k->inside), text, (size_t)n);
	k->inside_state = stat->state;
	k->inside_ticks = stat->cpu_ticks;
}

/* Everybody's turn comes, however many they are. */
static void read_insides(struct proc_source *s)
{
	size_t reads = 0, i;

	for (i = 0; i < s->seen.count && reads < INSIDE_READS; i++) {
		const struct proc_stat *stat =
			&s->seen.items[(s->inside_next + i) % s->seen.count];

		if (sleeps(s, stat)) {
			read_inside(s, stat);
			reads++;
		}
	}
	s->inside_next = s->seen.count ? (s->inside_next + i) % s->seen.count : 0;
}

/* ---- facts -------------------------------------------------------------------------- */

static void begin(const struct proc_source *s, struct fact *fact, enum fact_type type)
{
	memset(fact, 0, sizeof(*fact));
	fact->type = type;
	fact->source = FACT_FROM_PROC;
	fact->time_ns = s->now_ns;
}

/* Only for those whose secrets we may see does 0 mean 0. */
static int32_t exit_code_of(const struct proc_stat *stat, uint32_t uid)
{
	int status = stat->exit_status;

	if (stat->state != 'Z' || (status == 0 && geteuid() != 0 && uid != geteuid()))
		return FACT_EXIT_UNKNOWN;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : FACT_EXIT_UNKNOWN;
}

static uint64_t ticks_to_ns(const struct proc_source *s, uint64_t ticks)
{
	uint64_t seconds = ticks / s->ticks_per_second, rest = ticks % s->ticks_per_second;

	return seconds * 1000000000u + rest * 1000000000u / s->ticks_per_second;
}

static void fill_process(const struct proc_source *s, const struct proc_stat *stat,
			 const struct known *k, struct fact_process *out)
{
	const struct proc_stat *parent = find_stat(s, stat->parent);
	uint64_t since_boot = ticks_to_ns(s, stat->start);

	out->id = k->id;
	out->parent = (struct process_id){ stat->parent, parent ? parent->start : 0 };
	text_clean(out->name, sizeof(out->name), stat->comm, sizeof(stat->comm));
	memcpy(out->command, k->command, sizeof(out->command));
	out->state = stat->state;
	out->uid = k->uid;
	out->cpu_ns = ticks_to_ns(s, stat->cpu_ticks);
	out->rss_bytes = stat->rss_pages < (1ull << 48) ? stat->rss_pages * s->page_size :
							  FACT_UNKNOWN;
	out->threads = stat->threads;
	out->started_ns = since_boot > s->boot_offset_ns ? since_boot - s->boot_offset_ns : 0;
	out->session = stat->session;
	out->group = stat->group;
	out->exit_code = exit_code_of(stat, k->uid);
	if (k->inside_state == stat->state && k->inside_ticks == stat->cpu_ticks)
		memcpy(out->inside, k->inside, sizeof(out->inside));
}

static void tell_processes(struct proc_source *s, const struct fact_sink *sink)
{
	struct fact fact;

	for (size_t i = 0; i < s->seen.count; i++) {
		const struct proc_stat *stat = &s->seen.items[i];
		struct known *k = know(s, stat);

		if (!k)
			continue;
		update_details(s, k, stat);
		if (!k->details_ns)
			continue; /* gone before we could look */
		begin(s, &fact, FACT_PROCESS);
		fill_process(s, stat, k, &fact.u.process);
		sink->apply(sink->arg, &fact);
	}
}

/* Process 1 is everywhere: when it is not to be seen, others are not either. */
static void judge(struct proc_source *s, const struct err *err)
{
	s->note[0] = '\0';
	if (err->code)
		snprintf(s->note, sizeof(s->note), "%.*s", FACT_TEXT_MAX - 1, err->text);
	else if (s->denied || !find_stat(s, 1))
		snprintf(s->note, sizeof(s->note),
			 "%s shows user %u only part of the processes (hidepid): run as root to "
			 "see them all",
			 s->options->proc, (unsigned int)geteuid());
}

static void tell_source(const struct proc_source *s, const struct fact_sink *sink)
{
	struct fact fact;

	begin(s, &fact, FACT_SOURCE);
	fact.u.source.ok = s->note[0] == '\0';
	snprintf(fact.u.source.name, sizeof(fact.u.source.name), "proc");
	if (fact.u.source.ok)
		snprintf(fact.u.source.text, sizeof(fact.u.source.text), "%zu processes",
			 s->seen.count);
	else
		text_clean(fact.u.source.text, sizeof(fact.u.source.text), s->note,
			   sizeof(s->note));
	sink->apply(sink->arg, &fact);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void source_proc_read(void *state, uint64_t now_ns, const struct fact_sink *sink)
{
	struct proc_source *s = state;
	struct err err = { 0 };
	struct fact fact;
	uint64_t monotonic;

	s->now_ns = now_ns;
	s->refresh++;
	/* In this order, so that the difference cannot be negative. */
	monotonic = clock_ns(CLOCK_MONOTONIC);
	s->boot_offset_ns = clock_ns(CLOCK_BOOTTIME) - monotonic;
	/* Half a list would end the processes of the other half: better none. */
	if (scan(s, &err) == 0) {
		read_insides(s);
		begin(s, &fact, FACT_SNAPSHOT_BEGIN);
		sink->apply(sink->arg, &fact);
		tell_processes(s, sink);
		begin(s, &fact, FACT_SNAPSHOT_END);
		sink->apply(sink->arg, &fact);
		forget_ended(s, false);
	}
	judge(s, &err);
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

	forget_ended(s, true);
	free(s->seen.items);
	close(s->proc);
	free(s);
}

static int source_proc_open(void **state, const struct source_options *options, struct err *err)
{
	struct proc_source *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	s->options = options;
	s->proc = proc_open(options->proc, err);
	if (s->proc < 0) {
		free(s);
		return err->code;
	}
	s->ticks_per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	*state = s;
	return 0;
}

const struct source source_proc = {
	.name = "proc",
	.help = "every process of the machine: /proc",
	.from = FACT_FROM_PROC,
	.open = source_proc_open,
	.read = source_proc_read,
	.close = source_proc_close,
	.note = source_proc_note,
};
