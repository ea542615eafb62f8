/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_kernel.c - doctor's questions about what the kernel tells of the past.
 *
 * Owns: eBPF and what it needs, our programs one by one, pid namespace, process
 * connector.  Does not own: rights (doctor_rights.c), loading (collector/).
 */
#include "mpstat/collector/connector.h"
#include "mpstat/commands/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PID_NAMESPACE_FIRST 4026531836u /* the kernel's PROC_PID_INIT_INO */

#define KERNEL_OLDEST 508 /* ring buffer, CAP_BPF */
#define KERNEL_WHOLE  601 /* all that is used was there */

/* ---- eBPF -------------------------------------------------------------------- */

static void ask_ebpf(struct doctor_answer *answer, const struct session *session)
{
	const struct kernel_part *part;
	size_t count, works = 0;

	for (count = 0; (part = kernel_part(session->kernel, count)); count++)
		works += part->works;
	if (count == 0) {
		doctor_say(answer, DOCTOR_ABSENT,
			   "not built in: who died of what, and processes between two looks, are "
			   "not seen");
		doctor_help(answer, "make BPF=1");
	} else if (session->kernel) {
		doctor_say(answer, works == count ? DOCTOR_WORKS : DOCTOR_LIMITED,
			   "%zu of %zu programs are loaded", works, count);
	} else {
		doctor_say(answer, DOCTOR_LIMITED, "%s", session->kernel_why.text);
		if (session->kernel_why.code == -EPERM)
			doctor_help(answer, "sudo %s", session->options->program);
	}
}

static void ask_btf(struct doctor_answer *answer, const struct session *session)
{
	(void)session;
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
		doctor_say(answer, DOCTOR_WORKS, "the kernel describes its types");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED, "/sys/kernel/btf/vmlinux: %s", strerror(errno));
	doctor_help(answer, "a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions have");
}

static void ask_version(struct doctor_answer *answer, const struct session *session)
{
	struct utsname names;
	unsigned major = 0, minor = 0, version;

	(void)session;
	if (uname(&names) < 0 || sscanf(names.release, "%u.%u", &major, &minor) < 2) {
		doctor_say(answer, DOCTOR_LIMITED, "the kernel's version is not known");
		return;
	}
	version = major * 100 + (minor < 100 ? minor : 99);
	if (version >= KERNEL_WHOLE)
		doctor_say(answer, DOCTOR_WORKS, "Linux %.60s", names.release);
	else if (version >= KERNEL_OLDEST)
		doctor_say(answer, DOCTOR_LIMITED,
			   "Linux %.60s: some programs may be refused before 6.1", names.release);
	else
		doctor_say(answer, DOCTOR_LIMITED, "Linux %.60s: our programs need 5.8",
			   names.release);
	if (version < KERNEL_WHOLE)
		doctor_help(answer, "a kernel of 6.1 or later");
}

static void ask_unprivileged(struct doctor_answer *answer, const struct session *session)
{
	char value[16];

	(void)session;
	if (!doctor_first_line("/proc/sys/kernel/unprivileged_bpf_disabled", value, sizeof(value)))
		doctor_say(answer, DOCTOR_WORKS, "this kernel has no such switch");
	else
		doctor_say(answer, DOCTOR_WORKS,
			   "unprivileged_bpf_disabled is %s, which makes no difference: our "
			   "programs need CAP_BPF and CAP_PERFMON in any case",
			   value);
}

static void ask_lockdown(struct doctor_answer *answer, const struct session *session)
{
	char line[128], *mode;

	(void)session;
	if (!doctor_first_line("/sys/kernel/security/lockdown", line, sizeof(line))) {
		doctor_say(answer, DOCTOR_WORKS, "the kernel is not locked down");
		return;
	}
	mode = strchr(line, '[');
	if (!mode || !strstr(mode, "[confidentiality]")) {
		doctor_say(answer, DOCTOR_WORKS, "%s: the kernel may be read", line);
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED, "%s: no eBPF program may read the kernel", line);
	doctor_help(answer, "boot without lockdown=confidentiality");
}

static void ask_life(struct doctor_answer *answer, const struct session *session)
{
	doctor_ask_source(answer, session, FACT_FROM_KERNEL);
}

static void ask_pid_namespace(struct doctor_answer *answer, const struct session *session)
{
	struct stat stat_of;

	if (stat("/proc/self/ns/pid", &stat_of) < 0) {
		doctor_say(answer, DOCTOR_LIMITED, "/proc/self/ns/pid: %s", strerror(errno));
	} else if (stat_of.st_ino == PID_NAMESPACE_FIRST) {
		doctor_say(answer, DOCTOR_WORKS, "the machine's first: containers are seen too");
	} else {
		doctor_say(answer, DOCTOR_LIMITED,
			   "not the machine's first: only processes of this container are seen");
		doctor_help(answer, "sudo %s, outside the container", session->options->program);
	}
}

static void ask_connector(struct doctor_answer *answer, const struct session *session)
{
	struct connector *connector;
	struct err why = {0, ""};

	if (connector_open(&connector, session->source_options.proc, &why) == 0) {
		connector_close(connector);
		doctor_say(answer, DOCTOR_WORKS, "births and ends can be heard without eBPF%s",
			   session->kernel ? "; not needed here" : "");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED, "%.300s", why.text);
	if (why.code == -EPERM || why.code == -EACCES)
		doctor_help(answer, "sudo %s", session->options->program);
	else
		doctor_help(answer, "a kernel with CONFIG_PROC_EVENTS=y, outside any container");
}

static const struct doctor_question questions[] = {
	{"eBPF", ask_ebpf},	      {"BTF", ask_btf},
	{"kernel", ask_version},      {"unprivileged", ask_unprivileged},
	{"lockdown", ask_lockdown},   {"pid namespace", ask_pid_namespace},
	{"connector", ask_connector}, {"life", ask_life},
};

const struct doctor_group doctor_kernel = {
	.title = "What the kernel tells",
	.questions = questions,
	.question_count = sizeof(questions) / sizeof(*questions),
};

/* ---- our programs, one by one -------------------------------------------------- */

static bool each_part(struct doctor_answer *answer, const struct session *session, size_t index)
{
	const struct kernel_part *part = kernel_part(session->kernel, index);

	if (!part)
		return false;
	answer->name = part->name;
	if (part->works)
		doctor_say(answer, DOCTOR_WORKS, "%s", part->gives);
	else
		doctor_say(answer, DOCTOR_LIMITED, "missing: %s%s%s%s", part->gives,
			   part->why[0] ? " (" : "", part->why, part->why[0] ? ")" : "");
	return true;
}

const struct doctor_group doctor_programs = {
	.title = "eBPF programs",
	.each = each_part,
};
