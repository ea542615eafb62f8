/* SPDX-License-Identifier: BSD-2-Clause */
/* process_support.c - see process_support.h. */
#include "tests/api/process_support.h"

#include <fcntl.h>
#include <poll.h>

#define PIDS_MOST 4096
#define DESCRIPTORS_MOST 4096 /* far more than a test opens */

const struct mpt_process_options process_daemon = { .daemon = MPT_DAEMON_YES };

struct mpt_process *process_run(mpt_process_main *run, void *arg,
				const struct mpt_process_options *options)
{
	struct mpt_process *p;

	if (mpt_process_create(&p, run, arg, options) < 0 || mpt_process_start(p) < 0)
		child_refutes(__FILE__, __LINE__, "a process can be started");
	return p;
}

int process_end(struct mpt_process *process)
{
	int code = MPT_EXIT_NONE;

	if (mpt_process_join(process, GUARD_NS * 3) == 0)
		code = mpt_process_exit_code(process);
	mpt_process_destroy(process);
	return code;
}

void process_kill_and_free(struct mpt_process *process)
{
	mpt_process_kill(process);
	process_end(process);
}

int process_pause(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

int process_return(void *code)
{
	return (int)(intptr_t)code;
}

int process_await(void *point)
{
	child_claims_eventually(reached(point));
	return 0;
}

bool process_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

bool process_gone(pid_t pid)
{
	char path[64], line[512] = "";
	const char *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	state = strrchr(line, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

unsigned int process_descriptors(void)
{
	unsigned int n = 0;

	/* Reading /proc/self/fd would allocate, see process_inherit_test.c. */
	for (int fd = 0; fd < DESCRIPTORS_MOST; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int process_teardown(void **state)
{
	static pid_t pids[PIDS_MOST];
	int n = mpt_process_active_children(pids, PIDS_MOST);
	uint64_t until = now_ns() + GUARD_NS;

	for (int i = 0; i < n && i < PIDS_MOST; i++)
		kill(pids[i], SIGKILL);
	while (mpt_process_active_children(NULL, 0) > 0 && now_ns() < until)
		nap();
	return support_teardown(state);
}
