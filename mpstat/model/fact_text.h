/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact_text.h - a fact as one line of text, and back, exactly.
 *
 * Owns: the notation of golden tests.  Does not own: files.
 *
 *   process source=segment time=5000 pid=11 start=100 name="worker-a" domain=d1
 *   thread source=segment process=11:100 tid=11 wait_op=lock.acquire wait_object=d1:2.1
 *   snapshot-begin source=segment time=5000
 *   life source=kernel time=6000 what=signal process=11:100 origin=process signal=9
 *
 * A key that is left out has its default: 0, "", and unknown where a fact knows
 * that word (cpu_ns, rss_bytes, threads, started_ns, exit_code).  Domains are
 * hexadecimal; a process is pid:start, an object domain:slot.generation (pSLOT
 * for a process slot); a histogram is bucket:count,...; texts are quoted, with \"
 * \\ and \xNN.
 */
#ifndef MPSTAT_MODEL_FACT_TEXT_H
#define MPSTAT_MODEL_FACT_TEXT_H

#include "mpstat/model/fact.h"
#include "mpstat/util/err.h"

#include <stddef.h>

#define FACT_TEXT_LINE 8192 /* bytes that hold any fact */

/* Writes the fact without a newline.  Returns its length; -EINVAL: no such type
 * or source; -ENOSPC: line is too small. */
int fact_text_write(const struct fact *fact, char *line, size_t size);

/* Reads a line (without newline).  Returns 0; -EINVAL with the reason in err. */
int fact_text_read(const char *line, struct fact *fact, struct err *err);

#endif
