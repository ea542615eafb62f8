/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_tree.h - a directory that looks like /proc to who lists sockets.
 *
 * Header only: several test programs use it.
 */
#ifndef TESTS_UNIT_PROC_TREE_H
#define TESTS_UNIT_PROC_TREE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct tree {
	char root[64];
	int fd;
};

static inline void tree_make(struct tree *t)
{
	const char *tmp = getenv("TMPDIR");
	char path[128];

	snprintf(t->root, sizeof(t->root), "%.40s/tree.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->root));
	snprintf(path, sizeof(path), "%s/net", t->root);
	assert_int_equal(mkdir(path, 0755), 0);
	t->fd = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
}

static inline void tree_write(const struct tree *t, const char *name, const char *text, size_t size)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
}

static inline void tree_remove(struct tree *t)
{
	unlinkat(t->fd, "net/unix", 0);
	unlinkat(t->fd, "net", AT_REMOVEDIR);
	close(t->fd);
	assert_int_equal(rmdir(t->root), 0);
}

#endif
