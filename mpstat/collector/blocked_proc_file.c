/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_proc_file.c - open files, by /proc/PID/{fd,fdinfo}.
 *
 * Owns: telling what a descriptor is from its link, its mode and its fdinfo.  It is never
 * opened: that would make us one more reader, or writer, of a pipe.  So how full a pipe is
 * stays unknown, and a socket's time limits, too.
 */
#include "mpstat/collector/blocked_proc.h"
#include "mpstat/collector/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TTY_MAJOR 4 /* linux/major.h */
#define TTYAUX_MAJOR 5
#define UNIX98_PTY_FIRST 128
#define UNIX98_PTY_LAST 143

/* What the link of a file without a path says. */
static const struct {
	const char *begins;
	uint8_t kind;
} nameless[] = {
	{"pipe:[", FILE_PIPE},
	{"socket:[", FILE_OTHER}, /* learn_socket knows more */
	{"anon_inode:[eventfd]", FILE_EVENTFD},
	{"anon_inode:[timerfd]", FILE_TIMER},
	{"anon_inode:[eventpoll]", FILE_EPOLL},
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool look_at(const struct proc_reader *reader, const char *path, struct statx *out)
{
	/* Without asking a server. */
	return statx(reader->dir, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, out) == 0;
}

static uint64_t device_of(const struct statx *stat)
{
	return makedev(stat->stx_dev_major, stat->stx_dev_minor);
}

/* The same for all files of one kind: asked once. */
static uint64_t device_once(const struct proc_reader *reader, const char *path, uint64_t *known)
{
	struct statx stat;

	if (!*known && look_at(reader, path, &stat))
		*known = device_of(&stat);
	return *known;
}

/* -- Sockets -------------------------------------------------------------------------- */

/* Others have a network namespace with sockets of its own. */
static bool net_is_ours(struct proc_reader *reader)
{
	struct stat stat;

	if (!reader->net_known) {
		reader->net_known = true;
		reader->net_is_ours = reader->own_net &&
				      fstatat(reader->dir, "ns/net", &stat, 0) == 0 &&
				      stat.st_ino == reader->own_net;
	}
	return reader->net_is_ours;
}

static void learn_unix(struct open_file *file, const struct unix_socket *socket)
{
	file->kind = FILE_UNIX;
	file->peer_inode = socket->peer;
	file->flags |= FILE_LEVEL_KNOWN;
	if (socket->datagram)
		file->flags |= FILE_DATAGRAM;
	if (socket->listens) {
		file->flags |= FILE_LISTENS;
		file->units = socket->queue;
		file->capacity = socket->limit;
	} else {
		file->bytes = socket->queue;
		file->units = socket->queue != 0;
	}
}

static void learn_socket(struct proc_reader *reader, struct open_file *file)
{
	const struct unix_socket *socket;

	if (!net_is_ours(reader))
		return;
	if (!reader->sockets_known)
		reader->sockets_known = unix_table_read(&reader->sockets) == 0;
	if (!reader->sockets_known)
		return;
	socket = unix_table_find(&reader->sockets, file->inode);
	if (socket)
		learn_unix(file, socket);
	else
		file->kind = FILE_TCP;
}

/* -- One descriptor ------------------------------------------------------------------- */

static bool is_terminal(const struct statx *stat)
{
	return stat->stx_rdev_major == TTY_MAJOR || stat->stx_rdev_major == TTYAUX_MAJOR ||
	       (stat->stx_rdev_major >= UNIX98_PTY_FIRST &&
		stat->stx_rdev_major <= UNIX98_PTY_LAST);
}

static uint8_t kind_of(const struct proc_reader *reader, const struct statx *stat)
{
	switch (stat->stx_mode & S_IFMT) {
	case S_IFIFO:
		return FILE_FIFO;
	case S_IFCHR:
		return is_terminal(stat) ? FILE_TERMINAL : FILE_OTHER;
	case S_IFSOCK:
		return FILE_OTHER;
	default:
		return reader->taking->mqueue_device &&
				       device_of(stat) == reader->taking->mqueue_device
			       ? FILE_MQUEUE
			       : FILE_REGULAR;
	}
}

/* With a path. */
static bool learn_named(struct proc_reader *reader, const char *path, const char *link,
			struct open_file *file)
{
	struct statx stat;

	if (!look_at(reader, path, &stat))
		return false;
	file->kind = kind_of(reader, &stat);
	file->device = device_of(&stat);
	file->inode = stat.stx_ino;
	if (file->kind == FILE_FIFO || file->kind == FILE_MQUEUE)
		proc_reader_name(link, strlen(link), file->name, sizeof(file->name));
	return true;
}

static bool learn_nameless(struct proc_reader *reader, const char *path, const char *link,
			   struct open_file *file)
{
	const char *number = strchr(link, '[');

	file->kind = FILE_OTHER;
	for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++)
		if (begins(link, nameless[i].begins))
			file->kind = nameless[i].kind;
	if (number)
		file->inode = strtoull(number + 1, NULL, 10);
	if (file->kind == FILE_PIPE)
		file->device = device_once(reader, path, &reader->pipe_device);
	if (begins(link, "socket:[")) {
		file->device = device_once(reader, path, &reader->socket_device);
		learn_socket(reader, file);
	}
	return true;
}

static bool learn_kind(struct proc_reader *reader, const char *path, struct open_file *file)
{
	char link[512];
	ssize_t length = readlinkat(reader->dir, path, link, sizeof(link) - 1);

	if (length <= 0)
		return false;
	link[length] = '\0';
	return link[0] == '/' ? learn_named(reader, path, link, file)
			      : learn_nameless(reader, path, link, file);
}

static bool field_of(const char *text, const char *field, int base, uint64_t *out)
{
	const char *at = strstr(text, field);

	if (at)
		*out = strtoull(at + strlen(field), NULL, base);
	return at != NULL;
}

static void learn_info(const struct proc_reader *reader, const char *path, struct open_file *file)
{
	uint64_t flags, count = 0;
	char text[1024];

	if (proc_reader_read(reader, path, text, sizeof(text)) <= 0 ||
	    !field_of(text, "flags:", 8, &flags))
		return;
	if ((flags & O_ACCMODE) != O_WRONLY)
		file->flags |= FILE_CAN_READ;
	if ((flags & O_ACCMODE) != O_RDONLY)
		file->flags |= FILE_CAN_WRITE;
	if (flags & O_NONBLOCK)
		file->flags |= FILE_NONBLOCK;
	if (file->kind != FILE_EVENTFD || !field_of(text, "eventfd-count:", 16, &count))
		return;
	field_of(text, "eventfd-id:", 10, &file->inode);
	file->units = count;
	file->bytes = count ? sizeof(count) : 0;
	file->flags |= FILE_LEVEL_KNOWN;
}

bool blocked_proc_file(struct proc_reader *reader, const char *fds, int32_t fd,
		       struct open_file *file)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%d", fds, fd);
	if (fd < 0 || !learn_kind(reader, path, file))
		return false;
	snprintf(path, sizeof(path), "%sinfo/%d", fds, fd);
	learn_info(reader, path, file);
	return true;
}

void blocked_proc_learn_mqueue(struct proc_reader *reader, const char *fds, int32_t fd)
{
	struct statx stat;
	char path[64];

	snprintf(path, sizeof(path), "%s/%d", fds, fd);
	/* Major 0: on no disk. */
	if (!reader->taking->mqueue_device && look_at(reader, path, &stat) &&
	    S_ISREG(stat.stx_mode) && stat.stx_dev_major == 0)
		reader->taking->mqueue_device = device_of(&stat);
}

/* -- All of a process ----------------------------------------------------------------- */

/* The mode of the link is what the descriptor may; it costs less than fdinfo. */
static void learn_mode(const struct proc_reader *reader, const char *path, struct open_file *file)
{
	struct stat stat;

	if (fstatat(reader->dir, path, &stat, AT_SYMLINK_NOFOLLOW))
		return;
	if (stat.st_mode & S_IRUSR)
		file->flags |= FILE_CAN_READ;
	if (stat.st_mode & S_IWUSR)
		file->flags |= FILE_CAN_WRITE;
}

static void add_end(struct proc_reader *reader, int32_t fd)
{
	struct open_file file = {0};
	struct file_end *end;
	char path[64];

	snprintf(path, sizeof(path), "fd/%d", fd);
	if (!learn_kind(reader, path, &file) || file.kind < FILE_PIPE || file.kind > FILE_MQUEUE)
		return;
	if (file.kind == FILE_EVENTFD) {
		snprintf(path, sizeof(path), "fdinfo/%d", fd);
		learn_info(reader, path, &file);
	} else {
		learn_mode(reader, path, &file);
	}
	end = taking_add_end(reader->taking);
	if (!end)
		return;
	end->pid = reader->pid;
	end->start = reader->start;
	end->fd = fd;
	end->file = file;
}

bool blocked_proc_add_ends(struct proc_reader *reader)
{
	int fd = openat(reader->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	if (!dir)
		return errno == ENOENT || errno == ESRCH; /* it has gone, and they with it */
	while (!reader->taking->failed && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			add_end(reader, (int32_t)proc_pid_of(entry->d_name));
	closedir(dir);
	return true;
}
