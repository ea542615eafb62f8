/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewing.c - see viewing.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/viewing.h"

#include <stdlib.h>
#include <string.h>

static void refresh(void *arg)
{
	struct viewing *f = arg;

	scene_refresh(&f->scene);
}

static int take_signal(void *arg, struct process_id id, int number)
{
	struct viewing *f = arg;

	assert_in_range(f->sent, 0, 7);
	f->to[f->sent++] = id;
	f->signal = number;
	return f->answer;
}

void viewing_open(struct viewing *f)
{
	struct err err = {0};

	f->view = view_new(&f->config, &err);
	assert_non_null(f->view);
	for (int n = 0; n < 4; n++)
		view_refresh(f->view);
}

static int setup(void **state, bool family)
{
	struct viewing *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scene_open(&f->scene);
	f->scene.records = true;
	f->scene.family = family;
	f->columns = 100;
	f->lines = 24;
	f->config = (struct view_config){.model = f->scene.model,
					 .refresh = refresh,
					 .arg = f,
					 .delay_s = 1,
					 .unicode = true,
					 .program = "mpstat",
					 .scope = "all domains",
					 .signal_process = take_signal};
	viewing_open(f);
	*state = f;
	return 0;
}

int viewing_setup(void **state)
{
	return setup(state, false);
}

int viewing_family_setup(void **state)
{
	return setup(state, true);
}

int viewing_teardown(void **state)
{
	struct viewing *f = *state;

	view_free(f->view);
	scene_close(&f->scene);
	free(f);
	return 0;
}

char *viewing_picture(struct viewing *f)
{
	struct canvas *canvas = canvas_new(f->columns, f->lines, f->config.unicode);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view_draw(f->view, canvas);
	canvas_print(canvas, f->lines, out);
	fclose(out);
	canvas_free(canvas);
	return text;
}

void viewing_shows(struct viewing *f, const char *want)
{
	char *text = viewing_picture(f);

	if (!strstr(text, want))
		fail_msg("not shown: %s\n%s", want, text);
	free(text);
}

void viewing_hides(struct viewing *f, const char *unwanted)
{
	char *text = viewing_picture(f);

	if (strstr(text, unwanted))
		fail_msg("shown: %s\n%s", unwanted, text);
	free(text);
}

void viewing_press(struct viewing *f, int code)
{
	view_key(f->view, code);
}

void viewing_type(struct viewing *f, const char *text)
{
	for (; *text; text++)
		viewing_press(f, *text);
}
