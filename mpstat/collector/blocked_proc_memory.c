/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_proc_memory.c - a little of the memory of a process, by /proc/PID/{maps,mem}.
 *
 * Owns: where an address lies, and what of it is looked at.  Does not own: reading it without
 * waiting for anybody (peek.h).
 */
#include "mpstat/collector/blocked_proc.h"
#include "mpstat/util/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAPS_MOST (16u << 20) /* bytes of maps; a process with more is not looked into */
#define MAPS_PIECE (64u << 10)

/* -- Mappings ------------------------------------------------------------------------- */

/* Bytes read, with a NUL behind them; 0: none, or too many. */
static size_t read_maps(struct proc_reader *reader)
{
	int fd = openat(reader->dir, "maps", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = -1;

	while (fd >= 0 && used < MAPS_MOST) {
		if (vec_reserve((void **)&reader->maps_text, &reader->text_room,
				used + MAPS_PIECE + 1, 1))
			break;
		got = read(fd, reader->maps_text + used, MAPS_PIECE);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (got != 0)
		return 0;
	reader->maps_text[used] = '\0';
	return used;
}

static bool take_number(const char **at, int base, char behind, uint64_t *out)
{
	char *end;

	*out = strtoull(*at, &end, base);
	if (end == *at || *end != behind)
		return false;
	*at = end + 1;
	return true;
}

/* start-end perms offset major:minor inode   path */
static bool parse_mapping(const char *at, struct proc_mapping *mapping)
{
	uint64_t major, minor;

	if (!take_number(&at, 16, '-', &mapping->start) ||
	    !take_number(&at, 16, ' ', &mapping->end))
		return false;
	if (strnlen(at, 5) < 5)
		return false;
	mapping->shared = at[3] == 's';
	at += 5;
	if (!take_number(&at, 16, ' ', &mapping->offset) ||
	    !take_number(&at, 16, ':', &major) || !take_number(&at, 16, ' ', &minor))
		return false;
	mapping->inode = strtoull(at, (char **)&at, 10);
	mapping->device = mapping->inode ? makedev((unsigned)major, (unsigned)minor) : 0;
	mapping->path = at + strspn(at, " ");
	return true;
}

static void learn_maps(struct proc_reader *reader)
{
	const char *line;

	reader->maps_known = true;
	reader->maps.count = 0;
	if (!read_maps(reader))
		return;
	for (line = reader->maps_text; line && *line;) {
		struct proc_mapping mapping = {0};

		if (parse_mapping(line, &mapping)) {
			if (VEC_RESERVE(&reader->maps, reader->maps.count + 1))
				return;
			reader->maps.items[reader->maps.count++] = mapping;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static const struct proc_mapping *find_mapping(struct proc_reader *reader, uint64_t address)
{
	size_t low = 0, high;

	if (!reader->maps_known)
		learn_maps(reader);
	high = reader->maps.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct proc_mapping *mapping = &reader->maps.items[middle];

		if (address < mapping->start)
			high = middle;
		else if (address >= mapping->end)
			low = middle + 1;
		else
			return mapping;
	}
	return NULL;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A device might notice that it is read. */
static bool is_device(const struct proc_mapping *mapping)
{
	return begins(mapping->path, "/dev/") && !begins(mapping->path, "/dev/shm/") &&
	       !begins(mapping->path, "/dev/zero") && !begins(mapping->path, "/dev/hugepages/");
}

/* -- Memory --------------------------------------------------------------------------- */

static size_t read_memory(struct proc_reader *reader, uint64_t address, void *to, size_t size)
{
	peek_open(&reader->peek, reader->dir);
	return peek_read(&reader->peek, address, to, size);
}

static uint64_t space_of(const struct proc_reader *reader)
{
	return reader->start << 32 ^ reader->pid;
}

void blocked_proc_memory(struct proc_reader *reader, struct blocked *blocked, uint64_t address)
{
	const struct proc_mapping *mapping = find_mapping(reader, address);
	struct memory_place *place = &blocked->place;

	if (!mapping)
		return;
	blocked->has |= BLOCKED_HAS_PLACE;
	place->space = space_of(reader);
	place->address = address;
	place->device = mapping->device;
	place->inode = mapping->inode;
	place->offset = mapping->inode ? mapping->offset + (address - mapping->start) : 0;
	place->shared = mapping->shared;
	if (mapping->inode)
		proc_reader_name(mapping->path, strcspn(mapping->path, "\n"), place->name,
				 sizeof(place->name));
	if (is_device(mapping))
		return;
	blocked->memory_size = read_memory(reader, address, blocked->memory + BLOCKED_BEFORE,
					   BLOCKED_MEMORY - BLOCKED_BEFORE);
	if (blocked->memory_size)
		blocked->has |= BLOCKED_HAS_MEMORY;
	if (address - mapping->start >= BLOCKED_BEFORE &&
	    read_memory(reader, address - BLOCKED_BEFORE, blocked->memory, BLOCKED_BEFORE) ==
		    BLOCKED_BEFORE)
		blocked->has |= BLOCKED_HAS_BEFORE;
}

void blocked_proc_stack(struct proc_reader *reader, struct blocked *blocked)
{
	const struct proc_mapping *mapping = find_mapping(reader, blocked->sp);
	size_t size = sizeof(blocked->stack);

	if (!mapping || is_device(mapping))
		return;
	if (size > mapping->end - blocked->sp)
		size = (size_t)(mapping->end - blocked->sp);
	blocked->stack_words = read_memory(reader, blocked->sp, blocked->stack, size) /
			       sizeof(blocked->stack[0]);
	if (blocked->stack_words)
		blocked->has |= BLOCKED_HAS_STACK;
}

void blocked_proc_forget_memory(struct proc_reader *reader)
{
	peek_close(&reader->peek);
	reader->maps_known = false;
	reader->maps.count = 0;
}
