/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill.h - a signal for exactly the process that was seen.
 *
 * Owns: sending without hitting a process that got the id later.  Does not
 * own: asking the user (view/).
 */
#ifndef MPSTAT_COMMANDS_KILL_H
#define MPSTAT_COMMANDS_KILL_H

#include "mpstat/model/fact.h"

/* Sends `signal` to the process with this id *and* start time.  `arg` is not
 * used (the form is view_config.signal_process).  Returns 0, -ESRCH when that
 * process has ended, -EPERM without the right, -ENOSYS on a kernel without
 * pidfds (before 5.3).  Does not block. */
int kill_process(void *arg, struct process_id id, int signal);

/* Field 22 of /proc/PID/stat, clock ticks since boot; negative errno. */
int kill_start_time(uint32_t pid, uint64_t *start);

#endif
