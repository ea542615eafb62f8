/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.c - all of a file or nothing of it.
 *
 * Owns: temporary name, flush, rename, the errno of a failed write (stdio
 * forgets it, hence the cookie stream).  Does not own: the content.
 */
#include "mpstat/commands/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int cannot(struct err *err, int code, const char *name)
{
	return err_set(err, -code, "cannot write %s: %s", name, strerror(code));
}

/* Writes all or remembers why not; after a failure nothing more is tried. */
static ssize_t cookie_write(void *cookie, const char *data, size_t size)
{
	struct output *output = cookie;
	size_t done = 0;

	while (done < size && !output->error) {
		ssize_t wrote = write(output->fd, data + done, size - done);

		if (wrote >= 0)
			done += (size_t)wrote;
		else if (errno != EINTR)
			output->error = errno;
	}
	return done < size ? 0 : (ssize_t)done;
}

static int open_stream(struct output *output, struct err *err)
{
	const cookie_io_functions_t functions = {.write = cookie_write};

	output->file = fopencookie(output, "w", functions);
	if (!output->file)
		return cannot(err, ENOMEM, output->name);
	/* Frames and rows are made of many small pieces. */
	setvbuf(output->file, NULL, _IOFBF, 1 << 16);
	return 0;
}

static int open_directly(struct output *output, const char *path, struct err *err)
{
	output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return output->fd < 0 ? cannot(err, errno, path) : 0;
}

static mode_t current_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}

/* A new file beside the target, with the mode the target has or would get. */
static int open_beside(struct output *output, mode_t mode, struct err *err)
{
	snprintf(output->temporary, sizeof(output->temporary), "%s.XXXXXX", output->target);
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		output->temporary[0] = '\0';
		return cannot(err, errno, output->name);
	}
	return fchmod(output->fd, mode) < 0 ? cannot(err, errno, output->name) : 0;
}

static int open_path(struct output *output, const char *path, struct err *err)
{
	struct stat old;

	if (stat(path, &old) == 0) {
		if (S_ISDIR(old.st_mode))
			return cannot(err, EISDIR, path);
		if (!S_ISREG(old.st_mode))
			return open_directly(output, path, err);
		/* A symbolic link stays one: what it points to is replaced. */
		if (!realpath(path, output->target))
			return cannot(err, errno, path);
		return open_beside(output, old.st_mode & 07777, err);
	}
	if (errno != ENOENT || *path == '\0')
		return cannot(err, errno, path);
	if (strlen(path) >= sizeof(output->target))
		return cannot(err, ENAMETOOLONG, path);
	strcpy(output->target, path);
	return open_beside(output, 0666 & ~current_umask(), err);
}

int output_open(struct output *output, const char *path, struct err *err)
{
	int result = 0;

	memset(output, 0, sizeof(*output));
	output->fd = STDOUT_FILENO;
	output->name = "standard output";
	if (path && strcmp(path, "-") != 0) {
		output->fd = -1;
		output->name = path;
		result = open_path(output, path, err);
	}
	if (result == 0)
		result = open_stream(output, err);
	if (result < 0)
		output_discard(output);
	return result;
}

int output_flush(struct output *output, struct err *err)
{
	if (fflush(output->file) != 0 && !output->error)
		output->error = errno ? errno : EIO;
	return output->error ? cannot(err, output->error, output->name) : 0;
}

static void close_all(struct output *output)
{
	if (output->file)
		fclose(output->file);
	output->file = NULL;
	if (output->fd > STDOUT_FILENO && close(output->fd) < 0 && !output->error)
		output->error = errno;
	output->fd = -1;
}

int output_finish(struct output *output, struct err *err)
{
	int result = output_flush(output, err);

	/* Some file systems find out that they are full only now. */
	if (result == 0 && output->target[0] && fsync(output->fd) < 0 && errno != EINVAL)
		result = cannot(err, errno, output->name);
	close_all(output);
	if (result == 0 && output->error)
		result = cannot(err, output->error, output->name);
	if (result == 0 && output->target[0]) {
		if (rename(output->temporary, output->target) == 0)
			output->temporary[0] = '\0';
		else
			result = cannot(err, errno, output->name);
	}
	output_discard(output);
	return result;
}

void output_discard(struct output *output)
{
	/* What is still buffered must not reach a closed or wrong descriptor. */
	if (output->file && !output->error)
		output->error = ECANCELED;
	close_all(output);
	if (output->temporary[0])
		unlink(output->temporary);
	output->temporary[0] = '\0';
}
