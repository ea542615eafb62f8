/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files_test.c - what a child reads from or writes to is seen as what it is, how full it
 * is, and who else has it.
 *
 * Owns: bpf/file.bpf.c, bpf/file.h, blocked_proc_file.c and blocked_unix.c against ground
 * truth.  Does not own: threads and memory (waits_test.c, waits_lock_test.c).
 */
#include "tests/bpf/looks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef __x86_64__
static bool by_kernel(const struct looks *looks)
{
	return looks->watch != NULL;
}

static uint64_t inode_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

/* Its end in the last look; NULL: it is not told. */
static const struct file_end *end_of(const struct looks *looks, pid_t pid, int fd)
{
	for (size_t i = 0; i < looks->look.end_count; i++)
		if (looks->look.ends[i].pid == (uint32_t)pid && looks->look.ends[i].fd == fd)
			return &looks->look.ends[i];
	return NULL;
}

static int read_byte(void *arg)
{
	char byte;

	return (int)read(*(int *)arg, &byte, 1);
}

/* -- Pipes ----------------------------------------------------------------------------- */

static void reading_a_pipe_shows_it_empty_and_who_could_write(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	struct stat stat;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[0], &stat), 0);
	pid = child_start(read_byte, &ends[0]);
	blocked = looks_for(looks, pid, SYS_read);
	assert_int_equal(blocked->argument[0], ends[0]);
	assert_int_equal(blocked->has, BLOCKED_HAS_FILE);
	assert_int_equal(blocked->file.kind, FILE_PIPE);
	assert_int_equal(blocked->file.inode, stat.st_ino);
	assert_int_equal(blocked->file.device, stat.st_dev);
	assert_int_equal(blocked->file.flags & ~FILE_LEVEL_KNOWN, FILE_CAN_READ);
	if (by_kernel(looks)) {
		assert_int_equal(blocked->file.units, 0);
		assert_int_equal(blocked->file.capacity, 16);
		assert_int_equal(blocked->file.readers, 1);
		assert_int_equal(blocked->file.writers, 1);
		assert_int_equal(end_of(looks, pid, ends[1])->file.description,
				 end_of(looks, getpid(), ends[1])->file.description);
		assert_true(end_of(looks, pid, ends[0])->file.description !=
			    end_of(looks, pid, ends[1])->file.description);
	}
	assert_true(looks->look.ends_whole);
	assert_int_equal(end_of(looks, getpid(), ends[1])->file.flags & ~FILE_LEVEL_KNOWN,
			 FILE_CAN_WRITE);
	assert_int_equal(end_of(looks, pid, ends[1])->file.inode, stat.st_ino);
	assert_int_equal(end_of(looks, pid, ends[1])->start, blocked->start);
	close(ends[0]);
	close(ends[1]);
}

static int write_until_full(void *arg)
{
	static char much[1 << 17];

	return write(*(int *)arg, much, sizeof(much)) < 0;
}

static void writing_to_a_pipe_shows_it_full(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	blocked = looks_for(looks, child_start(write_until_full, &ends[1]), SYS_write);
	assert_int_equal(blocked->file.kind, FILE_PIPE);
	assert_int_equal(blocked->file.inode, inode_of(ends[1]));
	assert_int_equal(blocked->file.flags & ~FILE_LEVEL_KNOWN, FILE_CAN_WRITE);
	assert_int_equal(!!(blocked->file.flags & FILE_LEVEL_KNOWN), by_kernel(looks));
	if (by_kernel(looks)) {
		assert_int_equal(blocked->file.units, blocked->file.capacity);
		assert_int_equal(blocked->file.bytes, 65536);
	}
	close(ends[0]);
	close(ends[1]);
}

static void a_fifo_has_a_name(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/files_test\033.%d", (int)getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	blocked = looks_for(looks, child_start(read_byte, &fd), SYS_read);
	unlink(path);
	assert_int_equal(blocked->file.kind, FILE_FIFO);
	assert_int_equal(blocked->file.inode, inode_of(fd));
	assert_memory_equal(blocked->file.name, "files_test?.", 12);
	assert_int_equal(end_of(looks, getpid(), fd)->file.kind, FILE_FIFO);
	close(fd);
}

/* -- Sockets --------------------------------------------------------------------------- */

static void reading_a_socket_shows_its_peer(void **state)
{
	struct looks *looks = looks_of(state);
	const struct file_end *end;
	const struct blocked *blocked;
	struct timeval limit = {.tv_sec = 1000};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(write(ends[0], "12345", 5), 5);
	blocked = looks_for(looks, child_start(read_byte, &ends[0]), SYS_read);
	assert_int_equal(blocked->file.kind, FILE_UNIX);
	assert_int_equal(blocked->file.inode, inode_of(ends[0]));
	assert_int_equal(blocked->file.peer_inode, inode_of(ends[1]));
	assert_true(blocked->file.flags & FILE_LEVEL_KNOWN);
	assert_int_equal(blocked->file.bytes, 0);
	assert_int_equal(!!(blocked->file.flags & FILE_READ_TIMED), by_kernel(looks));
	assert_false(blocked->file.flags & FILE_WRITE_TIMED);
	end = end_of(looks, getpid(), ends[1]);
	assert_int_equal(end->file.bytes, 5);
	assert_int_equal(end->file.peer_inode, inode_of(ends[0]));
	assert_false(end->file.flags & (FILE_DATAGRAM | FILE_LISTENS));
	close(ends[0]);
	close(ends[1]);
}

static int accept_one(void *arg)
{
	return accept(*(int *)arg, NULL, NULL);
}

static void a_socket_that_listens_says_so(void **state)
{
	struct looks *looks = looks_of(state);
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const struct blocked *blocked;
	int near = socket(AF_UNIX, SOCK_STREAM, 0), far = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(near, (void *)&name, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(near, 7), 0);
	blocked = looks_for(looks, child_start(accept_one, &near), SYS_accept);
	assert_int_equal(blocked->file.kind, FILE_UNIX);
	assert_true(blocked->file.flags & FILE_LISTENS);
	assert_int_equal(blocked->file.peer_inode, 0);
	assert_int_equal(blocked->file.units, 0);
	assert_int_equal(blocked->file.capacity, 7);
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(far, (void *)&any, sizeof(any)), 0);
	assert_int_equal(listen(far, 7), 0);
	blocked = looks_for(looks, child_start(accept_one, &far), SYS_accept);
	assert_int_equal(blocked->file.kind, FILE_TCP);
	assert_int_equal(!!(blocked->file.flags & FILE_LISTENS), by_kernel(looks));
	close(near);
	close(far);
}

static void datagrams_keep_their_bounds(void **state)
{
	struct looks *looks = looks_of(state);
	const struct file_end *end;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	assert_int_equal(write(ends[0], "1234", 4), 4);
	assert_int_equal(write(ends[0], "123456", 6), 6);
	looks_for(looks, child_start(read_byte, &ends[0]), SYS_read);
	end = end_of(looks, getpid(), ends[1]);
	assert_true(end->file.flags & FILE_DATAGRAM);
	assert_int_equal(end->file.units, by_kernel(looks) ? 2 : 1);
	assert_int_equal(end->file.bytes, by_kernel(looks) ? 10 : 4);
	close(ends[0]);
	close(ends[1]);
}

/* -- Others ---------------------------------------------------------------------------- */

static int read_word(void *arg)
{
	uint64_t word;

	return (int)read(*(int *)arg, &word, sizeof(word));
}

static void two_eventfds_are_two(void **state)
{
	struct looks *looks = looks_of(state);
	int empty = eventfd(0, 0), full = eventfd(77, 0);
	const struct blocked *blocked;
	const struct file_end *end;

	blocked = looks_for(looks, child_start(read_word, &empty), SYS_read);
	assert_int_equal(blocked->file.kind, FILE_EVENTFD);
	assert_int_equal(blocked->file.flags, FILE_CAN_READ | FILE_CAN_WRITE | FILE_LEVEL_KNOWN);
	assert_int_equal(blocked->file.units, 0);
	end = end_of(looks, getpid(), full);
	assert_int_equal(end->file.units, 77);
	assert_true(end->file.inode != blocked->file.inode);
	assert_int_equal(end_of(looks, getpid(), empty)->file.inode, blocked->file.inode);
	close(empty);
	close(full);
}

static void a_timer_is_no_end_of_anybody(void **state)
{
	struct looks *looks = looks_of(state);
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	assert_int_equal(looks_for(looks, child_start(read_word, &fd), SYS_read)->file.kind,
			 FILE_TIMER);
	assert_null(end_of(looks, getpid(), fd));
	close(fd);
}

static int wait_for_epoll(void *arg)
{
	struct epoll_event event;

	return epoll_wait(*(int *)arg, &event, 1, -1);
}

static void an_epoll_is_one(void **state)
{
	struct looks *looks = looks_of(state);
	int fd = epoll_create1(0);

	assert_int_equal(
		looks_for(looks, child_start(wait_for_epoll, &fd), SYS_epoll_wait)->file.kind,
		FILE_EPOLL);
	close(fd);
}

static int receive(void *arg)
{
	char text[64];

	return mq_receive(*(mqd_t *)arg, text, sizeof(text), NULL) < 0;
}

static void a_message_queue_has_a_name_and_a_level(void **state)
{
	struct looks *looks = looks_of(state);
	struct mq_attr attr = {.mq_maxmsg = 8, .mq_msgsize = 64};
	const struct blocked *blocked;
	char name[64];
	mqd_t queue;

	snprintf(name, sizeof(name), "/files_test.%d", (int)getpid());
	queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
	if (queue < 0) {
		print_message("# note: no message queue: %s\n", strerror(errno));
		skip();
	}
	mq_unlink(name);
	blocked = looks_for(looks, child_start(receive, &queue), SYS_mq_timedreceive);
	assert_int_equal(blocked->has, BLOCKED_HAS_FILE);
	assert_int_equal(blocked->file.kind, FILE_MQUEUE);
	assert_int_equal(blocked->file.inode, inode_of(queue));
	assert_string_equal(blocked->file.name, name + 1);
	assert_int_equal(end_of(looks, getpid(), queue)->file.inode, inode_of(queue));
	if (by_kernel(looks)) {
		assert_int_equal(blocked->file.units, 0);
		assert_int_equal(blocked->file.capacity, 8);
	}
	mq_close(queue);
}

static int lock_file(void *arg)
{
	int fd = open(arg, O_RDWR);

	return flock(fd, LOCK_EX);
}

static void a_locked_file_is_known_by_its_inode(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	char path[] = "/tmp/files_test.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
	blocked = looks_for(looks, child_start(lock_file, path), SYS_flock);
	unlink(path);
	assert_int_equal(blocked->argument[1], LOCK_EX);
	assert_int_equal(blocked->file.kind, FILE_REGULAR);
	assert_int_equal(blocked->file.inode, inode_of(fd));
	close(fd);
}

static int take_unit(void *arg)
{
	struct sembuf ops[] = {{.sem_num = 3, .sem_op = -1}};

	return semop(*(int *)arg, ops, 1);
}

/* glibc calls semtimedop. */
static void a_system_v_semaphore_shows_what_it_asks_for(void **state)
{
	struct looks *looks = looks_of(state);
	int set = semget(IPC_PRIVATE, 4, 0600);
	const struct blocked *blocked;
	struct sembuf op;

	assert_true(set >= 0);
	blocked = looks_for(looks, child_start(take_unit, &set), SYS_semtimedop);
	semctl(set, 0, IPC_RMID);
	assert_int_equal(blocked->argument[0], set);
	assert_int_equal(blocked->argument[2], 1);
	assert_true(blocked->has & BLOCKED_HAS_MEMORY);
	memcpy(&op, blocked->memory + BLOCKED_BEFORE, sizeof(op));
	assert_int_equal(op.sem_num, 3);
	assert_int_equal(op.sem_op, -1);
}

static int poll_two(void *arg)
{
	int *ends = arg;
	struct pollfd fds[] = {{.fd = ends[0], .events = POLLIN}, {.fd = 99, .events = 0}};

	return poll(fds, 2, -1);
}

static void a_poll_shows_what_it_polls(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	struct pollfd fds[2];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	dup2(ends[0], 99);
	blocked = looks_for(looks, child_start(poll_two, ends), SYS_poll);
	assert_int_equal(blocked->argument[1], 2);
	assert_true(blocked->has & BLOCKED_HAS_MEMORY);
	memcpy(fds, blocked->memory + BLOCKED_BEFORE, sizeof(fds));
	assert_int_equal(fds[0].fd, ends[0]);
	assert_int_equal(fds[0].events, POLLIN);
	assert_int_equal(fds[1].fd, 99);
	assert_int_equal(end_of(looks, (pid_t)blocked->pid, ends[0])->file.inode,
			 inode_of(ends[1]));
	close(99);
	close(ends[0]);
	close(ends[1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		TEST_LOOKS(reading_a_pipe_shows_it_empty_and_who_could_write),
		TEST_LOOKS(writing_to_a_pipe_shows_it_full),
		TEST_LOOKS(a_fifo_has_a_name),
		TEST_LOOKS(reading_a_socket_shows_its_peer),
		TEST_LOOKS(a_socket_that_listens_says_so),
		TEST_LOOKS(datagrams_keep_their_bounds),
		TEST_LOOKS(two_eventfds_are_two),
		TEST_LOOKS(a_timer_is_no_end_of_anybody),
		TEST_LOOKS(an_epoll_is_one),
		TEST_LOOKS(a_message_queue_has_a_name_and_a_level),
		TEST_LOOKS(a_locked_file_is_known_by_its_inode),
		TEST_LOOKS(a_system_v_semaphore_shows_what_it_asks_for),
		TEST_LOOKS(a_poll_shows_what_it_polls),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
