/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * told.h - everything the viewer says of a model, and what must be true of it.
 *
 * Owns: the claims about what comes out.  Does not own: what went in.
 */
#ifndef TESTS_FUZZ_TOLD_H
#define TESTS_FUZZ_TOLD_H

#include "mpstat/model/model.h"

#include <stddef.h>

/* Claims: valid UTF-8, and nothing that a terminal acts upon but newlines if `lines`. */
void told_clean(const char *text, size_t size, bool lines);

/* Ways to tell a model: each takes milliseconds, so an input chooses one, or none. */
#define TOLD_WAYS 4u

/* Writes or draws the model one way; of every 2 * TOLD_WAYS the second half are none.
 * Claims: JSON can be read back, and nothing of it can do anything to a terminal. */
void told_check(struct model *model, unsigned int way);

#endif
