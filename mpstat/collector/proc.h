/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.h - one process as /proc tells it.
 *
 * Owns: opening procfs, reading and parsing the files of one process.  Does
 * not own: which processes are read and what is told about them
 * (proc_rows.h, source_proc.c), who the members of a domain are (identity.c).
 *
 * Every process may vanish between two reads: that is -ENOENT or -ESRCH, never
 * a surprise.  Nothing here blocks.
 */
#ifndef MPSTAT_COLLECTOR_PROC_H
#define MPSTAT_COLLECTOR_PROC_H

#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_COMM_MAX 64 /* kernel threads have long names; others at most 15 bytes */
#define PROC_PF_KTHREAD 0x00200000u

/* The fields of /proc/PID/stat that are of use here (proc(5)). */
struct proc_stat {
	uint32_t pid, parent, group, session;
	char state;
	char comm[PROC_COMM_MAX]; /* raw bytes: may hold anything but NUL */
	uint64_t flags;		  /* PF_* */
	uint64_t cpu_ticks;	  /* user + system */
	uint64_t threads;
	uint64_t start;		  /* ticks since boot */
	uint64_t rss_pages;
	uint64_t arg_start;	  /* changes at exec; 0: not ours to see */
	int exit_status;	  /* as wait(2) gives it; 0 also when not ours to see */
};

/* Parses the text of a stat file.  False when it is none. */
bool proc_stat_parse(const char *text, size_t size, struct proc_stat *out);

/* Opens procfs at `root` ("/proc").  A descriptor the caller closes, or a
 * negative errno with a sentence in err. */
int proc_open(const char *root, struct err *err);

/* Reads the start of a file below an open directory and puts a NUL behind it.  Bytes read,
 * or a negative errno. */
ssize_t proc_read_at(int directory, const char *path, char *buf, size_t size);

/* Reads the start of /proc/PID/file into buf and puts a NUL behind it.  Bytes
 * read, or a negative errno. */
ssize_t proc_read(int proc, uint32_t pid, const char *file, char *buf, size_t size);

/* 0 or a negative errno (-EPROTO: the file makes no sense). */
int proc_stat_read(int proc, uint32_t pid, struct proc_stat *out);

/* The effective user of a process: the owner of its directory, which tells it
 * even when the process hides everything else.  0 or a negative errno. */
int proc_uid(int proc, uint32_t pid, uint32_t *uid);

/* From the text of /proc/PID/status (proc(5)): its number in its own pid namespace,
 * 0 when that is not told; whether it ignores SIGCHLD. */
uint32_t proc_status_inner_pid(const char *text);
bool proc_status_ignores_children(const char *text);

/* Is there a process (not merely a thread) of that number below `root`? */
bool proc_exists(const char *root, uint32_t pid);

/* The number a directory entry of /proc stands for; 0: not a process. */
uint32_t proc_pid_of(const char *name);

#endif
