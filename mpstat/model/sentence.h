/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sentence.h - a sentence put together piece by piece in a fixed buffer.
 *
 * Owns: cutting at a whole character.  Does not own: the words (words.h).
 */
#ifndef MPSTAT_MODEL_SENTENCE_H
#define MPSTAT_MODEL_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

struct sentence {
	char *text;
	size_t size, used;
	bool cut;   /* something did not fit */
	bool brief; /* pids are "(12)", not "(pid 12)": for columns */
};

/* text holds size > 0 bytes and becomes empty. */
struct sentence sentence_begin(char *text, size_t size);

void sentence_add(struct sentence *sentence, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Forgets everything behind `used` (a value of sentence->used before). */
void sentence_back(struct sentence *sentence, size_t used);

#endif
