/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys_test.c - names of keys, and that no two rows claim the same key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/keys.h"
#include "mpstat/view/view_state.h"

#include <string.h>

static void every_code_has_a_name_that_can_be_printed(void **state)
{
	const struct {
		int code;
		const char *name;
	} cases[] = {
		{'q', "q"},	       {' ', "Space"},	       {KEY_CODE_F(1), "F1"},
		{KEY_CODE_F(10), "F10"}, {KEY_CODE_TAB, "Tab"}, {KEY_CODE_BACK_TAB, "Shift-Tab"},
		{KEY_CODE_CTRL_L, "Ctrl-L"}, {3, "that key"},   {0x6f22, "that key"},
		{KEY_CODE_OTHER, "that key"}, {127, "that key"}, {-5, "that key"},
	};
	char name[KEY_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(keys_name(cases[i].code, name), cases[i].name);
}

static void a_row_lists_all_its_keys(void **state)
{
	char names[40], small[5];

	(void)state;
	assert_string_equal(keys_list(keys_find(actions, '?'), names, sizeof(names)), "F1 h ?");
	keys_list(keys_find(actions, '?'), small, sizeof(small));
	assert_string_equal(small, "F1 h");
}

/* How often a table claims a code. */
static int claims(const struct key *table, int code)
{
	int count = 0;

	for (; table && table->press; table++)
		for (int i = 0; i < KEY_ALTERNATIVES && table->codes[i]; i++)
			count += table->codes[i] == code;
	return count;
}

static void no_key_means_two_things_on_a_screen(void **state)
{
	(void)state;
	for (int code = 1; code <= KEY_CODE_OTHER; code++) {
		int common;

		if (code == 256)
			code = KEY_CODE_UP;
		common = claims(actions, code);
		for (size_t i = 0; screens[i]; i++)
			assert_in_range(common + (screens[i]->key == code) +
						claims(screens[i]->keys, code),
					0, 1);
	}
}

static void the_keys_of_htop_are_all_there(void **state)
{
	static const int codes[] = {
		KEY_CODE_F(1), 'h', '?', KEY_CODE_F(3), '/', 'n', 'N', KEY_CODE_F(4), '\\',
		KEY_CODE_F(5), 't', KEY_CODE_F(6), '<', '>', 'I', ' ', 'U', KEY_CODE_F(9), 'k', 'Z',
		KEY_CODE_TAB, KEY_CODE_BACK_TAB, KEY_CODE_ESC, KEY_CODE_CTRL_L, 'd', 'q',
		KEY_CODE_F(10), KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN,
		KEY_CODE_HOME, KEY_CODE_END,
	};
	static const int of_processes[] = {'P', 'M', 'T', KEY_CODE_ENTER};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_non_null(keys_find(actions, codes[i]));
	for (size_t i = 0; i < sizeof(of_processes) / sizeof(of_processes[0]); i++)
		assert_non_null(keys_find(screen_find("processes")->keys, of_processes[i]));
	assert_null(keys_find(actions, '1'));
	assert_null(keys_find(NULL, 'q'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_that_can_be_printed),
		cmocka_unit_test(a_row_lists_all_its_keys),
		cmocka_unit_test(no_key_means_two_things_on_a_screen),
		cmocka_unit_test(the_keys_of_htop_are_all_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
