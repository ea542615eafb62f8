/* SPDX-License-Identifier: BSD-2-Clause */
/* connector.c - see connector.h. */
#include "mpstat/collector/connector.h"

#include "mpstat/collector/life_fact.h"
#include "mpstat/collector/lives.h"
#include "mpstat/collector/proc.h"
#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES (8 << 20) /* some 10,000 messages */
#define DRAIN_MESSAGES 100000	/* a storm must not keep us for ever */
#define WANTED (PROC_EVENT_FORK | PROC_EVENT_EXEC | PROC_EVENT_EXIT)

struct connector {
	int socket, proc;
	struct ticks ticks;
	struct lives *lives;
	struct {
		uint32_t *items; /* pids whose first thread has ended */
		size_t count, room;
	} ending;
	bool answered;
	uint32_t refused; /* errno in the answer */
};

/* ---- facts -------------------------------------------------------------------- */

static uint64_t boot_ns_of(const struct connector *c, const struct proc_event *event)
{
	return ticks_monotonic(&c->ticks, event->timestamp_ns) + c->ticks.boot_ahead_ns;
}

static void begin(const struct connector *c, struct fact *fact, const struct proc_event *event,
		  uint8_t what)
{
	memset(fact, 0, sizeof(*fact));
	fact->type = FACT_LIFE;
	fact->source = FACT_FROM_KERNEL;
	fact->time_ns = ticks_monotonic(&c->ticks, event->timestamp_ns);
	fact->u.life.what = what;
	fact->u.life.exit_code = FACT_EXIT_UNKNOWN;
}

static void set_process(struct fact *fact, const struct life *life)
{
	struct fact_life *out = &fact->u.life;

	out->process = life->id;
	out->uid = life->uid;
	out->session = life->session;
	out->group = life->group;
	text_clean(out->name, sizeof(out->name), life->name, sizeof(life->name));
}

static void set_other(struct fact *fact, const struct life *other)
{
	if (!other)
		return;
	fact->u.life.other = other->id;
	text_clean(fact->u.life.other_name, sizeof(fact->u.life.other_name), other->name,
		   sizeof(other->name));
}

static void tell(const struct fact *fact, const struct fact_sink *sink)
{
	sink->apply(sink->arg, fact);
}

/* ---- messages ----------------------------------------------------------------- */

static void take_answer(struct connector *c, const struct proc_event *event,
			const struct fact_sink *sink)
{
	(void)sink;
	c->answered = true;
	c->refused = event->event_data.ack.err;
}

/* The message lacks the parent when that has waited for it already: then it still
 * is the one that bore it. */
static const struct life *parent_at_exit(struct connector *c, const struct life *life,
					 uint32_t told)
{
	const struct life *parent = lives_find(c->lives, told ? told : life->parent.pid);

	/* The number may have passed to a younger one. */
	if (!parent || parent->id.start > life->id.start)
		return NULL;
	return told || parent->id.start == life->parent.start ? parent : NULL;
}

static void tell_end(struct connector *c, struct life *life, const struct fact_sink *sink)
{
	struct proc_event moment = { .timestamp_ns = life->end_time };
	struct life copy = *life; /* looking for the parent may move it */
	struct fact fact;

	lives_forget(c->lives, life);
	begin(c, &fact, &moment, FACT_LIFE_EXIT);
	set_process(&fact, &copy);
	fact.u.life.name[0] = '\0'; /* remembered since exec: it may have changed */
	fact.u.life.exit_code = life_fact_exit_code((int)copy.end_status);
	fact.u.life.core = fact.u.life.exit_code < 0 && copy.end_status & 0x80;
	set_other(&fact, parent_at_exit(c, &copy, copy.end_parent));
	tell(&fact, sink);
}

static void take_fork(struct connector *c, const struct proc_event *event,
		      const struct fact_sink *sink)
{
	const struct fork_proc_event *fork = &event->event_data.fork;
	const struct life *parent, *child;
	struct life *last;
	struct life copy; /* being born may move the parent's */
	struct fact fact;

	if (fork->child_pid != fork->child_tgid || fork->child_tgid <= 0)
		return; /* a thread */
	last = lives_remembered(c->lives, (uint32_t)fork->child_tgid);
	if (last && last->queued)
		tell_end(c, last, sink); /* the number has passed on */
	parent = lives_find(c->lives, (uint32_t)fork->parent_tgid);
	if (parent)
		copy = *parent;
	child = lives_born(c->lives, (uint32_t)fork->child_tgid, boot_ns_of(c, event),
			   parent ? &copy : NULL);
	if (!child)
		return;
	begin(c, &fact, event, FACT_LIFE_FORK);
	set_process(&fact, child);
	set_other(&fact, parent ? &copy : NULL);
	tell(&fact, sink);
}

static void take_exec(struct connector *c, const struct proc_event *event,
		      const struct fact_sink *sink)
{
	struct life *life = lives_find(c->lives, (uint32_t)event->event_data.exec.process_tgid);
	struct fact fact;

	if (!life)
		return;
	lives_renew(c->lives, life);
	begin(c, &fact, event, FACT_LIFE_EXEC);
	set_process(&fact, life);
	tell(&fact, sink);
}

/* A process ends with its last thread, which need not be the first; its status is the
 * first thread's, unless all were ended together.  The messages of the others may be
 * behind this one, so the verdict waits until all have been read. */
static void take_exit(struct connector *c, const struct proc_event *event,
		      const struct fact_sink *sink)
{
	const struct exit_proc_event *exit = &event->event_data.exit;
	struct life *life = lives_find(c->lives, (uint32_t)exit->process_tgid);
	bool first = exit->process_pid == exit->process_tgid;

	if (!life || (!first && !life->leader_gone))
		return;
	life->leader_gone = true;
	life->end_time = event->timestamp_ns;
	life->end_parent = (uint32_t)exit->parent_tgid;
	if (first || exit->exit_code)
		life->end_status = exit->exit_code;
	if (life->queued)
		return;
	if (life != lives_remembered(c->lives, life->id.pid) ||
	    VEC_RESERVE(&c->ending, c->ending.count + 1) < 0) {
		if (!lives_goes_on(c->lives, life))
			tell_end(c, life, sink);
		return;
	}
	life->queued = true;
	c->ending.items[c->ending.count++] = life->id.pid;
}

/* Of those whose first thread has ended: have all?  By now an ended thread is no
 * longer counted. */
static bool drop_those_who_go_on(struct connector *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->ending.count; i++) {
		struct life *life = lives_remembered(c->lives, c->ending.items[i]);

		if (!life || !life->queued)
			continue;
		if (lives_goes_on(c->lives, life))
			life->queued = false;
		else
			c->ending.items[kept++] = c->ending.items[i];
	}
	c->ending.count = kept;
	return kept > 0;
}

static void tell_ends(struct connector *c, const struct fact_sink *sink)
{
	for (size_t i = 0; i < c->ending.count; i++) {
		struct life *life = lives_remembered(c->lives, c->ending.items[i]);

		if (life && life->queued)
			tell_end(c, life, sink);
	}
	c->ending.count = 0;
}

static const struct {
	uint32_t what;
	size_t size; /* of what is read of event_data */
	void (*take)(struct connector *c, const struct proc_event *event,
		     const struct fact_sink *sink);
} messages[] = {
	{ PROC_EVENT_NONE, sizeof(uint32_t), take_answer },
	{ PROC_EVENT_FORK, sizeof(struct fork_proc_event), take_fork },
	{ PROC_EVENT_EXEC, sizeof(struct exec_proc_event), take_exec },
	{ PROC_EVENT_EXIT, sizeof(struct exit_proc_event), take_exit },
};

static void take_event(struct connector *c, const char *bytes, size_t size,
		       const struct fact_sink *sink)
{
	const size_t head = offsetof(struct proc_event, event_data);
	struct proc_event event;

	memset(&event, 0, sizeof(event));
	memcpy(&event, bytes, size < sizeof(event) ? size : sizeof(event));
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].what == (uint32_t)event.what && size >= head + messages[i].size)
			messages[i].take(c, &event, sink);
}

void connector_take(struct connector *c, const void *bytes, size_t size,
		    const struct fact_sink *sink)
{
	const char *at = bytes;
	struct nlmsghdr netlink;
	struct cn_msg message;
	const size_t heads = sizeof(netlink) + sizeof(message);

	/* Copied: behind the heads nothing is aligned. */
	while (size >= heads) {
		memcpy(&netlink, at, sizeof(netlink));
		memcpy(&message, at + sizeof(netlink), sizeof(message));
		if (netlink.nlmsg_len < heads || netlink.nlmsg_len > size)
			return;
		if (message.id.idx == CN_IDX_PROC && message.id.val == CN_VAL_PROC &&
		    message.len <= netlink.nlmsg_len - heads)
			take_event(c, at + heads, message.len, sink);
		if (NLMSG_ALIGN(netlink.nlmsg_len) >= size)
			return;
		size -= NLMSG_ALIGN(netlink.nlmsg_len);
		at += NLMSG_ALIGN(netlink.nlmsg_len);
	}
}

/* ---- the socket ----------------------------------------------------------------- */

/* One datagram.  1, 0 (none there) or a negative errno. */
static int receive(struct connector *c, const struct fact_sink *sink)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(from);
	char bytes[4096];
	ssize_t n = recvfrom(c->socket, bytes, sizeof(bytes), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &length);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (from.nl_pid == 0) /* the kernel, and nobody who imitates it */
		connector_take(c, bytes, (size_t)n, sink);
	return 1;
}

static uint64_t receive_all(struct connector *c, const struct fact_sink *sink)
{
	uint64_t full = 0;
	int rc = 1;

	for (int i = 0; i < DRAIN_MESSAGES && (rc > 0 || rc == -ENOBUFS || rc == -EINTR); i++) {
		rc = receive(c, sink);
		full += rc == -ENOBUFS;
		if (rc == 0)
			break;
	}
	return full;
}

void connector_settle(struct connector *c, const struct fact_sink *sink)
{
	if (drop_those_who_go_on(c))
		tell_ends(c, sink);
}

uint64_t connector_drain(struct connector *c, const struct fact_sink *sink)
{
	uint64_t full;

	ticks_refresh(&c->ticks);
	full = receive_all(c, sink);
	if (drop_those_who_go_on(c)) {
		/* What was sent before they were gone is there now. */
		full += receive_all(c, sink);
		connector_settle(c, sink);
	}
	return full;
}

static void ignore(void *arg, const struct fact *fact)
{
	(void)arg;
	(void)fact;
}

/* Asks for the wanted messages only (since Linux 6.6), or for all.  The kernel
 * answers within the call, if at all.  0 or a negative errno. */
static int subscribe(struct connector *c, bool filtered)
{
	const uint32_t body[2] = { PROC_CN_MCAST_LISTEN, WANTED };
	const struct fact_sink nobody = { ignore, NULL };
	struct nlmsghdr netlink = { .nlmsg_type = NLMSG_DONE };
	struct cn_msg message = { .id = { CN_IDX_PROC, CN_VAL_PROC } };
	char ask[sizeof(netlink) + sizeof(message) + sizeof(body)];
	size_t size;

	message.len = filtered ? sizeof(body) : sizeof(body[0]);
	size = sizeof(netlink) + sizeof(message) + message.len;
	netlink.nlmsg_len = (uint32_t)size;
	memcpy(ask, &netlink, sizeof(netlink));
	memcpy(ask + sizeof(netlink), &message, sizeof(message));
	memcpy(ask + sizeof(netlink) + sizeof(message), body, message.len);
	c->answered = false;
	if (send(c->socket, ask, size, 0) < 0)
		return -errno;
	while (!c->answered)
		if (receive(c, &nobody) <= 0)
			return -EOPNOTSUPP;
	return c->refused ? -(int)(c->refused & 0xfff) : 0;
}

static int connect_socket(struct connector *c)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	int bytes = RECEIVE_BYTES;

	c->socket = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			   NETLINK_CONNECTOR);
	if (c->socket < 0)
		return -errno;
	if (bind(c->socket, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (setsockopt(c->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(c->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return subscribe(c, true) == 0 ? 0 : subscribe(c, false);
}

/* ---- life ------------------------------------------------------------------------- */

struct connector *connector_new(const char *proc, struct err *err)
{
	struct connector *c = calloc(1, sizeof(*c));

	if (!c) {
		err_set(err, -ENOMEM, "no memory");
		return NULL;
	}
	c->socket = -1;
	ticks_init(&c->ticks);
	c->proc = proc_open(proc, err);
	c->lives = c->proc < 0 ? NULL : lives_new(c->proc, &c->ticks);
	if (!c->lives) {
		err_set(err, -ENOMEM, "no memory");
		connector_close(c);
		return NULL;
	}
	return c;
}

int connector_open(struct connector **out, const char *proc, struct err *err)
{
	struct connector *c = connector_new(proc, err);
	int rc;

	*out = NULL;
	if (!c)
		return err->code;
	rc = connect_socket(c);
	if (rc < 0) {
		connector_close(c);
		if (rc == -EPERM || rc == -EACCES)
			return err_set(err, rc, "the process connector needs CAP_NET_ADMIN, or Linux 6.6");
		return err_set(err, rc,
			       "the process connector does not work here (another pid namespace, "
			       "or a kernel without it): %s",
			       strerror(-rc));
	}
	/* After subscribing: who is born now is told twice, and not never. */
	lives_read_all(c->lives);
	*out = c;
	return 0;
}

void connector_close(struct connector *c)
{
	if (!c)
		return;
	lives_free(c->lives);
	free(c->ending.items);
	if (c->socket >= 0)
		close(c->socket);
	if (c->proc >= 0)
		close(c->proc);
	free(c);
}
