/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screens_test.c - every screen of the scene, compared with tests/screens/.
 *
 * SCREENS_WRITE=1 writes what is shown now instead of comparing (and fails, so
 * that nobody takes it for a test): look at the difference before committing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/keys.h"
#include "mpstat/view/view_state.h"
#include "tests/unit/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static time_t half_past_twelve(void)
{
	return 12 * 3600 + 30 * 60;
}

static struct view_config config_of(struct scene *scene)
{
	return (struct view_config){.model = scene->model,
				    .refresh = scene_refresh,
				    .arg = scene,
				    .delay_s = 1,
				    .unicode = true,
				    .program = "mpstat",
				    .scope = "all domains",
				    .clock = half_past_twelve};
}

static char *contents(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "r");

	if (!file)
		return NULL;
	if (getdelim(&text, &size, EOF, file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* Compares with tests/screens/NAME.txt; frees the text. */
static void expect_screen(const char *name, char *text)
{
	char path[200], *want;

	snprintf(path, sizeof(path), "tests/screens/%s.txt", name);
	if (getenv("SCREENS_WRITE")) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		free(text);
		return;
	}
	want = contents(path);
	if (!want)
		fail_msg("%s cannot be read: %s", path, strerror(errno));
	assert_string_equal(text, want);
	free(want);
	free(text);
}

static char *picture(struct view *view, int columns, int lines, bool unicode)
{
	struct canvas *canvas = canvas_new(columns, lines, unicode);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(canvas);
	view_draw(view, canvas);
	canvas_print(canvas, lines, out);
	fclose(out);
	canvas_free(canvas);
	return text;
}

/* The scene (with its family or without) after four refreshes, then the keys; compared
 * in three forms. */
static void expect_after(const char *name, bool family, const int *codes)
{
	const struct {
		int columns, lines;
		bool unicode;
		const char *form;
	} forms[] = {{80, 24, true, "80x24"}, {200, 50, true, "200x50"}, {80, 24, false, "ascii"}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct scene scene;
		struct view_config config;
		struct view *view;
		struct err err = {0};
		char full[100];

		scene_open(&scene);
		scene.records = true;
		scene.family = family;
		config = config_of(&scene);
		view = view_new(&config, &err);
		assert_non_null(view);
		for (int n = 0; n < 4; n++)
			view_refresh(view);
		free(picture(view, forms[i].columns, forms[i].lines, true));
		for (const int *code = codes; *code; code++)
			view_key(view, *code);
		snprintf(full, sizeof(full), "%s-%s", name, forms[i].form);
		expect_screen(full, picture(view, forms[i].columns, forms[i].lines,
					    forms[i].unicode));
		view_free(view);
		scene_close(&scene);
	}
}

#define SCREEN_OF(name, family, ...)                  \
	static void the_screen_##name(void **state)   \
	{                                             \
		static const int codes[] = {__VA_ARGS__, 0}; \
                                                      \
		(void)state;                          \
		expect_after(#name, family, codes);   \
	}
#define SCREEN(name, ...) SCREEN_OF(name, false, __VA_ARGS__)
#define FAMILY_SCREEN(name, ...) SCREEN_OF(name, true, __VA_ARGS__)

SCREEN(processes, '1')
SCREEN(queues, '2')
SCREEN(locks, '3')
SCREEN(findings, '4')
SCREEN(records, '5')
SCREEN(queue, '2', KEY_CODE_HOME, KEY_CODE_ENTER)
SCREEN(lock, '3', KEY_CODE_DOWN, KEY_CODE_ENTER)
SCREEN(process, '1', KEY_CODE_END, KEY_CODE_ENTER)
SCREEN(finding, '4', KEY_CODE_END, KEY_CODE_ENTER)
SCREEN(help, KEY_CODE_F(1))
SCREEN(sort_menu, KEY_CODE_F(6))
SCREEN(graph, '7')
SCREEN(waiter, '7', KEY_CODE_HOME, KEY_CODE_DOWN, KEY_CODE_ENTER)
FAMILY_SCREEN(family, '1')
FAMILY_SCREEN(unfolded, 'F')
FAMILY_SCREEN(list, 't')
FAMILY_SCREEN(ended, '6')
FAMILY_SCREEN(killed, '6', KEY_CODE_HOME, KEY_CODE_ENTER)
FAMILY_SCREEN(zombie, '/', '4', '2', '6', '2', KEY_CODE_ENTER, KEY_CODE_ENTER)
FAMILY_SCREEN(orphan, '/', '4', '2', '6', '1', KEY_CODE_ENTER, KEY_CODE_ENTER)
FAMILY_SCREEN(pool, '/', 'p', 'o', 'o', 'l', KEY_CODE_ENTER, KEY_CODE_ENTER)
FAMILY_SCREEN(workers, '/', 'w', 'o', 'r', 'k', 'e', 'r', KEY_CODE_ENTER, KEY_CODE_ENTER)

static void the_text_for_batch(void **state)
{
	static const struct {
		const char *name, *screen;
		int width;
		bool unicode;
	} cases[] = {{"print-default", NULL, 132, true},
		     {"print-80-ascii", NULL, 80, false},
		     {"print-named", "locks,records", 100, true},
		     {"print-family", "processes,ended", 132, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;
		struct view_config config;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		scene_open(&scene);
		scene.records = true;
		scene.family = cases[i].screen && strstr(cases[i].screen, "ended");
		for (int n = 0; n < 4; n++)
			scene_refresh(&scene);
		config = config_of(&scene);
		config.screen = cases[i].screen;
		config.unicode = cases[i].unicode;
		assert_int_equal(view_print(&config, out, cases[i].width), 0);
		fclose(out);
		expect_screen(cases[i].name, text);
		scene_close(&scene);
	}
}

static void an_empty_machine_says_what_to_do(void **state)
{
	struct scene scene;
	struct view_config config;
	struct err err = {0};
	char name[32] = "empty-1";

	(void)state;
	scene_open(&scene);
	config = config_of(&scene);
	config.refresh = NULL;
	for (int tab = '1'; tab <= '7'; tab++) {
		struct view *view = view_new(&config, &err);

		view_key(view, tab);
		name[6] = (char)tab;
		expect_screen(name, picture(view, 80, 12, true));
		view_free(view);
	}
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_screen_processes), cmocka_unit_test(the_screen_queues),
		cmocka_unit_test(the_screen_locks),	cmocka_unit_test(the_screen_findings),
		cmocka_unit_test(the_screen_records),	cmocka_unit_test(the_screen_queue),
		cmocka_unit_test(the_screen_lock),	cmocka_unit_test(the_screen_process),
		cmocka_unit_test(the_screen_finding),	cmocka_unit_test(the_screen_help),
		cmocka_unit_test(the_screen_sort_menu), cmocka_unit_test(the_screen_family),
		cmocka_unit_test(the_screen_unfolded),	cmocka_unit_test(the_screen_list),
		cmocka_unit_test(the_screen_ended),	cmocka_unit_test(the_screen_killed),
		cmocka_unit_test(the_screen_zombie),	cmocka_unit_test(the_screen_orphan),
		cmocka_unit_test(the_screen_pool),	cmocka_unit_test(the_screen_workers),
		cmocka_unit_test(the_screen_graph),	cmocka_unit_test(the_screen_waiter),
		cmocka_unit_test(the_text_for_batch),
		cmocka_unit_test(an_empty_machine_says_what_to_do),
	};

	setenv("TZ", "UTC", 1);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	return getenv("SCREENS_WRITE") ? 1 : 0; /* written is not compared */
}
