/* SPDX-License-Identifier: BSD-2-Clause */
/* discover.c - see discover.h. */
#include "mpstat/collector/discover.h"

#include "mpstat/collector/proc.h"
#include "mpstat/util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening without harm ------------------------------------------------ */

/* `look` was opened with O_PATH: what was looked at is what is opened. */
static int reopen(int look, struct err *err)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", look);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? err_set(err, -errno, "cannot be opened: %s", strerror(errno)) : fd;
}

static int check_kind(int look, struct stat *st, struct err *err)
{
	if (fstat(look, st) < 0)
		return err_set(err, -errno, "cannot be looked at: %s", strerror(errno));
	if (S_ISLNK(st->st_mode))
		return err_set(err, -ELOOP, "is a symbolic link: name the file itself");
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EINVAL, "is not a regular file");
	if (st->st_nlink > 1)
		return err_set(err, -EMLINK, "has %lu names (hard links), a segment has one",
			       (unsigned long)st->st_nlink);
	return 0;
}

int discover_file(const char *path, struct err *err)
{
	int look = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd;
	struct stat st;

	if (look < 0)
		return err_set(err, -errno, "cannot be opened: %s", strerror(errno));
	fd = check_kind(look, &st, err);
	if (fd == 0)
		fd = reopen(look, err);
	close(look);
	return fd;
}

/* ---- members ------------------------------------------------------------ */

static int explain(int proc, const struct announced *member, int code, struct err *err)
{
	uint32_t uid, self = (uint32_t)geteuid();

	if (proc_uid(proc, member->pid, &uid) < 0)
		return err_set(err, code,
			       "process %u is not to be seen here: it ended, or belongs to another "
			       "pid namespace (a container)",
			       member->pid);
	if (code != -EACCES && code != -EPERM)
		return err_set(err, code, "process %u has no descriptor %d any more (%s)",
			       member->pid, member->fd, strerror(-code));
	if (uid == self)
		return err_set(err, code,
			       "%s: process %u does not let itself be inspected; run as root",
			       strerror(-code), member->pid);
	return err_set(err, code, "%s: process %u belongs to user %u; run as that user or as root",
		       strerror(-code), member->pid, uid);
}

/* A file of one user behind the announcement of another is a trick, unless one of
 * the two is root, who gives up or takes on rights. */
static int check_owner(int proc, const struct announced *member, uint32_t owner, struct err *err)
{
	uint32_t uid;
	int rc = proc_uid(proc, member->pid, &uid);

	if (rc < 0)
		return explain(proc, member, rc, err);
	if (owner != uid && owner != 0 && uid != 0)
		return err_set(err, -EPERM, "belongs to user %u but is announced by process %u of user %u",
			       owner, member->pid, uid);
	return 0;
}

static int check_and_reopen(int proc, const struct announced *member, int look, struct err *err)
{
	struct stat st;
	int rc = check_kind(look, &st, err);

	if (rc == 0)
		rc = check_owner(proc, member, st.st_uid, err);
	return rc < 0 ? rc : reopen(look, err);
}

int discover_member(int proc, const struct announced *member, struct err *err)
{
	char path[48];
	int look, fd;

	snprintf(path, sizeof(path), "%u/fd/%d", member->pid, member->fd);
	look = openat(proc, path, O_PATH | O_CLOEXEC);
	if (look < 0)
		return explain(proc, member, -errno, err);
	fd = check_and_reopen(proc, member, look, err);
	close(look);
	return fd;
}

/* A descriptor that leads to another domain, or to none, is no candidate. */
static int check_domain(int fd, const struct announced *member, struct err *err)
{
	struct segment segment;
	enum segment_verdict verdict = segment_load(&segment, fd, err);

	if (verdict == SEG_OK && memcmp(segment.header.domain_id, member->domain, 16) == 0)
		return fd;
	/* Not complete yet, or not for us to read: that is its reader's to tell. */
	if (verdict == SEG_NOT_YET || verdict == SEG_TOO_NEW)
		return fd;
	close(fd);
	if (verdict == SEG_OK)
		err_set(err, -EINVAL, "process %u announces it, but what it holds is another domain",
			member->pid);
	return err->code ? err->code : -EINVAL;
}

enum rank { OURS, ROOTS, OTHERS, UNSEEN };

struct candidate {
	const struct announced *member;
	enum rank rank;
};

static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->member < y->member ? -1 : 1;
}

/* Anybody can announce anybody's domain with a file of his own: whom we trust
 * more is asked first. */
static size_t rank_members(int proc, const struct announced *members, size_t count,
			   struct candidate *out)
{
	uint32_t uid, self = (uint32_t)geteuid();

	if (count > DISCOVER_TRIES)
		count = DISCOVER_TRIES;
	for (size_t i = 0; i < count; i++) {
		bool there = proc_uid(proc, members[i].pid, &uid) == 0;

		out[i].member = &members[i];
		out[i].rank = !there ? UNSEEN : uid == self ? OURS : uid == 0 ? ROOTS : OTHERS;
	}
	qsort(out, count, sizeof(*out), by_rank);
	return count;
}

int discover_domain(int proc, const struct announced *members, size_t count, uint32_t *pid,
		    struct err *err)
{
	struct candidate candidates[DISCOVER_TRIES];
	size_t tried = rank_members(proc, members, count, candidates);
	int fd = -ENOENT;

	for (size_t i = 0; i < tried; i++) {
		struct err why = { 0 };

		*pid = candidates[i].member->pid;
		fd = discover_member(proc, candidates[i].member, &why);
		if (fd >= 0)
			fd = check_domain(fd, candidates[i].member, &why);
		if (fd >= 0)
			return fd;
		err_set(err, fd, "%s", why.text);
		/* What one process of other users does not show, the next does not. */
		if (fd == -EACCES && candidates[i].rank == OTHERS)
			return fd;
	}
	if (count > tried)
		err_add(err, "first %zu of %zu members tried", tried, count);
	return fd;
}

/* ---- all descriptors of a process --------------------------------------- */

/* Calls `visit` with the directory of descriptors and each entry until it returns
 * true.  Returns that, or a negative errno. */
static int visit_descriptors(int proc, uint32_t pid,
			     bool (*visit)(void *arg, int dir, const char *name), void *arg)
{
	char path[32];
	struct dirent *entry;
	int fd, stopped = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%u/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!stopped && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			stopped = visit(arg, fd, entry->d_name);
	closedir(dir);
	return stopped;
}

/* A member can write to its segment; who only reads is a viewer, like us, and does
 * not keep a domain alive.  The link's mode tells how the file is open. */
static bool is_open_for_writing(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IWUSR);
}

struct file_key {
	uint64_t device, inode;
};

static bool is_file(void *arg, int dir, const char *name)
{
	const struct file_key *key = arg;
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && st.st_dev == key->device &&
	       st.st_ino == key->inode && is_open_for_writing(dir, name);
}

int discover_holds(int proc, uint32_t pid, uint64_t device, uint64_t inode)
{
	struct file_key key = { device, inode };

	return visit_descriptors(proc, pid, is_file, &key);
}

/* ---- the search ---------------------------------------------------------- */

#define SEARCH_FILES 4096 /* different files looked at in one search */

struct search {
	bool (*found)(void *arg, const struct discover_found *what);
	void *arg;
	uint32_t pid;
	bool ended;
	size_t count, left_out;
	struct file_key seen[SEARCH_FILES];
};

static bool looks_like_segment(const char *target, size_t size)
{
	static const char memfd[] = "/memfd:mptrace:", kept[] = ".mptrace";

	if (size >= sizeof(memfd) - 1 && memcmp(target, memfd, sizeof(memfd) - 1) == 0)
		return true;
	return size >= sizeof(kept) - 1 &&
	       memcmp(target + size - (sizeof(kept) - 1), kept, sizeof(kept) - 1) == 0;
}

/* Remembers a file; false when it was known or there is no room. */
static bool is_new(struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->seen[i].device == st->st_dev && s->seen[i].inode == st->st_ino)
			return false;
	if (s->count == SEARCH_FILES) {
		s->left_out++;
		return false;
	}
	s->seen[s->count++] = (struct file_key){ st->st_dev, st->st_ino };
	return true;
}

static void offer(struct search *s, int fd)
{
	struct err err = { 0 };
	struct segment segment;
	struct discover_found what = { fd, s->pid, &segment };

	if (segment_load(&segment, fd, &err) == SEG_OK)
		s->ended = !s->found(s->arg, &what);
	else
		close(fd);
}

static bool look_at(void *arg, int dir, const char *name)
{
	char target[PATH_MAX];
	struct search *s = arg;
	struct err err = { 0 };
	struct stat st;
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	int look, fd;

	if (n <= 0 || !looks_like_segment(target, (size_t)n) || !is_open_for_writing(dir, name))
		return false;
	look = openat(dir, name, O_PATH | O_CLOEXEC);
	if (look < 0)
		return false;
	fd = check_kind(look, &st, &err);
	if (fd == 0)
		fd = is_new(s, &st) ? reopen(look, &err) : -EEXIST;
	close(look);
	if (fd >= 0)
		offer(s, fd);
	return s->ended;
}

#define NAMESPACE_MAX 40

/* "net:[4026531840]", "" when it is not to be seen.  For every process of the machine:
 * a look at the file behind the link would cost half as much again. */
static const char *net_namespace(int proc, const char *pid, char out[NAMESPACE_MAX])
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "%.16s/ns/net", pid);
	n = readlinkat(proc, path, out, NAMESPACE_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	return out;
}

static void search_all(struct search *s, int proc, DIR *dir, bool everywhere)
{
	char ours[NAMESPACE_MAX], other[NAMESPACE_MAX];
	uint32_t self = (uint32_t)getpid();
	struct dirent *entry;

	net_namespace(proc, "self", ours);
	while (!s->ended && (entry = readdir(dir)) != NULL) {
		s->pid = proc_pid_of(entry->d_name);
		if (s->pid && s->pid != self &&
		    (everywhere || strcmp(net_namespace(proc, entry->d_name, other), ours) != 0))
			visit_descriptors(proc, s->pid, look_at, s);
	}
}

size_t discover_search(int proc, bool everywhere,
		       bool (*found)(void *arg, const struct discover_found *what), void *arg)
{
	struct search *s = calloc(1, sizeof(*s));
	int fd = s ? openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t left_out;

	if (dir) {
		s->found = found;
		s->arg = arg;
		search_all(s, proc, dir, everywhere);
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
	left_out = s ? s->left_out : 0;
	free(s);
	return left_out;
}
