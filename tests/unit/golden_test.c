/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden_test.c - facts in, findings and fields out, compared as text.
 *
 * Owns: the driver and the list of cases.  Each case is a directory
 * tests/golden/NAME with facts.txt and expected.txt (tests/golden/README).
 */
#include "mpstat/model/fact_text.h"
#include "mpstat/model/field.h"
#include "mpstat/model/kind.h"
#include "tests/unit/golden.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what came out ------------------------------------------------------ */

static const char *const process_keys[] = {"pid",	  "name",	 "state",
					   "verdict",	  "waiting_for", "exit_code", "story", NULL};
/* What only cases of life (life_*, orphan_*, ...) are about. */
static const char *const life_keys[] = {
	"pid",	   "start_ticks",  "ppid",	     "name",   "state", "verdict",   "waiting_for",
	"story",   "death",	   "killer_pid",     "killer", "exit_code", "ended_ns",
	"zombie_ns", "first_ppid", "first_parent",   "born_seen", "orphan", "probably_orphan",
	"orphaned_ns", "probably", "workers", "core_dumped", NULL};
static const char *const use_keys[] = {"pid", "process", "puts", "gets", "lost", "ended", NULL};

static bool is_told(const char *const *keys, const char *key)
{
	for (; keys && *keys; keys++) {
		if (!strcmp(*keys, key))
			return true;
	}
	return !keys;
}

/* Exactly, unlike field_text. */
static void print_value(FILE *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_U64:
		fprintf(out, "%llu", (unsigned long long)value->u.u64);
		break;
	case VALUE_I64:
		fprintf(out, "%lld", (long long)value->u.i64);
		break;
	case VALUE_F64:
		fprintf(out, "%.9g", value->u.f64);
		break;
	case VALUE_BOOL:
		fprintf(out, "%s", value->u.b ? "yes" : "no");
		break;
	default:
		fprintf(out, "\"%s\"", value->u.text);
	}
}

/* All known values of a row; keys NULL: every field. */
static void print_row(FILE *out, const struct model *model, enum entity entity, const void *row,
		      const char *const *keys)
{
	for (size_t i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		struct value value;

		if (field->entity != entity || !is_told(keys, field->key))
			continue;
		if (entity == ENTITY_OBJECT &&
		    !kind_has(((const struct object *)row)->fact.kind, field->traits))
			continue;
		value = field->get(model, row);
		if (value.type == VALUE_NONE || (value.type == VALUE_TEXT && !value.u.text[0]))
			continue;
		fprintf(out, " %s=", field->key);
		print_value(out, &value);
	}
	fprintf(out, "\n");
}

static void print_objects(FILE *out, const struct model *model)
{
	for (const struct object *o = NULL; (o = model_next_object(model, o));) {
		fprintf(out, "object");
		print_row(out, model, ENTITY_OBJECT, o, NULL);
		for (const struct use *use = o->first_use; use; use = use->next) {
			fprintf(out, "  use");
			print_row(out, model, ENTITY_USE, use, use_keys);
		}
	}
}

static void print_findings(FILE *out, const struct model *model)
{
	for (size_t i = 0; i < model_finding_count(model); i++) {
		const struct finding *finding = model_finding(model, i);

		fprintf(out, "%s %s: %s\n",
			finding->severity == SEVERITY_PROBLEM ? "PROBLEM" : "note",
			finding->detector->name, finding->sentence);
		for (size_t line = 0; line < finding->evidence_count; line++)
			fprintf(out, "  - %s\n", finding->evidence[line]);
		if (finding->evidence_left_out)
			fprintf(out, "  - and %zu more\n", finding->evidence_left_out);
		fprintf(out, "  > %s\n", finding->advice);
	}
}

static void print_model(FILE *out, const struct model *model, bool life)
{
	print_findings(out, model);
	for (const struct process *p = NULL; (p = model_next_process(model, p));) {
		fprintf(out, p->matched || !life ? "process" : "(process)");
		print_row(out, model, ENTITY_PROCESS, p, life ? life_keys : process_keys);
	}
	for (const struct workers *w = NULL; life && (w = model_next_workers(model, w));) {
		fprintf(out, "workers");
		print_row(out, model, ENTITY_WORKERS, w, NULL);
	}
	print_objects(out, model);
	for (size_t i = 0; i < model_record_count(model); i++) {
		fprintf(out, "record");
		print_row(out, model, ENTITY_RECORD, model_record(model, i), NULL);
	}
	fprintf(out, "rejected=%llu unknown=%llu left_out=%llu\n",
		(unsigned long long)model_rejected(model), (unsigned long long)model_unknown(model),
		(unsigned long long)model_left_out(model));
}

/* The case's output, to be freed. */
static char *produce(const char *name)
{
	struct golden story = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	golden_run(&story, name);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	print_model(out, story.model, story.life);
	fclose(out);
	golden_end(&story);
	return text;
}

static void golden_case(void **state)
{
	const char *name = *state;
	char *got = produce(name), *same = produce(name);

	/* The same facts, the same bytes. */
	assert_string_equal(got, same);
	free(same);
	golden_expect(name, "expected.txt", got);
	free(got);
}

/* Facts survive being written and read: every fact of every case. */
static void facts_of_a_case_survive_being_written_and_read(const char *name)
{
	char path[300], line[FACT_TEXT_LINE], once[FACT_TEXT_LINE], twice[FACT_TEXT_LINE];
	struct fact fact;
	FILE *in;

	snprintf(path, sizeof(path), GOLDEN "/%s/facts.txt", name);
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = 0;
		if (fact_text_read(line, &fact, NULL))
			continue;
		assert_true(fact_text_write(&fact, once, sizeof(once)) > 0);
		assert_int_equal(fact_text_read(once, &fact, NULL), 0);
		assert_true(fact_text_write(&fact, twice, sizeof(twice)) > 0);
		assert_string_equal(once, twice);
	}
	fclose(in);
}

static void golden_facts_survive_being_written_and_read(void **state)
{
	for (char *const *name = *state; *name; name++)
		facts_of_a_case_survive_being_written_and_read(*name);
}

/* ---- the cases are the directories -------------------------------------- */

static int is_case(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

/* NULL-terminated, sorted. */
static char **list_cases(int *count)
{
	struct dirent **entries;
	char **names;

	*count = scandir(GOLDEN, &entries, is_case, alphasort);
	if (*count <= 0) {
		printf("Bail out! no cases in " GOLDEN "; run from the root of the repository\n");
		exit(1);
	}
	names = calloc((size_t)*count + 1, sizeof(*names));
	for (int i = 0; names && i < *count; i++) {
		names[i] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return names;
}

int main(void)
{
	int count, result;
	char **names = list_cases(&count);
	struct CMUnitTest *tests = calloc((size_t)count + 1, sizeof(*tests));

	if (!names || !tests)
		return 1;
	tests[0] = (struct CMUnitTest)cmocka_unit_test_prestate(
		golden_facts_survive_being_written_and_read, names);
	for (int i = 0; i < count; i++) {
		tests[i + 1].name = names[i];
		tests[i + 1].test_func = golden_case;
		tests[i + 1].initial_state = names[i];
	}
	result = _cmocka_run_group_tests("golden", tests, (size_t)count + 1, NULL, NULL);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	free(tests);
	return result;
}
