/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect.h - what detectors share: filling in a finding.
 *
 * Owns: the bounds of a finding's lists; what does not fit is counted.
 */
#ifndef MPSTAT_MODEL_DETECT_H
#define MPSTAT_MODEL_DETECT_H

#include "mpstat/model/finding.h"
#include "mpstat/model/waits.h"
#include "mpstat/model/words.h"

#define DETECTOR(name) extern const struct detector detect_##name;
#include "mpstat/model/detectors.def"
#undef DETECTOR

/* A line of evidence; beyond the bound it is counted as left out. */
void detect_evidence(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Who and what it is about; each once, as many as there is room for. */
void detect_process(struct finding *finding, struct process_id id);
void detect_object(struct finding *finding, struct object_id id);

/* A blocked thread, as evidence: "worker-a (pid 11) waits for lock `B` held by
 * worker-b (pid 12) for 3.2s"; names its process and object. */
void detect_thread(struct finding *finding, const struct model *model,
		   const struct thread *thread);

/* The detector could not look at everything (no memory): counted. */
void detect_missed(struct findings *out);

/* Does it wait for data only from those who wait for the same (detect_forgotten_end.c)? */
bool detect_is_forgotten(const struct thread *thread);

/* Could a signal handler of its process end the wait of a thread?  Not of a lock.  One of a
 * key counts for a thread that is alone with it: others want it to end. */
bool detect_handler_may_end(const struct thread *thread, bool alone);

/* "" for 1, else "s". */
const char *detect_plural(uint64_t count);

#endif
