/* SPDX-License-Identifier: BSD-2-Clause */
/* tree.c - see tree.h. */
#include "tests/fuzz/tree.h"

#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static int fd = -1;
static pid_t maker;

static int drop(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void tree_remove(void)
{
	if (getpid() == maker)
		nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

const char *tree_root(void)
{
	const char *tmp = getenv("TMPDIR");

	if (fd >= 0)
		return root;
	snprintf(root, sizeof(root), "%.40s/fuzz.XXXXXX", tmp ? tmp : "/tmp");
	FUZZ_CLAIM(mkdtemp(root), "%s", root);
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CLAIM(fd >= 0, "%s", root);
	maker = getpid();
	atexit(tree_remove);
	return root;
}

int tree_fd(void)
{
	tree_root();
	return fd;
}

void tree_put(uint32_t pid, const char *file, const void *bytes, size_t size)
{
	char path[64];
	int out;

	snprintf(path, sizeof(path), "%" PRIu32, pid);
	mkdirat(tree_fd(), path, 0755);
	snprintf(path, sizeof(path), "%" PRIu32 "/%.40s", pid, file);
	out = openat(tree_fd(), path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FUZZ_CLAIM(out >= 0 && write(out, bytes, size) == (ssize_t)size, "%s", path);
	close(out);
}

void tree_put_stat(uint32_t pid, uint32_t parent, uint64_t start, const char *name)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "%" PRIu32 " (%.64s) S %" PRIu32 " 1 1 0 -1 4194304 0 0 0 0 5 7 0 0 20 0 1"
			 " 0 %" PRIu64 " 4096 10 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 77"
			 " 0 0 0 0\n",
			 pid, name, parent, start);

	tree_put(pid, "stat", text, (size_t)n);
}
