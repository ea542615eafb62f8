/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_proc.h - what the files blocked_proc*.c share: the process that is looked at by
 * /proc just now.
 *
 * Owns: its open directory, which stays this process' whatever becomes of its number.
 * Private to them; everybody else sees blocked.h.
 *
 * Nothing here asks a process for anything: files are not opened but looked at, and memory
 * is read only where it is there already.
 */
#ifndef MPSTAT_COLLECTOR_BLOCKED_PROC_H
#define MPSTAT_COLLECTOR_BLOCKED_PROC_H

#include "mpstat/collector/blocked_look.h"
#include "mpstat/collector/blocked_unix.h"
#include "mpstat/collector/peek.h"

#include <sys/types.h>

/* A line of /proc/PID/maps. */
struct proc_mapping {
	uint64_t start, end, offset, device, inode;
	bool shared;
	const char *path; /* into maps_text; no NUL but a newline ends it */
};

struct proc_maps {
	struct proc_mapping *items; /* sorted by start */
	size_t count, room;
};

struct proc_reader {
	struct taking *taking;
	/* The process: */
	int dir; /* O_PATH */
	uint32_t pid;
	uint64_t start, pid_namespace;
	bool maps_known, net_known, net_is_ours;
	struct proc_maps maps;
	struct peek peek;
	/* For all of them: */
	char *maps_text;
	size_t text_room;
	uint64_t own_pid_namespace, own_net; /* inodes; 0: unknown */
	uint64_t pipe_device, socket_device; /* 0: unknown */
	struct unix_table sockets;
	bool sockets_known;
};

/* blocked_proc.c: reads the start of a file below the process' directory and puts a NUL
 * behind it.  Bytes read, or a negative errno. */
ssize_t proc_reader_read(const struct proc_reader *reader, const char *path, char *buf,
			 size_t size);

/* The last part of a path, without the " (deleted)" the kernel adds; sanitised. */
void proc_reader_name(const char *path, size_t length, char *out, size_t size);

/* blocked_proc_memory.c: place, memory and stack of a thread that sleeps in a call that
 * passes `address`; what cannot be had stays unknown. */
void blocked_proc_memory(struct proc_reader *reader, struct blocked *blocked, uint64_t address);
void blocked_proc_stack(struct proc_reader *reader, struct blocked *blocked);
void blocked_proc_forget_memory(struct proc_reader *reader); /* another process comes */

/* blocked_proc_file.c: what the descriptor below `fds` ("task/7/fd") is; false: it is not
 * there, or not ours to see. */
bool blocked_proc_file(struct proc_reader *reader, const char *fds, int32_t fd,
		       struct open_file *file);
/* A thread waits for a message by this descriptor: where it lies, others lie, too. */
void blocked_proc_learn_mqueue(struct proc_reader *reader, const char *fds, int32_t fd);
/* Adds the ends of the process; false: its descriptors are not ours to see. */
bool blocked_proc_add_ends(struct proc_reader *reader);

#endif
