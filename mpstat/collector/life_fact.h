/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_fact.h - events of the kernel programs as facts.
 *
 * Owns: what the bytes of a struct life_event mean: identities, names, who is
 * behind a signal.  Does not own: reading them (kernel.h), telling them
 * (source_life.c).  Pure: no clock, no file.
 */
#ifndef MPSTAT_COLLECTOR_LIFE_FACT_H
#define MPSTAT_COLLECTOR_LIFE_FACT_H

#include "bpf/life.h"
#include "mpstat/collector/ticks.h"
#include "mpstat/model/fact.h"

#include <stdbool.h>

/* The FACT_LIFE that `event` stands for.  False: it makes no sense (no pid, an
 * unknown kind) and *out is not to be used. */
bool life_fact(const struct life_event *event, const struct ticks *ticks, struct fact *out);

/* Who is behind the signal of a LIFE_SIGNAL event (siginfo_t in sigaction(2), and
 * the callers of send_signal_locked() in the kernel). */
enum fact_origin life_fact_origin(const struct life_event *event);

/* A status of wait(2) as fact_process.exit_code. */
int32_t life_fact_exit_code(int status);

#endif
