/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_rights.c - doctor's questions about capabilities.
 *
 * Owns: which are asked for and what each gives.  Does not own: reading them
 * (rights.h), what the kernel makes of them (doctor_kernel.c).
 */
#include "mpstat/commands/doctor.h"
#include "mpstat/commands/rights.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define USER_NAMESPACE_FIRST 4026531837u /* the kernel's PROC_USER_INIT_INO */

struct asked_right {
	enum right right;
	bool admin; /* CAP_SYS_ADMIN is as good */
	const char *name;
	const char *gives;
};

static const struct asked_right asked_rights[] = {
	{RIGHT_BPF, true, "CAP_BPF", "loading eBPF programs"},
	{RIGHT_PERFMON, true, "CAP_PERFMON", "eBPF programs that look into the kernel"},
	{RIGHT_NET_ADMIN, false, "CAP_NET_ADMIN",
	 "the process connector (births and ends without eBPF) before Linux 6.6"},
	{RIGHT_SYS_PTRACE, false, "CAP_SYS_PTRACE", "looking into other users' processes"},
};

/* What the session had when it began: some of it has been given up since. */
static bool each_right(struct doctor_answer *answer, const struct session *session, size_t index)
{
	const char *program = session->options->program;
	const struct asked_right *asked;
	bool here;

	if (index >= sizeof(asked_rights) / sizeof(*asked_rights))
		return false;
	asked = &asked_rights[index];
	answer->name = asked->name;
	here = rights_have(session->rights, asked->right) ||
	       (asked->admin && rights_have(session->rights, RIGHT_SYS_ADMIN));
	doctor_say(answer, here ? DOCTOR_WORKS : DOCTOR_LIMITED, "%s: %s",
		   here ? "here" : "not here", asked->gives);
	if (!here && asked->admin)
		doctor_help(answer, "sudo setcap cap_bpf,cap_perfmon+ep \"$(command -v %s)\"",
			    program);
	else if (!here)
		doctor_help(answer, "sudo %s", program);
	return true;
}

static void ask_given_up(struct doctor_answer *answer, const struct session *session)
{
	uint64_t now = rights_now();

	if (!session->kernel)
		doctor_say(answer, DOCTOR_WORKS, "nothing was loaded, so no right was given up");
	else if (rights_have(now, RIGHT_BPF) || rights_have(now, RIGHT_PERFMON))
		doctor_say(answer, DOCTOR_LIMITED,
			   "CAP_BPF or CAP_PERFMON is still here after loading (CapEff "
			   "%016" PRIx64 ")",
			   now);
	else
		doctor_say(answer, DOCTOR_WORKS,
			   "CAP_BPF and CAP_PERFMON were given up after loading (CapEff "
			   "%016" PRIx64 "%s)",
			   now,
			   rights_have(now, RIGHT_SYS_ADMIN) ? ", in which root's CAP_SYS_ADMIN "
							       "remains"
							     : "");
}

static void ask_user_namespace(struct doctor_answer *answer, const struct session *session)
{
	struct stat stat_of;

	if (stat("/proc/self/ns/user", &stat_of) < 0 || stat_of.st_ino == USER_NAMESPACE_FIRST) {
		doctor_say(answer, DOCTOR_WORKS, "rights here are rights on the machine");
		return;
	}
	doctor_say(answer, DOCTOR_LIMITED,
		   "rights here count only inside this container (a user namespace)");
	doctor_help(answer, "sudo %s, outside the container", session->options->program);
}

static const struct doctor_question questions[] = {
	{"given up", ask_given_up},
	{"user namespace", ask_user_namespace},
};

const struct doctor_group doctor_rights = {
	.title = "Rights",
	.each = each_right,
	.questions = questions,
	.question_count = sizeof(questions) / sizeof(*questions),
};
