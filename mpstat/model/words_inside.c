/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words_inside.c - wait channels and system calls in words.
 *
 * Owns: the table.  Names of wait channels change with the kernel; a name that
 * is not here is shown as it is.  They are cut at 23 bytes (fact.h).
 */
#include "mpstat/model/words.h"

#include <string.h>

static const struct {
	const char *begins; /* of the name; a '$' at its end: the whole name */
	const char *words;
} table[] = {
	{"do_wait$", "waiting for a child"},
	{"wait4$", "waiting for a child"},
	{"waitid$", "waiting for a child"},
	{"futex", "waiting on a futex"},
	{"do_futex", "waiting on a futex"},
	{"__futex", "waiting on a futex"},
	{"anon_pipe_read", "reading an empty pipe"},
	{"pipe_read", "reading an empty pipe"},
	{"anon_pipe_write", "writing a full pipe"},
	{"pipe_write", "writing a full pipe"},
	{"pipe_wait", "in a pipe"},
	{"wait_for_partner", "opening a fifo"},
	{"hrtimer_nanosleep", "sleeping"},
	{"do_nanosleep", "sleeping"},
	{"nanosleep", "sleeping"},
	{"clock_nanosleep", "sleeping"},
	{"common_nsleep", "sleeping"},
	{"do_sys_poll", "waiting in poll"},
	{"do_poll", "waiting in poll"},
	{"poll_schedule_timeout", "waiting in poll or select"},
	{"poll$", "waiting in poll"},
	{"ppoll$", "waiting in poll"},
	{"do_select", "waiting in select"},
	{"core_sys_select", "waiting in select"},
	{"select$", "waiting in select"},
	{"pselect6", "waiting in select"},
	{"ep_poll", "waiting in epoll"},
	{"do_epoll_wait", "waiting in epoll"},
	{"epoll_", "waiting in epoll"},
	{"io_cqring_wait", "waiting in io_uring"},
	{"io_uring_enter", "waiting in io_uring"},
	{"unix_stream_read_gen", "reading a unix socket"},
	{"unix_stream_data_wait", "reading a unix socket"},
	{"__skb_wait_for_more", "reading a socket"},
	{"sk_wait_data", "reading a socket"},
	{"tcp_recvmsg", "reading a socket"},
	{"recv", "reading a socket"},
	{"sk_stream_wait_memory", "writing a full socket"},
	{"sock_alloc_send_pskb", "writing a full socket"},
	{"unix_wait_for_peer", "writing a full socket"},
	{"send", "writing a socket"},
	{"inet_csk_accept", "accepting connections"},
	{"accept", "accepting connections"},
	{"inet_stream_connect", "connecting"},
	{"connect$", "connecting"},
	{"n_tty_read", "reading the terminal"},
	{"wait_woken", "reading a terminal or socket"},
	{"do_sigtimedwait", "waiting for a signal"},
	{"sigsuspend", "waiting for a signal"},
	{"rt_sig", "waiting for a signal"},
	{"sigtimedwait", "waiting for a signal"},
	{"pause$", "waiting for a signal"},
	{"__do_sys_pause", "waiting for a signal"},
	{"signalfd_", "waiting for a signal"},
	{"eventfd_read", "reading an eventfd"},
	{"timerfd_read", "waiting for a timer"},
	{"inotify_read", "waiting for file changes"},
	{"wq_sleep", "waiting on a message queue"},
	{"mq_timed", "waiting on a message queue"},
	{"do_msgrcv", "reading a SysV message queue"},
	{"msgrcv$", "reading a SysV message queue"},
	{"do_msgsnd", "writing a SysV message queue"},
	{"msgsnd$", "writing a SysV message queue"},
	{"do_semtimedop", "waiting on a SysV semaphore"},
	{"semtimedop", "waiting on a SysV semaphore"},
	{"semop", "waiting on a SysV semaphore"},
	{"locks_lock_inode_wait", "waiting for a file lock"},
	{"flock", "waiting for a file lock"},
	{"fcntl_setlk", "waiting for a file lock"},
	{"do_lock_file_wait", "waiting for a file lock"},
	{"do_signal_stop", "stopped"},
	{"ptrace_stop", "stopped by a debugger"},
	{"io_schedule", "waiting for the disk"},
	{"folio_wait_bit", "waiting for the disk"},
	{"wait_on_page", "waiting for the disk"},
	{"rq_qos_wait", "waiting for the disk"},
	{"jbd2_", "waiting for the disk"},
	{"vfork", "waiting for a vfork child"},
	{"kernel_clone", "waiting for a vfork child"},
	{"wait_for_vfork_done", "waiting for a vfork child"},
};

static bool fits(const char *pattern, const char *name)
{
	size_t length;

	/* Asked for every sleeping process of the machine at each refresh. */
	if (pattern[0] != name[0])
		return false;
	length = strlen(pattern);
	if (pattern[length - 1] == '$')
		return strlen(name) == length - 1 && !strncmp(pattern, name, length - 1);
	return !strncmp(pattern, name, length);
}

const char *words_inside(const char *inside)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (fits(table[i].begins, inside))
			return table[i].words;
	}
	return NULL;
}
