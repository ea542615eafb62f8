/* SPDX-License-Identifier: BSD-2-Clause */
/* lives.c - see lives.h. */
#include "mpstat/collector/lives.h"

#include "mpstat/collector/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	struct life life; /* first: a life is its entry */
	uint32_t pid;
	UT_hash_handle hh;
};

struct lives {
	int proc;
	const struct ticks *ticks;
	struct entry *entries; /* in order of birth, as far as it was seen */
	struct life last;      /* what lives_find read only to answer */
};

struct lives *lives_new(int proc, const struct ticks *ticks)
{
	struct lives *lives = calloc(1, sizeof(*lives));

	if (!lives)
		return NULL;
	lives->proc = proc;
	lives->ticks = ticks;
	return lives;
}

static void drop(struct lives *lives, struct entry *entry)
{
	HASH_DEL(lives->entries, entry);
	free(entry);
}

void lives_free(struct lives *lives)
{
	struct entry *entry, *next;

	if (!lives)
		return;
	HASH_ITER(hh, lives->entries, entry, next)
		drop(lives, entry);
	free(lives);
}

static struct entry *find(const struct lives *lives, uint32_t pid)
{
	struct entry *entry;

	HASH_FIND(hh, lives->entries, &pid, sizeof(pid), entry);
	return entry;
}

/* Who has the number now is another than who had it. */
static struct life *remember(struct lives *lives, const struct life *life)
{
	struct entry *entry = find(lives, life->id.pid);

	if (entry)
		drop(lives, entry);
	if (HASH_COUNT(lives->entries) >= LIVES_MAX)
		drop(lives, lives->entries);
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->life = *life;
	entry->pid = life->id.pid;
	HASH_ADD(hh, lives->entries, pid, sizeof(entry->pid), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	return &entry->life;
}

/* False: gone, or not a process. */
static bool read_life(const struct lives *lives, uint32_t pid, struct life *out)
{
	struct proc_stat stat;

	memset(out, 0, sizeof(*out));
	if (proc_stat_read(lives->proc, pid, &stat) < 0 || stat.pid != pid)
		return false;
	out->id.pid = pid;
	out->id.start = stat.start;
	out->session = stat.session;
	out->group = stat.group;
	memcpy(out->name, stat.comm, sizeof(out->name) - 1);
	return proc_uid(lives->proc, pid, &out->uid) == 0;
}

void lives_read_all(struct lives *lives)
{
	int fd = openat(lives->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct life life;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		uint32_t pid = proc_pid_of(entry->d_name);

		if (pid && read_life(lives, pid, &life))
			remember(lives, &life);
	}
	closedir(dir);
}

struct life *lives_find(struct lives *lives, uint32_t pid)
{
	struct entry *entry = find(lives, pid);

	if (entry)
		return &entry->life;
	return pid && read_life(lives, pid, &lives->last) ? &lives->last : NULL;
}

struct life *lives_remembered(struct lives *lives, uint32_t pid)
{
	struct entry *entry = find(lives, pid);

	return entry ? &entry->life : NULL;
}

/* /proc is asked a moment later: by then the number may be somebody else's.  The
 * start time is taken a few microseconds before the message is. */
struct life *lives_born(struct lives *lives, uint32_t pid, uint64_t boot_ns,
			const struct life *parent)
{
	uint64_t born = boot_ns / (1000000000u / lives->ticks->per_second);
	struct life life;

	if (!read_life(lives, pid, &life) || life.id.start > born || life.id.start + 1 < born) {
		memset(&life, 0, sizeof(life));
		if (parent)
			life = *parent;
		life.id.pid = pid;
		life.id.start = born;
		life.leader_gone = life.queued = false;
	}
	life.parent = parent ? parent->id : (struct process_id){ 0, 0 };
	return remember(lives, &life);
}

void lives_renew(struct lives *lives, struct life *life)
{
	struct life now;

	if (read_life(lives, life->id.pid, &now) && now.id.start == life->id.start) {
		now.parent = life->parent;
		now.queued = life->queued;
		*life = now;
	}
	life->leader_gone = false;
}

bool lives_goes_on(struct lives *lives, const struct life *life)
{
	struct proc_stat stat;

	return proc_stat_read(lives->proc, life->id.pid, &stat) == 0 &&
	       stat.start == life->id.start && stat.threads > 1;
}

void lives_forget(struct lives *lives, struct life *life)
{
	struct entry *entry = find(lives, life->id.pid);

	if (entry && &entry->life == life)
		drop(lives, entry);
}

size_t lives_count(const struct lives *lives)
{
	return HASH_COUNT(lives->entries);
}
