/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full.h - a domain whose tables are full of the dead.  With MPTRACE_SIZE=4M MPTRACE_RING=8K
 * there are 512 processes, 1,024 threads, and rings for about 240 of them: so it is full first
 * of rings, then of processes, then of threads.
 *
 * Does not own: any claim about the library.
 */
#ifndef TESTS_API_FULL_H
#define TESTS_API_FULL_H

#include "tests/api/support.h"

/* For a child: its first call. */
void full_first_call(void *unused);
/* A process that made its first call and was killed. */
pid_t full_one_more_dead(void);

/* Kills until all slots have been used, or until the next to come takes a dead one's ring. */
void full_of(enum mpt_section section);
void full_of_rings(void);

uint32_t full_used(enum mpt_section section);
/* Whatever died when: no block of the arena is of two threads or objects. */
void full_assert_no_memory_is_had_by_two(void);
const void *full_slot(enum mpt_section section, uint32_t number);

#endif
