/* SPDX-License-Identifier: BSD-2-Clause */
/* export_json_test.c - documents stay valid and small, whatever the model holds. */
#include "libtrace/contract/vocab.h"
#include "mpstat/export/doc_value.h"
#include "mpstat/export/exporter.h"
#include "mpstat/export/line.h"
#include "mpstat/model/field.h"
#include "mpstat/model/kind.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOMAIN 0x1122334455667788u
#define SECOND 1000000000u

/* ---- a model ------------------------------------------------------------- */

static struct fact fact_of(enum fact_type type, uint64_t time_ns)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = time_ns;
	return fact;
}

static void apply_mark(struct model *model, enum fact_type type, uint64_t time_ns)
{
	struct fact fact = fact_of(type, time_ns);

	model_apply(model, &fact);
}

static void apply_domain(struct model *model, const char *name)
{
	struct fact fact = fact_of(FACT_DOMAIN, SECOND);

	fact.u.domain.domain = DOMAIN;
	fact.u.domain.creator_pid = 10;
	snprintf(fact.u.domain.name, sizeof(fact.u.domain.name), "%s", name);
	model_apply(model, &fact);
}

static void apply_process(struct model *model, uint32_t pid, const char *name)
{
	struct fact fact = fact_of(FACT_PROCESS, SECOND);
	struct fact_process *process = &fact.u.process;

	process->id.pid = pid;
	process->id.start = 100;
	process->state = 'S';
	process->cpu_ns = process->rss_bytes = process->threads = FACT_UNKNOWN;
	process->started_ns = FACT_UNKNOWN;
	process->domain = DOMAIN;
	process->slot = pid;
	process->generation = 1;
	process->exit_code = FACT_EXIT_UNKNOWN;
	snprintf(process->name, sizeof(process->name), "%s", name);
	snprintf(process->command, sizeof(process->command), "%s --flag", name);
	model_apply(model, &fact);
}

/* A queue, kind 2, with so many puts and gets. */
static void apply_queue(struct model *model, uint32_t slot, const char *name, uint64_t puts)
{
	struct fact fact = fact_of(FACT_OBJECT, SECOND);
	struct fact_object *object = &fact.u.object;

	object->id.domain = DOMAIN;
	object->id.slot = slot;
	object->id.generation = 1;
	object->kind = 2;
	object->capacity = 1000;
	object->give.count = puts;
	snprintf(object->name, sizeof(object->name), "%s", name);
	model_apply(model, &fact);
}

static struct model *model_with(const char *name, uint64_t puts)
{
	struct model *model = model_new(100);

	assert_non_null(model);
	apply_mark(model, FACT_SNAPSHOT_BEGIN, SECOND);
	apply_domain(model, name);
	apply_process(model, 10, name);
	apply_queue(model, 1, name, puts);
	apply_mark(model, FACT_SNAPSHOT_END, SECOND);
	model_tick(model, 2 * SECOND);
	return model;
}

static struct export_about about_of(const struct model *model)
{
	struct export_about about = {model, "1.2.3", "host", "all domains", 1700000000123456789u};

	return about;
}

/* ---- documents ----------------------------------------------------------- */

static char *snapshot_text(const struct model *model, bool pretty)
{
	struct export_about about = about_of(model);
	struct err err = {0, ""};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(exporter_find("json")->snapshot(out, &about, pretty, &err), 0);
	fclose(out);
	assert_int_equal(strlen(text), size);
	return text;
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		fail_msg("%s at %d: %.200s", error.text, error.position, text);
	return document;
}

static json_t *snapshot_of(const struct model *model)
{
	char *text = snapshot_text(model, false);
	json_t *document = parse(text);

	free(text);
	return document;
}

/* The first row of a kind; fails when there is none. */
static json_t *first(json_t *document, const char *key)
{
	json_t *row = json_array_get(json_object_get(document, key), 0);

	if (!row)
		fail_msg("no row in '%s'", key);
	return row;
}

static void without_a_domain_the_document_is_whole(void **state)
{
	static const char *const arrays[] = {"sources", "domains", "processes", "threads",
					     "objects", "uses",	   "findings"};
	struct model *model = model_new(10);
	json_t *document;
	size_t i;

	(void)state;
	model_tick(model, SECOND);
	document = snapshot_of(model);
	assert_string_equal(json_string_value(json_object_get(document, "schema")),
			    "mptrace.snapshot/1");
	for (i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		assert_true(json_is_array(json_object_get(document, arrays[i])));
		assert_int_equal(json_array_size(json_object_get(document, arrays[i])), 0);
	}
	json_decref(document);
	model_free(model);
}

static void epoch_nanoseconds_are_a_string(void **state)
{
	struct model *model = model_with("jobs", 1);
	json_t *document = snapshot_of(model);
	json_t *time = json_object_get(document, "time");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(time, "realtime_ns")),
			    "1700000000123456789");
	assert_string_equal(json_string_value(json_object_get(time, "realtime")),
			    "2023-11-14T22:13:20.123456789Z");
	assert_int_equal(json_integer_value(json_object_get(time, "monotonic_ns")), 2 * SECOND);
	json_decref(document);
	model_free(model);
}

static void rows_have_the_keys_of_the_field_table_and_no_other(void **state)
{
	static const struct {
		enum entity entity;
		const char *key;
	} rows[] = {{ENTITY_DOMAIN, "domains"},
		    {ENTITY_PROCESS, "processes"},
		    {ENTITY_OBJECT, "objects"}};
	struct model *model = model_with("jobs", 23);
	json_t *document = snapshot_of(model);
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *row = first(document, rows[i].key);
		size_t count = 0;

		for (j = 0; j < field_count; j++) {
			/* a queue is not held, set or clear, has no parties, units, tasks, size */
			if (fields[j].entity != rows[i].entity ||
			    !kind_has(MPT_KIND_QUEUE, fields[j].traits))
				continue;
			count++;
			if (!json_object_get(row, fields[j].key))
				fail_msg("%s: no key '%s'", rows[i].key, fields[j].key);
		}
		assert_int_equal(json_object_size(row), count);
	}
	json_decref(document);
	model_free(model);
}

static void broken_names_become_valid_text(void **state)
{
	static const char *const names[] = {"\xff\xfe",
					    "a\x80z",
					    "\xc3",
					    "\xed\xa0\x80",
					    "\xf5\x80\x80\x80",
					    "\xc0\xaf",
					    "\x1b[31mred",
					    "a\nb\tc\x7f",
					    "\xc2\x9b"
					    "31m",
					    "\xe2\x80\xae"
					    "x",
					    "\"\\/",
					    "\xe2\x82"};
	size_t i;
	const char *at;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct model *model = model_with(names[i], 1);
		char *text = snapshot_text(model, false);
		json_t *document = parse(text);
		const char *name =
			json_string_value(json_object_get(first(document, "objects"), "name"));

		assert_non_null(name);
		for (at = name; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
		assert_null(strstr(text, "\\u00"));
		assert_null(strstr(text, "\xe2\x80\xae"));
		json_decref(document);
		free(text);
		model_free(model);
	}
}

static void a_count_beyond_2_to_53_stays_exact_in_a_row(void **state)
{
	struct model *model = model_with("jobs", (UINT64_C(1) << 53) + 1);
	char *text = snapshot_text(model, false);

	(void)state;
	assert_non_null(strstr(text, "\"9007199254740993\""));
	free(text);
	model_free(model);
}

static void compact_is_one_line_and_pretty_says_the_same(void **state)
{
	struct model *model = model_with("jobs", 23);
	char *compact = snapshot_text(model, false), *pretty = snapshot_text(model, true);
	json_t *one = parse(compact), *other = parse(pretty);

	(void)state;
	assert_ptr_equal(strchr(compact, '\n'), compact + strlen(compact) - 1);
	assert_true(strchr(pretty, '\n') < pretty + strlen(pretty) - 1);
	assert_true(json_equal(one, other));
	json_decref(one);
	json_decref(other);
	free(compact);
	free(pretty);
	model_free(model);
}

/* ---- memory -------------------------------------------------------------- */

static size_t live, peak;
static long allowed; /* allocations until they fail; < 0: never */

static void *counted_malloc(size_t size)
{
	void *block;

	if (allowed == 0)
		return NULL;
	if (allowed > 0)
		allowed--;
	block = malloc(size);
	live += malloc_usable_size(block);
	if (live > peak)
		peak = live;
	return block;
}

static void counted_free(void *block)
{
	live -= malloc_usable_size(block);
	free(block);
}

static int count_memory(void **state)
{
	(void)state;
	live = peak = 0;
	allowed = -1;
	json_set_alloc_funcs(counted_malloc, counted_free);
	return 0;
}

static int stop_counting(void **state)
{
	(void)state;
	json_set_alloc_funcs(malloc, free);
	return 0;
}

static void apply_many(struct model *model, uint32_t from, uint32_t count)
{
	uint32_t i;

	for (i = from; i < from + count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "worker-%u", i);
		apply_process(model, i, name);
	}
}

/* Bytes jansson held at most while a snapshot of so many processes was written. */
static size_t peak_of(uint32_t processes, size_t *rows)
{
	struct model *model = model_new(1);
	struct export_about about = about_of(model);
	struct err err = {0, ""};
	FILE *out = fopen("/dev/null", "w");
	size_t before;

	*rows = 0;
	apply_mark(model, FACT_SNAPSHOT_BEGIN, SECOND);
	apply_domain(model, "big");
	apply_many(model, 100, processes);
	apply_mark(model, FACT_SNAPSHOT_END, SECOND);
	model_tick(model, 2 * SECOND);
	for (const struct process *p = NULL; (p = model_next_process(model, p));)
		*rows += p->matched;
	before = mallinfo2().uordblks;
	live = peak = 0;
	assert_int_equal(exporter_find("json")->snapshot(out, &about, false, &err), 0);
	assert_int_equal(live, 0);
	/* stdio's own buffer is all that may have come */
	assert_in_range(mallinfo2().uordblks, before, before + 65536);
	fclose(out);
	model_free(model);
	return peak;
}

static void ten_thousand_rows_take_no_more_memory_than_ten(void **state)
{
	size_t rows, small = peak_of(10, &rows), large;

	(void)state;
	assert_int_equal(rows, 10);
	large = peak_of(10000, &rows);
	assert_int_equal(rows, 10000);
	assert_in_range(small, 1, 65536);
	/* names grow by some digits */
	assert_in_range(large, 1, small + 1024);
}

static void no_memory_is_an_error_with_a_sentence(void **state)
{
	struct model *model = model_with("jobs", 23);
	struct export_about about = about_of(model);
	FILE *out = fopen("/dev/null", "w");
	long i, failures = 0;
	int result = -1;

	(void)state;
	for (i = 0; result < 0; i++) {
		struct err err = {0, ""};

		allowed = i;
		result = exporter_find("json")->snapshot(out, &about, false, &err);
		assert_int_equal(live, 0);
		if (result == 0)
			break;
		failures++;
		assert_int_equal(result, -ENOMEM);
		assert_int_equal(err.code, -ENOMEM);
		assert_non_null(strstr(err.text, "no memory"));
		assert_in_range(i, 0, 1000000);
	}
	assert_in_range(failures, 10, 1000000);
	fclose(out);
	model_free(model);
}

/* ---- streams ------------------------------------------------------------- */

static void apply_record(struct model *model, uint64_t time_ns)
{
	struct fact fact = fact_of(FACT_RECORD, time_ns);

	fact.u.record.process.pid = 10;
	fact.u.record.process.start = 100;
	fact.u.record.tid = 10;
	fact.u.record.domain = DOMAIN;
	fact.u.record.object.domain = DOMAIN;
	fact.u.record.object.slot = 1;
	fact.u.record.object.generation = 1;
	fact.u.record.op = 2 << 8 | 16; /* queue.put */
	model_apply(model, &fact);
}

static void a_stream_is_header_records_and_footer_one_per_line(void **state)
{
	const struct exporter *exporter = exporter_find("json");
	const struct export_totals totals = {2, 1, "count"};
	struct model *model = model_with("jobs", 2);
	struct export_about about = about_of(model);
	struct err err = {0, ""};
	char *text = NULL, *rest, *line;
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);
	static const char *const kinds[] = {"header", "op", "op", "footer"};

	(void)state;
	assert_int_equal(exporter->begin(out, &about, &err), 0);
	apply_record(model, SECOND);
	assert_non_null(model_newest_record(model));
	assert_int_equal(exporter->record(out, &about, model_newest_record(model), &err), 0);
	apply_record(model, SECOND + 1);
	assert_int_equal(exporter->record(out, &about, model_newest_record(model), &err), 0);
	assert_int_equal(exporter->end(out, &about, &totals, &err), 0);
	fclose(out);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++) {
		json_t *row = parse(line);

		assert_in_range(lines, 0, 3);
		assert_string_equal(json_string_value(json_object_get(row, "record")),
				    kinds[lines]);
		json_decref(row);
	}
	assert_int_equal(lines, 4);
	free(text);
	model_free(model);
}

/* The line of a row, parsed, without its "record". */
static json_t *line_of(const struct model *model, enum entity entity, const void *row)
{
	struct err err = {0, ""};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *line;

	assert_int_equal(line_write(out, "op", model, entity, row, &err), 0);
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	line = parse(text);
	free(text);
	assert_string_equal(json_string_value(json_object_get(line, "record")), "op");
	json_object_del(line, "record");
	return line;
}

/* The row as a document has it. */
static json_t *row_of(const struct model *model, enum entity entity, const void *row)
{
	json_t *value = doc_value_row(model, entity, row), *read;
	char *text = json_dumps(value, JSON_REAL_PRECISION(12));

	read = parse(text);
	free(text);
	json_decref(value);
	return read;
}

static void a_line_by_hand_says_what_jansson_says(void **state)
{
	static const char *const names[] = {"jobs",	    "a\"b\\c",		"\xff\x1b[m",
					    "\u00e9\u6f22", "\x7f\xe2\x80\xae", ""};
	static const uint64_t numbers[] = {0, 23, UINT64_C(1) << 53, (UINT64_C(1) << 53) + 1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct model *model = model_with(names[i], numbers[i % 4]);
		const struct object *object = model_next_object(model, NULL);
		const struct process *process = model_next_process(model, NULL);
		json_t *by_hand = line_of(model, ENTITY_OBJECT, object);
		json_t *by_jansson = row_of(model, ENTITY_OBJECT, object);

		assert_true(json_object_size(by_hand) > 20);
		assert_true(json_equal(by_hand, by_jansson));
		json_decref(by_hand);
		json_decref(by_jansson);
		by_hand = line_of(model, ENTITY_PROCESS, process);
		by_jansson = row_of(model, ENTITY_PROCESS, process);
		assert_true(json_equal(by_hand, by_jansson));
		json_decref(by_hand);
		json_decref(by_jansson);
		model_free(model);
	}
}

static void a_full_disk_is_seen_by_the_caller(void **state)
{
	struct model *model = model_with("jobs", 23);
	struct export_about about = about_of(model);
	struct err err = {0, ""};
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	exporter_find("json")->snapshot(out, &about, false, &err);
	assert_true(fflush(out) != 0 || ferror(out));
	fclose(out);
	model_free(model);
}

static void text_has_no_control_characters_but_newlines(void **state)
{
	struct model *model = model_with("\x1b[2J\xff\nx", 23);
	struct export_about about = about_of(model);
	struct err err = {0, ""};
	char *text = NULL, *at;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(exporter_find("text")->snapshot(out, &about, true, &err), 0);
	fclose(out);
	assert_non_null(strstr(text, "??"));
	for (at = text; *at; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n');
	free(text);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_domain_the_document_is_whole),
		cmocka_unit_test(epoch_nanoseconds_are_a_string),
		cmocka_unit_test(rows_have_the_keys_of_the_field_table_and_no_other),
		cmocka_unit_test(broken_names_become_valid_text),
		cmocka_unit_test(a_count_beyond_2_to_53_stays_exact_in_a_row),
		cmocka_unit_test(compact_is_one_line_and_pretty_says_the_same),
		cmocka_unit_test_setup_teardown(ten_thousand_rows_take_no_more_memory_than_ten,
						count_memory, stop_counting),
		cmocka_unit_test_setup_teardown(no_memory_is_an_error_with_a_sentence, count_memory,
						stop_counting),
		cmocka_unit_test(a_stream_is_header_records_and_footer_one_per_line),
		cmocka_unit_test(a_line_by_hand_says_what_jansson_says),
		cmocka_unit_test(a_full_disk_is_seen_by_the_caller),
		cmocka_unit_test(text_has_no_control_characters_but_newlines),
	};

	return cmocka_run_group_tests_name("export_json", tests, NULL, NULL);
}
