/* SPDX-License-Identifier: BSD-2-Clause */
/* options_test.c - the command line, and that help and man page say the same. */
#include "mpstat/commands/options.h"
#include "mpstat/model/finding.h"
#include "mpstat/view/view.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 16

struct line {
	struct options options;
	struct err err;
	int result;
	char text[512];
	char *words[WORDS_MAX + 1];
};

/* Splits at blanks and parses. */
static void parse(struct line *line, const char *text)
{
	int count = 0;
	char *word;

	memset(line, 0, sizeof(*line));
	snprintf(line->text, sizeof(line->text), "%s", text);
	for (word = strtok(line->text, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		line->words[count++] = word;
	line->result = options_parse(&line->options, count, line->words, &line->err);
}

static void refuses(const char *text, const char *sentence)
{
	struct line line;

	parse(&line, text);
	assert_int_equal(line.result, -EINVAL);
	assert_string_equal(line.err.text, sentence);
	options_free(&line.options);
}

static void no_word_at_all_means_top(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "mpstat");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.options.command->name, "top");
	assert_false(line.options.command_given);
	assert_true(line.options.delay_s == OPTIONS_DELAY_DEFAULT);
	assert_int_equal(line.options.count, 0);
	options_free(&line.options);
}

static void options_may_come_before_and_after_the_command(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "mpstat -p 42 check --strict");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.options.command->name, "check");
	assert_true(line.options.strict);
	assert_int_equal(line.options.pid_count, 1);
	options_free(&line.options);
}

static void pids_may_be_lists_and_repeated(void **state)
{
	static const uint32_t expected[] = {1, 22, 333, 4194304};
	struct line line;

	(void)state;
	parse(&line, "mpstat -p 1,22 --pid 333 --pid=4194304");
	assert_int_equal(line.result, 0);
	assert_int_equal(line.options.pid_count, 4);
	assert_memory_equal(line.options.pids, expected, sizeof(expected));
	options_free(&line.options);
}

static void what_is_no_pid_is_refused(void **state)
{
	static const char *const wrong[] = {"x",    "0",  "-1", "1,",	   ",1",
					    "1,,2", "1x", "+1", "4194305", "99999999999999999999"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char text[64], sentence[128];

		snprintf(text, sizeof(text), "mpstat check -p %s", wrong[i]);
		snprintf(sentence, sizeof(sentence),
			 "'%s' is not a list of process ids; see mpstat help check", wrong[i]);
		refuses(text, sentence);
	}
}

static void delays_are_seconds_with_fractions_and_suffixes(void **state)
{
	static const struct {
		const char *text;
		double seconds;
		int result;
	} rows[] = {
		{"1", 1, 0},	     {"0.5", 0.5, 0},	   {".5", 0.5, 0},
		{"500ms", 0.5, 0},   {"100ms", 0.1, 0},	   {"2s", 2, 0},
		{"1m", 60, 0},	     {"60m", 3600, 0},	   {"3600", 3600, 0},
		{"0", 0, -ERANGE},   {"99ms", 0, -ERANGE}, {"3601", 0, -ERANGE},
		{"61m", 0, -ERANGE}, {"1e9", 0, -ERANGE},  {"", 0, -EINVAL},
		{"x", 0, -EINVAL},   {"1h", 0, -EINVAL},   {"-1", 0, -EINVAL},
		{"inf", 0, -EINVAL}, {"nan", 0, -EINVAL},  {"0x10", 0, -EINVAL},
		{"1 ", 0, -EINVAL},  {"1,5", 0, -EINVAL},  {".", 0, -EINVAL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double seconds = 0;
		int result = options_seconds(rows[i].text, &seconds);

		if (result != rows[i].result)
			fail_msg("'%s' gave %d", rows[i].text, result);
		if (result == 0 &&
		    (seconds < rows[i].seconds - 1e-9 || seconds > rows[i].seconds + 1e-9))
			fail_msg("'%s' gave %f seconds", rows[i].text, seconds);
	}
}

static void counts_are_whole_and_positive(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "mpstat -n 18446744073709551614");
	assert_int_equal(line.result, 0);
	assert_true(line.options.count == UINT64_MAX - 1);
	options_free(&line.options);
	refuses("mpstat -n 0", "'0' is not a count of 1 or more; see mpstat help top");
	refuses("mpstat -n 1.5", "'1.5' is not a count of 1 or more; see mpstat help top");
	refuses("mpstat -n -3", "'-3' is not a count of 1 or more; see mpstat help top");
	refuses("mpstat -n 99999999999999999999",
		"'99999999999999999999' is not a count of 1 or more; see mpstat help top");
}

static void whoever_looks_at_processes_may_be_told_to_load_no_ebpf(void **state)
{
	static const char *const lookers[] = {"top",   "list",	  "snapshot",
					      "check", "records", "doctor"};
	struct line line;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lookers) / sizeof(*lookers); i++) {
		snprintf(text, sizeof(text), "mpstat %s --no-bpf", lookers[i]);
		parse(&line, text);
		assert_int_equal(line.result, 0);
		assert_true(line.options.no_bpf);
		options_free(&line.options);
	}
	parse(&line, "mpstat check");
	assert_false(line.options.no_bpf);
	options_free(&line.options);
	refuses("mpstat version --no-bpf",
		"option '--no-bpf' is not one of 'version'; see mpstat help version");
}

static void an_unknown_option_is_one_sentence(void **state)
{
	(void)state;
	refuses("mpstat -x", "unknown option '-x'; see mpstat help top");
	refuses("mpstat check -x", "unknown option '-x'; see mpstat help check");
	refuses("mpstat --wrong list", "unknown option '--wrong'; see mpstat help list");
	refuses("mpstat --jsom", "unknown option '--jsom', did you mean '--json'? "
				 "see mpstat help top");
	refuses("mpstat -p", "option '--pid' needs a value: PID[,PID]; see mpstat help top");
	refuses("mpstat --json=yes", "option '--json' takes no value; see mpstat help top");
	refuses("mpstat list -b", "option '--batch' is not one of 'list'; see mpstat help list");
	refuses("mpstat --color purple", "--color is auto, always or never, not 'purple'; "
					 "see mpstat help top");
}

static void a_misspelled_command_is_recognised(void **state)
{
	(void)state;
	refuses("mpstat chekc", "unknown command 'chekc', did you mean 'check'? see mpstat help");
	refuses("mpstat snap", "unknown command 'snap', did you mean 'snapshot'? see mpstat help");
	refuses("mpstat tpo", "unknown command 'tpo', did you mean 'top'? see mpstat help");
	refuses("mpstat frobnicate", "unknown command 'frobnicate'; see mpstat help");
	refuses("mpstat list all", "'all' is one word too many; see mpstat help list");
}

static void the_program_is_called_by_its_own_name(void **state)
{
	struct line line;

	(void)state;
	refuses("/usr/bin/mpstat-ipc -x", "unknown option '-x'; see mpstat-ipc help top");
	memset(&line, 0, sizeof(line));
	assert_int_equal(options_parse(&line.options, 0, line.words, &line.err), 0);
	assert_string_equal(line.options.program, "mpstat");
	options_free(&line.options);
}

static void sysstats_options_get_one_line(void **state)
{
	static const char *const lines[] = {"mpstat -P ALL", "mpstat -A", "mpstat -I SUM 1 5",
					    "mpstat -u 1", "mpstat -uA"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		refuses(lines[i], "this is the multi-process mpstat; for per-CPU figures use "
				  "sysstat's mpstat");
}

static void numbers_instead_of_a_command_are_sysstats_interval(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "mpstat 1 5");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.options.command->name, "top");
	assert_int_equal(line.options.word_count, 2);
	assert_string_equal(line.options.words[0], "1");
	assert_string_equal(line.options.words[1], "5");
	options_free(&line.options);
}

static void all_contradicts_a_particular_target(void **state)
{
	(void)state;
	refuses("mpstat -a -p 1", "--all and --pid contradict each other; see mpstat help top");
	refuses("mpstat -g x -a", "--all and --group contradict each other; see mpstat help top");
}

static void no_option_is_there_twice(void **state)
{
	uint32_t bits = 0;
	size_t i, j;

	(void)state;
	assert_in_range(option_row_count, 1, 32);
	for (i = 0; i < option_row_count; i++) {
		assert_int_equal(bits & option_rows[i].bit, 0);
		bits |= option_rows[i].bit;
		for (j = 0; j < i; j++) {
			assert_string_not_equal(option_rows[i].name, option_rows[j].name);
			if (option_rows[i].letter)
				assert_int_not_equal(option_rows[i].letter, option_rows[j].letter);
		}
	}
}

static void every_command_accepts_options_that_exist(void **state)
{
	uint32_t known = 0;
	size_t i;

	(void)state;
	for (i = 0; i < option_row_count; i++)
		known |= option_rows[i].bit;
	for (i = 0; commands[i]; i++) {
		assert_int_equal(commands[i]->accepts & ~known, 0);
		assert_ptr_equal(command_find(commands[i]->name), commands[i]);
		assert_true(commands[i]->help[0] && islower(commands[i]->help[0]));
	}
}

static char *slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, (1 << 20) - 1, file), 1, (1 << 20) - 2);
	fclose(file);
	return text;
}

/* A man page's ".It Fl p , Fl -pid Ar PID[,PID]" for a row. */
static void item_of(const struct option_row *row, char *item, size_t size)
{
	char letter[16] = "";

	if (row->letter)
		snprintf(letter, sizeof(letter), "Fl %c , ", row->letter);
	snprintf(item, size, "\n.It %sFl -%s%s%s\n", letter, row->name, row->argument ? " Ar " : "",
		 row->argument ? row->argument : "");
}

static void the_man_page_lists_each_option_as_the_table_does(void **state)
{
	char *page = slurp("docs/mpstat.1");
	const char *at = page;
	size_t i, count = 0;

	(void)state;
	for (i = 0; i < option_row_count; i++) {
		char item[128];

		item_of(&option_rows[i], item, sizeof(item));
		if (!strstr(page, item))
			fail_msg("docs/mpstat.1 has no line '%s'", item);
	}
	for (; (at = strstr(at, "\n.It Fl ")); at++)
		count++;
	assert_int_equal(count, option_row_count);
	free(page);
}

static void the_man_page_lists_each_command_and_no_other(void **state)
{
	char *page = slurp("docs/mpstat.1");
	const char *at = page;
	size_t i, count = 0;

	(void)state;
	for (i = 0; commands[i]; i++) {
		char item[128];

		/* Words in brackets are spelled by macros there: the name is enough. */
		snprintf(item, sizeof(item), "\n.It Cm %s", commands[i]->name);
		if (!strstr(page, item))
			fail_msg("docs/mpstat.1 has no line '%s'", item + 1);
	}
	for (; (at = strstr(at, "\n.It Cm ")); at++)
		count++;
	assert_int_equal(count, i);
	free(page);
}

static void must_have(const char *page, const char *name)
{
	char item[128];

	snprintf(item, sizeof(item), "\n.It Sy %s\n", name);
	if (!strstr(page, item))
		fail_msg("docs/mpstat.1 does not explain '%s'", name);
}

static void the_man_page_explains_each_screen_and_finding(void **state)
{
	char *page = slurp("docs/mpstat.1");
	const char *at = page;
	size_t screens, found, count = 0;

	(void)state;
	for (screens = 0; view_screen_name(screens); screens++)
		must_have(page, view_screen_name(screens));
	for (found = 0; detectors[found]; found++)
		must_have(page, detectors[found]->name);
	for (; (at = strstr(at, "\n.It Sy ")); at++)
		count++;
	assert_int_equal(count, screens + found);
	free(page);
}

static void help_shows_each_accepted_option_once(void **state)
{
	char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");
	size_t i;

	(void)state;
	options_help(out, OPTION_PID | OPTION_JSON);
	fclose(out);
	assert_non_null(strstr(text, "-p, --pid PID[,PID]"));
	assert_non_null(strstr(text, "    --json"));
	for (i = 0; i < option_row_count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", option_rows[i].name);
		if (!(option_rows[i].bit & (OPTION_PID | OPTION_JSON)))
			assert_null(strstr(text, name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_word_at_all_means_top),
		cmocka_unit_test(options_may_come_before_and_after_the_command),
		cmocka_unit_test(pids_may_be_lists_and_repeated),
		cmocka_unit_test(what_is_no_pid_is_refused),
		cmocka_unit_test(delays_are_seconds_with_fractions_and_suffixes),
		cmocka_unit_test(counts_are_whole_and_positive),
		cmocka_unit_test(whoever_looks_at_processes_may_be_told_to_load_no_ebpf),
		cmocka_unit_test(an_unknown_option_is_one_sentence),
		cmocka_unit_test(a_misspelled_command_is_recognised),
		cmocka_unit_test(the_program_is_called_by_its_own_name),
		cmocka_unit_test(sysstats_options_get_one_line),
		cmocka_unit_test(numbers_instead_of_a_command_are_sysstats_interval),
		cmocka_unit_test(all_contradicts_a_particular_target),
		cmocka_unit_test(no_option_is_there_twice),
		cmocka_unit_test(every_command_accepts_options_that_exist),
		cmocka_unit_test(the_man_page_lists_each_option_as_the_table_does),
		cmocka_unit_test(the_man_page_lists_each_command_and_no_other),
		cmocka_unit_test(the_man_page_explains_each_screen_and_finding),
		cmocka_unit_test(help_shows_each_accepted_option_once),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
