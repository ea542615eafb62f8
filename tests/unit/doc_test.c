/* SPDX-License-Identifier: BSD-2-Clause */
/* doc_test.c - the pieces of JSON: numbers, nesting, schemas. */
#include "mpstat/export/doc.h"
#include "mpstat/export/doc_value.h"
#include "mpstat/export/exporter.h"
#include "mpstat/export/schema.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_a_double_cannot_hold_is_a_string(void **state)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = {
		{0, "0"},
		{UINT64_C(9007199254740992), "9007199254740992"},
		{UINT64_C(9007199254740993), "\"9007199254740993\""},
		{UINT64_MAX, "\"18446744073709551615\""},
	};
	static const struct {
		int64_t number;
		const char *text;
	} negative[] = {
		{-1, "-1"},
		{-INT64_C(9007199254740992), "-9007199254740992"},
		{-INT64_C(9007199254740993), "\"-9007199254740993\""},
		{INT64_MIN, "\"-9223372036854775808\""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		json_t *value = doc_value_u64(rows[i].number);
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		assert_string_equal(text, rows[i].text);
		free(text);
		json_decref(value);
		value = doc_value_i64(negative[i].number);
		text = json_dumps(value, JSON_ENCODE_ANY);
		assert_string_equal(text, negative[i].text);
		free(text);
		json_decref(value);
	}
}

static void no_number_is_null(void **state)
{
	static const double numbers[] = {NAN, INFINITY, -INFINITY};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		json_t *value = doc_value_f64(numbers[i]);

		assert_true(json_is_null(value));
		json_decref(value);
	}
}

static void a_document_nested_too_deeply_is_an_error(void **state)
{
	struct err err = {0, ""};
	FILE *out = fopen("/dev/null", "w");
	struct doc doc;
	int i;

	(void)state;
	doc_begin(&doc, out, true, &err);
	for (i = 0; i < 3 * DOC_DEPTH; i++)
		doc_array(&doc, i ? NULL : "deep");
	assert_int_equal(doc_end(&doc), -EOVERFLOW);
	fclose(out);
}

static void the_schemas_in_docs_are_those_of_the_program(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; schema_name(i); i++) {
		char path[128], *text = NULL;
		struct err err = {0, ""};
		json_error_t error;
		json_t *ours, *theirs;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_int_equal(schema_write(out, schema_name(i), &err), 0);
		fclose(out);
		ours = json_loads(text, JSON_REJECT_DUPLICATES, &error);
		assert_non_null(ours);
		snprintf(path, sizeof(path), "docs/schema/mptrace.%s.1.json", schema_name(i));
		theirs = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
		if (!theirs)
			fail_msg("%s: %s", path, error.text);
		if (!json_equal(ours, theirs))
			fail_msg("%s is not what `mpstat %s --schema -o %s` writes", path,
				 schema_name(i), path);
		json_decref(ours);
		json_decref(theirs);
		free(text);
	}
	assert_in_range(i, 3, 100);
}

static void no_schema_has_an_unknown_name(void **state)
{
	struct err err = {0, ""};

	(void)state;
	assert_int_equal(schema_write(stdout, "nonsense", &err), -EINVAL);
	assert_string_equal(err.text, "there is no schema of 'nonsense'");
	assert_null(exporter_find("nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_double_cannot_hold_is_a_string),
		cmocka_unit_test(no_number_is_null),
		cmocka_unit_test(a_document_nested_too_deeply_is_an_error),
		cmocka_unit_test(the_schemas_in_docs_are_those_of_the_program),
		cmocka_unit_test(no_schema_has_an_unknown_name),
	};

	return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
