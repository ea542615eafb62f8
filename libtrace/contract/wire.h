/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - a domain's shared memory, byte by byte.
 *
 * Owns: the layout that libmptrace writes and viewers read.  Does not own:
 * the order in which words are stored and loaded (ring.h, and the comments
 * on each word here).
 *
 * Who writes: members of the domain (they trust each other: each can write
 * everything).  Who reads: members, and viewers by copy (viewers trust
 * nothing here and never write, lock or map it writable).
 *
 * Version policy: *minor* adds at the end of a struct or uses a reserved
 * field; *major* changes a meaning.  Readers refuse another major and accept
 * any minor, using the strides in the section table, never sizeof.  Members are of one
 * minor: who does not know a field would not keep it true.
 *
 * Rules: fixed-width integers, no pointers, no hidden padding, explicit
 * sizes asserted below.  All integers little-endian.  Times are nanoseconds
 * of CLOCK_MONOTONIC; 0 means "never".  `A` marks words accessed with
 * atomics; the word's writer is named beside it.
 */
#ifndef MPT_CONTRACT_WIRE_H
#define MPT_CONTRACT_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define MPT_WIRE_MAGIC 0x314543415254504dull /* "MPTRACE1" */
#define MPT_WIRE_MAJOR 1
#define MPT_WIRE_MINOR 3 /* 1: objects have `finish`; 2: header has `arena_high`;
			  * 3: sections have `next`, threads `named` */

#define MPT_BLOCK 4096u /* unit of the arena, bytes */
#define MPT_NAME_MAX 48 /* bytes with the final NUL; longer names are refused */

/*
 * References.  A slot's index alone is ambiguous once it is reused, so
 * everything that outlives a call carries the slot's generation as well.
 * In records and waits `object` is an object slot's index, or a process
 * slot's index with MPT_REF_PROCESS set.
 */
#define MPT_REF_PROCESS 0x80000000u
#define MPT_REF_NONE 0xffffffffu
/* In ledger rows: */
#define MPT_REF_FINISH 0x40000000u  /* its gives are units FINISHed */
#define MPT_REF_FOREIGN 0x20000000u /* its gives were of units that another process had taken */
#define MPT_REF_SLOT(row_object) ((row_object) & 0xffffu)

enum mpt_section {
	MPT_SEC_PROCESSES, /* struct mpt_wire_process[] */
	MPT_SEC_THREADS,   /* struct mpt_wire_thread[] */
	MPT_SEC_OBJECTS,   /* struct mpt_wire_object[] */
	MPT_SEC_ARENA,	   /* blocks: rings and message storage */
	MPT_SEC_COUNT = 8,
};

struct mpt_wire_section {
	uint64_t offset; /* from the start of the segment, bytes */
	uint32_t stride; /* bytes from one slot to the next */
	uint32_t count;	 /* slots there is room for */
	uint32_t used;	 /* A: high-water mark; slots at or beyond it were never touched
			  * (and may lie in holes). Writer: holder of header.lock */
	uint32_t next;	 /* where the search for a slot of the ended goes on, round and round;
			  * of the arena: the thread slot where that for a ring does. A hint:
			  * any number will do. Writer: holder of header.lock. Not for viewers */
};

enum mpt_wire_state {
	MPT_SEG_NEW, /* being laid out: readers come back later */
	MPT_SEG_LIVE,
};

enum mpt_wire_flag {
	MPT_SEG_FILE = 1 << 0,	  /* backed by a file (MPTRACE_OUT), not a memfd */
	MPT_SEG_TSC = 1 << 1,	  /* record times are computed from the TSC */
	MPT_SEG_NO_RINGS = 1 << 2 /* records are switched off (MPTRACE=0) */
};

struct mpt_wire_header {
	uint64_t magic;
	uint16_t major, minor;
	uint32_t header_size; /* bytes; the first section starts at or after it */
	uint64_t total_size;  /* bytes of the segment */
	uint32_t state;	      /* A: enum mpt_wire_state; stored last by the creator */
	uint32_t flags;	      /* enum mpt_wire_flag */
	uint8_t domain_id[16];
	uint8_t boot_id[16];
	uint64_t created_ns;
	uint64_t created_realtime_ns; /* CLOCK_REALTIME at created_ns */
	uint32_t creator_pid;
	uint32_t creator_uid;
	char name[MPT_NAME_MAX]; /* of the domain: MPTRACE_NAME or the program's */
	struct mpt_wire_section section[MPT_SEC_COUNT];
	uint8_t lock[40];   /* a robust mutex over slots and arena. Not for viewers */
	uint64_t deaths;    /* A: members found dead; writer: who finds one */
	uint64_t reclaimed; /* rings of dead threads given to others; writer: holder of lock */
	uint64_t arena_high; /* blocks from here on have never been given away; writer: holder of
			      * lock, before the extent is stored. Not for viewers */
	uint64_t reserved[31];
};

_Static_assert(sizeof(struct mpt_wire_header) == 640, "wire: header size");
_Static_assert(offsetof(struct mpt_wire_header, section) == 136, "wire: section table");

/* ---- processes ------------------------------------------------------- */

enum mpt_slot_state {
	MPT_SLOT_FREE,
	MPT_SLOT_STARTING, /* reserved by a parent for a child; a PROGRAM stays so until it uses
			    * the library */
	MPT_SLOT_LIVE,
	MPT_SLOT_ENDED, /* left in order: process exit, thread exit, object retired */
	MPT_SLOT_DEAD,	/* found dead by another member */
};

enum mpt_process_flag {
	MPT_PROC_DAEMON = 1 << 0,
	MPT_PROC_CHILD = 1 << 1,  /* made by mpt_process_start */
	MPT_PROC_REAPED = 1 << 2, /* its parent has its exit status */
	MPT_PROC_EXEC = 1 << 3,	  /* left the domain by exec, lives on */
	MPT_PROC_PROGRAM = 1 << 4, /* CHILD that is a program of its own; STARTING and with an
				    * inner_pid: it runs and has not used the library */
};

#define MPT_EXIT_UNKNOWN INT32_MIN

struct mpt_wire_process {
	uint32_t state;	     /* A: enum mpt_slot_state; writer: itself, its parent while
			      * STARTING, any member (LIVE -> DEAD: one CAS of state and
			      * generation) */
	uint32_t generation; /* +1 at each reuse; writer: holder of header.lock */
	uint32_t pid;	     /* in the init pid namespace where known, else as seen inside */
	uint32_t inner_pid;  /* A: as the process itself sees it, stored after what tells who it
			      * is; while STARTING and no PROGRAM by its parent, which lets the
			      * child go (process_start.c) */
	uint64_t start_ticks; /* field 22 of /proc/PID/stat */
	uint64_t pidfd_inode; /* identity of the incarnation, Linux 6.9; else 0 */
	uint64_t nonce;	      /* random, chosen when the slot was taken */
	uint64_t pidns_inode; /* of its pid namespace */
	uint32_t parent;      /* process slot of the parent or MPT_REF_NONE */
	uint32_t parent_pid;
	uint32_t uid;
	uint32_t flags; /* A: enum mpt_process_flag */
	uint64_t attached_ns;
	uint64_t ended_ns;
	int32_t exit_code; /* n, -signal, or MPT_EXIT_UNKNOWN */
	uint32_t threads_daemon; /* A: threads that do not hold the process; writer: itself */
	char name[MPT_NAME_MAX];
	uint8_t life[40]; /* a robust mutex its first thread holds for life. Not for viewers */
	uint64_t reserved[10];
};
_Static_assert(sizeof(struct mpt_wire_process) == 256, "wire: process size");

/* ---- threads --------------------------------------------------------- */

/*
 * What a thread is in the middle of, so that a survivor can tell whether it
 * was committed (docs/crash-safety.md).  Writer: the thread; after its death
 * the survivor that holds the object's lock.  Order: phase=IDLE, then the
 * fields, then phase last.
 */
enum mpt_oprec_phase {
	MPT_OPREC_IDLE,
	MPT_OPREC_INTENT,    /* before the commit store: look at the object to decide */
	MPT_OPREC_COMMITTED, /* done; TAKE: not yet handed to the caller */
	MPT_OPREC_ABORTED,   /* set by recovery only */
	MPT_OPREC_VISIT,     /* touches the object's storage without holding a side; nothing to
			      * settle */
};

struct mpt_wire_oprec {
	uint32_t phase; /* A */
	uint16_t op;
	uint16_t use;	 /* index in the thread's use table, 0xffff: none */
	uint32_t object; /* slot */
	uint32_t object_generation;
	uint64_t arg;	/* PUT, GET: slot number being filled or emptied; VISIT of a SLEEPERS
			 * kind: the seat, before its wait is shown */
	uint64_t count; /* value uses[use].gives or .takes has once committed */
	uint64_t whose; /* thread slot + 1 in whose table `use` is; 0: the thread's own;
			 * MPT_OWED: count is for object.owed_back */
	uint64_t size; /* value the side's bytes have once committed */
};
#define MPT_OWED UINT64_MAX
_Static_assert(sizeof(struct mpt_wire_oprec) == 48, "wire: oprec size");

#define MPT_OPRECS 3

enum mpt_wait_flag {
	MPT_WAIT_TIMED = 1 << 0, /* ends by itself at wait.deadline_ns */
};

/* "Blocked in op on object since": one writer (the thread).  seq is odd while
 * the fields change; since_ns == 0: not blocked. */
struct mpt_wire_wait {
	uint32_t seq; /* A */
	uint16_t op;
	uint16_t flags;
	uint32_t object; /* slot or MPT_REF_PROCESS | slot */
	uint32_t object_generation;
	uint64_t since_ns;
	uint64_t deadline_ns; /* 0: for ever */
};
_Static_assert(sizeof(struct mpt_wire_wait) == 32, "wire: wait size");

/* "Runs a task of an object with WORKERS since", or waits for the result of one.  As
 * mpt_wire_wait: one writer (the thread), seq odd while it changes, since_ns == 0: not. */
enum mpt_work_flag {
	MPT_WORK_AWAITS = 1 << 0, /* waits for the result; else it runs it */
};

struct mpt_wire_work {
	uint32_t seq; /* A */
	uint16_t function; /* number within the object's table (wire_pool.h) */
	uint16_t flags;
	uint32_t object; /* slot */
	uint32_t object_generation;
	uint64_t number; /* of the task; 0: not known */
	uint64_t since_ns;
};
_Static_assert(sizeof(struct mpt_wire_work) == 32, "wire: work size");

/* One row per (thread, object): the ledger "who put and who took". */
struct mpt_wire_use {
	uint32_t object; /* A: slot, with MPT_REF_FINISH, MPT_REF_FOREIGN; MPT_REF_NONE: free row
			  * (and so is all after it) */
	uint32_t object_generation;
	uint64_t gives; /* A; writer: the thread, or recovery after its death */
	uint64_t takes; /* A; same */
	uint64_t last_ns;
};
_Static_assert(sizeof(struct mpt_wire_use) == 32, "wire: use size");

/* What a thread in wait.any waits for: any of these.  Part of its wait state: changes only
 * while wait.seq is odd, and means something only while wait.op is WAIT_ANY. */
#define MPT_ANY 6
struct mpt_wire_any {
	uint32_t count; /* of all things, of which the first MPT_ANY are listed */
	uint32_t reserved;
	struct {
		uint32_t object;     /* slot; MPT_REF_PROCESS | slot; MPT_REF_NONE: a descriptor */
		uint32_t generation; /* of the slot; the descriptor */
	} ref[MPT_ANY];
};
_Static_assert(sizeof(struct mpt_wire_any) == 56, "wire: any size");

struct mpt_wire_thread {
	uint32_t state;	     /* A: enum mpt_slot_state */
	uint32_t generation; /* 1..32767; +1 at each reuse */
	uint32_t process;    /* slot */
	uint32_t process_generation;
	uint32_t tid; /* as the thread sees it */
	uint32_t uses_overflow; /* A: operations on objects beyond the use table */
	char name[16];
	uint64_t started_ns;
	uint64_t ended_ns;
	/* The extent in the arena, one word so that taking it is one store:
	 * first block in the low half, blocks in the high half; 0: none.
	 * Laid out as: MPT_USES_BLOCKS blocks of uses, then the packets. */
	uint64_t extent;      /* A */
	uint32_t packet_size; /* bytes, a power of two; 0: no ring */
	uint32_t packets;     /* a power of two */
	uint64_t head;	      /* A: records ever written; writer: the thread, release */
	uint64_t lost_reentered; /* A: records refused because a signal handler re-entered */
	uint64_t records_off;	 /* A: operations not recorded (no ring) */
	struct mpt_wire_wait wait;
	struct mpt_wire_oprec oprec[MPT_OPRECS];
	struct mpt_wire_work work;
	uint64_t serves; /* worker of the object in this slot + 1, its generation above it; 0: of
			  * none.  A; writer: the thread */
	struct mpt_wire_any any;
	uint32_t bell; /* A: it sleeps in poll(2) and has a doorbell (bell.h); writer: itself */
	uint32_t named; /* 1: some thread's operation record may have `whose` of this slot. Set
			 * before such a record, cleared when none was found. Writer: holder of
			 * header.lock. Not for viewers */
	uint64_t reserved[17];
};
_Static_assert(sizeof(struct mpt_wire_thread) == 512, "wire: thread size");

#define MPT_USES_BLOCKS 1u
#define MPT_USES (MPT_USES_BLOCKS * MPT_BLOCK / sizeof(struct mpt_wire_use))

/* ---- objects --------------------------------------------------------- */

/* Power-of-two histogram of nanoseconds: bucket 0 holds 0 and 1 ns, bucket i
 * holds [2^i, 2^(i+1)), the last everything above. */
#define MPT_HIST_BUCKETS 40
struct mpt_wire_hist {
	uint64_t bucket[MPT_HIST_BUCKETS];
};

/*
 * One side of an object: those who TAKE (get, recv, acquire), those who
 * GIVE (put, send; unused by locks), or those who FINISH.  Each side has a lock word of its own,
 * so that a producer and a consumer never share a cache line they both write.
 * All words but lock, want/seq and polled (and a pipe's timeouts, an atomic sum) are written
 * by the holder of `lock`.
 */
struct mpt_wire_side {
	uint32_t lock; /* A: lock word (lockword.h) */
	uint32_t seq;  /* A: event count on which the *other* side's waiters sleep:
			* take.seq moves when room appears, give.seq when an item does,
			* finish.seq when all is finished */
	uint32_t want; /* A: the seq value at which somebody may sleep */
	uint32_t hint; /* A: give. Queue: MPT_HINT_*.  Pipe: a long message is on its way, so
			* who tries once does not wait for the side */
	uint64_t index;	   /* A: units ever taken (given). THE commit word of the side */
	uint64_t seen;	   /* the other side's index when last looked at: a bound that
			    * saves reading a line the other side is writing.
			    * SLEEPERS kinds, take: A: seats from this one on are free */
	uint64_t bytes;	   /* payload bytes ever taken (given).  Where units are owed (UNITS: give,
			    * UNFINISHED: finish): units of the index that were the dead's */
	uint64_t waits;	   /* operations that had to block */
	uint64_t wait_ns;  /* sum of the time blocked */
	uint64_t wait_max_ns;
	uint64_t timeouts; /* operations that gave up: Empty, Full, timeout */
	uint32_t polled;   /* A: give of DEPTH kinds: thread slot + 1 of who waits for an item in
			    * poll(2), besides those who sleep on seq; MPT_POLLED_BY_SEVERAL; 0:
			    * nobody.  Writers: who waits, by CAS; who wakes: to 0 (bell.h) */
	uint32_t reserved1;
	uint64_t reserved[6];
	struct mpt_wire_hist wait; /* of the operations that blocked */
};
_Static_assert(sizeof(struct mpt_wire_side) == 448, "wire: side size");
#define MPT_POLLED_BY_SEVERAL UINT32_MAX

/*
 * A lock word: 0 is free, else the thread slot of the owner + 1 in the low 16
 * bits, the slot's generation above it, and on top "somebody sleeps on this".
 */
#define MPT_LOCK_WAITERS 0x80000000u
#define MPT_LOCK_SLOT(word) (((word)&0xffffu) - 1u)
#define MPT_LOCK_GENERATION(word) (((word) >> 16) & 0x7fffu)
#define MPT_LOCK_WORD(slot, generation) \
	(((uint32_t)(generation) & 0x7fffu) << 16 | ((uint32_t)(slot) + 1u))

struct mpt_wire_object {
	uint32_t state;	     /* A: enum mpt_slot_state; writer: creator under header.lock;
			      * who ends it (LIVE -> ENDED: a CAS); ENDED -> DEAD: its
			      * destroyer, who could not take the storage back */
	uint32_t generation; /* A: +1 at each reuse, under header.lock */
	uint16_t kind;
	uint16_t flags;
	uint32_t creator; /* process slot */
	uint64_t created_ns;
	char name[MPT_NAME_MAX];
	char site_module[MPT_NAME_MAX]; /* base name of the file that called create */
	uint64_t site_offset;		/* of the call within it */
	uint64_t extent;		/* A: like mpt_wire_thread.extent; message storage */
	uint64_t capacity;		/* units; 0: unbounded by count.  SIZE kinds: elements */
	uint64_t capacity_bytes;	/* 0: unbounded by size.  SIZE kinds: how large it is */
	uint64_t lost;			/* units taken by members that died before they had them,
					 * counted when their thread slots were reused; those of
					 * slots not reused are still COMMITTED operation records.
					 * Writer: holder of header.lock */
	uint64_t recovered;		/* times a dead holder was taken over */
	uint32_t recovered_pid;		/* the last one's pid */
	uint32_t recovered_op;		/* and the op it died in, 0: between calls */
	uint64_t recovered_ns;
	/* Owner kinds (writer: the holder of take.lock, which is the lock itself) */
	uint64_t owner_since_ns;
	uint64_t hold_ns;
	uint64_t hold_max_ns;
	uint32_t end_holders[2]; /* A: ENDS kinds: processes that used the taking and the giving
				  * end and did not close it; the killed stay counted: the
				  * truth is who has end_inode open */
	uint64_t pair; /* ENDS kinds: slot of the other direction; SLEEPERS kinds: of the lock
			* that goes with it; SIZE kinds with OWNER: of the object whose lock
			* guards the bytes, most often its own; or MPT_REF_NONE */
	uint64_t slots;	  /* CAPACITY kinds: descriptors in the storage, a power of two;
			   * UNITS kinds: units there were at first; SLEEPERS kinds: seats;
			   * SIZE kinds: bytes of an element */
	uint32_t owner_again; /* RECURSES kinds: acquisitions of the owner beyond its first.
			       * Writer: the holder of take.lock; 0 whenever it is free */
	uint32_t pair_generation; /* SLEEPERS kinds, SIZE kinds with OWNER: of the slot `pair`.
				   * Writer: the creator */
	uint64_t latch; /* A: FLAG kinds: MPT_LATCH_*; PARTIES kinds: MPT_GATE_*.  Writers:
			 * anybody, by CAS; waiters sleep on give.seq.  SLEEPERS kinds:
			 * MPT_LATCH_FRESH + the number of the first wait that is not notified
			 * by this very word (struct mpt_wire_seat).  Writer: CAS by the holder of
			 * the lock that goes with it.  SIZE kinds with OWNER: 0 or MPT_JOURNAL_*;
			 * writer: the holder of that lock */
	uint64_t reserved[1];
	struct mpt_wire_side take; /* 64-byte aligned */
	struct mpt_wire_side give;
	struct mpt_wire_hist hold;	/* OWNER: time held; DEPTH: time in the queue */
	/* ENDS kinds */
	uint64_t missing; /* units given that no taker will ever have, because their giver or
			   * taker died with them half way (take.index counts them too).
			   * Writer: holder of take.lock */
	uint32_t half_process; /* A: process slot + 1 of the taker that is half way through a unit
				* and keeps that half when it gives up; 0: none.  Others wait on
				* this word.  Writer: holder of take.lock; its process: to 0 */
	uint32_t half_generation; /* of that process slot */
	uint32_t end_inode[2]; /* sockets of the taking and of the giving end: who has one open
				* (/proc/PID/fd) holds that end */
	uint32_t net_inode;    /* network namespace of both */
	uint32_t reserved3;
	/* UNITS and UNFINISHED kinds: the sum, in two's complement, of what dead threads whose
	 * slots were reused had taken and not given back, and what of it was since. */
	uint64_t owed;	    /* writer: holder of header.lock */
	uint64_t owed_back; /* writer: holder of give.lock (finish.lock) */
	/* MAPPED kinds: the file whose bytes they are.  Writer: the creator */
	uint64_t file_device, file_inode;
	struct mpt_wire_side finish; /* UNFINISHED kinds */
};
#define MPT_WIRE_OBJECT_1_0 1536u /* bytes of an object in minor version 0 */
_Static_assert(offsetof(struct mpt_wire_object, finish) == MPT_WIRE_OBJECT_1_0, "wire: 1.0");
_Static_assert(sizeof(struct mpt_wire_object) == 1984, "wire: object size");
_Static_assert(offsetof(struct mpt_wire_object, take) == 256, "wire: object take side");
_Static_assert(offsetof(struct mpt_wire_object, hold) == 1152, "wire: object hold");

/* A latch: bit 0: it is set; then 39 bits: how often it was, wrapping; then the low bits of
 * the object's generation, so that a caller that was delayed cannot set the latch of
 * the slot's next object. */
#define MPT_LATCH_SET 1ull
#define MPT_LATCH_COUNT(latch) ((latch) >> 1 & 0x7fffffffffull)
#define MPT_LATCH_FRESH(generation) ((uint64_t)((generation)&0xffffffu) << 40)

/* A gate, the state of a PARTIES kind (`capacity` of them): 16 bits: how many have come, all
 * while the last one runs the action; 1: broken; 16: generation, +1 when all pass
 * and at each reset; 31: how the last generations ended, newest lowest: 0 passed,
 * 1 reset.  The storage is `slots` words: the lock word of who waits, and the
 * generation above it; 0: free. */
#define MPT_GATE_COUNT(gate) ((gate)&0xffffu)
#define MPT_GATE_BROKEN 0x10000ull
#define MPT_GATE_GENERATION(gate) ((gate) >> 17 & 0xffffu)
#define MPT_GATE_HISTORY(gate) ((gate) >> 33)
#define MPT_GATE_PARTIES_MAX 32767u

/* A seat in the storage of a SLEEPERS kind (`slots` of them, those from take.seen on are
 * free): one who waits for a notify.  Waits are numbered from 0 (take.index is the next
 * one's number), give.index counts the notified.  A wait has been notified when its
 * seat says so, or when `latch` is above its number. */
struct mpt_wire_seat {
	uint64_t state; /* A: number << 2 | enum mpt_seat_phase; means nothing while `who` is 0.
			 * The low half is the futex its waiter sleeps on.  Writers: the waiter;
			 * WAITING -> NOTIFIED and WAITING -> GONE by CAS, so one of them wins */
	uint32_t who;	/* A: lock word of the waiter, 0: free.  Writers: who takes the seat (CAS,
			 * holding the lock that goes with the object), to 0: the waiter, who
			 * finds it dead (CAS) */
	uint32_t reserved;
};
_Static_assert(sizeof(struct mpt_wire_seat) == 16, "wire: seat size");

enum mpt_seat_phase {
	MPT_SEAT_EMPTY,
	MPT_SEAT_WAITING,
	MPT_SEAT_NOTIFIED,
	MPT_SEAT_GONE, /* gave up */
};
#define MPT_SEAT(number, phase) ((uint64_t)(number) << 2 | (phase))
#define MPT_SEAT_NUMBER(state) ((state) >> 2)
#define MPT_SEAT_PHASE(state) ((state)&3u)

/* A journal: something is being stored into a Value of more than one word.  What is to be
 * there lies behind the value, at the next multiple of 64.  Above the phase: the lock
 * word of who stores. */
#define MPT_JOURNAL_FILLING 1u  /* what lies there is not whole yet */
#define MPT_JOURNAL_COMPLETE 2u /* it is; the value itself perhaps not */
#define MPT_JOURNAL(word, phase) ((uint64_t)(word) << 2 | (phase))
#define MPT_JOURNAL_PHASE(journal) ((journal)&3u)
#define MPT_JOURNAL_WORD(journal) ((uint32_t)((journal) >> 2))

/* The storage of MAPPED kinds is a list of who has them: so many words, 0: nobody.  A process,
 * by slot and generation, and its descriptor of the file.  Who was killed stays on
 * it, who was forked and did not call us is not: who has the file open (/proc/PID/fd)
 * is the truth.  Writer: the process, under header.lock. */
#define MPT_HOLDERS 512u
#define MPT_HOLDER(slot, generation, fd) \
	((uint64_t)(generation) << 32 | ((slot)&0xffffu) << 16 | ((fd)&0xffffu))
#define MPT_HOLDER_GENERATION(word) ((uint32_t)((word) >> 32))
#define MPT_HOLDER_SLOT(word) ((uint32_t)(word) >> 16)
#define MPT_HOLDER_FD(word) ((word)&0xffffu)
#define MPT_HOLDER_FD_UNKNOWN 0xffffu /* too large a number */

/* give.hint of a queue. */
#define MPT_HINT_BYTES 1u /* a giver waits for bytes, so every giver is woken */
#define MPT_HINT_LONGS 2u /* rows of the long table may be in use, its words mean something */

/* A message descriptor in a queue's storage: the storage is `slots` of these (unit n
 * at n % slots), then, 64-byte aligned, the long table if capacity_bytes >= MPT_LONG,
 * then the byte ring of capacity_bytes, a power of two. */
struct mpt_wire_message {
	uint64_t offset; /* of the payload in the byte stream; modulo capacity_bytes in the ring */
	uint64_t time_ns;
	uint32_t size;
	uint32_t giver; /* thread slot */
};
_Static_assert(sizeof(struct mpt_wire_message) == 24, "wire: message overhead is at most 32 bytes");

/* Messages of so many bytes and more are copied by somebody who holds no side.  From
 * before the one copy until after the other a row of the long table says whose the
 * bytes are: row i is that of the message whose payload begins in the i-th MPT_LONG
 * bytes of the ring, of which there cannot be two. */
#define MPT_LONG 65536u

enum mpt_long_state {
	MPT_LONG_FREE,
	MPT_LONG_IN,	 /* being copied in, or waiting for its turn; not yet a unit */
	MPT_LONG_QUEUED, /* a unit, as its descriptor says */
	MPT_LONG_OUT,	 /* being copied out; a unit still when taking it was not committed */
};
#define MPT_LONG_STATE(word) ((enum mpt_long_state)((word) >> 32))
#define MPT_LONG_OWNER(word) ((uint32_t)(word)) /* IN, OUT: lock word of who copies */
#define MPT_LONG_WORD(state, owner) ((uint64_t)(state) << 32 | (owner))

struct mpt_wire_long {
	uint64_t state;	 /* A: FREE -> IN and IN -> QUEUED (a CAS): its giver, holding give;
			  * to OUT: its taker, holding take; to FREE: who owns it, or, of a
			  * dead owner's, the holder of give (a CAS) */
	uint64_t offset; /* these three: holder of give; stay while it is not FREE */
	uint64_t number; /* of the unit, stored before give.index; ~0: none yet */
	uint64_t size;
	uint64_t reserved[4];
};
_Static_assert(sizeof(struct mpt_wire_long) == 64, "wire: a row is a cache line");

/* Head of the long table; capacity_bytes / MPT_LONG rows follow. */
struct mpt_wire_longs {
	/* Writer: holder of give */
	uint64_t head;	 /* end of the byte stream: of the newest message or row */
	uint64_t oldest; /* no unit from take.index up to here is shorter than MPT_LONG */
	uint64_t clear;	 /* rows below are FREE */
	uint64_t reserved[5];
	uint64_t freed; /* A: rows given back: what givers that need bytes watch; atomic add */
	uint64_t reserved2[7];
};
_Static_assert(sizeof(struct mpt_wire_longs) == 128, "wire: two cache lines");

/* ---- records --------------------------------------------------------- */

enum mpt_record_flag {
	MPT_REC_FAILED = 1 << 0,    /* value is a positive errno */
	MPT_REC_RECOVERED = 1 << 1, /* took over from a dead holder */
};

/* 32 bytes; a CTF event: header {time, op}, context {phase, flags, object},
 * payload {value, span}.  `value` by op: put, get: the unit's number within
 * its object (so a get is matched with its put); lock: number of the
 * acquisition; process: exit code, signal or pid; notify: how many waits it
 * ended; attach to memory: its bytes; RECOVER, LOSE: pid of the dead.  `span`: END: ns blocked before it; HOLD: ns held. */
struct mpt_record {
	uint64_t time;
	uint16_t op;
	uint8_t phase;
	uint8_t flags;
	uint32_t object;
	uint64_t value;
	uint64_t span;
};
_Static_assert(sizeof(struct mpt_record) == 32, "wire: record size");

/* A ring is `packets` CTF 1.8 packets of packet_size bytes; each begins with
 * this header.  Sizes are in bits, as CTF counts. */
#define MPT_CTF_MAGIC 0xC1FC1FC1u
struct mpt_wire_packet {
	uint32_t magic;
	uint8_t uuid[16]; /* domain_id */
	uint32_t stream_id;
	uint64_t timestamp_begin;
	uint64_t timestamp_end;
	uint64_t content_size;
	uint64_t packet_size;
	uint64_t packet_seq_num; /* A: see ring.h */
	uint64_t events_discarded;
	uint32_t pid;
	uint32_t tid;
	uint64_t reserved[2]; /* part of the CTF context, so that records are 32-aligned */
};
_Static_assert(sizeof(struct mpt_wire_packet) == 96, "wire: packet header size");

#endif
