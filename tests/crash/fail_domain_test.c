/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_domain_test.c - the first call of a program, publishing and joining, when one
 * allocation or one system call in it fails (fail.h).
 *
 * After an error there is no domain, and no file of one; the next call makes it.
 */
#include "tests/crash/fail.h"

#include <dirent.h>
#include <sys/stat.h>

/* ---- a domain of its own --------------------------------------------------------------- */

static struct mpt_lock *lock;

static int first_call(void)
{
	return mpt_lock_create(&lock, FAIL_NAME, 0);
}

static void works(void)
{
	child_claims(mpt_lock_acquire(lock, 0) == 0);
	child_claims(mpt_lock_release(lock) == 0);
	mpt_lock_destroy(lock);
}

static int status(void)
{
	struct mpt_trace_info info;

	return mpt_trace_status(&info);
}

/* ---- that is kept ------------------------------------------------------------------------ */

static char directory[64];

static void want_a_file(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%.40s/kept-XXXXXX", parent ? parent : "/tmp");
	child_claims(mkdtemp(directory) && setenv("MPTRACE_OUT", directory, 1) == 0);
}

/* One, or none and a reason: never one that is not the domain's. */
static void end_file(void)
{
	struct mpt_trace_info info;
	const struct dirent *entry;
	DIR *dir = opendir(directory);
	int files = 0;

	works();
	child_claims(mpt_trace_status(&info) == 0 && dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			files++;
			child_claims(unlinkat(dirfd(dir), entry->d_name, 0) == 0);
		}
	closedir(dir);
	child_claims(files == (info.error == 0));
	child_claims(rmdir(directory) == 0);
}

/* ---- a name for it ------------------------------------------------------------------------- */

static char name[32];

static void want_a_name(void)
{
	snprintf(name, sizeof(name), "fail-%d", getpid());
	child_claims(setenv("MPTRACE_NAME", name, 1) == 0);
}

static void have_domain(void)
{
	snprintf(name, sizeof(name), "fail-%d", getpid());
	child_claims(first_call() == 0);
}

static int publish(void)
{
	return mpt_domain_publish(name);
}

static void published(void)
{
	works();
	child_claims(mpt_domain_publish(name) == 0);
}

/* ---- another program's ----------------------------------------------------------------------- */

static pid_t host;

static void have_host(void)
{
	int ready[2];
	char byte;

	snprintf(name, sizeof(name), "host-%d", getpid());
	child_claims(pipe(ready) == 0);
	host = fail_fork();
	if (host == 0) {
		child_claims(first_call() == 0 && mpt_domain_publish(name) == 0);
		child_claims(write(ready[1], "!", 1) == 1);
		for (;;)
			pause();
	}
	child_claims(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
}

static int join(void)
{
	return mpt_domain_join(name, 0);
}

static int open_there(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/" FAIL_NAME, name);
	return mpt_lock_open(&lock, path, 0);
}

static void end_host(void)
{
	works();
	child_claims(kill(host, SIGKILL) == 0 && waitpid(host, NULL, 0) == host);
}

static void open_and_end_host(void)
{
	child_claims(open_there() == 0);
	end_host();
}

/* ---- the tests ---------------------------------------------------------------------------------- */

static void works_as_well(void)
{
	child_claims(first_call() == 0);
	works();
}

int main(void)
{
	static const struct failing rows[] = {
		{ "the first call makes the domain", NULL, first_call, works, { 0 } },
		{ "trace_status makes it", NULL, status, works_as_well, { 0 } },
		{ "in a file", want_a_file, first_call, end_file, { 0 } },
		{ "under a name", want_a_name, first_call, works, { 0 } },
		{ "domain_publish", have_domain, publish, published, { 0 } },
		{ "domain_join", have_host, join, open_and_end_host, { EACCES } },
		{ "lock_open in another domain", have_host, open_there, end_host, { EACCES } },
	};

	return fail_rows("fail_domain", rows, sizeof(rows) / sizeof(rows[0]), fail_alone);
}
