/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_answer.c - what all who answer doctor's questions need.
 *
 * Owns: filling in an answer.  Does not own: any question.
 */
#include "mpstat/commands/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void doctor_say(struct doctor_answer *answer, enum doctor_state state, const char *text, ...)
{
	va_list args;

	answer->state = state;
	va_start(args, text);
	vsnprintf(answer->text, sizeof(answer->text), text, args);
	va_end(args);
}

void doctor_help(struct doctor_answer *answer, const char *fix, ...)
{
	va_list args;

	va_start(args, fix);
	vsnprintf(answer->fix, sizeof(answer->fix), fix, args);
	va_end(args);
}

void doctor_ask_source(struct doctor_answer *answer, const struct session *session,
		       enum fact_source from)
{
	const struct fact_source_state *state = model_source(session->model, from);

	if (!state || !state->name[0])
		doctor_say(answer, session_is_extra(from) ? DOCTOR_LIMITED : DOCTOR_FAILS,
			   "this source told nothing");
	else
		doctor_say(answer, state->ok ? DOCTOR_WORKS : DOCTOR_LIMITED, "%s", state->text);
}

bool doctor_first_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}
