/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.c - "mpstat doctor": what works on this machine, and why not.
 *
 * Owns: the command, the walk over the questions, text and document.  Does not own:
 * the questions (doctor_questions.c and those it names).
 */
#include "mpstat/commands/doctor.h"

#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/export/export_json.h"

#include <string.h>

static const char *const state_words[] = {
	[DOCTOR_WORKS] = "works",
	[DOCTOR_LIMITED] = "limited",
	[DOCTOR_FAILS] = "fails",
	[DOCTOR_ABSENT] = "absent",
};

/* A walk over all answers, and what it found on its way. */
struct round {
	const struct session *session;
	void (*group)(struct round *round, const struct doctor_group *group);
	void (*answer)(struct round *round, const struct doctor_group *group,
		       const struct doctor_answer *answer);
	FILE *out;
	struct doc *doc;
	size_t groups; /* told so far */
	bool fails;
};

static void tell(struct round *round, const struct doctor_group *group, size_t number,
		 const struct doctor_answer *answer)
{
	if (number == 0 && round->group)
		round->group(round, group);
	round->answer(round, group, answer);
	round->fails |= answer->state == DOCTOR_FAILS;
}

static void ask_group(struct round *round, const struct doctor_group *group)
{
	struct doctor_answer answer;
	size_t each = 0, i;

	memset(&answer, 0, sizeof(answer));
	while (group->each && group->each(&answer, round->session, each)) {
		tell(round, group, each++, &answer);
		memset(&answer, 0, sizeof(answer));
	}
	for (i = 0; i < group->question_count; i++) {
		memset(&answer, 0, sizeof(answer));
		answer.name = group->questions[i].name;
		group->questions[i].ask(&answer, round->session);
		tell(round, group, each + i, &answer);
	}
}

static void ask_all(struct round *round)
{
	size_t i;

	for (i = 0; doctor_groups[i]; i++)
		ask_group(round, doctor_groups[i]);
}

static void text_group(struct round *round, const struct doctor_group *group)
{
	fprintf(round->out, "%s%s\n", round->groups++ ? "\n" : "", group->title);
}

static void text_answer(struct round *round, const struct doctor_group *group,
			const struct doctor_answer *answer)
{
	(void)group;
	fprintf(round->out, "%-8s %-14s %s\n", state_words[answer->state], answer->name,
		answer->text);
	if (answer->fix[0])
		fprintf(round->out, "%-8s %-14s help: %s\n", "", "", answer->fix);
}

static void text_unseen(FILE *out, const struct session *session)
{
	const char *note;
	size_t i, j;
	bool told = false;

	for (i = 0; sources[i]; i++)
		for (j = 0; (note = session_note(session, i, j)); j++) {
			if (!told)
				fprintf(out, "\nWhat was not seen just now\n");
			told = true;
			fprintf(out, "%-8s %-14s %s\n", "unseen", sources[i]->name, note);
		}
}

static void doctor_text(struct round *round)
{
	round->group = text_group;
	round->answer = text_answer;
	ask_all(round);
	text_unseen(round->out, round->session);
}

static void put_unseen(struct doc *doc, const struct session *session)
{
	const char *note;
	size_t i, j;

	doc_array(doc, "unseen");
	for (i = 0; sources[i]; i++)
		for (j = 0; (note = session_note(session, i, j)); j++) {
			doc_object(doc, NULL);
			doc_text(doc, "source", sources[i]->name);
			doc_text(doc, "text", note);
			doc_close(doc);
		}
	doc_close(doc);
}

static void json_answer(struct round *round, const struct doctor_group *group,
			const struct doctor_answer *answer)
{
	doc_object(round->doc, NULL);
	doc_text(round->doc, "name", answer->name);
	doc_text(round->doc, "state", state_words[answer->state]);
	doc_text(round->doc, "text", answer->text);
	doc_text(round->doc, "help", answer->fix);
	doc_text(round->doc, "group", group->title);
	doc_close(round->doc);
}

static int doctor_json(struct round *round, struct err *err)
{
	struct export_about about = report_about(round->session);
	struct doc doc;

	round->doc = &doc;
	round->answer = json_answer;
	doc_begin(&doc, round->out, true, err);
	export_json_head(&doc, "mptrace.doctor/1", &about);
	doc_array(&doc, "answers");
	ask_all(round);
	doc_close(&doc);
	put_unseen(&doc, round->session);
	return doc_end(&doc);
}

static int doctor_write(const struct session *session, struct err *err)
{
	struct round round = {.session = session};
	struct output output;
	int result = 0;

	if (output_open(&output, session->options->output, err) < 0)
		return EXIT_OUTPUT;
	round.out = output.file;
	if (session->options->json)
		result = doctor_json(&round, err);
	else
		doctor_text(&round);
	if (result < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	if (output_finish(&output, err) < 0)
		return EXIT_OUTPUT;
	return round.fails ? EXIT_PROBLEM : EXIT_FINE;
}

static int doctor_run(const struct options *options, struct err *err)
{
	struct session session;
	int code;

	if (options->schema)
		return report_schema(options, "doctor", err);
	if (session_open(&session, options, 0, err) < 0)
		return report_failed(err);
	session_refresh(&session);
	code = doctor_write(&session, err);
	session_close(&session);
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.help = "tell what works on this machine, what does not, and what helps",
	.accepts = OPTION_JSON | OPTION_SCHEMA | OPTION_OUTPUT | OPTION_NO_BPF,
	.run = doctor_run,
};
