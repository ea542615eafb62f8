/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * family.c - processes that do what they are told, one step after the other.
 *
 *	family DIRECTORY	(has links to it under the names it may exec as)
 *
 * Owns: how a step is carried out and when it is complete.  Does not own: which
 * steps, and what is true after them (tests/e2e/family.py).
 *
 * It reads one step a line, "VERB MEMBER ARGUMENT...", and answers each by "ok ..."
 * when its effect is complete, or by "no REASON".  Member 0 is the program itself;
 * any other is told its steps through a file in memory and an eventfd.
 *
 * Nobody is left behind: each member also polls a pipe that only member 0 can write
 * to, and ends when that is closed.  Whoever is to be stopped asks for SIGKILL at the
 * end of its parent before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMBERS 256
#define TEXT	100

struct member {
	char verb[16];
	char text[TEXT];
	long argument[3];
	int error; /* of the step: errno */
	long answer;
	int pid;   /* as /proc says it */
	int inner; /* as its own namespace says it */
	unsigned long long start;
	int wake; /* eventfd */
};

struct family {
	int memory, life, alive, done; /* file descriptors */
	char directory[200];
	struct member member[MEMBERS];
};

static struct family *family;
static int me;			  /* which member this process is */
static int life_end = -1;	  /* member 0: the end of the pipe that keeps all alive */
static int watch_of[MEMBERS];	  /* member 0: pidfd of each */
static pthread_barrier_t started; /* threads that were asked for */

/* ---- what every member does ----------------------------------------------------- */

/* In the namespace of /proc, whatever namespace this process is in. */
static void tell_identity(void)
{
	struct member *m = &family->member[me];
	char text[1024], *at;
	FILE *file = fopen("/proc/self/stat", "re");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[n] = '\0';
	at = strrchr(text, ')');
	m->pid = atoi(text);
	m->inner = getpid();
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	m->start = at ? strtoull(at, NULL, 10) : 0;
}

static void say_done(int error, long answer)
{
	uint64_t one = 1;

	family->member[me].error = error;
	family->member[me].answer = answer;
	if (write(family->done, &one, sizeof(one)) < 0)
		_exit(99);
}

static void be_told(void);

/* The child of a fork. */
static void begin(int number)
{
	me = number;
	if (life_end >= 0)
		close(life_end);
	life_end = -1;
	tell_identity();
	say_done(0, 0);
	be_told();
}

static void *only_live(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "idle");
	pthread_barrier_wait(&started);
	for (;;)
		pause();
	return NULL;
}

static int do_threads(const struct member *m)
{
	pthread_t thread;

	pthread_barrier_init(&started, NULL, (unsigned)m->argument[0] + 1);
	for (long i = 0; i < m->argument[0]; i++)
		if (pthread_create(&thread, NULL, only_live, NULL))
			_exit(98);
	pthread_barrier_wait(&started);
	return 0;
}

/* The first thread has gone; another one goes on. */
static void *go_on(void *arg)
{
	char path[64], text[256] = "", *state = NULL;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/status", (long)(intptr_t)arg);
	while (!state) {
		FILE *file = fopen(path, "re");

		if (!file || fread(text, 1, sizeof(text) - 1, file) == 0)
			_exit(97);
		fclose(file);
		state = strstr(text, "\nState:\tZ");
	}
	say_done(0, 0);
	be_told();
	return NULL;
}

static int do_leader(const struct member *m)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, go_on, (void *)(intptr_t)m->pid))
		return EAGAIN;
	syscall(SYS_exit, 0);
	return 0;
}

static int do_fork(const struct member *m)
{
	int child = (int)m->argument[0];
	pid_t pid = fork();

	if (pid == 0)
		begin(child);
	return pid < 0 ? errno : 0;
}

struct errand {
	int (*run)(const struct member *m);
	const struct member *m;
	int result;
};

static void *run_errand(void *arg)
{
	struct errand *errand = arg;

	errand->result = errand->run(errand->m);
	return NULL;
}

/* By a thread that ends right after. */
static int by_thread(int (*run)(const struct member *m), const struct member *m)
{
	struct errand errand = {.run = run, .m = m};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, run_errand, &errand);

	return rc ? rc : pthread_join(thread, NULL) ? EINVAL : errand.result;
}

static int do_thread_fork(const struct member *m)
{
	return by_thread(do_fork, m);
}

/* The child is the first process of a pid namespace. */
static int do_namespace(const struct member *m)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), rc;

	if (own < 0 || unshare(CLONE_NEWPID) < 0)
		return errno;
	rc = do_fork(m);
	if (setns(own, CLONE_NEWPID) < 0)
		rc = errno;
	close(own);
	return rc;
}

static int do_exec(const struct member *m)
{
	char path[TEXT + 256], number[16], memory[16];
	char *argv[] = {(char *)(intptr_t)m->text, "--member", number, memory, NULL};

	snprintf(path, sizeof(path), "%s/%s", family->directory, m->text);
	snprintf(number, sizeof(number), "%d", me);
	snprintf(memory, sizeof(memory), "%d", family->memory);
	execv(path, argv);
	return errno;
}

static void ignore_signal(int number)
{
	(void)number;
}

static int do_action(const struct member *m)
{
	struct sigaction action = {.sa_handler = ignore_signal};

	if (strcmp(m->verb, "ignore") == 0)
		action.sa_handler = m->argument[1] ? SIG_DFL : SIG_IGN;
	if (m->argument[1]) /* the other way to ignore children */
		action.sa_flags = SA_NOCLDWAIT;
	return sigaction((int)m->argument[0], &action, NULL) < 0 ? errno : 0;
}

/* What one call does, by the name of the step. */
static int do_call(const struct member *m)
{
	int rc = -1;

	if (strcmp(m->verb, "name") == 0)
		rc = prctl(PR_SET_NAME, m->text);
	else if (strcmp(m->verb, "subreaper") == 0)
		rc = prctl(PR_SET_CHILD_SUBREAPER, 1);
	else if (strcmp(m->verb, "parent-death") == 0)
		rc = prctl(PR_SET_PDEATHSIG, m->argument[0]);
	else if (strcmp(m->verb, "session") == 0)
		rc = setsid();
	else if (strcmp(m->verb, "group") == 0)
		rc = setpgid(0, 0);
	return rc < 0 ? errno : 0;
}

static int number_of(const struct member *target)
{
	/* Who sees itself as /proc does sees others so, too. */
	return family->member[me].pid == family->member[me].inner ? target->pid : target->inner;
}

static int do_wait(const struct member *m)
{
	int status, pid = number_of(&family->member[m->argument[0]]);

	if (waitpid(pid, &status, 0) != pid)
		return errno;
	family->member[me].answer = status;
	return 0;
}

/* ---- ends ------------------------------------------------------------------------ */

static int end_by_pipe(void)
{
	int fd[2];

	if (pipe(fd) < 0)
		return errno;
	close(fd[0]);
	return write(fd[1], "x", 1) < 0 ? errno : 0;
}

static int end_by_timer(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1}};

	setitimer(ITIMER_REAL, &soon, NULL);
	pause();
	return EINTR;
}

static int do_end(const struct member *m)
{
	int *volatile nowhere = NULL;
	int signal = (int)m->argument[0];

	if (strcmp(m->text, "exit") == 0)
		_exit((int)m->argument[0]);
	if (strcmp(m->text, "abort") == 0)
		abort();
	if (strcmp(m->text, "address") == 0)
		*nowhere = 1;
	if (strcmp(m->text, "instruction") == 0)
		__builtin_trap();
	if (strcmp(m->text, "pipe") == 0)
		return end_by_pipe();
	if (strcmp(m->text, "timer") == 0)
		return end_by_timer();
	if (strcmp(m->text, "itself") == 0)
		kill(getpid(), signal);
	return EINVAL;
}

/* A child that lives no longer than it must: argument 0 its number, 1 what do_end
 * takes, 2 whether it is waited for. */
static int do_brief(const struct member *m)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0) {
		struct member end = {.argument = {m->argument[1]}};

		me = (int)m->argument[0];
		tell_identity();
		memcpy(end.text, m->text, sizeof(end.text));
		_exit(do_end(&end));
	}
	if (pid < 0)
		return errno;
	/* Returns with an error when it leaves no zombie, but then, too, after its end. */
	waitid(P_PID, (id_t)pid, &info, WEXITED | (m->argument[2] ? 0 : WNOWAIT));
	return 0;
}

static int send_signal(const struct member *m)
{
	int pid = number_of(&family->member[m->argument[0]]), rc, fd;
	int signal = (int)m->argument[1];

	if (strcmp(m->text, "queue") == 0)
		return sigqueue(pid, signal, (union sigval){.sival_int = 7}) < 0 ? errno : 0;
	if (strcmp(m->text, "group") == 0)
		return kill(-pid, signal) < 0 ? errno : 0;
	if (strcmp(m->text, "tgkill") == 0)
		return syscall(SYS_tgkill, pid, pid, signal) < 0 ? errno : 0;
	if (strcmp(m->text, "pidfd") != 0)
		return kill(pid, signal) < 0 ? errno : 0;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	rc = syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? errno : 0;
	close(fd);
	return rc;
}

static int do_signal(const struct member *m)
{
	return strcmp(m->text, "thread") == 0 ? by_thread(send_signal, m) : send_signal(m);
}

/* ---- steps ----------------------------------------------------------------------- */

enum answerer {
	MEMBER,	   /* who was told */
	NEW_MEMBER, /* argument 0: forked, or itself after exec */
	NOBODY,	   /* it ends */
};

static const struct step {
	const char *verb;
	int (*run)(const struct member *m);
	enum answerer answerer;
	bool text_first; /* its first argument is a word */
} steps[] = {
	{"fork", do_fork, NEW_MEMBER, false},
	{"thread-fork", do_thread_fork, NEW_MEMBER, false},
	{"namespace", do_namespace, NEW_MEMBER, false},
	{"threads", do_threads, MEMBER, false},
	{"leader", do_leader, NEW_MEMBER, false},
	{"exec", do_exec, NEW_MEMBER, true},
	{"name", do_call, MEMBER, true},
	{"ignore", do_action, MEMBER, false},
	{"handle", do_action, MEMBER, false},
	{"subreaper", do_call, MEMBER, false},
	{"parent-death", do_call, MEMBER, false},
	{"session", do_call, MEMBER, false},
	{"group", do_call, MEMBER, false},
	{"wait", do_wait, MEMBER, false},
	{"brief", do_brief, MEMBER, true},
	{"signal", do_signal, MEMBER, true},
	{"end", do_end, NOBODY, true},
};

static const struct step *step_find(const char *verb)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].verb, verb) == 0)
			return &steps[i];
	return NULL;
}

static void carry_out(void)
{
	struct member *m = &family->member[me];
	const struct step *step = step_find(m->verb);
	int error = step ? step->run(m) : EINVAL;

	/* Who is new says so itself. */
	if (error || step->answerer != NEW_MEMBER)
		say_done(error, m->answer);
}

static void be_told(void)
{
	struct pollfd fds[] = {
		{.fd = family->member[me].wake, .events = POLLIN},
		{.fd = family->life, .events = POLLIN},
	};
	uint64_t count;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			_exit(0);
		if (read(fds[0].fd, &count, sizeof(count)) > 0)
			carry_out();
	}
}

/* ---- member 0 -------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A pidfd is readable when the last thread has ended. */
static bool await_end(int number)
{
	struct pollfd fd = {.fd = watch_of[number], .events = POLLIN};

	return poll(&fd, 1, 10000) == 1;
}

static bool await_answer(void)
{
	struct pollfd fd = {.fd = family->done, .events = POLLIN};
	uint64_t count;

	return poll(&fd, 1, 10000) == 1 && read(family->done, &count, sizeof(count)) > 0;
}

/* Makes one step; returns what is wrong, or NULL. */
static const char *make_step(const struct step *step, int number, int speaker)
{
	struct member *m = &family->member[number];
	uint64_t one = 1;

	family->member[speaker].error = 0;
	if (number == 0)
		carry_out();
	else if (write(m->wake, &one, sizeof(one)) < 0)
		return "cannot be told";
	if (step->answerer == NOBODY)
		return await_end(number) ? NULL : "does not end";
	if (!await_answer())
		return "does not answer";
	if (m->error || family->member[speaker].error)
		return strerror(m->error ? m->error : family->member[speaker].error);
	if (speaker != number)
		watch_of[speaker] =
			(int)syscall(SYS_pidfd_open, family->member[speaker].pid, 0);
	return NULL;
}

/* The next word, "%1b" for a byte that cannot stand in it. */
static void take_text(char *text, char **line)
{
	const char *word = strsep(line, " ");
	size_t used = 0;

	for (; word && *word && used < TEXT - 1; word++) {
		unsigned byte;

		if (word[0] == '%' && sscanf(word + 1, "%2x", &byte) == 1) {
			text[used++] = (char)byte;
			word += 2;
		} else {
			text[used++] = *word;
		}
	}
	text[used] = '\0';
}

static void obey(char *line)
{
	char *word = strsep(&line, " "), *value;
	const struct step *step = step_find(word);
	int number = atoi((value = strsep(&line, " ")) ? value : "0"), speaker = number;
	struct member *m = &family->member[number >= 0 && number < MEMBERS ? number : 0];
	uint64_t before = now_ns();
	const char *wrong;

	if (strcmp(word, "await") == 0) {
		printf("%s %llu\n", await_end(number) ? "ok" : "no", (unsigned long long)now_ns());
		return;
	}
	if (!step) {
		puts("no such step");
		return;
	}
	snprintf(m->verb, sizeof(m->verb), "%s", word);
	m->text[0] = '\0';
	m->answer = 0;
	if (step->text_first)
		take_text(m->text, &line);
	for (int i = 0; i < 3; i++)
		m->argument[i] = atol((value = strsep(&line, " ")) ? value : "0");
	if (strstr(word, "fork") || strcmp(word, "namespace") == 0 || strcmp(word, "brief") == 0)
		speaker = (int)m->argument[0] % MEMBERS;
	wrong = make_step(step, number, strcmp(word, "brief") == 0 ? number : speaker);
	if (wrong)
		printf("no %s\n", wrong);
	else
		printf("ok %d %llu %ld %llu %llu\n", family->member[speaker].pid,
		       family->member[speaker].start, m->answer, (unsigned long long)before,
		       (unsigned long long)now_ns());
}

static int found_family(const char *directory)
{
	int memory = memfd_create("family", 0), ends[2], alive[2];

	if (memory < 0 || ftruncate(memory, sizeof(*family)) < 0 || pipe(ends) < 0 ||
	    pipe(alive) < 0 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	family = mmap(NULL, sizeof(*family), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (family == MAP_FAILED)
		return -1;
	family->memory = memory;
	family->life = ends[0];
	family->alive = alive[1];
	family->done = eventfd(0, EFD_SEMAPHORE);
	snprintf(family->directory, sizeof(family->directory), "%s", directory);
	for (int i = 0; i < MEMBERS; i++)
		family->member[i].wake = eventfd(0, 0);
	life_end = ends[1];
	return alive[0];
}

static int be_member(int number, int memory)
{
	family = mmap(NULL, sizeof(*family), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (family == MAP_FAILED)
		return 1;
	begin(number);
	return 0;
}

int main(int argc, char **argv)
{
	char line[256];
	int alive;

	if (argc == 4 && strcmp(argv[1], "--member") == 0)
		return be_member(atoi(argv[2]), atoi(argv[3]));
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	alive = argc == 2 ? found_family(argv[1]) : -1;
	if (alive < 0) {
		fputs("usage: family DIRECTORY\n", stderr);
		return 2;
	}
	tell_identity();
	printf("ready %d %llu\n", family->member[0].pid, family->member[0].start);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
		fflush(stdout);
	}
	/* A group with stopped members whose last parent elsewhere ends gets a SIGHUP. */
	signal(SIGHUP, SIG_IGN);
	/* Ends all, also those that are stopped, until the last has closed its end. */
	close(life_end);
	for (int i = 0; i < MEMBERS; i++)
		if (watch_of[i] > 0)
			syscall(SYS_pidfd_send_signal, watch_of[i], SIGKILL, NULL, 0);
	close(family->alive);
	return read(alive, line, 1) == 0 ? 0 : 1;
}
