/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.h - entities and waits in words.
 *
 * Owns: how processes, threads, objects and waits are called in sentences.
 * Does not own: the verbs (contract/ops.def), numbers (util/fmt.h).
 */
#ifndef MPSTAT_MODEL_WORDS_H
#define MPSTAT_MODEL_WORDS_H

#include "mpstat/model/model.h"
#include "mpstat/model/sentence.h"

/* Time since a moment; 0 when it is unknown or lies in the future. */
uint64_t words_age(const struct model *model, uint64_t since_ns);

/* "worker-b (pid 12)"; "pid 12" when it has no name. */
void words_process(struct sentence *out, const struct process *process);
/* The same; "worker-b (pid 12, tid 14)" when its process has several threads. */
void words_thread(struct sentence *out, const struct thread *thread);
/* "lock `B`"; "lock #5" when it has no name; "kind 17 `x`". */
void words_object(struct sentence *out, const struct object *object);

/* What a blocked thread waits for, to follow "waits" or "waiting": "for lock
 * `B`", "for an item from queue `jobs` (empty)", "for the end of worker-3 (pid
 * 4711)", "for any of queue `a` (empty), descriptor 7 and 3 more".  Nothing about the holder
 * or the time. */
void words_wait(struct sentence *out, const struct thread *thread);
/* Can one say that somebody holds what it waits for? */
bool words_is_held(const struct thread *thread);
/* Of an object of UNITS: "worker-b (pid 12) and 2 others", who have some out; "" nobody. */
void words_holders(struct sentence *out, const struct object *object);
/* What a worker runs, to follow "running": "task `resize` of pool `images` for 3.2s". */
void words_task(struct sentence *out, const struct model *model, const struct thread *thread);
/* What it waits for, then " held by worker-b (pid 12)" where there is one. */
void words_wait_held(struct sentence *out, const struct thread *thread);

/* How it ended, to follow "it": "ended with exit code 3", "was killed by SIGKILL from
 * bash (pid 12)", "was killed by SIGSEGV, its own fault", "was killed: memory ran out". */
void words_death(struct sentence *out, const struct death *death);
/* The same as a phrase of its own: "exit code 3", "killed by SIGKILL from bash (pid 12)". */
void words_cause(struct sentence *out, const struct death *death);

/* What a process does, to follow "it is": "waiting in epoll", "running"; NULL: unknown. */
const char *words_doing(const struct process *process);

/* Those with something to explain (dead or orphans), in the order of identity; index
 * from 0, NULL beyond the last.  As of the last tick, and during it for detectors. */
const struct process *words_explained(const struct model *model, size_t index);

/* Does init collect it: that of the machine or of a pid namespace? */
bool words_of_init(const struct process *process);

/* ", gives up in 3.2s", ", with a timeout" when that is not known; nothing: it waits for ever. */
void words_until(struct sentence *out, const struct model *model, const struct thread *thread);

/* " for 3.2s", or nothing when the time is not known. */
void words_for(struct sentence *out, const struct model *model, uint64_t since_ns);

/* What a process does that is asleep in the kernel, in words for the name of a
 * wait channel or system call: "waiting for a child".  NULL: no words for it. */
const char *words_inside(const char *inside);

#endif
