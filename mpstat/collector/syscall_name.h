/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscall_name.h - system calls by number.
 *
 * Owns: the one table that depends on the processor.  Does not own: which call a
 * process is in (kernel.h), what that means in words (words_inside.c).
 */
#ifndef MPSTAT_COLLECTOR_SYSCALL_NAME_H
#define MPSTAT_COLLECTOR_SYSCALL_NAME_H

#include <stdint.h>

/* "read"; NULL: no such call known, or not known for this processor. */
const char *syscall_name(int32_t number);

#endif
