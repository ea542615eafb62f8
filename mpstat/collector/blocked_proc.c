/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_proc.c - a look by /proc, where there is no eBPF for us.  See blocked.h.
 *
 * Owns: which processes and threads are read, and when it is enough: a look takes no more
 * than LOOK_NS of processor time, what is left then counts as unreadable.  (Not of the
 * clock: a busy machine is no reason to see less.)  Does not own: memory
 * (blocked_proc_memory.c), files (blocked_proc_file.c).
 *
 * The order matters: `runs` is read last, so that a second look which finds the same has
 * read all of it from one sleep.
 */
#include "mpstat/collector/blocked_proc.h"

#include "bpf/wait_calls.h"
#include "mpstat/collector/proc.h"
#include "mpstat/util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS UINT64_C(500000000)
#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c */
#define MQUEUE_ROOT "/dev/mqueue"

/* -- Files of a process --------------------------------------------------------------- */

ssize_t proc_reader_read(const struct proc_reader *reader, const char *path, char *buf,
			 size_t size)
{
	return proc_read_at(reader->dir, path, buf, size);
}

void proc_reader_name(const char *path, size_t length, char *out, size_t size)
{
	static const char deleted[] = " (deleted)";
	size_t more = sizeof(deleted) - 1, start;

	if (length > more && !memcmp(path + length - more, deleted, more))
		length -= more;
	for (start = length; start > 0 && path[start - 1] != '/'; start--)
		;
	text_clean(out, size, path + start, length - start);
}

static uint64_t inode_of(int dir, const char *path)
{
	struct stat stat;

	return fstatat(dir, path, &stat, 0) ? 0 : stat.st_ino;
}

static uint64_t find_mqueue_device(void)
{
	struct statfs about;
	struct stat stat;

	if (statfs(MQUEUE_ROOT, &about) || about.f_type != MQUEUE_MAGIC ||
	    lstat(MQUEUE_ROOT, &stat))
		return 0;
	return stat.st_dev;
}

static void reader_begin(struct proc_reader *reader, struct taking *taking)
{
	*reader = (struct proc_reader){.taking = taking, .dir = -1, .peek = PEEK_CLOSED};
	reader->own_pid_namespace = inode_of(taking->proc, "self/ns/pid");
	reader->own_net = inode_of(taking->proc, "self/ns/net");
	if (!taking->mqueue_device)
		taking->mqueue_device = find_mqueue_device();
}

static void reader_end(struct proc_reader *reader)
{
	unix_table_free(&reader->sockets);
	free(reader->maps.items);
	free(reader->maps_text);
}

static bool reader_open(struct proc_reader *reader, uint32_t pid)
{
	char path[16];

	snprintf(path, sizeof(path), "%u", pid);
	reader->dir = openat(reader->taking->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	reader->pid = pid;
	reader->net_known = false;
	return reader->dir >= 0;
}

static void reader_close(struct proc_reader *reader)
{
	blocked_proc_forget_memory(reader);
	close(reader->dir);
	reader->dir = -1;
}

/* -- A thread ------------------------------------------------------------------------- */

/* "nr 0x1 0x2 0x3 0x4 0x5 0x6 0xsp 0xip", "-1 0xsp 0xip" outside of a call, "running". */
static void parse_call(struct blocked *blocked, const char *text)
{
	char *at;
	long number = strtol(text, &at, 10);

	if (at == text) {
		blocked->state = 'R';
		return;
	}
	for (int i = 0; number >= 0 && i < 6; i++)
		blocked->argument[i] = strtoull(at, &at, 16);
	blocked->sp = strtoull(at, &at, 16);
	blocked->ip = strtoull(at, &at, 16);
	/* All of it below 4 GiB: a 32-bit program, whose calls have other numbers. */
	if (number >= 0 && number <= INT32_MAX && (blocked->sp | blocked->ip) >> 32)
		blocked->syscall = (int32_t)number;
	else
		memset(blocked->argument, 0, sizeof(blocked->argument));
}

/* After a stop a call with a timeout goes on as restart_syscall, its arguments still in
 * the registers.  Where in the kernel it sleeps tells which call it was. */
static void resolve_restart(const struct proc_reader *reader, struct blocked *blocked)
{
	static const struct {
		const char *inside;
		int32_t call;
	} restarts[] = {
		{"futex", CALL_FUTEX},
		{"poll", CALL_POLL},
		{"nanosleep", CALL_CLOCK_NANOSLEEP},
	};
	char path[64], inside[64];

	snprintf(path, sizeof(path), "task/%u/wchan", blocked->tid);
	if (blocked->syscall != CALL_RESTART ||
	    proc_reader_read(reader, path, inside, sizeof(inside)) <= 0)
		return;
	for (size_t i = 0; i < sizeof(restarts) / sizeof(restarts[0]); i++)
		if (strstr(inside, restarts[i].inside)) {
			blocked->syscall = restarts[i].call;
			return;
		}
}

static void read_pieces(struct proc_reader *reader, struct blocked *blocked)
{
#ifdef __x86_64__
	static const uint8_t traits[WAIT_CALLS] = WAIT_CALL_TRAITS;
#else
	static const uint8_t traits[WAIT_CALLS];
#endif
	uint8_t trait = blocked->syscall < 0 || blocked->syscall >= WAIT_CALLS
				? 0
				: traits[blocked->syscall];
	char fds[32];

	if (trait & (WAIT_MEMORY_0 | WAIT_MEMORY_1))
		blocked_proc_memory(reader, blocked, blocked->argument[!(trait & WAIT_MEMORY_0)]);
	if (trait & WAIT_STACK)
		blocked_proc_stack(reader, blocked);
	snprintf(fds, sizeof(fds), "task/%u/fd", blocked->tid);
	if (blocked->syscall == CALL_MQ_SEND || blocked->syscall == CALL_MQ_RECEIVE)
		blocked_proc_learn_mqueue(reader, fds, (int32_t)blocked->argument[0]);
	if (trait & WAIT_FILE &&
	    blocked_proc_file(reader, fds, (int32_t)blocked->argument[0], &blocked->file))
		blocked->has |= BLOCKED_HAS_FILE;
}

/* How often it was given a processor: the third number of schedstat. */
static uint64_t read_runs(const struct proc_reader *reader, uint32_t tid)
{
	char path[64], text[128], *at = text;

	snprintf(path, sizeof(path), "task/%u/schedstat", tid);
	if (proc_reader_read(reader, path, text, sizeof(text)) <= 0)
		return 0;
	strtoull(at, &at, 10);
	strtoull(at, &at, 10);
	return strtoull(at, NULL, 10);
}

static void read_inner(const struct proc_reader *reader, struct blocked *blocked)
{
	char path[64], text[4096];

	blocked->pid_namespace = reader->pid_namespace;
	if (reader->pid_namespace && reader->pid_namespace == reader->own_pid_namespace) {
		blocked->inner_tid = blocked->tid;
		return;
	}
	snprintf(path, sizeof(path), "task/%u/status", blocked->tid);
	if (proc_reader_read(reader, path, text, sizeof(text)) > 0)
		blocked->inner_tid = proc_status_inner_pid(text);
}

static void read_wait(struct proc_reader *reader, struct blocked *blocked)
{
	char path[64], text[256];
	ssize_t n;

	snprintf(path, sizeof(path), "task/%u/syscall", blocked->tid);
	n = proc_reader_read(reader, path, text, sizeof(text));
	/* Of the machine's first process some kernels tell nobody, and nobody waits for it. */
	if ((n == -EACCES || n == -EPERM) && blocked->pid != 1)
		reader->taking->look->unreadable++;
	if (n > 0)
		parse_call(blocked, text);
	if (n <= 0 || blocked->state == 'R')
		return;
	resolve_restart(reader, blocked);
	read_pieces(reader, blocked);
}

static void read_thread(struct proc_reader *reader, uint32_t tid, const struct proc_stat *stat)
{
	struct blocked *blocked;

	if (!strchr("RSDTt", stat->state))
		return;
	blocked = taking_add(reader->taking);
	if (!blocked)
		return;
	blocked->pid = reader->pid;
	blocked->tid = tid;
	blocked->start = reader->start;
	blocked->state = stat->state;
	blocked->syscall = -1;
	memcpy(blocked->comm, stat->comm, BLOCKED_COMM);
	read_inner(reader, blocked);
	if (blocked->state != 'R')
		read_wait(reader, blocked);
	blocked->runs = read_runs(reader, tid);
}

static bool read_stat(const struct proc_reader *reader, const char *path, struct proc_stat *stat)
{
	char text[1536];
	ssize_t n = proc_reader_read(reader, path, text, sizeof(text));

	return n > 0 && proc_stat_parse(text, (size_t)n, stat);
}

static void read_listed_thread(struct proc_reader *reader, uint32_t tid)
{
	struct proc_stat stat;
	char path[64];

	snprintf(path, sizeof(path), "task/%u/stat", tid);
	if (read_stat(reader, path, &stat))
		read_thread(reader, tid, &stat);
}

/* -- All of them ---------------------------------------------------------------------- */

static bool out_of_time(struct taking *taking)
{
	return ticks_clock_ns(CLOCK_THREAD_CPUTIME_ID) > taking->deadline_ns;
}

static DIR *open_list(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static void read_threads(struct proc_reader *reader, const struct proc_stat *stat)
{
	struct taking *taking = reader->taking;
	DIR *dir = stat->threads > 1 ? open_list(reader->dir, "task") : NULL;
	struct dirent *entry;

	if (!dir) {
		read_thread(reader, reader->pid, stat);
		return;
	}
	while (!taking->failed && (entry = readdir(dir)) != NULL) {
		uint32_t tid = proc_pid_of(entry->d_name);

		if (tid && out_of_time(taking))
			taking->left_out++;
		else if (tid)
			read_listed_thread(reader, tid);
	}
	closedir(dir);
}

/* Its stat; false: it has gone, or is none of user space. */
static bool reader_stat(struct proc_reader *reader, struct proc_stat *stat)
{
	if (!read_stat(reader, "stat", stat) || stat->flags & PROC_PF_KTHREAD)
		return false;
	reader->start = stat->start;
	return true;
}

static void threads_of(struct proc_reader *reader, uint32_t pid)
{
	struct taking *taking = reader->taking;
	struct proc_stat stat;

	if (!taking_wants(taking, pid) || !reader_open(reader, pid))
		return;
	if (reader_stat(reader, &stat)) {
		reader->pid_namespace = inode_of(reader->dir, "ns/pid");
		if (out_of_time(taking))
			taking->left_out += stat.threads;
		else
			read_threads(reader, &stat);
	}
	reader_close(reader);
}

/* A first thread that has ended has none any more, but the others have. */
static bool read_ends(struct proc_reader *reader, const struct proc_stat *stat)
{
	if (stat->state == 'Z')
		return stat->threads <= 1;
	return !out_of_time(reader->taking) && blocked_proc_add_ends(reader);
}

static void ends_of(struct proc_reader *reader, uint32_t pid)
{
	struct proc_stat stat;

	if (!reader_open(reader, pid))
		return;
	if (reader_stat(reader, &stat) && !read_ends(reader, &stat))
		reader->taking->look->ends_whole = false;
	reader_close(reader);
}

static int each(struct taking *taking, void (*step)(struct proc_reader *reader, uint32_t pid),
		struct err *err)
{
	DIR *dir = open_list(taking->proc, ".");
	struct proc_reader reader;
	struct dirent *entry;

	if (!dir)
		return err_set(err, -errno, "the processes cannot be listed: %s", strerror(errno));
	reader_begin(&reader, taking);
	taking->deadline_ns = ticks_clock_ns(CLOCK_THREAD_CPUTIME_ID) + LOOK_NS;
	while (!taking->failed && (entry = readdir(dir)) != NULL) {
		uint32_t pid = proc_pid_of(entry->d_name);

		if (pid)
			step(&reader, pid);
	}
	closedir(dir);
	reader_end(&reader);
	return 0;
}

int blocked_proc_threads(struct taking *taking, struct err *err)
{
	return each(taking, threads_of, err);
}

int blocked_proc_ends(struct taking *taking, struct err *err)
{
	taking->look->ends_whole = true;
	return each(taking, ends_of, err);
}

static void one(struct taking *taking, uint32_t pid,
		void (*step)(struct proc_reader *reader, uint32_t pid))
{
	struct proc_reader reader;

	reader_begin(&reader, taking);
	taking->deadline_ns = ticks_clock_ns(CLOCK_THREAD_CPUTIME_ID) + LOOK_NS;
	step(&reader, pid);
	reader_end(&reader);
}

void blocked_proc_add_threads(struct taking *taking, uint32_t pid)
{
	one(taking, pid, threads_of);
}

void blocked_proc_add_ends_of(struct taking *taking, uint32_t pid)
{
	one(taking, pid, ends_of);
}
