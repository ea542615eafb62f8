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

/* NULL: all is in order: each block has one owner or is free and found so, tables find
 * what is in them, the counters are right.  Else what is wrong.  Nobody may be inside; a
 * dead one that was must have been taken over. */
const char *heap_wrong(const char *manager);

#define assert_heap_in_order(manager)                                          \
	do {                                                                   \
		const char *wrong_ = heap_wrong(manager);                      \
		if (wrong_)                                                    \
			fail_msg("%s: %s", manager, wrong_);                   \
	} while (0)

#endif
