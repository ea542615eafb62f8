/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * finding.h - what a detector says, and what a detector is.
 *
 * One detector = one file detect_x.c with a `const struct detector` at its end
 * and one row in detectors.def.
 */
#ifndef MPSTAT_MODEL_FINDING_H
#define MPSTAT_MODEL_FINDING_H

#include "mpstat/model/model.h"

enum severity {
	SEVERITY_NOTE,	  /* worth knowing; check still exits 0 (unless --strict) */
	SEVERITY_PROBLEM, /* check exits 1 */
};

#define FINDING_EVIDENCE 16
#define FINDING_TEXT 240

struct finding {
	const struct detector *detector;
	enum severity severity;
	char sentence[FINDING_TEXT];   /* one line, complete in itself */
	char evidence[FINDING_EVIDENCE][FINDING_TEXT]; /* who, what, since when */
	size_t evidence_count;
	size_t evidence_left_out; /* said, never silently dropped */
	char advice[FINDING_TEXT]; /* what to do next */
	struct process_id processes[FINDING_EVIDENCE];
	size_t process_count;
	struct object_id objects[FINDING_EVIDENCE];
	size_t object_count;
	uint64_t since_ns;
};

struct findings;

struct detector {
	const char *name; /* "deadlock": stable, used in JSON and metrics */
	const char *help; /* one sentence for `help` and man page */
	/* Called once per tick after the wait graph is built.  Looks at the model and
	 * calls findings_add() for each thing it finds; must be deterministic. */
	void (*check)(const struct model *model, struct findings *out);
};

extern const struct detector *const detectors[]; /* NULL-terminated */

/* A zeroed finding to fill in, or NULL when memory or the bound (256) is
 * reached, which is counted. */
struct finding *findings_add(struct findings *out, const struct detector *detector);

size_t model_finding_count(const struct model *model);
const struct finding *model_finding(const struct model *model, size_t index);
size_t model_findings_left_out(const struct model *model);

#endif
