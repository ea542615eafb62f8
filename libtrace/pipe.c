/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe.c - Pipe: making and closing ends; see mptrace/pipe.h.
 *
 * Does not own: what calls share (pipe_call.c), moving messages (pipe_send.c,
 * pipe_recv.c, pipe_half.c), what was lost (pipe_lost.c), when a pipe's objects
 * end (pipe_end.c).
 */
#include "libtrace/pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIPE_NAME_MAX 43 /* leaves room for the direction's mark */

/* ---- making ---------------------------------------------------------------------- */

static uint32_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

/* What the kernel calls the ends, for viewers and pipe_end_collect. */
static void note_ends(struct mpt_wire_object *o, const struct mpt_pipe *taker,
		      const struct mpt_pipe *giver)
{
	struct stat st;

	o->end_holders[0] = o->end_holders[1] = 1;
	if (stat("/proc/self/ns/net", &st) == 0)
		o->net_inode = (uint32_t)st.st_ino;
	store32(&o->end_inode[1], inode_of(giver->fd));
	store32_release(&o->end_inode[0], inode_of(taker->fd));
}

static int make_object(struct handle *h, const struct object_wish *wish)
{
	int rc = object_create(h, wish);

	if (rc != -ENOSPC)
		return rc;
	pipe_end_collect();
	return object_create(h, wish);
}

static int make_direction(struct mpt_pipe *taker, struct mpt_pipe *giver,
			  const struct object_wish *wish)
{
	int rc = make_object(&taker->in, wish);

	if (rc < 0) {
		taker->in.object = NULL;
		return rc;
	}
	giver->out = taker->in;
	note_ends(taker->in.object, taker, giver);
	return 0;
}

/* The second direction is named after the first: "NAME>" and "NAME<".  A name that
 * the library chose gets its mark only now, by a store of one byte. */
static int make_back(struct mpt_pipe *first, struct mpt_pipe *second, struct object_wish *wish)
{
	struct mpt_wire_object *there = second->in.object;
	size_t n = strnlen(there->name, sizeof(there->name) - 2);
	bool named = wish->name != NULL;
	char name[MPT_NAME_MAX];
	int rc;

	if (!named)
		there->name[n++] = '>';
	snprintf(name, sizeof(name), "%.*s<", (int)n - 1, there->name);
	wish->name = name;
	rc = make_direction(first, second, wish);
	if (rc == -EEXIST && !named) {
		wish->name = NULL; /* somebody gave that name himself */
		rc = make_direction(first, second, wish);
	}
	if (rc == 0) {
		store64(&there->pair, first->in.slot);
		store64(&first->in.object->pair, second->in.slot);
	}
	return rc;
}

static int make_directions(struct mpt_pipe *first, struct mpt_pipe *second,
			   const struct mpt_pipe_options *o, void *site)
{
	struct object_wish wish = { .kind = MPT_KIND_PIPE, .site = site, .flags = o->flags };
	char name[MPT_NAME_MAX];
	int rc;

	if (o->name) {
		snprintf(name, sizeof(name), "%s%s", o->name, o->simplex ? "" : ">");
		wish.name = name;
	}
	if (o->simplex)
		return make_direction(first, second, &wish);
	rc = make_direction(second, first, &wish);
	if (rc == 0)
		rc = make_back(first, second, &wish);
	if (rc < 0 && second->in.object)
		object_destroy(&second->in);
	return rc;
}

static struct mpt_pipe *new_end(int fd, uint32_t room)
{
	struct mpt_pipe *p = calloc(1, sizeof(*p));

	if (p) {
		p->fd = fd;
		p->room = room;
	}
	return p;
}

static int create(struct mpt_pipe **first, struct mpt_pipe **second,
		  const struct mpt_pipe_options *o, void *site)
{
	struct mpt_pipe *a, *b;
	struct member *me;
	uint32_t room;
	int ends[2], rc = pipe_frame_pair(ends, &room);

	if (rc < 0)
		return rc;
	a = new_end(ends[0], room);
	b = new_end(ends[1], room);
	rc = a && b ? make_directions(a, b, o, site) : -ENOMEM;
	if (rc < 0) {
		close(ends[0]);
		close(ends[1]);
		free(a);
		free(b);
		return rc;
	}
	me = member_get(&rc); /* cannot fail: we have just created objects */
	a->gate = b->gate = me ? (uint64_t)pipe_ident(me) << 32 : 0;
	*first = a;
	*second = b;
	return 0;
}

static bool valid(const struct mpt_pipe_options *o)
{
	return (o->flags & ~MPT_INTERRUPTIBLE) == 0 &&
	       (!o->name || (object_name_valid(o->name) && strlen(o->name) <= PIPE_NAME_MAX));
}

int mpt_pipe_create(struct mpt_pipe **first, struct mpt_pipe **second,
		    const struct mpt_pipe_options *options)
{
	static const struct mpt_pipe_options defaults;
	int saved = errno, rc;

	if (!first || !second)
		return -EINVAL;
	*first = *second = NULL;
	if (!options)
		options = &defaults;
	if (!valid(options))
		return -EINVAL;
	rc = create(first, second, options, __builtin_return_address(0));
	errno = saved;
	return rc;
}

/* ---- closing --------------------------------------------------------------------- */

int mpt_pipe_fd(const struct mpt_pipe *p)
{
	return load32(&p->in.closed) ? -ESHUTDOWN : p->fd;
}

int mpt_pipe_close(struct mpt_pipe *p)
{
	int saved = errno, rc;
	struct member *me;

	if (exchange32(&p->in.closed, 1))
		return 0;
	store32(&p->out.closed, 1);
	me = member_get(&rc); /* NULL: this process never used the end */
	pipe_shut(p, me);
	if (p->in.object && me)
		emit_note(me, MPT_OP_PIPE_CLOSE, p->in.slot, 0);
	if (p->out.object && me)
		emit_note(me, MPT_OP_PIPE_CLOSE, p->out.slot, 0);
	errno = saved;
	return 0;
}

void mpt_pipe_destroy(struct mpt_pipe *p)
{
	int saved = errno;

	if (!p)
		return;
	mpt_pipe_close(p);
	if (p->fd >= 0)
		close(p->fd); /* forked while another thread was inside a closed end */
	free(p->half.stash);
	free(p);
	errno = saved;
}
