/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.h - one question about this machine, and its answer.
 *
 * Owns: the form of questions and answers.  Does not own: how they are printed
 * (doctor.c).  One more question = one function and one row in
 * doctor_questions.c.
 */
#ifndef MPSTAT_COMMANDS_DOCTOR_H
#define MPSTAT_COMMANDS_DOCTOR_H

#include "mpstat/commands/session.h"

enum doctor_state {
	DOCTOR_WORKS,
	DOCTOR_LIMITED, /* mpstat works, but sees or shows less */
	DOCTOR_FAILS,	/* something that every use needs */
	DOCTOR_ABSENT,	/* not part of this version */
};

struct doctor_answer {
	enum doctor_state state;
	char text[FACT_TEXT_MAX * 2]; /* what is, and why */
	char fix[160];		      /* the one command that helps; "" none */
};

struct doctor_question {
	const char *name;
	/* `session` has been refreshed once.  The answer comes zeroed. */
	void (*ask)(struct doctor_answer *answer, const struct session *session);
};

extern const struct doctor_question doctor_questions[];
extern const size_t doctor_question_count;

#endif
