/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_sysv.c - waiting for a System V semaphore or message queue.
 *
 * A semaphore has no owner.  But who waits to take the last unit of one with SEM_UNDO uses
 * it as a lock, and then the last who did something to it is who took it; only that is
 * told, and only of semaphores of our own IPC namespace.  Message queues can be opened by
 * anybody who knows the number.
 */
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"

#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The operation that keeps it waiting: the first that takes more than there is. */
static bool find_operation(const struct blocked *thread, struct sembuf *found)
{
	size_t count = thread->argument[2];

	if (!(thread->has & BLOCKED_HAS_MEMORY) || count > thread->memory_size / sizeof(*found))
		return false;
	for (size_t i = 0; i < count; i++) {
		memcpy(found, thread->memory + BLOCKED_BEFORE + i * sizeof(*found),
		       sizeof(*found));
		if (found->sem_op < 0 &&
		    semctl((int)thread->argument[0], found->sem_num, GETVAL) < -found->sem_op)
			return true;
	}
	return false;
}

static bool in_our_namespace(const struct wait_look *w, const struct blocked *thread)
{
	struct stat ours, theirs;
	char own[256], path[256];

	snprintf(own, sizeof(own), "%s/self/ns/ipc", w->proc);
	snprintf(path, sizeof(path), "%s/%u/ns/ipc", w->proc, thread->pid);
	return stat(own, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino;
}

static void set_holder(struct wait_look *w, const struct blocked *thread,
		       const struct sembuf *operation, struct outside_object *object)
{
	int set = (int)thread->argument[0], pid;
	struct process_id holder;

	if (!(operation->sem_flg & SEM_UNDO) || semctl(set, operation->sem_num, GETVAL) != 0)
		return;
	pid = semctl(set, operation->sem_num, GETPID);
	holder = wait_find_process(w, pid > 0 ? (uint32_t)pid : 0);
	if (!holder.start)
		return;
	object->fact.ends = FACT_ENDS_TOLD;
	outside_use(&w->outside, object, holder, true, false);
}

static bool understand_semaphore(struct wait_look *w, const struct blocked *thread,
				 struct fact_thread *out)
{
	struct outside_object *object;
	struct sembuf operation = { 0 };
	bool known = in_our_namespace(w, thread) && find_operation(thread, &operation);

	object = outside_obtain(&w->outside, MPT_KIND_SYSV_SEM,
				(struct map_key){ { 0, thread->argument[0],
						    known ? operation.sem_num + 1u : 0 } });
	if (!object)
		return false;
	if (object->fresh) {
		snprintf(object->fact.name, sizeof(object->fact.name), known ? "%d:%u" : "%d",
			 (int)thread->argument[0], operation.sem_num);
		if (known)
			set_holder(w, thread, &operation, object);
	}
	out->wait_op = MPT_OP_SYSV_SEM_WAIT;
	out->wait_object = object->fact.id;
	if (thread->syscall == SYS_semtimedop && thread->argument[3])
		out->wait_deadline_ns = WAIT_TIMED;
	return true;
}

static bool understand_queue(struct wait_look *w, const struct blocked *thread,
			     struct fact_thread *out)
{
	int queue = (int)thread->argument[0];
	struct outside_object *object;
	struct msqid_ds state;

	object = outside_obtain(&w->outside, MPT_KIND_SYSV_QUEUE,
				(struct map_key){ { 0, (uint64_t)queue } });
	if (!object)
		return false;
	snprintf(object->fact.name, sizeof(object->fact.name), "%d", queue);
	object->fact.ends = FACT_ENDS_ANYBODY;
	if (in_our_namespace(w, thread) && msgctl(queue, IPC_STAT, &state) == 0) {
		object->fact.level = state.msg_qnum;
		object->fact.level_bytes = state.__msg_cbytes;
	}
	out->wait_op = thread->syscall == SYS_msgrcv ? MPT_OP_SYSV_QUEUE_RECEIVE
						     : MPT_OP_SYSV_QUEUE_SEND;
	out->wait_object = object->fact.id;
	return true;
}

static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	if (thread->syscall == SYS_semop || thread->syscall == SYS_semtimedop)
		return understand_semaphore(w, thread, out);
	return understand_queue(w, thread, out);
}

static const int16_t calls[] = { SYS_semop, SYS_semtimedop, SYS_msgrcv, SYS_msgsnd, -1 };

const struct wait_kind wait_sysv = {
	.name = "sysv",
	.calls = calls,
	.understand = understand,
};
