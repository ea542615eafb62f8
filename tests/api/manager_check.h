/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_check.h - is everything in a manager's memory in order?
 *
 * It reads the memory itself, by the layout in libtrace/heap.h, and none of the library's code.
 */
#ifndef TESTS_API_MANAGER_CHECK_H
#define TESTS_API_MANAGER_CHECK_H

#include "tests/api/support.h"

#include "libtrace/heap.h"

/* Its memory; the manager must live. */
struct heap_head *heap_of(const char *manager);

/* A copy of it as it is, which the caller frees; *bytes is how long. */
struct heap_head *heap_image(const char *manager, uint64_t *bytes);
uint64_t heap_image_bytes(const char *manager);
/* Undoes in a copy what is half done, as a survivor would. */
void heap_image_undo(struct heap_head *image);
/* As heap_wrong, of such a copy; there may be doomed stores. */
const char *heap_image_wrong(struct heap_head *image, uint64_t bytes);
/* What is in the container in this slot of a copy, as text; adds to it. */
void heap_image_write(struct heap_head *image, uint32_t slot, char *text, size_t size);

/* NULL: all is in order: each block has one owner or is free and found so, tables find
 * what is in them, the counters are right.  Else what is wrong.  Nobody may be inside; a
 * dead one that was must have been taken over. */
const char *heap_wrong(const char *manager);

#define assert_heap_in_order(manager)                                                              \
	do {                                                                                       \
		const char *wrong_ = heap_wrong(manager);                                          \
		if (wrong_)                                                                        \
			fail_msg("%s: %s", manager, wrong_);                                       \
	} while (0)

#endif
