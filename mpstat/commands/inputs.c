/* SPDX-License-Identifier: BSD-2-Clause */
/* inputs.c - see inputs.h. */
#include "mpstat/commands/inputs.h"

#include "mpstat/util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".mptrace" /* as libmptrace names what it keeps (trace.h) */

static int cannot(const char *path, int code, struct err *err)
{
	return err_set(err, -code, "cannot read the kept segment %s: %s", path, strerror(code));
}

/* Takes over `path`; NULL is no memory. */
static int append(struct inputs *inputs, char *path, struct err *err)
{
	if (path && vec_reserve((void **)&inputs->paths, &inputs->room, inputs->count + 1,
				sizeof(*inputs->paths)) == 0) {
		inputs->paths[inputs->count++] = path;
		return 0;
	}
	free(path);
	return err_set(err, -ENOMEM, "no memory for the list of inputs");
}

static int is_kept(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(SUFFIX) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static int append_entry(struct inputs *inputs, const char *directory, const char *name,
			struct err *err)
{
	char *path;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		path = NULL;
	return append(inputs, path, err);
}

static int add_directory(struct inputs *inputs, const char *path, struct err *err)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_kept, alphasort), i;

	if (count < 0)
		return cannot(path, errno, err);
	for (i = 0; i < count; i++) {
		if (err->code == 0)
			append_entry(inputs, path, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	if (count == 0)
		return err_set(err, -ENOENT, "there is no kept segment (*%s) in %s", SUFFIX, path);
	return err->code;
}

int inputs_add(struct inputs *inputs, const char *path, struct err *err)
{
	struct stat about;

	if (stat(path, &about) < 0)
		return cannot(path, errno, err);
	if (S_ISDIR(about.st_mode))
		return add_directory(inputs, path, err);
	if (access(path, R_OK) < 0)
		return cannot(path, errno, err);
	return append(inputs, strdup(path), err);
}

void inputs_free(struct inputs *inputs)
{
	size_t i;

	for (i = 0; i < inputs->count; i++)
		free(inputs->paths[i]);
	free(inputs->paths);
	memset(inputs, 0, sizeof(*inputs));
}
