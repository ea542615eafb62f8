/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_test.c - order, tree, filter, selection and columns of tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/screen.h"
#include "mpstat/view/table.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE 6

static const struct table_column columns[] = {
	{.key = "pid"},
	{.key = "name"},
	{.key = "rss_bytes", .drop = 1},
	{.key = "threads", .drop = 2},
	{.key = "waiting_for"},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_PROCESS, .columns = columns, .tree = "name"};

struct fixture {
	struct model *model;
	struct table *table;
	struct process people[PEOPLE];
	bool left_out[PEOPLE];
};

/* main, with child a (children c and d) and child b; and lone. */
static const struct {
	const char *name;
	uint32_t pid, parent;
	uint64_t rss;
} people[PEOPLE] = {
	{"main", 10, 1, 50 << 20},	{"a", 11, 10, 20 << 20}, {"b", 12, 10, 30 << 20},
	{"c", 13, 11, FACT_UNKNOWN},	{"d", 14, 11, 10 << 20}, {"lone", 15, 99, 40 << 20},
};

static void fill(struct fixture *f)
{
	table_begin(f->table);
	for (size_t i = 0; i < PEOPLE; i++)
		if (!f->left_out[i])
			table_add(f->table, identity_process(f->people[i].id),
				  identity_process(f->people[i].fact.parent), &f->people[i]);
	table_end(f->table, f->model);
}

static int open_table(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->model = model_new(1);
	f->table = table_new(&spec);
	for (size_t i = 0; i < PEOPLE; i++) {
		struct process *p = &f->people[i];

		p->id = (struct process_id){people[i].pid, 5};
		p->fact.parent = (struct process_id){people[i].parent, 5};
		p->fact.rss_bytes = people[i].rss;
		p->fact.threads = 1;
		strcpy(p->fact.name, people[i].name);
	}
	*state = f;
	return 0;
}

static int close_table(void **state)
{
	struct fixture *f = *state;

	table_free(f->table);
	model_free(f->model);
	free(f);
	return 0;
}

/* Names in the order shown, as "main a c ". */
static void expect_order(struct fixture *f, const char *want)
{
	char text[200] = "";

	for (size_t i = 0; i < table_count(f->table); i++) {
		strcat(text, ((const struct process *)table_row(f->table, i))->fact.name);
		strcat(text, " ");
	}
	assert_string_equal(text, want);
}

static const char *selected(struct fixture *f)
{
	const struct process *p = table_selected(f->table);

	return p ? p->fact.name : "nothing";
}

static void expect_picture(struct fixture *f, struct rect size, const char *want)
{
	struct canvas *canvas = canvas_new(size.width, size.height, true);
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	table_draw(f->table, f->model, canvas);
	canvas_print(canvas, size.height, out);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
	canvas_free(canvas);
}

static void a_tree_lists_children_below_their_parents(void **state)
{
	struct fixture *f = *state;

	fill(f);
	expect_order(f, "main a c d b lone ");
	expect_picture(f, (struct rect){.width = 50, .height = 8},
		       " PID NAME    RSS THR WAITING FOR\n"
		       "  10 main    50M   1\n"
		       "  11 \u251c\u2500 a    20M   1\n"
		       "  13 \u2502  \u251c\u2500 c   -   1\n"
		       "  14 \u2502  \u2514\u2500 d 10M   1\n"
		       "  12 \u2514\u2500 b    30M   1\n"
		       "  15 lone    40M   1\n"
		       "\n");
}

static void names_stay_readable_however_deep_they_are(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i < PEOPLE; i++)
		f->people[i].fact.parent.pid = 9 + i;
	fill(f);
	expect_picture(f, (struct rect){.width = 50, .height = 7},
		       " PID NAME             RSS THR WAITING FOR\n"
		       "  10 main             50M   1\n"
		       "  11 \u2514\u2500 a             20M   1\n"
		       "  12    \u2514\u2500 b          30M   1\n"
		       "  13       \u2514\u2500 c         -   1\n"
		       "  14          \u2514\u2500 d    10M   1\n"
		       "  15 \u2026        \u2514\u2500 lone 40M   1\n");
}

static void a_folded_row_has_a_plus_in_its_tree_line(void **state)
{
	struct fixture *f = *state;

	table_begin(f->table);
	table_add(f->table, identity_process(f->people[0].id), (struct identity){0, 0},
		  &f->people[0]);
	table_add(f->table, identity_process(f->people[1].id), identity_process(f->people[0].id),
		  &f->people[1]);
	table_fold(f->table);
	table_end(f->table, f->model);
	assert_false(table_folded(f->table, 0));
	assert_true(table_folded(f->table, 1));
	expect_picture(f, (struct rect){.width = 50, .height = 3},
		       " PID NAME RSS THR WAITING FOR\n"
		       "  10 main 50M   1\n"
		       "  11 \u2514+ a 20M   1\n");
}

static void a_row_can_be_selected_before_it_is_there(void **state)
{
	struct fixture *f = *state;

	f->left_out[4] = true;
	fill(f);
	table_select(f->table, identity_process(f->people[4].id));
	f->left_out[4] = false;
	fill(f);
	assert_string_equal(selected(f), "d");
}

static void siblings_are_sorted_within_the_tree(void **state)
{
	struct fixture *f = *state;

	assert_true(table_sort(f->table, "rss_bytes"));
	fill(f);
	expect_order(f, "main b a d c lone ");
}

static void sorting_puts_the_unknown_last_in_both_directions(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	assert_true(table_sort(f->table, "rss_bytes"));
	fill(f);
	expect_order(f, "main lone b a d c ");
	table_invert(f->table);
	fill(f);
	expect_order(f, "d a b lone main c ");
}

static void names_sort_upwards_and_equals_stay_as_added(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	assert_true(table_sort(f->table, "name"));
	fill(f);
	expect_order(f, "a b c d lone main ");
	assert_true(table_sort(f->table, "threads"));
	fill(f);
	expect_order(f, "main a b c d lone ");
	assert_true(table_sort(f->table, NULL));
	table_invert(f->table);
	fill(f);
	expect_order(f, "lone d c b a main ");
}

static void an_unknown_column_is_refused_and_changes_nothing(void **state)
{
	struct fixture *f = *state;

	assert_true(table_sort(f->table, "name"));
	assert_false(table_sort(f->table, "no_such_column"));
	assert_string_equal(table_sort_key(f->table), "name");
}

static void a_filter_keeps_matching_rows_below_what_is_left_of_their_parents(void **state)
{
	struct fixture *f = *state;

	table_filter(f->table, "D");
	fill(f);
	expect_order(f, "d ");
	table_filter(f->table, "nothing has this");
	fill(f);
	expect_order(f, "");
	assert_null(table_selected(f->table));
	table_filter(f->table, "");
	fill(f);
	expect_order(f, "main a c d b lone ");

	/* "1" is in every pid: take the middle of the chain main - a - d away */
	strcpy(f->people[0].fact.name, "keep");
	strcpy(f->people[4].fact.name, "keep");
	table_filter(f->table, "keep");
	fill(f);
	expect_picture(f, (struct rect){.width = 50, .height = 3},
		       " PID NAME    RSS THR WAITING FOR\n"
		       "  10 keep    50M   1\n"
		       "  14 \u2514\u2500 keep 10M   1\n");
}

static void rows_that_are_their_own_ancestors_are_still_shown(void **state)
{
	struct fixture *f = *state;

	f->people[0].fact.parent = f->people[4].id; /* main - a - d - main */
	fill(f);
	assert_int_equal(table_count(f->table), PEOPLE);
	f->people[5].fact.parent = f->people[5].id;
	fill(f);
	assert_int_equal(table_count(f->table), PEOPLE);
}

static void the_selection_follows_the_row_and_not_the_line(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	table_move(f->table, 2);
	assert_string_equal(selected(f), "b");
	f->left_out[0] = true;
	fill(f);
	assert_string_equal(selected(f), "b");
	table_sort(f->table, "rss_bytes");
	fill(f);
	assert_string_equal(selected(f), "b");
	table_filter(f->table, "b");
	fill(f);
	assert_string_equal(selected(f), "b");
}

static void a_row_that_is_gone_leaves_the_selection_on_its_line(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	table_move(f->table, 2);
	f->left_out[2] = true;
	fill(f);
	assert_string_equal(selected(f), "c");
	table_move(f->table, INT_MAX);
	f->left_out[5] = true;
	fill(f);
	assert_string_equal(selected(f), "d");
}

static void until_it_is_moved_the_selection_stays_on_the_first_line(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	assert_string_equal(selected(f), "main");
	table_sort(f->table, "name");
	fill(f);
	assert_string_equal(selected(f), "a");
}

static void moving_stops_at_both_ends(void **state)
{
	struct fixture *f = *state;

	table_move(f->table, 1); /* no rows yet */
	fill(f);
	table_move(f->table, -3);
	assert_string_equal(selected(f), "main");
	table_move(f->table, 100);
	assert_string_equal(selected(f), "lone");
	table_move(f->table, INT_MIN);
	assert_string_equal(selected(f), "main");
	table_move(f->table, INT_MAX);
	assert_string_equal(selected(f), "lone");
	table_move(f->table, -1);
	assert_string_equal(selected(f), "b");
}

static void search_goes_round_in_either_direction(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	assert_true(table_search(f->table, f->model, "A", 1, true)); /* main */
	assert_string_equal(selected(f), "main");
	assert_true(table_search(f->table, f->model, "A", 1, false));
	assert_string_equal(selected(f), "a");
	assert_true(table_search(f->table, f->model, "A", 1, false));
	assert_string_equal(selected(f), "main");
	assert_true(table_search(f->table, f->model, "A", -1, false));
	assert_string_equal(selected(f), "a");
	assert_true(table_search(f->table, f->model, "14", 1, true)); /* a pid */
	assert_string_equal(selected(f), "d");
	assert_false(table_search(f->table, f->model, "zebra", 1, true));
	assert_string_equal(selected(f), "d");
}

static void a_new_search_prefers_names(void **state)
{
	struct fixture *f = *state;

	strcpy(f->people[5].fact.name, "job 13"); /* below c, whose pid it is */
	table_set_tree(f->table, false);
	fill(f);
	assert_true(table_search(f->table, f->model, "13", 1, true));
	assert_string_equal(selected(f), "job 13");
	assert_true(table_search(f->table, f->model, "13", 1, false));
	assert_string_equal(selected(f), "c");
}

static void tags_belong_to_things_and_go_with_them(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	table_tag(f->table);
	table_move(f->table, 1);
	table_tag(f->table);
	assert_int_equal(table_tags(f->table), 2);
	table_tag(f->table);
	assert_int_equal(table_tags(f->table), 1);
	table_sort(f->table, "name");
	fill(f);
	assert_false(table_tagged(f->table, 0));
	assert_true(table_tagged(f->table, 5)); /* main */
	f->left_out[0] = true;
	fill(f);
	f->left_out[0] = false;
	fill(f);
	assert_int_equal(table_tags(f->table), 0);
}

static void columns_leave_by_priority_and_the_sentence_gets_the_rest(void **state)
{
	struct fixture *f = *state;

	strcpy(f->people[0].waiting_for, "waiting for a very long time, and longer");
	for (size_t i = 1; i < PEOPLE; i++)
		f->left_out[i] = true;
	fill(f);
	expect_picture(f, (struct rect){.width = 64, .height = 2},
		       " PID NAME RSS THR WAITING FOR\n"
		       "  10 main 50M   1 waiting for a very long time, and longer\n");
	expect_picture(f, (struct rect){.width = 36, .height = 2},
		       " PID NAME RSS WAITING FOR\n"
		       "  10 main 50M waiting for a very lo\u2026\n");
	table_sort(f->table, "threads");
	fill(f);
	expect_picture(f, (struct rect){.width = 36, .height = 2},
		       " PID NAME THR\u25bcWAITING FOR\n"
		       "  10 main   1 waiting for a very lo\u2026\n");
	table_sort(f->table, NULL);
	fill(f);
	expect_picture(f, (struct rect){.width = 31, .height = 2},
		       " PID NAME WAITING FOR\n"
		       "  10 main waiting for a very l\u2026\n");
	expect_picture(f, (struct rect){.width = 20, .height = 2},
		       " PID NAME WAITING F\u2026\n"
		       "  10 main waiting f\u2026\n");
}

static void the_selection_is_always_on_the_screen(void **state)
{
	struct fixture *f = *state;

	table_set_tree(f->table, false);
	fill(f);
	table_move(f->table, 4);
	expect_picture(f, (struct rect){.width = 10, .height = 3},
		       " PID NAME\n"
		       "  13 c\n"
		       "  14 d\n");
	assert_int_equal(table_page(f->table), 2);
	table_move(f->table, INT_MIN);
	expect_picture(f, (struct rect){.width = 10, .height = 2},
		       " PID NAME\n"
		       "  10 main\n");
	table_move(f->table, INT_MAX);
	/* a taller canvas: no empty lines while there are rows above */
	expect_picture(f, (struct rect){.width = 10, .height = 7},
		       " PID NAME\n"
		       "  10 main\n  11 a\n  12 b\n  13 c\n  14 d\n  15 lone\n");
	expect_picture(f, (struct rect){.width = 10, .height = 1}, " PID NAME\n");
}

static void ten_thousand_rows_are_sorted_and_shown(void **state)
{
	struct fixture *f = *state;
	static struct process many[10000];

	for (size_t i = 0; i < 10000; i++) {
		many[i].id = (struct process_id){(uint32_t)(i + 1), 1};
		many[i].fact.parent = (struct process_id){(uint32_t)(i / 2), 1};
		many[i].fact.rss_bytes = (i * 7919) % 10007;
	}
	table_sort(f->table, "rss_bytes");
	for (int tree = 0; tree < 2; tree++) {
		table_set_tree(f->table, tree);
		table_begin(f->table);
		for (size_t i = 0; i < 10000; i++)
			table_add(f->table, identity_process(many[i].id),
				  identity_process(many[i].fact.parent), &many[i]);
		table_end(f->table, f->model);
		assert_int_equal(table_count(f->table), 10000);
		assert_int_equal(table_left_out(f->table), 0);
	}
	table_move(f->table, INT_MAX);
	assert_non_null(table_selected(f->table));
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(a_tree_lists_children_below_their_parents),
		TABLE_TEST(names_stay_readable_however_deep_they_are),
		TABLE_TEST(a_folded_row_has_a_plus_in_its_tree_line),
		TABLE_TEST(a_row_can_be_selected_before_it_is_there),
		TABLE_TEST(siblings_are_sorted_within_the_tree),
		TABLE_TEST(sorting_puts_the_unknown_last_in_both_directions),
		TABLE_TEST(names_sort_upwards_and_equals_stay_as_added),
		TABLE_TEST(an_unknown_column_is_refused_and_changes_nothing),
		TABLE_TEST(a_filter_keeps_matching_rows_below_what_is_left_of_their_parents),
		TABLE_TEST(rows_that_are_their_own_ancestors_are_still_shown),
		TABLE_TEST(the_selection_follows_the_row_and_not_the_line),
		TABLE_TEST(a_row_that_is_gone_leaves_the_selection_on_its_line),
		TABLE_TEST(until_it_is_moved_the_selection_stays_on_the_first_line),
		TABLE_TEST(moving_stops_at_both_ends),
		TABLE_TEST(search_goes_round_in_either_direction),
		TABLE_TEST(a_new_search_prefers_names),
		TABLE_TEST(tags_belong_to_things_and_go_with_them),
		TABLE_TEST(columns_leave_by_priority_and_the_sentence_gets_the_rest),
		TABLE_TEST(the_selection_is_always_on_the_screen),
		TABLE_TEST(ten_thousand_rows_are_sorted_and_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
