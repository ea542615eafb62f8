/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_test.c - the wait graph of golden cases in each format, and its bounds.
 *
 * tests/golden/CASE/graph.{text,dot,json} are compared byte for byte; UPDATE_GOLDEN=1
 * writes them: read the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/export/graph_writer.h"
#include "mpstat/util/text.h"
#include "tests/unit/golden.h"
#include "tests/unit/tell.h"

#include <stdlib.h>
#include <string.h>

static char *written(const struct model *model, const struct graph_writer *writer)
{
	struct export_about about = {model, "0.1", "host", "all", 1000000000u};
	struct graph_lines *lines = graph_lines_new();
	struct err err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(lines);
	assert_non_null(out);
	graph_lines_fill(lines, model);
	assert_int_equal(writer->write(out, &about, lines, &err), 0);
	fclose(out);
	graph_lines_free(lines);
	return text;
}

static const struct graph_writer *writer_of(const char *name)
{
	for (size_t i = 0; graph_writers[i]; i++)
		if (!strcmp(graph_writers[i]->name, name))
			return graph_writers[i];
	fail_msg("there is no format %s", name);
	return NULL;
}

static void nothing_is_wider_than_80_columns(const char *text)
{
	char line[1000];

	for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (text_width(line) > 80)
			fail_msg("%d columns: %s", text_width(line), line);
	}
}

static void golden_graphs(void **state)
{
	static const char *const cases[] = {
		"outside_abba", "outside_behind_ring", "outside_any_child", "outside_ring_of_full_pipes",
		"outside_owner_gone", "deadlock_join_queue", "deadlock_pool", "deadlock_semaphore",
		"deadlock_self", "knot_queue", "any_knot", "fine_timed", "starved_and_pressed",
	};
	char file[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct golden story = {0};

		golden_run(&story, cases[i]);
		for (size_t f = 0; graph_writers[f]; f++) {
			char *got = written(story.model, graph_writers[f]);

			snprintf(file, sizeof(file), "graph.%s", graph_writers[f]->name);
			golden_expect(cases[i], file, got);
			if (f == 0)
				nothing_is_wider_than_80_columns(got);
			free(got);
		}
		golden_end(&story);
	}
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void an_empty_graph_is_a_sentence(void **state)
{
	struct model *model = model_new(1);
	char *text;

	(void)state;
	model_tick(model, 1000);
	text = written(model, writer_of("text"));
	assert_string_equal(text, "Nobody waits for anybody.\n");
	free(text);
	text = written(model, writer_of("dot"));
	contains(text, "digraph waits {\n");
	free(text);
	model_free(model);
}

/* Writers of one full pipe that a running process reads. */
static struct model *crowd(unsigned int count)
{
	struct model *model = model_new(1);
	struct model_filter all = {.all = true};

	tell(model, "snapshot-begin source=waits time=5000");
	tell(model, "object source=waits time=5000 id=0:1.1 kind=os_pipe name=\"a\\\"b\\\\c&lt;\" "
		    "capacity=16 level=16 level_bytes=65536 ends=1");
	tell(model, "use source=waits time=5000 object=0:1.1 process=9:1 can_take=yes");
	for (unsigned int i = 0; i < count; i++) {
		tell(model, "use source=waits time=5000 object=0:1.1 process=%u:1 can_give=yes",
		     i + 10);
		tell(model, "thread source=waits time=5000 process=%u:1 tid=%u wait_op=os_pipe.write "
			    "wait_object=0:1.1 wait_since_ns=3000", i + 10, i + 10);
	}
	tell(model, "snapshot-end source=waits time=5000");
	tell(model, "snapshot-begin source=proc time=5000");
	tell(model, "process source=proc time=5000 pid=9 start=1 parent=1:1 name=\"r\" state=R threads=1");
	for (unsigned int i = 0; i < count; i++)
		tell(model, "process source=proc time=5000 pid=%u start=1 parent=1:1 name=\"w\" "
			    "state=S threads=1", i + 10);
	tell(model, "snapshot-end source=proc time=5000");
	model_set_filter(model, &all);
	model_tick(model, 5000);
	return model;
}

static void a_name_cannot_leave_its_quotes_in_dot(void **state)
{
	struct model *model = crowd(1);
	char *text = written(model, writer_of("dot"));

	(void)state;
	contains(text, "a\\\"b\\\\c&amp;lt;");
	free(text);
	model_free(model);
}

static void what_is_beyond_the_bound_is_left_out_and_said(void **state)
{
	struct model *model = crowd(10000);
	struct graph_lines *lines = graph_lines_new();
	char *text = written(model, writer_of("text"));

	(void)state;
	contains(text, "are left out.");
	free(text);
	graph_lines_fill(lines, model);
	assert_true(lines->graph->nodes.count == GRAPH_NODES);
	assert_true(lines->graph->left_out > 10000 - GRAPH_NODES);
	graph_lines_free(lines);
	model_free(model);
}

/* A line has the same key after a refresh, and no two lines have the same. */
static void lines_keep_their_keys(void **state)
{
	struct model *model = crowd(3);
	struct graph_lines *lines = graph_lines_new(), *again = graph_lines_new();

	(void)state;
	graph_lines_fill(lines, model);
	model_tick(model, 6000);
	graph_lines_fill(again, model);
	assert_int_equal(lines->lines.count, again->lines.count);
	assert_true(lines->lines.count >= 4);
	for (size_t i = 0; i < lines->lines.count; i++) {
		assert_true(lines->lines.items[i].key[1] == again->lines.items[i].key[1]);
		for (size_t j = 0; j < i; j++)
			assert_true(lines->lines.items[i].key[1] != lines->lines.items[j].key[1]);
	}
	graph_lines_free(lines);
	graph_lines_free(again);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_graphs),
		cmocka_unit_test(an_empty_graph_is_a_sentence),
		cmocka_unit_test(a_name_cannot_leave_its_quotes_in_dot),
		cmocka_unit_test(what_is_beyond_the_bound_is_left_out_and_said),
		cmocka_unit_test(lines_keep_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
