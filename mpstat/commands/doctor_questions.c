/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_questions.c - what mpstat and libmptrace need, asked one by one.
 *
 * Owns: the order of all groups, and the questions about processes, the library and
 * the terminal.  Does not own: printing, the kernel (doctor_kernel.c), rights
 * (doctor_rights.c).
 * Each really tries what it asks about, where trying does no harm.
 */
#include "mpstat/commands/doctor.h"
#include "mpstat/commands/rights.h"
#include "mpstat/commands/target.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The rest of the first line that has `key` in it, from the key on. */
static bool find_line(const char *path, const char *key, char *rest, size_t size)
{
	char line[1024];
	const char *at = NULL;
	FILE *file = fopen(path, "re");

	while (!at && file && fgets(line, sizeof(line), file))
		at = strstr(line, key);
	if (file)
		fclose(file);
	if (at)
		snprintf(rest, size, "%.*s", (int)strcspn(at, "\n"), at);
	return at != NULL;
}

static bool sees_everyone(const struct session *session)
{
	return rights_have(session->rights, RIGHT_SYS_PTRACE) &&
	       rights_have(session->rights, RIGHT_DAC_READ_SEARCH);
}

static void ask_proc(struct doctor_answer *answer, const struct session *session)
{
	char stat[64];

	(void)session;
	if (doctor_first_line("/proc/self/stat", stat, sizeof(stat))) {
		doctor_say(answer, DOCTOR_WORKS, "/proc is mounted and readable");
		return;
	}
	doctor_say(answer, DOCTOR_FAILS, "/proc is not readable: %s", strerror(errno));
	doctor_help(answer, "mount -t proc proc /proc");
}

static void ask_hidepid(struct doctor_answer *answer, const struct session *session)
{
	char mount[512], *option = NULL;

	if (find_line("/proc/self/mountinfo", " /proc ", mount, sizeof(mount)))
		option = strstr(mount, "hidepid=");
	if (!option || option[strlen("hidepid=")] == '0' || strstr(option, "hidepid=off")) {
		doctor_say(answer, DOCTOR_WORKS, "processes of all users are listed");
		return;
	}
	doctor_say(
		answer, sees_everyone(session) ? DOCTOR_WORKS : DOCTOR_LIMITED,
		"/proc is mounted with %.*s: other users' processes are hidden from those without "
		"the right",
		(int)strcspn(option, ", \n"), option);
	if (!sees_everyone(session))
		doctor_help(answer, "sudo %s, or as root: mount -o remount,hidepid=0 /proc",
			    session->options->program);
}

static void ask_segments(struct doctor_answer *answer, const struct session *session)
{
	doctor_ask_source(answer, session, FACT_FROM_SEGMENT);
}

static void ask_processes(struct doctor_answer *answer, const struct session *session)
{
	doctor_ask_source(answer, session, FACT_FROM_PROC);
}

static void ask_announcements(struct doctor_answer *answer, const struct session *session)
{
	char line[256];

	(void)session;
	if (doctor_first_line("/proc/net/unix", line, sizeof(line))) {
		doctor_say(answer, DOCTOR_WORKS,
			   "programs announce themselves by abstract sockets; other network "
			   "namespaces "
			   "(containers) are searched through /proc");
		return;
	}
	doctor_say(answer, DOCTOR_FAILS, "/proc/net/unix, where programs announce themselves: %s",
		   strerror(errno));
	doctor_help(answer, "mount -t proc proc /proc, and a kernel with unix sockets");
}

static void ask_others(struct doctor_answer *answer, const struct session *session)
{
	char user[64];

	if (sees_everyone(session)) {
		doctor_say(answer, DOCTOR_WORKS, "processes of every user can be looked into");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED,
		   "only processes of %s can be looked into: other users' need CAP_SYS_PTRACE and "
		   "CAP_DAC_READ_SEARCH",
		   target_user(geteuid(), user, sizeof(user)));
	doctor_help(answer, "sudo %s", session->options->program);
}

static void ask_yama(struct doctor_answer *answer, const struct session *session)
{
	char scope[16];

	(void)session;
	if (!doctor_first_line("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)))
		doctor_say(answer, DOCTOR_WORKS, "yama is not there");
	else
		doctor_say(answer, DOCTOR_WORKS,
			   "ptrace_scope is %s, which does not forbid the way segments are read "
			   "(/proc/PID/fd)",
			   scope);
}

static void ask_memfd(struct doctor_answer *answer, const struct session *session)
{
	int fd = memfd_create("mptrace-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)session;
	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0) {
		doctor_say(answer, DOCTOR_WORKS, "sealed shared memory can be made");
	} else {
		doctor_say(answer, DOCTOR_FAILS, "programs cannot make a domain: memfd_create: %s",
			   strerror(errno));
		doctor_help(answer,
			    "a kernel of 4.14 or later, or a sandbox that allows memfd_create");
	}
	if (fd >= 0)
		close(fd);
}

static void ask_fork(struct doctor_answer *answer, const struct session *session)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)session;
	if (page != MAP_FAILED && madvise(page, size, MADV_WIPEONFORK) == 0) {
		doctor_say(answer, DOCTOR_WORKS, "forked children are noticed (MADV_WIPEONFORK)");
	} else {
		doctor_say(answer, DOCTOR_FAILS,
			   "forked children are not noticed: MADV_WIPEONFORK: %s", strerror(errno));
		doctor_help(answer, "a kernel of 4.14 or later");
	}
	if (page != MAP_FAILED)
		munmap(page, size);
}

static void ask_pidfd(struct doctor_answer *answer, const struct session *session)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0u);

	(void)session;
	if (fd >= 0) {
		doctor_say(answer, DOCTOR_WORKS, "signals hit exactly the process that was seen");
		close(fd);
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED, "no signals can be sent from the viewer: pidfd_open: %s",
		   strerror(errno));
	doctor_help(answer, "a kernel of 5.3 or later, or a sandbox that allows pidfd_open");
}

static void ask_clock(struct doctor_answer *answer, const struct session *session)
{
	char source[32];

	(void)session;
	if (!doctor_first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			       source, sizeof(source)))
		snprintf(source, sizeof(source), "unknown");
	if (strcmp(source, "tsc") == 0)
		doctor_say(answer, DOCTOR_WORKS, "the clock source is tsc: a time stamp is cheap");
	else
		doctor_say(answer, DOCTOR_LIMITED,
			   "the clock source is %s, not tsc: every record costs more", source);
}

static void ask_file_size(struct doctor_answer *answer, const struct session *session)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	(void)session;
	getrlimit(RLIMIT_FSIZE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY) {
		doctor_say(answer, DOCTOR_WORKS,
			   "programs started here may make domains of any size");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED,
		   "files are limited to %llu bytes: programs started here get no larger domain",
		   (unsigned long long)limit.rlim_cur);
	doctor_help(answer, "ulimit -f unlimited");
}

static void ask_terminal(struct doctor_answer *answer, const struct session *session)
{
	const char *term = getenv("TERM");

	(void)session;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		doctor_say(answer, DOCTOR_LIMITED,
			   "no terminal here: frames of text instead of the "
			   "full screen");
	} else if (!term || !*term || strcmp(term, "dumb") == 0) {
		doctor_say(answer, DOCTOR_LIMITED,
			   "TERM is '%s': frames of text instead of the full "
			   "screen",
			   term ? term : "");
		doctor_help(answer, "export TERM=xterm-256color");
	} else {
		doctor_say(answer, DOCTOR_WORKS, "TERM is %.40s", term);
	}
}

static void ask_unicode(struct doctor_answer *answer, const struct session *session)
{
	const char *codeset = nl_langinfo(CODESET);

	(void)session;
	if (strcmp(codeset, "UTF-8") == 0) {
		doctor_say(answer, DOCTOR_WORKS, "the locale is UTF-8");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED, "the locale's characters are %.40s: drawn in ASCII",
		   codeset);
	doctor_help(answer, "export LC_ALL=C.UTF-8");
}

static const struct doctor_question of_processes[] = {
	{"proc", ask_proc},	     {"hidepid", ask_hidepid}, {"processes", ask_processes},
	{"other users", ask_others}, {"yama", ask_yama},       {"signals", ask_pidfd},
};

static const struct doctor_question of_library[] = {
	{"announcements", ask_announcements}, {"segments", ask_segments},
	{"shared memory", ask_memfd},	      {"fork", ask_fork},
	{"file size", ask_file_size},	      {"clock", ask_clock},
};

static const struct doctor_question of_terminal[] = {
	{"terminal", ask_terminal},
	{"unicode", ask_unicode},
};

#define GROUP(heading, rows)                                                                       \
	{                                                                                          \
		.title = heading, .questions = rows,                                               \
		.question_count = sizeof(rows) / sizeof(*(rows))                                   \
	}

static const struct doctor_group processes = GROUP("Processes", of_processes),
				 library = GROUP("Programs that use libmptrace", of_library),
				 terminal = GROUP("Terminal", of_terminal);

extern const struct doctor_group doctor_kernel, doctor_programs, doctor_rights;

const struct doctor_group *const doctor_groups[] = {
	&processes, &library, &doctor_kernel, &doctor_programs, &doctor_rights, &terminal, NULL,
};
