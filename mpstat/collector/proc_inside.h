/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_inside.h - where a process sleeps.
 *
 * Owns: whose /proc/PID/wchan is read when, and when what was read is still true.
 * Does not own: the words for it (model/words_inside.c).
 *
 * The kernel's rows tell the system call.  Where that says little (read: from
 * what?) wchan is asked too, once per sleep, and only of those that do not wake at
 * once.  Without the kernel wchan is all there is.
 */
#ifndef MPSTAT_COLLECTOR_PROC_INSIDE_H
#define MPSTAT_COLLECTOR_PROC_INSIDE_H

#include "mpstat/collector/proc_details.h"
#include "mpstat/collector/proc_rows.h"
#include "mpstat/collector/source.h"

#include <stddef.h>
#include <stdint.h>

/* At most so many are asked per refresh, in turn. */
#define PROC_INSIDE_READS 1024

/* Asks those whose turn it is; *next is where the turn is. */
void proc_inside_read(struct proc_details_list *list, const struct proc_rows *rows,
		      const struct source_options *options, uint64_t now_ns, size_t *next);

/* Writes where the process of `row` sleeps now, "" when it does not or that is not
 * known. */
void proc_inside_of(const struct proc_details *d, const struct proc_row *row, char *out,
		    size_t size);

#endif
