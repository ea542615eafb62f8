/* SPDX-License-Identifier: BSD-2-Clause */
/* grid_test.c - tables of text have every column in which something is known. */
#include "tests/unit/tell.h"

#include "mpstat/export/grid.h"

#include <stdlib.h>

#define SECOND 1000000000ull

static struct model *world(const char *kind)
{
	struct model *model = model_new(0);

	assert_non_null(model);
	tell(model, "snapshot-begin source=segment time=%llu", SECOND);
	tell(model, "domain source=segment domain=d1 name=\"demo\"");
	tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
		    "name=\"main\" threads=1");
	tell(model, "object source=segment id=d1:1.1 kind=%s name=\"it\" creator=10:1 "
		    "created_ns=9 capacity=8 gives=4 takes=2 recovered=1", kind);
	tell(model, "snapshot-end source=segment time=%llu", SECOND);
	model_tick(model, 2 * SECOND);
	return model;
}

static char *table_of(const struct model *model)
{
	struct grid grid = {.model = model, .entity = ENTITY_OBJECT};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(grid_print(out, &grid), 1);
	fclose(out);
	return text;
}

/* The titles are the first line's words. */
static bool has_column(const char *table, const char *title)
{
	size_t length = strlen(title), end = strcspn(table, "\n");

	for (const char *at = table; (at = strstr(at, title)) && at < table + end; at++) {
		if ((at == table || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	}
	return false;
}

static void a_table_has_all_that_is_known_of_its_rows(void **state)
{
	static const char *const kinds[] = {"queue", "lock", "event", "barrier", "condition"};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct model *model = world(kinds[k]);
		const struct object *object = object_of(model, 1);
		char *table = table_of(model);

		for (size_t i = 0; i < field_count; i++) {
			const struct field *field = &fields[i];

			if (field->entity != ENTITY_OBJECT || field->flags & FIELD_JSON_ONLY ||
			    !rows_have(field, object) ||
			    field->get(model, object).type == VALUE_NONE)
				continue;
			if (!has_column(table, field->title))
				fail_msg("%s: no column %s in\n%s", kinds[k], field->title, table);
		}
		free(table);
		model_free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_has_all_that_is_known_of_its_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
