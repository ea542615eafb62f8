/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - where a command writes: standard output or -o FILE.
 *
 * Owns: the temporary name and the rename (FILE is the old or the new one,
 * never half of it), noticing that a stream failed.  Does not own: the content.
 */
#ifndef MPSTAT_COMMANDS_OUTPUT_H
#define MPSTAT_COMMANDS_OUTPUT_H

#include "mpstat/util/err.h"

#include <limits.h>
#include <stdio.h>

/* Must not be moved between open and finish: the stream points to it. */
struct output {
	FILE *file; /* fully buffered: nothing is seen before a flush */
	int fd;
	int error;		      /* errno of the first write that failed, 0: none */
	const char *name;	      /* for sentences */
	char target[PATH_MAX];	      /* what the file will be called; "": no rename */
	char temporary[PATH_MAX + 8]; /* what it is called until then; "": none */
};

/* Opens `path`; NULL or "-" is standard output (which stays open at the end).  What exists and is
 * no plain file (a terminal, /dev/null, a fifo) is written to directly.  0 or -errno. */
int output_open(struct output *output, const char *path, struct err *err);

/* Hands what was written to the kernel.  0, -EPIPE when nobody reads any more
 * (err has that code: main.c stays quiet), or another -errno with a sentence. */
int output_flush(struct output *output, struct err *err);

/* Flushes, closes, gives the file its name.  On failure the old file is intact
 * and the temporary one removed. */
int output_finish(struct output *output, struct err *err);

/* Drops everything; harmless after output_finish. */
void output_discard(struct output *output);

#endif
