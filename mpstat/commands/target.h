/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h - can the processes named by -p be observed at all?
 *
 * Owns: the questions to /proc and the sentences about the answers.  Does not
 * own: reading them (collector/).
 */
#ifndef MPSTAT_COMMANDS_TARGET_H
#define MPSTAT_COMMANDS_TARGET_H

#include "mpstat/util/err.h"

#include <stdint.h>

/* 0; -ESRCH: there is no such process, or it is a thread; -EACCES: it exists,
 * but we may not look into it.  err says what, why and what to do. */
int target_check(uint32_t pid, struct err *err);

/* The name of a user, or its number.  Returns buf. */
const char *target_user(uint32_t uid, char *buf, unsigned size);

#endif
