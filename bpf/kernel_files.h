/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * kernel_files.h - the kernel's types of open files and mapped memory, as far as our
 * programs look into them.  What kernel_types.h says about members holds here too.
 */
#ifndef MPTRACE_BPF_KERNEL_FILES_H
#define MPTRACE_BPF_KERNEL_FILES_H

#include "bpf/kernel_types.h"

/* linux/stat.h */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
/* linux/fs.h, fcntl.h */
#define FMODE_READ 1
#define FMODE_WRITE 2
#define O_NONBLOCK 04000
/* linux/magic.h, ipc/mqueue.c */
#define PIPEFS_MAGIC 0x50495045
#define SOCKFS_MAGIC 0x534F434B
#define ANON_INODE_FS_MAGIC 0x09041934
#define MQUEUE_MAGIC 0x19800202
#define FUSE_SUPER_MAGIC 0x65735546
/* linux/mm.h */
#define VM_MAYSHARE 0x00000080
#define VM_PFNMAP 0x00000400
#define VM_IO 0x00004000
/* linux/major.h: consoles, serial lines, /dev/tty and others, pseudo terminals */
#define TTY_MAJOR 4
#define TTYAUX_MAJOR 5
#define UNIX98_PTY_FIRST 128
#define UNIX98_PTY_LAST 143
/* sys/socket.h, netinet/in.h, net/tcp_states.h */
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define STATE_LISTEN 10 /* unix sockets have the same */
#define NO_TIMEOUT 0x7fffffffffffffffl

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct pipe_buffer {
	unsigned int len;
};

struct pipe_inode_info {
	unsigned int head;
	unsigned int tail;
	unsigned int max_usage;
	unsigned int ring_size;
	unsigned int readers;
	unsigned int writers;
	struct pipe_buffer *bufs;
};

struct inode {
	unsigned short i_mode;
	__u32 i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
	struct pipe_inode_info *i_pipe;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct eventfd_ctx {
	__u64 count;
	int id;
};

struct mq_attr {
	long mq_maxmsg;
	long mq_curmsgs;
};

struct mqueue_inode_info {
	struct inode vfs_inode;
	struct mq_attr attr;
	unsigned long qsize;
};

struct sk_buff {
	struct sk_buff *next;
	unsigned int len;
};

struct sk_buff_head {
	struct sk_buff *next;
	__u32 qlen;
};

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	unsigned short sk_type;
	unsigned short sk_protocol;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	long sk_rcvtimeo;
	long sk_sndtimeo;
	struct socket *sk_socket;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct unix_sock {
	struct sock *peer;
};

struct tcp_sock {
	__u32 rcv_nxt;
	__u32 copied_seq;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
