/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - a place where facts come from.
 *
 * One source = one file source_x.c with a `const struct source` at its end and
 * one row in sources.c.  Sources never print and never exit: what they cannot
 * see they report as a FACT_SOURCE with ok = false and a sentence.
 */
#ifndef MPSTAT_COLLECTOR_SOURCE_H
#define MPSTAT_COLLECTOR_SOURCE_H

#include "mpstat/model/fact.h"
#include "mpstat/util/err.h"

#include <stddef.h>

/* Where facts go.  Wraps model_apply, a recorder, or a test. */
struct fact_sink {
	void (*apply)(void *arg, const struct fact *fact);
	void *arg;
};

struct kernel;

struct source_options {
	const char *proc;	  /* root of procfs, "/proc"; tests give a fake tree */
	const char *const *files; /* kept segments (MPTRACE_OUT) to read as well */
	size_t file_count;
	bool only_files;	  /* nothing that runs now: the files alone (-i) */
	bool records;		  /* read rings too, not only state */
	bool all_processes;	  /* /proc: everything; else what segments and pids ask for */
	const uint32_t *pids;	  /* -p: these and their descendants */
	size_t pid_count;
	/* Our eBPF programs, lent by the session; NULL: not to be had, and why. */
	struct kernel *kernel;
	const char *kernel_why;
};

struct source {
	const char *name; /* "segment" */
	const char *help;
	/* Called once.  *state is the source's own; options outlive it.  A failure
	 * here means "this source is missing", not the end of the program. */
	int (*open)(void **state, const struct source_options *options, struct err *err);
	/* Called once per refresh: tells everything it sees now, as one snapshot. */
	void (*read)(void *state, uint64_t now_ns, const struct fact_sink *sink);
	/* NULL, or: takes in what would be lost if it waited for the next read; may tell
	 * facts that are no part of a snapshot.  Called some ten times per second. */
	void (*drain)(void *state, uint64_t now_ns, const struct fact_sink *sink);
	void (*close)(void *state);
	enum fact_source from; /* what its facts say they come from */
	/* All that the last read could not see, one sentence each, from index 0; NULL
	 * beyond the last.  (FACT_SOURCE has room for the first.)  Valid until the next
	 * read. */
	const char *(*note)(const void *state, size_t index);
};

extern const struct source *const sources[]; /* NULL-terminated, in order of reading */

#endif
