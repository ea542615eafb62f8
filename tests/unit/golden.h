/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden.h - a case of tests/golden as a model, and what it must look like.
 *
 * Owns: the words of facts.txt (tests/golden/README), UPDATE_GOLDEN.  Does not own: what
 * is compared.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "mpstat/model/model.h"

#define GOLDEN "tests/golden"

struct golden {
	struct model *model;
	struct fact *facts; /* all of the file, for "again" */
	size_t count;
	bool life; /* "show life": more of each process, groups of workers */
};

/* Runs facts.txt of the case in a fresh model; *story is zeroed before. */
void golden_run(struct golden *story, const char *name);
void golden_end(struct golden *story);

/* Compares with a file of the case, or writes it (UPDATE_GOLDEN). */
void golden_expect(const char *name, const char *file, const char *got);

#endif
