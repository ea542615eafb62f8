/* SPDX-License-Identifier: BSD-2-Clause */
/* blocked_unix.c - see blocked_unix.h. */
#include "mpstat/collector/blocked_unix.h"

#include "mpstat/util/vec.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_LISTEN 10 /* net/tcp_states.h; unix sockets have the same */

static int compare(const void *a, const void *b)
{
	const struct unix_socket *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int ask(int fd)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req ask;
	} request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.ask = {.sdiag_family = AF_UNIX,
			.udiag_states = ~0u,
			.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN},
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static void take_attribute(struct unix_socket *socket, const struct rtattr *attr)
{
	struct unix_diag_rqlen queue;

	if (attr->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(attr) >= sizeof(socket->peer))
		memcpy(&socket->peer, RTA_DATA(attr), sizeof(socket->peer));
	if (attr->rta_type != UNIX_DIAG_RQLEN || RTA_PAYLOAD(attr) < sizeof(queue))
		return;
	memcpy(&queue, RTA_DATA(attr), sizeof(queue));
	socket->queue = queue.udiag_rqueue;
	socket->limit = socket->listens ? queue.udiag_wqueue : 0;
}

static int take_socket(struct unix_table *table, const struct nlmsghdr *head)
{
	const struct unix_diag_msg *message = NLMSG_DATA(head);
	const struct rtattr *attr = (const struct rtattr *)(message + 1);
	int rest = (int)NLMSG_PAYLOAD(head, sizeof(*message));
	struct unix_socket *socket;
	int r = VEC_RESERVE(table, table->count + 1);

	if (r || head->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return r;
	socket = memset(&table->items[table->count++], 0, sizeof(*socket));
	socket->inode = message->udiag_ino;
	socket->listens = message->udiag_state == STATE_LISTEN;
	socket->datagram = message->udiag_type != SOCK_STREAM;
	for (; RTA_OK(attr, rest); attr = RTA_NEXT(attr, rest))
		take_attribute(socket, attr);
	return 0;
}

/* 0: more will come; 1: that was all. */
static int take_messages(struct unix_table *table, const struct nlmsghdr *head, size_t size)
{
	for (; NLMSG_OK(head, size); head = NLMSG_NEXT(head, size)) {
		int r;

		if (head->nlmsg_type == NLMSG_DONE)
			return 1;
		if (head->nlmsg_type == NLMSG_ERROR)
			return -EOPNOTSUPP;
		r = take_socket(table, head);
		if (r)
			return r;
	}
	return 0;
}

static int take_all(struct unix_table *table, int fd)
{
	union {
		struct nlmsghdr head;
		char bytes[32768];
	} answer;
	int r = 0;

	while (!r) {
		ssize_t got = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);

		if (got > 0)
			r = take_messages(table, &answer.head, (size_t)got);
		else if (got == 0 || errno != EINTR)
			return got ? -errno : -EPROTO;
	}
	return r < 0 ? r : 0;
}

int unix_table_read(struct unix_table *table)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), r;

	table->count = 0;
	if (fd < 0)
		return -errno;
	r = ask(fd);
	if (!r)
		r = take_all(table, fd);
	close(fd);
	if (r)
		table->count = 0;
	qsort(table->items, table->count, sizeof(*table->items), compare);
	return r;
}

const struct unix_socket *unix_table_find(const struct unix_table *table, uint64_t inode)
{
	struct unix_socket key = {.inode = (uint32_t)inode};

	if (inode > UINT32_MAX || !table->count)
		return NULL;
	return bsearch(&key, table->items, table->count, sizeof(key), compare);
}

void unix_table_free(struct unix_table *table)
{
	free(table->items);
	memset(table, 0, sizeof(*table));
}
