/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - the bytes of a shared memory, and who has them.
 *
 * They are in a memfd of their own.  Its descriptor stays open in every process that has
 * it mapped, so that another one can open it through /proc/PID/fd: the kernel knows who
 * holds it, and forgets it with the last.  The object says which file it is, and its
 * storage is a list of holders: where to look first, and what viewers show.  The list
 * is a help, never the truth; it lacks a forked child that has not called us yet.
 *
 *   memory.c         the calls
 *   memory_file.c    making and checking the file
 *   memory_holder.c  the list, and finding somebody who has the file open
 */
#ifndef MPT_MEMORY_H
#define MPT_MEMORY_H

#include "libtrace/object.h"

/* Which file, and how many bytes it must have. */
struct memory_id {
	uint64_t device, inode, size;
};

#define MEMORY_LABEL "mptrace-memory:" /* begins the memfd's name */

/* A file of `size` zeros that cannot shrink and has no holes.  A descriptor, or -EFBIG,
 * -ENOMEM, -ENOSPC, -EMFILE, -ENFILE. */
int memory_make(const char *name, uint64_t size, struct memory_id *id);

/* Is fd the file, and may it be mapped and touched without fear?  0; -EPROTO; -ENOSPC or
 * -ENOMEM: there are holes in it that cannot be filled. */
int memory_check(int fd, const struct memory_id *id);

/* Is it the file?  The program may have closed a descriptor behind our back, and opened
 * something else under its number. */
bool memory_is(int fd, const struct memory_id *id);

/* ---- memory_holder.c ---------------------------------------------------------------- */

/* Enters this process and its descriptor, or takes them out.  Under domain_lock, while the
 * object is known to be this one.  Best effort: the list may be full. */
void memory_hold(struct mpt_wire_object *object, const struct member *me, int fd);
void memory_let_go(struct mpt_wire_object *object, const struct member *me, int fd);

/* Is a living process on the list?  Under domain_lock. */
bool memory_is_held(const struct mpt_wire_object *object);

/* Opens the file at somebody who has it.  A checked descriptor; -ENOENT nobody has it;
 * -EBADF somebody has it mapped, but not open; -EACCES; what memory_check says; -EMFILE,
 * -ENFILE, -ENOMEM. */
int memory_find(const struct handle *handle, const struct memory_id *id);

#endif
