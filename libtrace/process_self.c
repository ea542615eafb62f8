/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_self.c - what a process knows about itself and its parent.
 *
 * It is kept here and not read from the domain, so that asking for one's own name
 * does not create a domain.  Written only where no other thread can be: in a child that
 * was just forked, and before main.
 */
#include "libtrace/children.h"

#include "libtrace/atomic.h"
#include "libtrace/descriptor.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	char name[MPT_NAME_MAX];
	char identity[PROCESS_IDENTITY_MAX]; /* "": the first */
	bool daemon;
	struct process_nest nest;
	uint32_t created; /* A: processes made here; numbers their default names */
	struct mpt_process_info parent; /* pid 0: mpt_process_start did not make us */
	int parent_fd;			/* -1: nobody asked yet; under children_lock */
} self = { .name = "MainProcess", .parent_fd = -1 };

_Static_assert(sizeof(((struct mpt_process_info *)0)->name) == MPT_NAME_MAX,
	       "process: a slot's name fits");

void process_self(struct mpt_process_info *out)
{
	memset(out, 0, sizeof(*out));
	out->pid = getpid();
	out->daemon = self.daemon;
	memcpy(out->name, self.name, sizeof(out->name));
}

struct process_nest process_self_nest(void)
{
	return self.nest;
}

void process_self_nested(struct process_nest nest)
{
	self.nest = nest;
}

void process_self_name(struct mpt_process *child, const char *name)
{
	char identity[sizeof(self.identity) + 12];
	uint32_t n = add32(&self.created, 1) + 1;
	size_t room = sizeof(child->identity), length;

	length = (size_t)snprintf(identity, sizeof(identity), "%s%s%u", self.identity,
				  *self.identity ? ":" : "", n);
	/* Some twenty generations deep: the last ones tell the most. */
	snprintf(child->identity, room, "%s", identity + (length < room ? 0 : length + 1 - room));
	if (name)
		snprintf(child->name, sizeof(child->name), "%s", name);
	else
		snprintf(child->name, sizeof(child->name), "Process-%s", child->identity);
}

void process_self_become(const struct mpt_process *p, const struct mpt_process_info *parent)
{
	memcpy(self.name, p->name, sizeof(self.name));
	memcpy(self.identity, p->identity, sizeof(self.identity));
	self.daemon = p->daemon;
	self.created = 0;
	self.parent = *parent;
}

/* By the program's own fork, until process_self_become says otherwise. */
void process_self_forked(void)
{
	snprintf(self.name, sizeof(self.name), "%s", program_invocation_short_name);
	self.daemon = false;
	memset(&self.parent, 0, sizeof(self.parent));
	if (self.parent_fd >= 0)
		close(self.parent_fd);
	self.parent_fd = -1;
}

int mpt_process_current(struct mpt_process_info *out)
{
	if (!out)
		return -EINVAL;
	process_self(out);
	return 0;
}

int mpt_process_parent(struct mpt_process_info *out)
{
	if (!out)
		return -EINVAL;
	if (!self.parent.pid)
		return -ESRCH;
	*out = self.parent;
	return 0;
}

/* A pidfd of the parent; when it has ended already, a descriptor that is readable for
 * ever.  Who is our parent both before and after the opening was it all the time,
 * so a reused pid cannot be taken for it. */
static int open_parent(void)
{
	pid_t now = getppid();
	int fd;

	if (now == 0) /* it is outside of our pid namespace */
		return -ESRCH;
	if (now == self.parent.pid) {
		fd = descriptor_high((int)syscall(SYS_pidfd_open, now, 0));
		if (fd < 0 && errno != ESRCH)
			return -errno;
		if (getppid() == now)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	fd = descriptor_high(eventfd(1, EFD_CLOEXEC));
	return fd < 0 ? -errno : fd;
}

int mpt_process_parent_sentinel(void)
{
	struct quiet quiet = quiet_begin();
	int rc = -ESRCH;

	children_lock();
	if (self.parent.pid)
		rc = self.parent_fd >= 0 ? self.parent_fd : open_parent();
	if (rc >= 0)
		self.parent_fd = rc;
	children_unlock();
	quiet_end(quiet);
	return rc;
}
