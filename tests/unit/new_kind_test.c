/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * new_kind_test.c - kinds, ops and traits this version has not met.
 *
 * A kind that a newer library invented goes through model and fields by its
 * number.  And nothing in the model knows kinds by name: what it does follows
 * from traits and effects alone, which is looked up in its source.
 */
#include "tests/unit/tell.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/waits.h"

#include <glob.h>
#include <stdlib.h>

#define SECOND 1000000000ull

static struct model *world(void)
{
	struct model *model = model_new(10);

	assert_non_null(model);
	for (int round = 1; round < 3; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		tell(model, "domain source=segment domain=d1 name=\"demo\"");
		tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
			    "name=\"main\" threads=1");
		tell(model, "thread source=segment process=10:1 tid=10 domain=d1 slot=0 "
			    "generation=1 wait_op=17.20 wait_object=d1:1.1 wait_since_ns=9");
		tell(model, "object source=segment id=d1:1.1 kind=17 name=\"flux\" gives=9 takes=3 "
			    "held=yes owner_slot=0 owner_generation=1");
		tell(model, "use source=segment process=10:1 object=d1:1.1 gives=9 takes=3");
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
	}
	tell(model, "record source=segment time=5 process=10:1 tid=10 domain=d1 object=d1:1.1 "
		    "op=17.33 value=4");
	model_tick(model, 3 * SECOND);
	return model;
}

static void an_unknown_kind_is_shown_by_number_and_counted(void **state)
{
	struct model *model = world();
	const struct object *object = object_of(model, 1);
	char buf[256];

	(void)state;
	assert_string_equal(shown(model, ENTITY_OBJECT, "kind", object, buf), "kind 17");
	assert_string_equal(shown(model, ENTITY_OBJECT, "name", object, buf), "flux");
	assert_string_equal(shown(model, ENTITY_PROCESS, "waiting_for", process_of(model, 10), buf),
			    "waiting in op 17.20 of kind 17 `flux` for 2.9s");
	assert_string_equal(shown(model, ENTITY_RECORD, "op", model_record(model, 0), buf),
			    "op 17.33");
	assert_string_equal(shown(model, ENTITY_RECORD, "object", model_record(model, 0), buf),
			    "flux");
	assert_int_equal(object->first_use->gives, 9);
	assert_int_equal(model_unknown(model), 2); /* the object, the record */
	assert_non_null(found(model, "left-out"));
	assert_int_equal(model_rejected(model), 0);
	model_free(model);
}

static void nothing_is_concluded_from_a_wait_that_is_not_understood(void **state)
{
	struct model *model = world();

	(void)state;
	assert_int_equal(process_of(model, 10)->verdict, VERDICT_WAITING);
	assert_int_equal(waits_cycle_count(model) + waits_knot_count(model), 0);
	assert_null(object_of(model, 1)->owner);
	model_free(model);
}

/* A known kind used in a way its table does not know. */
static void an_unknown_op_of_a_known_kind_is_not_guessed_either(void **state)
{
	struct model *model = model_new(0);

	(void)state;
	for (int round = 1; round < 3; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
			    "threads=1");
		tell(model, "thread source=segment process=10:1 tid=10 domain=d1 slot=0 "
			    "generation=1 wait_op=4.200 wait_object=d1:1.1 wait_since_ns=9");
		tell(model, "object source=segment id=d1:1.1 kind=lock held=yes owner_slot=0 "
			    "owner_generation=1");
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
	}
	assert_int_equal(process_of(model, 10)->verdict, VERDICT_WAITING);
	model_free(model);
}

static bool mentions(const char *path, const char *word)
{
	char *text = calloc(1, 1 << 20);
	FILE *in = fopen(path, "r");
	bool result;

	assert_non_null(text);
	if (!in)
		fail_msg("%s: run from the root of the repository", path);
	assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	result = strstr(text, word);
	free(text);
	return result;
}

static void no_file_of_the_model_knows_a_kind_or_op_by_name(void **state)
{
	static const char *const tables[] = {"MPT_KIND_", "MPT_OP_LOCK", "MPT_OP_QUEUE",
					     "MPT_OP_PIPE", "MPT_OP_PROCESS"};
	glob_t files;

	(void)state;
	assert_int_equal(glob("mpstat/model/*.[ch]", 0, NULL, &files), 0);
	assert_true(files.gl_pathc > 20);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++) {
			if (mentions(files.gl_pathv[i], tables[k]))
				fail_msg("%s mentions %s", files.gl_pathv[i], tables[k]);
		}
	}
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_kind_is_shown_by_number_and_counted),
		cmocka_unit_test(nothing_is_concluded_from_a_wait_that_is_not_understood),
		cmocka_unit_test(an_unknown_op_of_a_known_kind_is_not_guessed_either),
		cmocka_unit_test(no_file_of_the_model_knows_a_kind_or_op_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
