/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked.h - one look at every thread that sleeps in a call which others could end, and
 * at the open files through which they could.
 *
 * Owns: the rows, and the two ways to get them: our eBPF programs (blocked_kernel.c), or
 * /proc and process_vm_readv (blocked_proc.c).  Does not own: what a row means (wait_*.c),
 * who could wake whom (model/waits.c).
 *
 * All of it is a claim of the observed program, or of a kernel that was changing
 * meanwhile: numbers are absurd, memory is torn.  A row whose thread has run since the
 * last look differs from it in `runs`.  Nothing here stops, writes to, or keeps alive
 * anything of the programs looked at.
 */
#ifndef MPSTAT_COLLECTOR_BLOCKED_H
#define MPSTAT_COLLECTOR_BLOCKED_H

#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;

#define BLOCKED_COMM 16
#define BLOCKED_BEFORE 48  /* bytes of memory before the address that was passed */
#define BLOCKED_MEMORY 176 /* all of it: [address - BEFORE, address - BEFORE + MEMORY) */
#define BLOCKED_STACK 64   /* words from the stack pointer up */

/* Which of the following a row has. */
enum blocked_has {
	BLOCKED_HAS_PLACE = 1 << 0,  /* .place: where the address passed lies */
	BLOCKED_HAS_BEFORE = 1 << 1, /* .memory[0 .. BEFORE) */
	BLOCKED_HAS_MEMORY = 1 << 2, /* .memory[BEFORE .. MEMORY), as far as memory_size */
	BLOCKED_HAS_STACK = 1 << 3,
	BLOCKED_HAS_FILE = 1 << 4, /* .file: what the descriptor in argument[0] is */
};

enum file_kind {
	FILE_NONE, /* not looked at, or gone */
	FILE_OTHER,
	FILE_PIPE,     /* without a name */
	FILE_FIFO,     /* with one: others may open it any time */
	FILE_UNIX,     /* unix socket, connected to peer_inode (0: to none, or listening) */
	FILE_TCP,      /* or any other socket of a network */
	FILE_EVENTFD,
	FILE_MQUEUE,   /* POSIX message queue */
	FILE_TERMINAL,
	FILE_TIMER,
	FILE_EPOLL,
	FILE_REGULAR, /* also directories and block devices: never waited for by others */
};

enum file_flag {
	FILE_CAN_READ = 1 << 0,
	FILE_CAN_WRITE = 1 << 1,
	FILE_NONBLOCK = 1 << 2,
	FILE_LISTENS = 1 << 3,	 /* a socket that accepts */
	FILE_READ_TIMED = 1 << 4,  /* SO_RCVTIMEO; by /proc never known */
	FILE_WRITE_TIMED = 1 << 5, /* SO_SNDTIMEO; the same */
	FILE_DATAGRAM = 1 << 6,	   /* unix: messages keep their bounds */
	FILE_LEVEL_KNOWN = 1 << 7, /* units, bytes and capacity are known */
};

/* An open file as the kernel has it. */
struct open_file {
	uint8_t kind; /* enum file_kind */
	uint16_t flags;
	uint64_t device, inode; /* eventfd: inode is the eventfd's own id */
	uint64_t peer_inode;	/* unix */
	uint64_t description;	/* same for all descriptors of one open file; 0: unknown */
	/* What can be read now.  Pipe: units are its buffers, capacity how many it may have.
	 * Message queue: messages.  Eventfd: units is its counter.  Listening: units are the
	 * connections that wait.  Other sockets: units are packets (by /proc 0 or 1: nothing,
	 * something), bytes at most those of the first 64, capacity 0. */
	uint64_t units, capacity, bytes;
	uint32_t readers, writers; /* pipe: open ends, over all processes */
	char name[32];		   /* mqueue, FIFO: last part of its name, sanitised */
};

/* Memory is the same in two processes when `shared` and device, inode, offset agree; else
 * when space agrees and address. */
struct memory_place {
	uint64_t space; /* the address space: processes born by vfork or clone share one; by
			 * /proc each process has its own */
	uint64_t address;
	uint64_t device, inode, offset; /* offset in bytes, of the address itself */
	bool shared;
	char name[32]; /* of the mapped file, its last part, sanitised; "" none */
};

struct blocked {
	uint32_t pid, tid;
	uint64_t start;		 /* of the process, ticks as in struct process_id */
	uint32_t inner_tid;	 /* number of the thread in its own pid namespace */
	uint64_t pid_namespace;	 /* inode; 0: unknown */
	char comm[BLOCKED_COMM + 1]; /* raw bytes, NUL-terminated */
	char state;		 /* R S D T t; threads that run are told, too */
	uint64_t since_ns;	 /* CLOCK_MONOTONIC: asleep since; 0: unknown */
	/* Differs when it ran in between; 0: unknown.  Not the same count by eBPF and /proc. */
	uint64_t runs;
	int32_t syscall;	 /* -1: none or unknown; restart_syscall is resolved where it can be */
	uint64_t argument[6];
	uint64_t ip, sp;
	/* Registers that a call of a function keeps (rbx, rbp, r12 to r15), as they were when it
	 * entered the kernel; all 0: unknown. */
	uint64_t preserved[6];
	uint32_t has; /* enum blocked_has */
	struct memory_place place;
	uint8_t memory[BLOCKED_MEMORY];
	size_t memory_size; /* bytes of .memory that are known, from BEFORE on */
	uint64_t stack[BLOCKED_STACK];
	size_t stack_words;
	struct open_file file;
};

/* One descriptor of one process. */
struct file_end {
	uint32_t pid;
	uint64_t start;
	int32_t fd;
	struct open_file file;
};

struct blocked_look {
	struct blocked *items; /* sorted by pid, tid */
	size_t count, room;
	struct file_end *ends; /* pipes, FIFOs, sockets, eventfds, mqueues; sorted by inode */
	size_t end_count, end_room;
	/* Every process' descriptors were seen: who is not there has none.  But for processes
	 * outside of our pid namespace, and descriptors that are under way in a socket. */
	bool ends_whole;
	uint64_t time_ns;
	uint64_t unreadable; /* threads whose wait could not be read: needs a right */
	bool by_kernel;
	char note[160]; /* what is missing and what to do about it; "" nothing */
};

/* Looks; `look` begins as all zero, its room is used again.  `kernel` NULL, or without the
 * parts: by /proc, which sees own processes only.  `pids` sorted: only the threads of these
 * processes (count 0: all).  The ends are those of all processes in any case, as anybody
 * may hold the other one; they are looked at only when a thread waits for one.  0 or a
 * negative errno and a sentence; the look is then empty. */
int blocked_look_take(struct blocked_look *look, struct kernel *kernel, const char *proc,
		      const uint32_t *pids, size_t pid_count, uint64_t now_ns, struct err *err);
void blocked_look_free(struct blocked_look *look);

#endif
