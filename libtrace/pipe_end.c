/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_end.c - when the objects of a pipe end.
 *
 * Ends are held by descriptors, which processes inherit and lose without
 * telling anybody.  So the kernel is asked:
 *
 *   - a process that closes an end which is alone in the world (the other one is
 *     closed in every process) ends the direction it sends on, and the one it
 *     receives on if nothing is left in it.  Whoever still has the end
 *     would have read EOF or EPIPE, and does;
 *   - objects whose processes all died are found when the domain has no slot left,
 *     by asking for their sockets.
 *
 * An ended direction costs nobody anything: calls on it say -EPIPE, as before.
 */
#include "libtrace/pipe.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* ---- closing in order ------------------------------------------------------------ */

static bool end_object(struct mpt_wire_object *o, uint32_t generation)
{
	return load32(&o->generation) == generation &&
	       cas32(&o->state, MPT_SLOT_LIVE, MPT_SLOT_ENDED);
}

static void end_direction(struct member *me, const struct handle *h)
{
	if (h->object && end_object(h->object, h->generation))
		emit_note(me, MPT_OP_PIPE_CLOSE, h->slot, 1);
}

void pipe_end_leaving(struct mpt_pipe *p, struct member *me)
{
	struct pipe_frame next;

	if (!pipe_frame_alone(p->fd))
		return;
	end_direction(me, &p->out);
	if (p->in.object && pipe_frame_peek(p->fd, &next) == -EPIPE)
		end_direction(me, &p->in);
}

/* ---- after deaths ------------------------------------------------------------------ */

struct question {
	struct nlmsghdr header;
	struct unix_diag_req request;
};

/* Does any process have the socket open?  Yes, unless the kernel says no. */
static bool socket_exists(int diag, uint32_t inode)
{
	struct question q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			     .udiag_states = UINT32_MAX,
			     .udiag_ino = inode,
			     .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		uint8_t rest[1024];
	} answer;
	ssize_t n;

	if (send(diag, &q, sizeof(q), 0) != sizeof(q))
		return true;
	n = recv(diag, &answer, sizeof(answer), MSG_DONTWAIT);
	return n < (ssize_t)(sizeof(answer.header) + sizeof(answer.error)) ||
	       answer.header.nlmsg_type != NLMSG_ERROR || answer.error.error != -ENOENT;
}

/* May the object be ended without anybody noticing?  Both sockets are gone; or its
 * creator died before it had told their names. */
static bool abandoned(int diag, const struct mpt_wire_object *o, uint32_t net)
{
	const struct mpt_wire_process *creator = &domain.processes[o->creator];
	uint32_t first = load32_acquire(&o->end_inode[0]), second = load32(&o->end_inode[1]);

	if (first == 0)
		return !member_process_alive(o->creator, creator->generation);
	return o->net_inode == net && net != 0 && !socket_exists(diag, first) &&
	       !socket_exists(diag, second);
}

static void collect(int diag, uint32_t net)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used);

	for (uint32_t i = 0; i < used; i++) {
		struct mpt_wire_object *o = &domain.objects[i];
		uint32_t generation = load32_acquire(&o->generation);

		if (o->kind == MPT_KIND_PIPE && load32_acquire(&o->state) == MPT_SLOT_LIVE &&
		    abandoned(diag, o, net))
			end_object(o, generation);
	}
}

void pipe_end_collect(void)
{
	int saved = errno, diag;
	struct stat st;

	diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag >= 0 && stat("/proc/self/ns/net", &st) == 0)
		collect(diag, (uint32_t)st.st_ino);
	if (diag >= 0)
		close(diag);
	errno = saved;
}
