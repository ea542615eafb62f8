/* SPDX-License-Identifier: BSD-2-Clause */
/* memory_holder.c - who has a shared memory; see memory.h. */
#include "libtrace/memory.h"

#include "libtrace/arena.h"
#include "libtrace/foreign.h"
#include "libtrace/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ------------------------------------------------------------------------- */

/* NULL: there is none, or what is said of it is not true. */
static uint64_t *list_of(const struct mpt_wire_object *o)
{
	uint64_t extent = load64_acquire(&o->extent);

	return arena_has(extent, MPT_HOLDERS * sizeof(uint64_t)) ? arena_at(extent) : NULL;
}

static uint64_t word_of(const struct member *me, int fd)
{
	uint32_t number = fd < (int)MPT_HOLDER_FD_UNKNOWN ? (uint32_t)fd : MPT_HOLDER_FD_UNKNOWN;

	return MPT_HOLDER(me->process_slot, me->process->generation, number);
}

static bool lives(uint64_t word)
{
	return word != 0 && member_process_alive(MPT_HOLDER_SLOT(word), MPT_HOLDER_GENERATION(word));
}

void memory_hold(struct mpt_wire_object *o, const struct member *me, int fd)
{
	uint64_t *list = list_of(o), word = word_of(me, fd), *place = NULL;

	for (uint32_t i = 0; list && i < MPT_HOLDERS; i++) {
		uint64_t found = load64(&list[i]);

		if (found == word)
			return;
		if (!place && !lives(found))
			place = &list[i];
	}
	if (place)
		store64_release(place, word);
}

void memory_let_go(struct mpt_wire_object *o, const struct member *me, int fd)
{
	uint64_t *list = list_of(o), word = word_of(me, fd);

	for (uint32_t i = 0; list && i < MPT_HOLDERS; i++)
		if (load64(&list[i]) == word)
			store64_release(&list[i], 0);
}

bool memory_is_held(const struct mpt_wire_object *o)
{
	const uint64_t *list = list_of(o);

	for (uint32_t i = 0; list && i < MPT_HOLDERS; i++)
		if (lives(load64(&list[i])))
			return true;
	return false;
}

/* ---- finding somebody who has it open -------------------------------------------------- */

/* A checked descriptor or an error; -ENOENT: not here. */
static int open_at(uint32_t pid, int fd, const struct memory_id *id)
{
	struct stat st;
	int found = foreign_open((int)pid, fd, &st), rc;

	if (found < 0)
		return found;
	if (st.st_dev != id->device || st.st_ino != id->inode) {
		close(found);
		return -ENOENT;
	}
	rc = memory_check(found, id);
	if (rc == 0)
		return found;
	close(found);
	return rc;
}

static int open_at_holder(uint64_t word, const struct memory_id *id)
{
	const struct mpt_wire_process *p = &domain.processes[MPT_HOLDER_SLOT(word)];

	if (p->pidns_inode != identity_pidns() || MPT_HOLDER_FD(word) == MPT_HOLDER_FD_UNKNOWN)
		return -ENOENT;
	return open_at(p->inner_pid, (int)MPT_HOLDER_FD(word), id);
}

/* *why: what the first living one on the list said, -EBADF for "not here"; 0: nobody on it
 * lives. */
static int find_on_list(const struct mpt_wire_object *o, const struct memory_id *id, int *why)
{
	const uint64_t *list = list_of(o);

	*why = 0;
	for (uint32_t i = 0; list && i < MPT_HOLDERS; i++) {
		uint64_t word = load64(&list[i]);
		int fd = lives(word) ? open_at_holder(word, id) : 0;

		if (fd > 0)
			return fd;
		if (fd < 0 && *why == 0)
			*why = fd == -ENOENT ? -EBADF : fd;
	}
	return -ENOENT;
}

/* By its name first: to stat a file of others may take for ever. */
static bool is_candidate(int dir, const char *name, const struct memory_id *id)
{
	static const char label[] = "/memfd:" MEMORY_LABEL;
	char target[sizeof(label)];
	struct stat st;

	return readlinkat(dir, name, target, sizeof(target)) == (ssize_t)sizeof(target) &&
	       memcmp(target, label, sizeof(label) - 1) == 0 && fstatat(dir, name, &st, 0) == 0 &&
	       st.st_dev == id->device && st.st_ino == id->inode;
}

static int find_in_process(uint32_t pid, const struct memory_id *id)
{
	const struct dirent *entry;
	int rc = -ENOENT;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	while (dir && rc == -ENOENT && (entry = readdir(dir)) != NULL)
		if (is_candidate(dirfd(dir), entry->d_name, id))
			rc = open_at(pid, atoi(entry->d_name), id);
	if (dir)
		closedir(dir);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		rc = -errno; /* then we do not know */
	return rc;
}

/* Whoever has it and is not on the list: children forked since, of parents that are dead. */
static int find_anywhere(const struct memory_id *id)
{
	const struct dirent *entry;
	int rc = -ENOENT;
	DIR *dir = opendir("/proc");

	if (!dir)
		return -errno;
	while (rc == -ENOENT && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			rc = find_in_process((uint32_t)strtoul(entry->d_name, NULL, 10), id);
	closedir(dir);
	return rc;
}

int memory_find(const struct handle *h, const struct memory_id *id)
{
	int why, rc = find_on_list(h->object, id, &why);

	if (rc == -ENOENT)
		rc = find_anywhere(id);
	return rc == -ENOENT && why < 0 ? why : rc;
}
