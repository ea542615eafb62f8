/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewing.h - a viewer of the scene that tests press keys of and look at.
 */
#ifndef TESTS_UNIT_VIEWING_H
#define TESTS_UNIT_VIEWING_H

#include "mpstat/view/keys.h"
#include "mpstat/view/view_state.h"
#include "tests/unit/scene.h"

struct viewing {
	struct scene scene;
	struct view_config config;
	struct view *view;
	int columns, lines;
	/* what the viewer asked to be sent */
	size_t sent;
	struct process_id to[8];
	int signal, answer;
};

/* Fixture of cmocka: *state is a struct viewing after four refreshes. */
int viewing_setup(void **state);
int viewing_family_setup(void **state); /* with the scene's family */
int viewing_teardown(void **state);
#define VIEWING_TEST(name) \
	cmocka_unit_test_setup_teardown(name, viewing_setup, viewing_teardown)
#define FAMILY_TEST(name) \
	cmocka_unit_test_setup_teardown(name, viewing_family_setup, viewing_teardown)

/* Opens f->view anew for f->config (free the old one first). */
void viewing_open(struct viewing *f);

/* The screen as text; free it. */
char *viewing_picture(struct viewing *f);

/* Fail, with the screen, unless the text is there (is not there). */
void viewing_shows(struct viewing *f, const char *want);
void viewing_hides(struct viewing *f, const char *unwanted);

void viewing_press(struct viewing *f, int code);
void viewing_type(struct viewing *f, const char *text);

#endif
