/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - a directory that looks like /proc, so that inputs do not depend on the machine.
 *
 * Owns: the directory, below $TMPDIR, until the program ends.  One per program.
 */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include <stddef.h>
#include <stdint.h>

/* Makes it, if there is none yet.  Its path. */
const char *tree_root(void);

/* A descriptor of it. */
int tree_fd(void);

/* Writes the file of a process anew. */
void tree_put(uint32_t pid, const char *file, const void *bytes, size_t size);

/* The stat file of a living process that started at `start`, with that name. */
void tree_put_stat(uint32_t pid, uint32_t parent, uint64_t start, const char *name);

#endif
