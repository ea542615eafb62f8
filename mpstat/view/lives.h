/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives.h - birth, orphanhood and end of a process: in the little room of a
 * column, and in full for its page.
 *
 * Owns: the short words.  Does not own: the long ones (process.story and
 * words_death, both of the model).
 */
#ifndef MPSTAT_VIEW_LIVES_H
#define MPSTAT_VIEW_LIVES_H

#include "mpstat/model/sentence.h"
#include "mpstat/view/pane.h"
#include "mpstat/view/table.h"

/* It has ended and nobody has waited for it. */
bool lives_zombie(const struct process *process);

/* Ended, or a zombie, by a signal or with another code than 0. */
bool lives_ended_badly(const struct process *process);

/* A zombie, whose fault first: "shop (4242) has not waited: exit code 3, 12s ago". */
void lives_zombie_brief(struct sentence *out, const struct model *model,
			const struct process *process);

/* "orphan of shop (4242)" */
void lives_orphan_brief(struct sentence *out, const struct process *process);

/* "ended 12s ago, killed by SIGKILL from bash (pid 12)"; brief: "(12)" */
void lives_end(struct sentence *out, const struct model *model, const struct process *process);

/* The section "Life" of its page. */
void lives_tell(struct pane *pane, const struct model *model, const struct process *process);

#endif
