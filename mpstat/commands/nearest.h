/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.h - "did you mean ...?" for a misspelled word.
 *
 * Owns: how alike two words are.  Does not own: which words there are.
 */
#ifndef MPSTAT_COMMANDS_NEAREST_H
#define MPSTAT_COMMANDS_NEAREST_H

struct nearest {
	const char *word; /* the misspelled one */
	const char *best; /* NULL: none near enough so far */
	unsigned distance;
};

/* Begins a search; `word` must outlive it. */
void nearest_begin(struct nearest *nearest, const char *word);

/* Offers a candidate; the first of the nearest ones stays.  A word is near
 * when at most two letters (one in words of up to three) were added, left out,
 * changed or swapped, or when it is the beginning of the candidate. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
