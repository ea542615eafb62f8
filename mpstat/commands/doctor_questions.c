/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_questions.c - what mpstat and libmptrace need, asked one by one.
 *
 * Owns: the questions, in the order of printing.  Does not own: printing.
 * Each really tries what it asks about, where trying does no harm.
 */
#include "mpstat/commands/doctor.h"
#include "mpstat/commands/target.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_DAC_READ_SEARCH_BIT 2
#define CAP_SYS_PTRACE_BIT	19

static void __attribute__((format(printf, 3, 4)))
say(struct doctor_answer *answer, enum doctor_state state, const char *text, ...)
{
	va_list args;

	answer->state = state;
	va_start(args, text);
	vsnprintf(answer->text, sizeof(answer->text), text, args);
	va_end(args);
}

static void help(struct doctor_answer *answer, const char *fix)
{
	snprintf(answer->fix, sizeof(answer->fix), "%s", fix);
}

/* The first line of a file without its newline; false when not readable. */
static bool first_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

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

static bool has_capability(int bit)
{
	char line[64];

	return find_line("/proc/self/status", "CapEff:", line, sizeof(line)) &&
	       (strtoull(line + strlen("CapEff:"), NULL, 16) >> bit & 1u);
}

static bool sees_everyone(void)
{
	return has_capability(CAP_SYS_PTRACE_BIT) && has_capability(CAP_DAC_READ_SEARCH_BIT);
}

static void ask_proc(struct doctor_answer *answer, const struct session *session)
{
	char stat[64];

	(void)session;
	if (first_line("/proc/self/stat", stat, sizeof(stat))) {
		say(answer, DOCTOR_WORKS, "/proc is mounted and readable");
		return;
	}
	say(answer, DOCTOR_FAILS, "/proc is not readable: %s", strerror(errno));
	help(answer, "mount -t proc proc /proc");
}

static void ask_hidepid(struct doctor_answer *answer, const struct session *session)
{
	char mount[512], *option = NULL;

	(void)session;
	if (find_line("/proc/self/mountinfo", " /proc ", mount, sizeof(mount)))
		option = strstr(mount, "hidepid=");
	if (!option || option[strlen("hidepid=")] == '0' || strstr(option, "hidepid=off")) {
		say(answer, DOCTOR_WORKS, "processes of all users are listed");
		return;
	}
	say(answer, sees_everyone() ? DOCTOR_WORKS : DOCTOR_LIMITED,
	    "/proc is mounted with %.*s: other users' processes are hidden from those without "
	    "the right",
	    (int)strcspn(option, ", \n"), option);
	if (!sees_everyone())
		help(answer, "sudo mpstat, or as root: mount -o remount,hidepid=0 /proc");
}

static void ask_source(struct doctor_answer *answer, const struct session *session,
		       enum fact_source from)
{
	const struct fact_source_state *state = model_source(session->model, from);

	if (!state || !state->name[0])
		say(answer, DOCTOR_FAILS, "this source told nothing");
	else
		say(answer, state->ok ? DOCTOR_WORKS : DOCTOR_LIMITED, "%s", state->text);
}

static void ask_segments(struct doctor_answer *answer, const struct session *session)
{
	ask_source(answer, session, FACT_FROM_SEGMENT);
}

static void ask_processes(struct doctor_answer *answer, const struct session *session)
{
	ask_source(answer, session, FACT_FROM_PROC);
}

static void ask_announcements(struct doctor_answer *answer, const struct session *session)
{
	char line[256];

	(void)session;
	if (first_line("/proc/net/unix", line, sizeof(line))) {
		say(answer, DOCTOR_WORKS,
		    "programs announce themselves by abstract sockets; other network namespaces "
		    "(containers) are searched through /proc");
		return;
	}
	say(answer, DOCTOR_FAILS, "/proc/net/unix, where programs announce themselves: %s",
	    strerror(errno));
	help(answer, "mount -t proc proc /proc, and a kernel with unix sockets");
}

static void ask_others(struct doctor_answer *answer, const struct session *session)
{
	char user[64];

	(void)session;
	if (sees_everyone()) {
		say(answer, DOCTOR_WORKS, "processes of every user can be looked into");
		return;
	}
	say(answer, DOCTOR_LIMITED,
	    "only processes of %s can be looked into: other users' need CAP_SYS_PTRACE and "
	    "CAP_DAC_READ_SEARCH",
	    target_user(geteuid(), user, sizeof(user)));
	help(answer, "sudo mpstat");
}

static void ask_yama(struct doctor_answer *answer, const struct session *session)
{
	char scope[16];

	(void)session;
	if (!first_line("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)))
		say(answer, DOCTOR_WORKS, "yama is not there");
	else
		say(answer, DOCTOR_WORKS,
		    "ptrace_scope is %s, which does not forbid the way segments are read "
		    "(/proc/PID/fd)",
		    scope);
}

static void ask_memfd(struct doctor_answer *answer, const struct session *session)
{
	int fd = memfd_create("mptrace-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)session;
	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0) {
		say(answer, DOCTOR_WORKS, "sealed shared memory can be made");
	} else {
		say(answer, DOCTOR_FAILS, "programs cannot make a domain: memfd_create: %s",
		    strerror(errno));
		help(answer, "a kernel of 4.14 or later, or a sandbox that allows memfd_create");
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
		say(answer, DOCTOR_WORKS, "forked children are noticed (MADV_WIPEONFORK)");
	} else {
		say(answer, DOCTOR_FAILS, "forked children are not noticed: MADV_WIPEONFORK: %s",
		    strerror(errno));
		help(answer, "a kernel of 4.14 or later");
	}
	if (page != MAP_FAILED)
		munmap(page, size);
}

static void ask_pidfd(struct doctor_answer *answer, const struct session *session)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0u);

	(void)session;
	if (fd >= 0) {
		say(answer, DOCTOR_WORKS, "signals hit exactly the process that was seen");
		close(fd);
		return;
	}
	say(answer, DOCTOR_LIMITED, "no signals can be sent from the viewer: pidfd_open: %s",
	    strerror(errno));
	help(answer, "a kernel of 5.3 or later, or a sandbox that allows pidfd_open");
}

static void ask_clock(struct doctor_answer *answer, const struct session *session)
{
	char source[32];

	(void)session;
	if (!first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
			sizeof(source)))
		snprintf(source, sizeof(source), "unknown");
	if (strcmp(source, "tsc") == 0)
		say(answer, DOCTOR_WORKS, "the clock source is tsc: a time stamp is cheap");
	else
		say(answer, DOCTOR_LIMITED,
		    "the clock source is %s, not tsc: every record costs more", source);
}

static void ask_file_size(struct doctor_answer *answer, const struct session *session)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	(void)session;
	getrlimit(RLIMIT_FSIZE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY) {
		say(answer, DOCTOR_WORKS, "programs started here may make domains of any size");
		return;
	}
	say(answer, DOCTOR_LIMITED,
	    "files are limited to %llu bytes: programs started here get no larger domain",
	    (unsigned long long)limit.rlim_cur);
	help(answer, "ulimit -f unlimited");
}

static void ask_terminal(struct doctor_answer *answer, const struct session *session)
{
	const char *term = getenv("TERM");

	(void)session;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say(answer, DOCTOR_LIMITED,
		    "no terminal here: frames of text instead of the "
		    "full screen");
	} else if (!term || !*term || strcmp(term, "dumb") == 0) {
		say(answer, DOCTOR_LIMITED,
		    "TERM is '%s': frames of text instead of the full "
		    "screen",
		    term ? term : "");
		help(answer, "export TERM=xterm-256color");
	} else {
		say(answer, DOCTOR_WORKS, "TERM is %.40s", term);
	}
}

static void ask_unicode(struct doctor_answer *answer, const struct session *session)
{
	const char *codeset = nl_langinfo(CODESET);

	(void)session;
	if (strcmp(codeset, "UTF-8") == 0) {
		say(answer, DOCTOR_WORKS, "the locale is UTF-8");
		return;
	}
	say(answer, DOCTOR_LIMITED, "the locale's characters are %.40s: drawn in ASCII", codeset);
	help(answer, "export LC_ALL=C.UTF-8");
}

static void ask_bpf(struct doctor_answer *answer, const struct session *session)
{
	(void)session;
	say(answer, DOCTOR_ABSENT,
	    "this version reads nothing from the kernel by eBPF; of programs without libmptrace "
	    "it knows what /proc tells");
}

const struct doctor_question doctor_questions[] = {
	{"proc", ask_proc},
	{"hidepid", ask_hidepid},
	{"processes", ask_processes},
	{"announcements", ask_announcements},
	{"segments", ask_segments},
	{"other users", ask_others},
	{"yama", ask_yama},
	{"shared memory", ask_memfd},
	{"fork", ask_fork},
	{"file size", ask_file_size},
	{"signals", ask_pidfd},
	{"clock", ask_clock},
	{"terminal", ask_terminal},
	{"unicode", ask_unicode},
	{"ebpf", ask_bpf},
};
const size_t doctor_question_count = sizeof(doctor_questions) / sizeof(*doctor_questions);
