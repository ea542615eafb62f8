/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_arrive.c - the beginning of a program that mpt_process_start made: it learns its
 * name and parent, and enters the domain it belongs to.  Attaching, in the slot its parent
 * reserved, comes with its first use of the library.
 *
 * It is told by a variable of its environment:
 *
 *   PID.START/PARENT/FD/DOMAIN/SLOT.GENERATION/PRINT.DEPTH/IDENTITY/PARENT'S NAME
 *
 * Whoever sets our environment may set this one.  It is taken out of the environment in any
 * case, and followed only by the very process it was made for: of that pid and start time,
 * which are not those of a program it runs in turn, nor of a later one with the same pid;
 * and only if a domain of our own user says the same about the slot.
 */
#include "libtrace/identity.h"
#include "libtrace/join.h"
#include "libtrace/member.h"
#include "libtrace/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arrival {
	struct mpt_process as; /* name, identity and daemon only */
	struct mpt_process_info parent;
	struct join_place place;
	uint32_t slot, generation;
	struct process_nest nest;
};

/* Also where other threads run already (dlopen): they may read the environment meanwhile. */
static void take_out(char *text)
{
	*text = '\0';
	if (process_thread_count() == 1)
		unsetenv(PROCESS_VARIABLE);
}

/* Is it meant for this process?  Copies what follows to `rest`. */
static bool is_for_me(char *text, char *rest, size_t room)
{
	unsigned long long start = 0;
	int pid = 0, length = 0;

	if (sscanf(text, "%10d.%20llu/%n", &pid, &start, &length) != 2 || !length)
		return false;
	snprintf(rest, room, "%s", text + length);
	return pid == getpid() && start == identity_start_ticks((uint32_t)pid);
}

static bool parse(const char *text, struct arrival *a)
{
	unsigned long long print = 0;
	int length = 0;

	_Static_assert(sizeof(a->as.identity) == 40 && sizeof(a->place.id) == 33,
		       "process: what is read fits");
	if (sscanf(text, "%d/%d/%32[0-9a-f]/%u.%u/%llx.%u/%39[0-9:]/%n", &a->place.pid,
		   &a->place.fd, a->place.id, &a->slot, &a->generation, &print, &a->nest.depth,
		   a->as.identity, &length) != 8 ||
	    !length || strlen(a->place.id) != 32)
		return false;
	a->nest.print = print;
	a->parent.pid = a->place.pid;
	snprintf(a->parent.name, sizeof(a->parent.name), "%s", text + length);
	return true;
}

/* What the domain says of the slot. */
static bool is_my_slot(int fd, const struct mpt_wire_header *h, struct arrival *a)
{
	const struct mpt_wire_section *s = &h->section[MPT_SEC_PROCESSES];
	struct mpt_wire_process p;

	if (a->slot >= s->used || pread(fd, &p, sizeof(p),
					(off_t)(s->offset + (uint64_t)s->stride * a->slot)) != sizeof(p))
		return false;
	memcpy(a->as.name, p.name, sizeof(a->as.name));
	a->as.name[sizeof(a->as.name) - 1] = '\0';
	a->as.daemon = p.flags & MPT_PROC_DAEMON;
	return p.state == MPT_SLOT_STARTING && p.generation == a->generation &&
	       (p.flags & MPT_PROC_PROGRAM) && p.inner_pid == (uint32_t)getpid() &&
	       p.start_ticks == identity_start_ticks(p.inner_pid);
}

/* Where the domain is gone or cannot be opened, the program is on its own. */
static bool enter(struct arrival *a)
{
	struct mpt_wire_header header;
	int fd = join_open(&a->place, &header);

	if (fd < 0)
		return false;
	if (!is_my_slot(fd, &header, a)) {
		close(fd);
		return false;
	}
	return join_enter(fd, header.total_size) == 0;
}

/* Before the program's own constructors, which may use the library. */
__attribute__((constructor(101))) static void arrive(void)
{
	struct arrival a = { .place.pid = 0 };
	char *text = getenv(PROCESS_VARIABLE), rest[320] = "";
	bool mine;
	int saved = errno;

	if (!text)
		return;
	mine = secure_getenv(PROCESS_VARIABLE) && is_for_me(text, rest, sizeof(rest));
	take_out(text);
	if (mine && parse(rest, &a)) {
		process_self_nested(a.nest);
		if (enter(&a)) {
			process_self_become(&a.as, &a.parent);
			member_expect(a.slot, a.generation);
			process_child_keep_code();
		}
	}
	errno = saved;
}
