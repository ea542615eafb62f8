/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_program.c - a child that is another program: from its arguments to exec.
 *
 * Does not own: the books (process_start.c), what the program does with what it is told
 * (process_arrive.c).
 *
 * The child is made as by vfork: it runs in this process's memory, on a stack of its own,
 * while the calling thread waits in the kernel until the child has called exec or ended.
 * That costs the same however large the process is, and tells at once whether exec worked.
 *
 *   slot: who the child is (member_identify)   killed after it: a dead one's slot
 *   variable: bound to this child              nobody else has it
 *   is the parent alive?                       else nothing runs
 *   exec                                       COMMIT
 */
#include "libtrace/children.h"
#include "libtrace/emit.h"
#include "libtrace/identity.h"
#include "libtrace/join.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STACK_BYTES (128u << 10)
#define PATH_USUAL "/bin:/usr/bin"
/* "pid.start", in a width that does not depend on them. */
#define BOUND_FORMAT "%010d.%020llu"
#define BOUND_LENGTH 31

struct process_program {
	char **argv;
	char **env; /* NULL: this process's, at the time of the start */
};

/* ---- copies ----------------------------------------------------------------------- */

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static size_t bytes(const char *const *list)
{
	size_t n = 0;

	for (; list && *list; list++)
		n += strlen(*list) + 1;
	return n;
}

/* Copies the strings to *to, which moves, and lists them. */
static char **copy_list(char **list, const char *const *from, char **to)
{
	size_t n = 0, size;

	for (; from[n]; n++) {
		size = strlen(from[n]) + 1;
		list[n] = memcpy(*to, from[n], size);
		*to += size;
	}
	list[n] = NULL;
	return list;
}

struct process_program *process_program_new(const char *const *argv, const char *const *env)
{
	size_t args = count(argv) + 1, names = count(env) + 1;
	struct process_program *g =
		malloc(sizeof(*g) + (args + names) * sizeof(char *) + bytes(argv) + bytes(env));
	char **lists = (char **)(void *)(g + 1), *text = (char *)(lists + args + names);

	if (!g)
		return NULL;
	g->argv = copy_list(lists, argv, &text);
	g->env = env ? copy_list(lists + args, env, &text) : NULL;
	return g;
}

/* ---- what it is told ---------------------------------------------------------------- */

static bool is_ours(const char *entry)
{
	return strncmp(entry, PROCESS_VARIABLE "=", sizeof(PROCESS_VARIABLE)) == 0;
}

/* FNV-1a, over the strings with their ends. */
static uint64_t mix(uint64_t print, const char *text)
{
	do
		print = (print ^ (uint8_t)*text) * 0x100000001b3ull;
	while (*text++);
	return print;
}

static uint64_t print_of(char *const *argv, char *const *env)
{
	uint64_t print = 0xcbf29ce484222325ull;

	for (; *argv; argv++)
		print = mix(print, *argv);
	print = mix(print, "");
	for (; *env; env++)
		if (!is_ours(*env))
			print = mix(print, *env);
	return print ? print : 1;
}

/* Where nothing tells a program that it is not the first one, it does the same again, and so
 * without end: a program that starts itself before its main, or forgets to look at its
 * arguments. */
static int nest(struct process_nest *nested, const struct process_program *g, char *const *env)
{
	struct process_nest own = process_self_nest();

	nested->print = print_of(g->argv, env);
	nested->depth = nested->print == own.print ? own.depth + 1 : 0;
	return nested->depth > MPT_PROCESS_NESTED ? -ELOOP : 0;
}

/* Read back in process_arrive.c. */
static void tell(char *variable, size_t size, const struct mpt_process *p,
		 const struct process_birth *birth, const struct process_nest *nested)
{
	char id[33];

	join_id(id, domain.header);
	snprintf(variable, size, PROCESS_VARIABLE "=%*s/%d/%d/%s/%u.%u/%llx.%u/%s/%s", BOUND_LENGTH, "",
		 birth->parent.pid, domain.fd, id, p->slot, p->generation,
		 (unsigned long long)nested->print, nested->depth, p->identity, birth->parent.name);
}

/* ---- the child's side ----------------------------------------------------------------- */

/* Lies above its stack.  Everything that must be allocated is, before the child is made. */
struct launch {
	struct mpt_process *process;
	pid_t parent;
	sigset_t mask; /* of the calling thread */
	char **env;
	const char *path;
	volatile int error;
	char variable[320];
	char bound[BOUND_LENGTH + 1];
	char candidate[PATH_MAX];
};

/* A handler would run in the parent's memory. */
static void reset_handlers(void)
{
	struct sigaction a;

	for (int sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &a) < 0 || a.sa_handler == SIG_IGN ||
		    a.sa_handler == SIG_DFL)
			continue;
		a.sa_handler = SIG_DFL;
		a.sa_flags = 0;
		sigaction(sig, &a, NULL);
	}
}

static void bind_to_me(struct launch *l)
{
	pid_t me = getpid();

	snprintf(l->bound, sizeof(l->bound), BOUND_FORMAT, me,
		 (unsigned long long)identity_start_ticks((uint32_t)me));
	memcpy(l->variable + sizeof(PROCESS_VARIABLE), l->bound, BOUND_LENGTH);
}

/* The next directory of the list, and the name behind it.  False: too long. */
static bool next_candidate(struct launch *l, const char *name)
{
	size_t n = strcspn(l->path, ":"), size = strlen(name) + 1;

	if (n + 1 + size > sizeof(l->candidate))
		return false;
	memcpy(l->candidate, l->path, n);
	if (n)
		l->candidate[n++] = '/';
	memcpy(l->candidate + n, name, size);
	return true;
}

/* Returns why it failed. */
static int exec_along_path(struct launch *l, char *const *argv)
{
	int error = ENOENT;

	for (;;) {
		errno = ENAMETOOLONG;
		if (next_candidate(l, argv[0]))
			execve(l->candidate, argv, l->env);
		if (errno == EACCES)
			error = EACCES; /* unless a later one works */
		else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
			return errno;
		l->path += strcspn(l->path, ":");
		if (!*l->path++)
			return error;
	}
}

static int exec(struct launch *l)
{
	char *const *argv = l->process->program->argv;

	if (!strchr(argv[0], '/') && argv[0][0])
		return exec_along_path(l, argv);
	execve(argv[0], argv, l->env);
	return errno;
}

static int become(void *arg)
{
	struct launch *l = arg;

	reset_handlers();
	member_identify(l->process->slot);
	bind_to_me(l);
	if (process_child_bind(l->process, l->parent) && process_child_of(l->parent)) {
		sigprocmask(SIG_SETMASK, &l->mask, NULL);
		l->error = exec(l);
	}
	/* Not _exit(), which sanitizers know, and this stack is not. */
	return (int)syscall(SYS_exit_group, 127);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

/* The child left this stack without a return: marks of its frames would stay where another
 * stack may be mapped. */
static void forget_frames(const uint8_t *at)
{
	ASAN_UNPOISON_MEMORY_REGION(at, STACK_BYTES);
}
#else
static void forget_frames(const uint8_t *at)
{
	(void)at;
}
#endif

/* ---- the parent's side ------------------------------------------------------------------ */

/* The environment, with our variable in place of one that we had ourselves. */
static void fill_env(struct launch *l, char *const *from)
{
	size_t n = 0;

	for (; *from; from++)
		if (!is_ours(*from))
			l->env[n++] = *from;
	l->env[n++] = l->variable;
	l->env[n] = NULL;
}

static void reap(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/* The kernel stores the descriptor before it is there: a thread that forks meanwhile lets its
 * child close what the child has of it (children.c). */
static void drop_pidfd(struct mpt_process *p, bool open)
{
	children_lock();
	if (open)
		close(p->pidfd);
	p->pidfd = -1;
	children_unlock();
}

/* No handler may run in the child before its handlers are reset. */
static pid_t make(struct launch *l)
{
	struct mpt_process *p = l->process;
	sigset_t all;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &l->mask);
	pid = clone(become, l, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, l, &p->pidfd);
	if (pid < 0)
		l->error = errno;
	pthread_sigmask(SIG_SETMASK, &l->mask, NULL);
	if (!l->error)
		return pid;
	if (pid > 0)
		reap(pid);
	drop_pidfd(p, pid > 0);
	return -l->error;
}

pid_t process_program_launch(struct mpt_process *p, const struct process_birth *birth)
{
	static char *none[] = { NULL };
	char **env = p->program->env ? p->program->env : environ ? environ : none;
	size_t names = (count((const char *const *)env) + 2) * sizeof(char *);
	size_t size = (STACK_BYTES + sizeof(struct launch) + names + MPT_BLOCK - 1) / MPT_BLOCK *
		      MPT_BLOCK;
	struct process_nest nested;
	struct launch *l;
	uint8_t *at;
	pid_t pid = nest(&nested, p->program, env);

	if (pid < 0)
		return pid;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	l = (struct launch *)(void *)(at + STACK_BYTES);
	l->process = p;
	l->parent = birth->parent.pid;
	l->env = (char **)(void *)(l + 1);
	l->path = getenv("PATH");
	if (!l->path)
		l->path = PATH_USUAL;
	tell(l->variable, sizeof(l->variable), p, birth, &nested);
	fill_env(l, env);
	pid = make(l);
	forget_frames(at);
	munmap(at, size);
	return pid;
}
