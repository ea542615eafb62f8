/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folds.h - workers of one parent with one name, as one row of the tree.
 *
 * Owns: which groups are folded (what the user chose, else by size), the rows
 * that stand for them.  Does not own: which processes are a group (the model),
 * keys and rows of the screen.
 */
#ifndef MPSTAT_VIEW_FOLDS_H
#define MPSTAT_VIEW_FOLDS_H

#include "mpstat/model/sentence.h"
#include "mpstat/view/table.h"

/* More members than this are folded unless the user wants them shown or one of
 * them, or of what is below them, is stuck. */
#define FOLDS_SHOWN_MAX 8

/* A group.  When it is folded, `process` is what its row shows: the sums of the
 * members, so that the fields of a process work for it.  It has pid 0. */
struct fold {
	struct process process;
	const struct workers *workers;
	struct identity id;
	bool folded;
	uint32_t below;	      /* live processes below the members */
	uint32_t below_stuck; /* of them */
};

struct folds;

struct folds *folds_new(void); /* NULL: no memory */
void folds_free(struct folds *folds);

/* Looks at the groups of the model anew.  What folds_over() returned before is
 * no longer valid.  Without memory nothing is folded. */
void folds_update(struct folds *folds, const struct model *model);
void folds_clear(struct folds *folds); /* no group is folded until the next update */

/* The folded group that hides this process; NULL: none does. */
const struct fold *folds_over(const struct folds *folds, const struct process *process);
/* The same for a folded group: one that a member of another is above. */
const struct fold *folds_over_fold(const struct folds *folds, const struct fold *fold);

/* What the user wants; holds until he wants something else. */
void folds_choose(struct folds *folds, struct identity group, bool folded);
void folds_choose_all(struct folds *folds, bool folded);
bool folds_any(const struct folds *folds); /* is folded now */
bool folds_folded(const struct folds *folds, struct identity group);

/* A group keeps its identity as long as its parent lives. */
struct identity folds_identity(const struct workers *workers);
const struct workers *folds_workers(const struct model *model, struct identity group);

/* Whether a row of processes is that of a group. */
static inline bool folds_is_group(const struct process *process)
{
	return process->id.pid == 0 && process->workers;
}

/* "8 workers: 1 running, 7 sleeping; 3 restarts, 1 failure" */
void folds_describe(struct sentence *out, const struct workers *workers, uint32_t stuck);

#endif
