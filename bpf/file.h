/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * file.h - what an open file is and how full.
 *
 * Owns: filling a struct file_row.  Nothing is opened, held or locked: a file that goes
 * away meanwhile gives a row without sense, never a fault.  All of it is read by helper:
 * the verifier would search the kernel's types for each pointer otherwise.
 */
#ifndef MPTRACE_BPF_FILE_H
#define MPTRACE_BPF_FILE_H

#include "bpf/kernel_files.h"
#include "bpf/wait.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PIPE_BUFFERS 256 /* what is looked at; a larger pipe is told with less bytes */
#define QUEUE_BUFFERS 64

/* Set before load (wait.bpf.c defines it). */
extern const volatile unsigned long long secret[2];

static __always_inline __u64 mixed(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Tells one address from another and nothing else.  0 stays 0. */
static __always_inline __u64 hidden(const void *address)
{
	__u64 x = (__u64)address;

	if (!x)
		return 0;
	x = mixed(mixed(x ^ secret[0]) + secret[1]);
	return x ? x : 1;
}

static __always_inline void name_of_file(char *to, const struct file *file)
{
	bpf_probe_read_kernel_str(to, WAIT_NAME, BPF_CORE_READ(file, f_path.dentry, d_name.name));
}

static __always_inline void tell_pipe(struct file_row *row, const struct inode *inode)
{
	const struct pipe_inode_info *pipe = BPF_CORE_READ(inode, i_pipe);
	unsigned int tail = BPF_CORE_READ(pipe, tail);
	unsigned int used = BPF_CORE_READ(pipe, head) - tail;
	unsigned int mask = BPF_CORE_READ(pipe, ring_size) - 1;
	const struct pipe_buffer *buffers = BPF_CORE_READ(pipe, bufs);

	row->readers = BPF_CORE_READ(pipe, readers);
	row->writers = BPF_CORE_READ(pipe, writers);
	row->units = used;
	row->capacity = BPF_CORE_READ(pipe, max_usage);
	row->flags |= FILE_ROW_LEVEL_KNOWN;
	for (unsigned int i = 0; i < PIPE_BUFFERS && i < used; i++) {
		const char *at = (const char *)buffers +
				 ((tail + i) & mask) * bpf_core_type_size(struct pipe_buffer);

		row->bytes += BPF_CORE_READ((const struct pipe_buffer *)at, len);
	}
}

static __always_inline void tell_queue(struct file_row *row, const struct sock *sock)
{
	const struct sk_buff *buffer = BPF_CORE_READ(sock, sk_receive_queue.next);

	row->units = BPF_CORE_READ(sock, sk_receive_queue.qlen);
	row->flags |= FILE_ROW_LEVEL_KNOWN;
	for (unsigned int i = 0; i < QUEUE_BUFFERS && i < row->units; i++) {
		row->bytes += BPF_CORE_READ(buffer, len);
		buffer = BPF_CORE_READ(buffer, next);
	}
}

/* No file: nobody has accepted it yet. */
static __always_inline void tell_unix(struct file_row *row, const struct sock *sock)
{
	const struct sock *peer = BPF_CORE_READ((const struct unix_sock *)sock, peer);

	row->kind = FILE_ROW_UNIX;
	if (peer)
		row->peer_inode = BPF_CORE_READ(peer, sk_socket, file, f_inode, i_ino);
	tell_queue(row, sock);
}

static __always_inline void tell_network(struct file_row *row, const struct sock *sock,
					 unsigned short family)
{
	row->kind = FILE_ROW_TCP;
	if (family != AF_INET && family != AF_INET6)
		return;
	if (BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP || row->flags & FILE_ROW_LISTENS) {
		tell_queue(row, sock);
		return;
	}
	row->bytes = (__u32)(BPF_CORE_READ((const struct tcp_sock *)sock, rcv_nxt) -
			     BPF_CORE_READ((const struct tcp_sock *)sock, copied_seq));
	row->units = row->bytes != 0;
	row->flags |= FILE_ROW_LEVEL_KNOWN;
}

static __always_inline void tell_socket(struct file_row *row, const struct file *file)
{
	const struct socket *socket = BPF_CORE_READ(file, private_data);
	const struct sock *sock = BPF_CORE_READ(socket, sk);
	unsigned short family = BPF_CORE_READ(sock, __sk_common.skc_family);

	if (!sock)
		return;
	if (BPF_CORE_READ(sock, sk_type) != SOCK_STREAM)
		row->flags |= FILE_ROW_DATAGRAM;
	if (BPF_CORE_READ(sock, sk_rcvtimeo) != NO_TIMEOUT)
		row->flags |= FILE_ROW_READ_TIMED;
	if (BPF_CORE_READ(sock, sk_sndtimeo) != NO_TIMEOUT)
		row->flags |= FILE_ROW_WRITE_TIMED;
	if (BPF_CORE_READ(sock, __sk_common.skc_state) == STATE_LISTEN &&
	    !(row->flags & FILE_ROW_DATAGRAM))
		row->flags |= FILE_ROW_LISTENS;
	if (family == AF_UNIX)
		tell_unix(row, sock);
	else
		tell_network(row, sock, family);
	if (row->flags & FILE_ROW_LISTENS) {
		row->units = BPF_CORE_READ(sock, sk_ack_backlog);
		row->capacity = BPF_CORE_READ(sock, sk_max_ack_backlog);
		if (family == AF_UNIX)
			row->units = BPF_CORE_READ(sock, sk_receive_queue.qlen);
		row->bytes = 0;
	}
}

static __always_inline void tell_queue_of_messages(struct file_row *row, const struct inode *inode)
{
	const struct mqueue_inode_info *queue =
		(const void *)((const char *)inode -
			       bpf_core_field_offset(struct mqueue_inode_info, vfs_inode));

	row->kind = FILE_ROW_MQUEUE;
	row->units = (__u64)BPF_CORE_READ(queue, attr.mq_curmsgs);
	row->capacity = (__u64)BPF_CORE_READ(queue, attr.mq_maxmsg);
	row->bytes = BPF_CORE_READ(queue, qsize);
	row->flags |= FILE_ROW_LEVEL_KNOWN;
}

/* The first bytes of a name, as a number. */
#define WORD(a, b, c, d, e, f, g, h)                                                               \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |  \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* They all have one inode; the name is what the kernel calls them. */
static __always_inline void tell_nameless(struct file_row *row, const struct file *file)
{
	const struct eventfd_ctx *context;
	__u64 name;

	name_of_file(row->name, file);
	name = *(const __u64 *)row->name;
	__builtin_memset(row->name, 0, sizeof(row->name));
	if (name == WORD('[', 't', 'i', 'm', 'e', 'r', 'f', 'd'))
		row->kind = FILE_ROW_TIMER;
	else if (name == WORD('[', 'e', 'v', 'e', 'n', 't', 'p', 'o'))
		row->kind = FILE_ROW_EPOLL;
	if (name != WORD('[', 'e', 'v', 'e', 'n', 't', 'f', 'd'))
		return;
	context = BPF_CORE_READ(file, private_data);
	row->kind = FILE_ROW_EVENTFD;
	row->inode = (__u64)BPF_CORE_READ(context, id);
	row->units = BPF_CORE_READ(context, count);
	row->bytes = row->units ? 8 : 0;
	row->flags |= FILE_ROW_LEVEL_KNOWN;
}

static __always_inline bool is_terminal(__u32 device)
{
	__u32 major = device >> 20;

	return major == TTY_MAJOR || major == TTYAUX_MAJOR ||
	       (major >= UNIX98_PTY_FIRST && major <= UNIX98_PTY_LAST);
}

static __always_inline __u16 flags_of_file(const struct file *file)
{
	unsigned int mode = BPF_CORE_READ(file, f_mode);
	__u16 flags = 0;

	if (mode & FMODE_READ)
		flags |= FILE_ROW_CAN_READ;
	if (mode & FMODE_WRITE)
		flags |= FILE_ROW_CAN_WRITE;
	if (BPF_CORE_READ(file, f_flags) & O_NONBLOCK)
		flags |= FILE_ROW_NONBLOCK;
	return flags;
}

static __always_inline void tell_by_mode(struct file_row *row, const struct file *file,
					 const struct inode *inode, unsigned long magic)
{
	unsigned int type = BPF_CORE_READ(inode, i_mode) & S_IFMT;

	if (magic == SOCKFS_MAGIC) {
		tell_socket(row, file);
	} else if (type == S_IFIFO) {
		row->kind = magic == PIPEFS_MAGIC ? FILE_ROW_PIPE : FILE_ROW_FIFO;
		tell_pipe(row, inode);
	} else if (magic == MQUEUE_MAGIC) {
		tell_queue_of_messages(row, inode);
	} else if (magic == ANON_INODE_FS_MAGIC) {
		tell_nameless(row, file);
	} else if (type == S_IFCHR) {
		if (is_terminal(BPF_CORE_READ(inode, i_rdev)))
			row->kind = FILE_ROW_TERMINAL;
	} else if (type != S_IFSOCK) {
		row->kind = FILE_ROW_REGULAR;
	}
	if (row->kind == FILE_ROW_FIFO || row->kind == FILE_ROW_MQUEUE)
		name_of_file(row->name, file);
}

/* `row` is all zero. */
static __always_inline void tell_file(struct file_row *row, const struct file *file)
{
	const struct inode *inode = BPF_CORE_READ(file, f_inode);
	const struct super_block *super = BPF_CORE_READ(inode, i_sb);

	row->kind = FILE_ROW_OTHER;
	row->flags = flags_of_file(file);
	row->description = hidden(file);
	row->device = BPF_CORE_READ(super, s_dev);
	row->inode = BPF_CORE_READ(inode, i_ino);
	tell_by_mode(row, file, inode, BPF_CORE_READ(super, s_magic));
}

#endif
