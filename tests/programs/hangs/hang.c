/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hang.c - how a program brings itself into a hang, proves it, tells it and goes away.
 *
 * The proof: each says what it is about to wait for, and then sleeps in just that system call,
 * as /proc says of all of them twice in a row.  That this is for ever follows from the order of
 * the steps, which is the scenario's.
 */
#include "tests/programs/hangs/hang.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS_MAX 16
#define PROCESSES_MAX 16
#define ENDS_MAX 32
#define GUARD_S 60 /* a machine may be busy */

struct hang_slot {
	/* Written by the thread it tells of, `call` last and with release. */
	pid_t pid, tid;
	const char *what; /* of the program's text: the same in all processes */
	int holder;
	bool beside;
	_Atomic int call; /* enum hang_call */
};

/* Shared by all. */
static struct hang_stage {
	struct hang_slot slots[SLOTS_MAX];
	_Atomic pid_t processes[PROCESSES_MAX]; /* who was forked; 0 again when it was waited for */
	_Atomic int process_count;
	_Atomic int arrivals;
	_Atomic bool broken; /* by anybody: the proof has failed */
} *stage;

static const char *program;
static const struct hang_kind *kind;
static sigset_t old_mask; /* of signals */
static int ends_open[ENDS_MAX], ends_count;
static void (*at_end)(void);
static pid_t director;

/* The system calls of each; -1: there is one less. */
#ifdef SYS_poll
#define POLLS SYS_poll, SYS_ppoll
#define PAUSES SYS_pause, SYS_rt_sigsuspend
#else
#define POLLS SYS_ppoll, -1
#define PAUSES SYS_rt_sigsuspend, -1
#endif
static const struct {
	const char *name;
	long numbers[2];
	char state; /* 0: any */
} calls[] = {
	[HANG_NOWHERE] = { "nowhere", { -1, -1 }, 0 },
	[HANG_FUTEX] = { "futex", { SYS_futex, -1 }, 'S' },
	[HANG_READ] = { "read", { SYS_read, -1 }, 'S' },
	[HANG_WRITE] = { "write", { SYS_write, -1 }, 'S' },
	[HANG_RECV] = { "recv", { SYS_recvfrom, SYS_recvmsg }, 'S' },
	[HANG_WAIT] = { "wait", { SYS_wait4, SYS_waitid }, 'S' },
	[HANG_FLOCK] = { "flock", { SYS_flock, -1 }, 'S' },
	[HANG_FCNTL] = { "fcntl", { SYS_fcntl, -1 }, 'S' },
	[HANG_SEMOP] = { "semop", { SYS_semop, SYS_semtimedop }, 'S' },
	[HANG_MQ_SEND] = { "mq_send", { SYS_mq_timedsend, -1 }, 'S' },
	[HANG_SLEEP] = { "sleep", { SYS_clock_nanosleep, SYS_nanosleep }, 'S' },
	[HANG_POLL] = { "poll", { POLLS }, 'S' },
	[HANG_ACCEPT] = { "accept", { SYS_accept, SYS_accept4 }, 'S' },
	[HANG_PAUSE] = { "pause", { PAUSES }, 'S' },
	[HANG_BUSY] = { "busy", { -1, -1 }, 0 },
	[HANG_STOPPED] = { "stopped", { -1, -1 }, 'T' },
	[HANG_DEAD] = { "dead", { -1, -1 }, 'Z' },
};

static void breathe(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void signal_all(int number)
{
	for (int i = 0; i < atomic_load(&stage->process_count); i++)
		if (atomic_load(&stage->processes[i]) > 0)
			kill(atomic_load(&stage->processes[i]), number);
}

static void kill_all(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* grandchildren are waited for, too */
	/* Nobody is to go on because of the end of another. */
	signal_all(SIGSTOP);
	signal_all(SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	if (at_end)
		at_end();
}

void hang_broken(const char *what)
{
	fprintf(stderr, "%s %s: %s\n", program, kind->name, what);
	atomic_store(&stage->broken, true);
	if (getpid() == director)
		kill_all();
	_exit(3);
}

void hang_must(bool good, const char *what)
{
	if (!good)
		hang_broken(what);
}

static void choose(const char *name, const struct hang_kind *kinds)
{
	bool list = name && strcmp(name, "--kinds") == 0;

	for (; kinds->name; kinds++) {
		if (list)
			puts(kinds->name);
		else if (!name || strcmp(name, kinds->name) == 0) {
			kind = kinds;
			return;
		}
	}
	if (!list)
		fprintf(stderr, "%s: no kind is called %s\n", program, name);
	exit(list ? 0 : 2);
}

void hang_begin(int argc, char **argv, const struct hang_kind *kinds)
{
	sigset_t ending;

	program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	choose(argc > 1 ? argv[1] : NULL, kinds);
	director = getpid();
	stage = hang_memory(sizeof(*stage));
	/* They come when we are ready for them, in hang_stay. */
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &old_mask);
}

const char *hang_kind_name(void)
{
	return kind->name;
}

bool hang_is(const char *name)
{
	return strcmp(kind->name, name) == 0;
}

void *hang_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror(program);
		_exit(3);
	}
	return memory;
}

int hang_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

void hang_ends(int make(int ends[2]), int ends[2])
{
	hang_must(ends_count + 2 <= ENDS_MAX && make(ends) == 0, "no pipe");
	ends_open[ends_count++] = ends[0];
	ends_open[ends_count++] = ends[1];
}

void hang_keep(int first, int second)
{
	int kept = 0;

	for (int i = 0; i < ends_count; i++) {
		if (ends_open[i] == first || ends_open[i] == second)
			ends_open[kept++] = ends_open[i];
		else
			close(ends_open[i]);
	}
	ends_count = kept;
}

/* Standard input and output are the director's alone. */
static void let_go_of_input(void)
{
	int null = open("/dev/null", O_RDWR);

	hang_must(null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1, "no /dev/null");
	close(null);
}

pid_t hang_fork(void (*body)(int slot), int slot)
{
	pid_t parent = getpid(), pid = fork();
	int number;

	hang_must(pid >= 0, "no child");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(3);
		if (parent == director)
			let_go_of_input();
		sigprocmask(SIG_SETMASK, &old_mask, NULL);
		body(slot);
		hang_broken("a child ended");
	}
	number = atomic_fetch_add(&stage->process_count, 1);
	hang_must(number < PROCESSES_MAX, "too many children");
	atomic_store(&stage->processes[number], pid);
	return pid;
}

struct start {
	void (*body)(int slot);
	int slot;
};

static void *run_thread(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	start.body(start.slot);
	return NULL;
}

pthread_t hang_thread(void (*body)(int slot), int slot)
{
	struct start *start = malloc(sizeof(*start));
	pthread_t thread;

	hang_must(start, "no memory");
	*start = (struct start){ body, slot };
	hang_must(pthread_create(&thread, NULL, run_thread, start) == 0, "no thread");
	return thread;
}

void hang_meet(int arrivals)
{
	atomic_fetch_add(&stage->arrivals, 1);
	while (atomic_load(&stage->arrivals) < arrivals)
		breathe();
}

static void announce(int slot, enum hang_call call, const char *what, int holder, bool beside)
{
	struct hang_slot *s = &stage->slots[slot];

	s->pid = getpid();
	s->tid = gettid();
	s->what = what;
	s->holder = holder;
	s->beside = beside;
	atomic_store_explicit(&s->call, call, memory_order_release);
}

void hang_waits(int slot, enum hang_call call, const char *what, int holder)
{
	announce(slot, call, what, holder, false);
}

void hang_beside(int slot, enum hang_call call)
{
	announce(slot, call, NULL, HANG_NOBODY, true);
}

pid_t hang_pid(int slot)
{
	return stage->slots[slot].pid;
}

/* Its number may be another's from then on, who must not be killed. */
void hang_reap(pid_t pid)
{
	hang_must(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0, "not a child");
	for (int i = 0; i < atomic_load(&stage->process_count); i++)
		if (atomic_load(&stage->processes[i]) == pid)
			atomic_store(&stage->processes[i], 0);
	waitpid(pid, NULL, 0);
}

void hang_kill(int slot)
{
	kill(hang_pid(slot), SIGKILL);
	hang_reap(hang_pid(slot));
	atomic_store(&stage->slots[slot].call, HANG_DEAD);
}

void hang_sleep(int slot)
{
	hang_beside(slot, HANG_SLEEP);
	for (;;)
		nanosleep(&(struct timespec){ .tv_sec = 3600 }, NULL);
}

/* Of /proc/PID/task/TID/FILE; empty when there is none. */
static void read_of_thread(const struct hang_slot *s, const char *file, char text[256])
{
	char path[64];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", s->pid, s->tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, 255);
		close(fd);
	}
	text[got > 0 ? got : 0] = '\0';
}

static bool is_there(const struct hang_slot *s)
{
	int call = atomic_load_explicit(&s->call, memory_order_acquire);
	char text[256], *name_end, state;
	long number;

	if (call == HANG_NOWHERE)
		return false;
	read_of_thread(s, "stat", text);
	name_end = strrchr(text, ')');
	state = name_end ? name_end[2] : 'Z';
	if (calls[call].state && state != calls[call].state)
		return false;
	if (calls[call].numbers[0] < 0)
		return true;
	read_of_thread(s, "syscall", text);
	if (text[0] < '0' || text[0] > '9')
		return false;
	number = strtol(text, NULL, 10);
	return number == calls[call].numbers[0] || number == calls[call].numbers[1];
}

void hang_await(int slot)
{
	time_t until = now_s() + GUARD_S;

	while (!is_there(&stage->slots[slot])) {
		if (atomic_load(&stage->broken) || now_s() > until) {
			fprintf(stderr, "slot %d, process %d is not in %s\n", slot, hang_pid(slot),
				calls[atomic_load(&stage->slots[slot].call)].name);
			hang_broken("somebody is not where it should be");
		}
		breathe();
	}
}

void hang_mutex_init(pthread_mutex_t *mutex, const char *name, bool shared)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (shared)
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (strcmp(name, "recursive") == 0)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	if (strcmp(name, "errorcheck") == 0)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	if (strcmp(name, "robust") == 0)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (strcmp(name, "pi") == 0)
		pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	hang_must(pthread_mutex_init(mutex, &attr) == 0, "no mutex");
	pthread_mutexattr_destroy(&attr);
}

void hang_lock_timed(pthread_mutex_t *mutex)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 3600;
	pthread_mutex_timedlock(mutex, &end);
}

int hang_file(void)
{
	const char *place = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/hang-XXXXXX", place ? place : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	hang_must(fd >= 0 && unlink(path) == 0, "no file");
	return fd;
}

int hang_reopen(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	hang_must(again >= 0, "no second open file");
	return again;
}

void hang_at_end(void (*act)(void))
{
	at_end = act;
}

static void print_slot(const struct hang_slot *s, bool first)
{
	int call = atomic_load(&s->call);

	printf("%s{\"pid\":%d,\"tid\":%d,\"in\":\"%s\",\"calls\":[", first ? "" : ",", s->pid,
	       s->tid, calls[call].name);
	for (int i = 0; i < 2 && calls[call].numbers[i] >= 0; i++)
		printf("%s%ld", i ? "," : "", calls[call].numbers[i]);
	printf("]");
	if (s->what)
		printf(",\"waits_for\":\"%s\"", s->what);
	if (s->holder >= 0)
		printf(",\"held_by_pid\":%d,\"held_by_tid\":%d", stage->slots[s->holder].pid,
		       stage->slots[s->holder].tid);
	printf("}");
}

static void print_slots(const char *name, int count, bool beside)
{
	bool first = true;

	printf(",\"%s\":[", name);
	for (int i = 0; i < count; i++) {
		if (stage->slots[i].beside != beside)
			continue;
		print_slot(&stage->slots[i], first);
		first = false;
	}
	printf("]");
}

static void print_findings(void)
{
	const char *fallback = strcmp(kind->verdict, "fine") == 0 ? "" :
			       "deadlock self-deadlock knot";
	char words[256], *rest, *word;

	snprintf(words, sizeof(words), "%s", kind->findings ? kind->findings : fallback);
	printf(",\"findings\":[");
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		printf("%s\"%s\"", word == words ? "" : ",", word);
	printf("]");
}

static void tell(int slots)
{
	printf("{\"scenario\":\"%s\",\"kind\":\"%s\",\"verdict\":\"%s\"", program, kind->name,
	       kind->verdict);
	print_findings();
	print_slots("members", slots, false);
	print_slots("beside", slots, true);
	printf("}\n");
	fflush(stdout);
}

static void note_signal(int number)
{
	(void)number;
}

/* Until input ends or a signal asks. */
static void stay(void)
{
	const struct sigaction act = { .sa_handler = note_signal };
	struct pollfd input = { .fd = 0, .events = POLLIN };
	char text[64];

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	while (ppoll(&input, 1, NULL, &old_mask) > 0)
		if (read(0, text, sizeof(text)) <= 0)
			return;
}

int hang_stay(int slots)
{
	hang_keep(-1, -1);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < slots; i++)
			hang_await(i);
	tell(slots);
	stay();
	kill_all();
	return 0;
}
