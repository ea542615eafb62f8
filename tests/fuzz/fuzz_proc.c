/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_proc.c - any bytes as the files of /proc/PID.
 *
 * An input is a way of told_check (1 byte) and a sequence of files: which one and of whom
 * (1 byte), length (2 bytes), so many bytes.  Each goes to its parser as memory of exactly
 * its size, then all of them are read as a tree.
 */
#include "mpstat/collector/cgroup.h"
#include "mpstat/collector/proc.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/image.h"
#include "tests/fuzz/reader.h"
#include "tests/fuzz/told.h"
#include "tests/fuzz/tree.h"

#define FILES_MOST 8
#define BYTES_MOST 2048u

/* `text` ends with a NUL that is not of the file; no byte beyond it is ours. */
typedef void parse_file(const char *text, size_t size);

static void parse_stat(const char *text, size_t size)
{
	struct proc_stat stat;

	if (proc_stat_parse(text, size, &stat))
		FUZZ_CLAIM(strnlen(stat.comm, sizeof(stat.comm)) < sizeof(stat.comm), "no end");
}

static void parse_cgroup(const char *text, size_t size)
{
	struct cgroup cgroup;

	memset(&cgroup, 0, sizeof(cgroup));
	cgroup_parse(text, size, &cgroup);
	told_clean(cgroup.path, strnlen(cgroup.path, sizeof(cgroup.path)), false);
	told_clean(cgroup.container, strnlen(cgroup.container, sizeof(cgroup.container)), false);
}

static void parse_status(const char *text, size_t size)
{
	(void)size;
	(void)proc_status_inner_pid(text);
	(void)proc_status_ignores_children(text);
}

static void parse_nothing(const char *text, size_t size)
{
	(void)text;
	(void)size;
}

static const struct file {
	const char *name;
	parse_file *parse;
	const char *usual;
} files[] = {
	{ "stat", parse_stat, NULL },
	{ "status", parse_status,
	  "Name:\tprogram\nNSpid:\t5000002\t7\nSigIgn:\t0000000000010000\n" },
	{ "cmdline", parse_nothing, "program" },
	{ "cgroup", parse_cgroup, "0::/user.slice/a.scope\n" },
	{ "wchan", parse_nothing, "futex_wait_queue" },
};
#define FILES (sizeof(files) / sizeof(files[0]))

static void put_usual(uint32_t process, size_t file)
{
	uint32_t pid = IMAGE_PID + process;

	if (files[file].usual)
		tree_put(pid, files[file].name, files[file].usual, strlen(files[file].usual));
	else
		tree_put_stat(pid, process ? IMAGE_PID : 1, 5000 + process, "program");
}

/* Those an input has changed are put back before the next. */
static bool changed[IMAGE_PROCESSES][FILES];

static void put_back(void)
{
	static bool begun;

	for (uint32_t process = 0; process < IMAGE_PROCESSES; process++)
		for (size_t file = 0; file < FILES; file++)
			if (!begun || changed[process][file])
				put_usual(process, file);
	memset(changed, 0, sizeof(changed));
	begun = true;
}

static void put_file(struct input *in)
{
	uint8_t which = input_byte(in);
	const struct file *file = &files[which % FILES];
	uint32_t process = which / FILES % IMAGE_PROCESSES;
	const uint8_t *bytes;
	size_t size = input_bytes(in, input_word(in) % BYTES_MOST, &bytes);
	char *text = malloc(size + 1);

	FUZZ_CLAIM(text, "no memory");
	memcpy(text, bytes, size);
	text[size] = '\0';
	file->parse(text, size);
	tree_put(IMAGE_PID + process, file->name, bytes, size);
	changed[process][which % FILES] = true;
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct model_filter filter = { .all = true };
	uint8_t how = input_byte(&in);
	struct reader r;

	reader_open(&r);
	put_back();
	for (int i = 0; i < FILES_MOST && in.left > 0; i++)
		put_file(&in);
	model_set_filter(r.model, &filter);
	reader_add_proc(&r);
	reader_look(&r, 1000000000);
	reader_look(&r, 1000000000);
	told_check(r.model, how);
	reader_close(&r);
	return 0;
}
