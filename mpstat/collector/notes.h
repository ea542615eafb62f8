/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notes.h - what a source could not see, one sentence each, of one refresh.
 *
 * Owns: a bounded list; what does not fit is counted, never dropped silently.
 * Does not own: who shows it (FACT_SOURCE carries the first, doctor all).
 */
#ifndef MPSTAT_COLLECTOR_NOTES_H
#define MPSTAT_COLLECTOR_NOTES_H

#include <stddef.h>

#define NOTES_MAX 32
#define NOTE_TEXT 400

struct notes {
	char text[NOTES_MAX][NOTE_TEXT];
	size_t count;	 /* sentences kept */
	size_t left_out; /* sentences beyond the bound */
};

void notes_clear(struct notes *notes);
void notes_add(struct notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All sentences ever added since the last clear. */
size_t notes_total(const struct notes *notes);

#endif
