/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.c - "mpstat doctor": what works on this machine, and why not.
 *
 * Owns: the command, text and document.  Does not own: the questions
 * (doctor_questions.c).
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

static int doctor_code(const struct doctor_answer *answers)
{
	size_t i;

	for (i = 0; i < doctor_question_count; i++)
		if (answers[i].state == DOCTOR_FAILS)
			return EXIT_PROBLEM;
	return EXIT_FINE;
}

static void doctor_text(FILE *out, const struct session *session,
			const struct doctor_answer *answers)
{
	const char *note;
	size_t i, j;

	for (i = 0; i < doctor_question_count; i++) {
		fprintf(out, "%-8s %-14s %s\n", state_words[answers[i].state],
			doctor_questions[i].name, answers[i].text);
		if (answers[i].fix[0])
			fprintf(out, "%-8s %-14s help: %s\n", "", "", answers[i].fix);
	}
	for (i = 0; sources[i]; i++)
		for (j = 0; (note = session_note(session, i, j)); j++)
			fprintf(out, "%-8s %-14s %s\n", "unseen", sources[i]->name, note);
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

static int doctor_json(FILE *out, const struct session *session,
		       const struct doctor_answer *answers, struct err *err)
{
	struct export_about about = report_about(session);
	struct doc doc;
	size_t i;

	doc_begin(&doc, out, true, err);
	export_json_head(&doc, "mptrace.doctor/1", &about);
	doc_array(&doc, "answers");
	for (i = 0; i < doctor_question_count; i++) {
		doc_object(&doc, NULL);
		doc_text(&doc, "name", doctor_questions[i].name);
		doc_text(&doc, "state", state_words[answers[i].state]);
		doc_text(&doc, "text", answers[i].text);
		doc_text(&doc, "help", answers[i].fix);
		doc_close(&doc);
	}
	doc_close(&doc);
	put_unseen(&doc, session);
	return doc_end(&doc);
}

static int doctor_write(const struct session *session, const struct doctor_answer *answers,
			struct err *err)
{
	struct output output;
	int result = 0;

	if (output_open(&output, session->options->output, err) < 0)
		return EXIT_OUTPUT;
	if (session->options->json)
		result = doctor_json(output.file, session, answers, err);
	else
		doctor_text(output.file, session, answers);
	if (result < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : doctor_code(answers);
}

static int doctor_run(const struct options *options, struct err *err)
{
	struct doctor_answer answers[doctor_question_count];
	struct session session;
	size_t i;
	int code;

	if (options->schema)
		return report_schema(options, "doctor", err);
	if (session_open(&session, options, 0, err) < 0)
		return report_failed(err);
	session_refresh(&session);
	memset(answers, 0, sizeof(answers));
	for (i = 0; i < doctor_question_count; i++)
		doctor_questions[i].ask(&answers[i], &session);
	code = doctor_write(&session, answers, err);
	session_close(&session);
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.help = "tell what works on this machine, what does not, and what helps",
	.accepts = OPTION_JSON | OPTION_SCHEMA | OPTION_OUTPUT | OPTION_NO_BPF,
	.run = doctor_run,
};
