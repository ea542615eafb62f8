/* SPDX-License-Identifier: BSD-2-Clause */
/* golden.c - see golden.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/model/fact_text.h"
#include "tests/unit/golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tick(struct golden *story, const char *time)
{
	model_tick(story->model, strtoull(time, NULL, 10));
}

static void again(struct golden *story, const char *time)
{
	uint64_t now = strtoull(time, NULL, 10);

	for (size_t i = 0; i < story->count; i++) {
		struct fact fact = story->facts[i];

		if (fact.type != FACT_RECORD)
			fact.time_ns = now;
		model_apply(story->model, &fact);
	}
	model_tick(story->model, now);
}

static void filter(struct golden *story, const char *text)
{
	struct model_filter filter = {0};
	uint32_t pid = (uint32_t)strtoul(text, NULL, 10);

	if (pid) {
		filter.pids = &pid;
		filter.pid_count = 1;
	} else if (!strcmp(text, "all")) {
		filter.all = true;
	} else {
		filter.group = text;
	}
	model_set_filter(story->model, &filter);
}

static void apply(struct golden *story, const char *line, const char *file, int number)
{
	struct err err = {0};

	story->facts = realloc(story->facts, (story->count + 1) * sizeof(*story->facts));
	assert_non_null(story->facts);
	if (fact_text_read(line, &story->facts[story->count], &err))
		fail_msg("%s:%d: %s", file, number, err.text);
	model_apply(story->model, &story->facts[story->count++]);
}

static void run(struct golden *story, FILE *in, const char *file)
{
	char line[FACT_TEXT_LINE];

	for (int number = 1; fgets(line, sizeof(line), in); number++) {
		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		if (!strncmp(line, "tick ", 5))
			tick(story, line + 5);
		else if (!strncmp(line, "again ", 6))
			again(story, line + 6);
		else if (!strcmp(line, "show life"))
			story->life = true;
		else if (!strncmp(line, "filter ", 7))
			filter(story, line + 7);
		else
			apply(story, line, file, number);
	}
}

void golden_run(struct golden *story, const char *name)
{
	char path[300];
	FILE *in;

	snprintf(path, sizeof(path), GOLDEN "/%s/facts.txt", name);
	in = fopen(path, "r");
	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	story->model = model_new(100);
	assert_non_null(story->model);
	run(story, in, path);
	fclose(in);
}

void golden_end(struct golden *story)
{
	model_free(story->model);
	free(story->facts);
}

static char *read_all(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(text, 1, (1 << 20) - 1, in) < (1 << 20) - 1);
	fclose(in);
	return text;
}

void golden_expect(const char *name, const char *file, const char *got)
{
	char path[300], *expected;

	snprintf(path, sizeof(path), GOLDEN "/%s/%s", name, file);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(got, out);
		fclose(out);
	}
	expected = read_all(path);
	assert_string_equal(got, expected);
	free(expected);
}
