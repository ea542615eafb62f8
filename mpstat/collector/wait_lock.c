/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_lock.c - waiting for a lock of a file: flock, fcntl.
 *
 * The kernel lists who keeps whom waiting.  A lock of an open file (OFD) has no process
 * there: then it is not known who could release it.
 */
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"
#include "mpstat/util/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_lock_call(const struct blocked *thread)
{
	return thread->syscall == SYS_flock || thread->argument[1] == F_SETLKW ||
	       thread->argument[1] == F_OFD_SETLKW;
}

/* The last part of what the descriptor leads to. */
static void name_file(const struct wait_look *w, const struct blocked *thread,
		      struct fact_object *fact)
{
	char path[256], target[4096];
	const char *last;
	ssize_t size;

	snprintf(path, sizeof(path), "%s/%u/fd/%d", w->proc, thread->pid,
		 (int)thread->argument[0]);
	size = readlink(path, target, sizeof(target) - 1);
	if (size <= 0) {
		snprintf(fact->name, sizeof(fact->name), "%" PRIu64, thread->file.inode);
		return;
	}
	target[size] = '\0';
	last = strrchr(target, '/');
	last = last && last[1] ? last + 1 : target;
	text_clean(fact->name, sizeof(fact->name), last, strlen(last));
}

static void fill(struct wait_look *w, const struct blocked *thread, const struct file_lock *lock,
		 struct outside_object *object)
{
	struct process_id holder = wait_find_process(w, lock ? lock->pid : 0);

	name_file(w, thread, &object->fact);
	if (!holder.start)
		return;
	object->fact.ends = FACT_ENDS_TOLD;
	outside_use(&w->outside, object, holder, true, false);
}

static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	const struct open_file *file = &thread->file;
	const struct file_lock *lock;
	struct outside_object *object;

	if (!is_lock_call(thread) || !(thread->has & BLOCKED_HAS_FILE))
		return false;
	if (!w->locks.read)
		file_locks_read(&w->locks, w->proc);
	lock = file_locks_blocking(&w->locks, thread->pid, file->device, file->inode);
	object = outside_obtain(&w->outside, MPT_KIND_FILE_LOCK,
				(struct map_key){ { 0, file->device, file->inode,
						    lock ? lock->pid : 0 } });
	if (!object)
		return false;
	if (object->fresh)
		fill(w, thread, lock, object);
	out->wait_op = MPT_OP_FILE_LOCK_LOCK;
	out->wait_object = object->fact.id;
	return true;
}

static const int16_t calls[] = { SYS_flock, SYS_fcntl, -1 };

const struct wait_kind wait_lock = {
	.name = "lock",
	.calls = calls,
	.understand = understand,
};
