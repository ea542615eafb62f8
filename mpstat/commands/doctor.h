/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.h - questions about this machine, in groups, and their answers.
 *
 * Owns: the form of questions and answers.  Does not own: how they are printed
 * (doctor.c).  One more question = one function and one row of a group in
 * doctor_questions.c, doctor_kernel.c or doctor_rights.c.
 */
#ifndef MPSTAT_COMMANDS_DOCTOR_H
#define MPSTAT_COMMANDS_DOCTOR_H

#include "mpstat/commands/session.h"

enum doctor_state {
	DOCTOR_WORKS,
	DOCTOR_LIMITED, /* mpstat works, but sees or shows less */
	DOCTOR_FAILS,	/* something that every use needs */
	DOCTOR_ABSENT,	/* not built in */
};

struct doctor_answer {
	enum doctor_state state;
	const char *name;	      /* what was asked for */
	char text[FACT_TEXT_MAX * 2]; /* what is, and why */
	char fix[160];		      /* the one command that helps; "" none */
};

struct doctor_question {
	const char *name;
	/* `session` has been refreshed once.  The answer comes zeroed but for its name. */
	void (*ask)(struct doctor_answer *answer, const struct session *session);
};

struct doctor_group {
	const char *title; /* the heading */
	/* NULL, or answers that are as many as are found, told first: number `index`,
	 * from 0, name and all; false: there is none any more. */
	bool (*each)(struct doctor_answer *answer, const struct session *session, size_t index);
	const struct doctor_question *questions;
	size_t question_count;
};

extern const struct doctor_group *const doctor_groups[]; /* NULL-terminated */

/* ---- for those who answer -------------------------------------------------- */

void __attribute__((format(printf, 3, 4)))
doctor_say(struct doctor_answer *answer, enum doctor_state state, const char *text, ...);
void __attribute__((format(printf, 2, 3)))
doctor_help(struct doctor_answer *answer, const char *fix, ...);

/* What the source of that rank says of itself. */
void doctor_ask_source(struct doctor_answer *answer, const struct session *session,
		       enum fact_source from);

/* The first line of a file without its newline; false, and errno, when not readable. */
bool doctor_first_line(const char *path, char *line, size_t size);

#endif
