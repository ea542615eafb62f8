/* SPDX-License-Identifier: BSD-2-Clause */
/* functions.c - see functions.h. */
#include "mpstat/collector/functions.h"

#include "mpstat/model/map.h"
#include "mpstat/util/vec.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 64	   /* different C libraries at once, containers included */
#define SPACES 16384	   /* remembered; all are forgotten when there are more */
#define PIECES 4	   /* executable pieces of the library in a process */
#define FILE_MOST (64u << 20)
#define LINE 4352

static const struct {
	const char *name;
	enum function function;
} names[] = {
	{ "pthread_mutex_lock", FUNCTION_MUTEX_LOCK },
	{ "pthread_mutex_timedlock", FUNCTION_MUTEX_LOCK },
	{ "pthread_mutex_clocklock", FUNCTION_MUTEX_LOCK },
	{ "pthread_rwlock_rdlock", FUNCTION_RWLOCK_READ },
	{ "pthread_rwlock_timedrdlock", FUNCTION_RWLOCK_READ },
	{ "pthread_rwlock_clockrdlock", FUNCTION_RWLOCK_READ },
	{ "pthread_rwlock_wrlock", FUNCTION_RWLOCK_WRITE },
	{ "pthread_rwlock_timedwrlock", FUNCTION_RWLOCK_WRITE },
	{ "pthread_rwlock_clockwrlock", FUNCTION_RWLOCK_WRITE },
	{ "pthread_cond_wait", FUNCTION_COND_WAIT },
	{ "pthread_cond_timedwait", FUNCTION_COND_WAIT },
	{ "pthread_cond_clockwait", FUNCTION_COND_WAIT },
	{ "pthread_barrier_wait", FUNCTION_BARRIER_WAIT },
	{ "pthread_join", FUNCTION_JOIN },
	{ "pthread_timedjoin_np", FUNCTION_JOIN },
	{ "pthread_clockjoin_np", FUNCTION_JOIN },
	{ "sem_wait", FUNCTION_SEM_WAIT },
	{ "sem_timedwait", FUNCTION_SEM_WAIT },
	{ "sem_clockwait", FUNCTION_SEM_WAIT },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

struct range {
	uint64_t begin, end; /* offsets in the file */
	enum function function;
};

struct library {
	uint64_t device, inode;
	struct range ranges[2 * NAMES]; /* old and new versions of a symbol */
	size_t count;
};

struct piece {
	uint64_t begin, end, offset; /* addresses; where that is in the file */
	const struct library *library;
};

struct space {
	struct map_node node; /* pid, start, space */
	struct piece pieces[PIECES];
	size_t count;
};

struct functions {
	const char *proc;
	struct map spaces;
	struct library *libraries[FILES];
	size_t library_count;
};

/* ---- symbols of a file ------------------------------------------------------- */

struct image {
	const uint8_t *bytes;
	size_t size;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t size)
{
	if (offset > image->size || size > image->size - offset)
		return NULL;
	return image->bytes + offset;
}

/* Of an address the file is to be loaded at: where it is in the file. */
static bool to_offset(const struct image *image, const Elf64_Ehdr *header, uint64_t address,
		      uint64_t *offset)
{
	for (uint16_t i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *part = at(image, header->e_phoff + i * sizeof(*part),
					    sizeof(*part));

		if (!part)
			return false;
		if (part->p_type != PT_LOAD || address < part->p_vaddr ||
		    address - part->p_vaddr >= part->p_filesz)
			continue;
		*offset = address - part->p_vaddr + part->p_offset;
		return true;
	}
	return false;
}

static enum function function_called(const struct image *image, const Elf64_Shdr *strings,
				     uint32_t name)
{
	for (size_t i = 0; i < NAMES; i++) {
		size_t size = strlen(names[i].name) + 1;
		const char *text = name < strings->sh_size
					   ? at(image, strings->sh_offset + name, size)
					   : NULL;

		if (text && !memcmp(text, names[i].name, size))
			return names[i].function;
	}
	return FUNCTION_UNKNOWN;
}

static void take_symbols(struct library *library, const struct image *image,
			 const Elf64_Ehdr *header, const Elf64_Shdr *table,
			 const Elf64_Shdr *strings)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	const Elf64_Sym *symbols = at(image, table->sh_offset, count * sizeof(*symbols));

	for (uint64_t i = 0; symbols && i < count; i++) {
		struct range range = { 0 };

		if (library->count == 2 * NAMES)
			return;
		if ((symbols[i].st_info & 0xf) != STT_FUNC || !symbols[i].st_size)
			continue;
		range.function = function_called(image, strings, symbols[i].st_name);
		if (range.function == FUNCTION_UNKNOWN ||
		    !to_offset(image, header, symbols[i].st_value, &range.begin))
			continue;
		range.end = range.begin + symbols[i].st_size;
		library->ranges[library->count++] = range;
	}
}

static void take_sections(struct library *library, const struct image *image)
{
	const Elf64_Ehdr *header = at(image, 0, sizeof(*header));

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_shentsize != sizeof(Elf64_Shdr) ||
	    header->e_phentsize != sizeof(Elf64_Phdr))
		return;
	for (uint16_t i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *table = at(image, header->e_shoff + i * sizeof(*table),
					     sizeof(*table));
		const Elf64_Shdr *strings;

		if (!table || (table->sh_type != SHT_DYNSYM && table->sh_type != SHT_SYMTAB) ||
		    table->sh_link >= header->e_shnum)
			continue;
		strings = at(image, header->e_shoff + table->sh_link * sizeof(*strings),
			     sizeof(*strings));
		if (strings)
			take_symbols(library, image, header, table, strings);
	}
}

/* It may shrink while it is read: a copy in memory cannot. */
static bool copy_file(int fd, const struct stat *file, struct image *image)
{
	uint8_t *bytes;
	size_t used = 0;
	ssize_t got = 1;

	if (file->st_size <= 0 || file->st_size > FILE_MOST)
		return false;
	bytes = malloc((size_t)file->st_size);
	while (bytes && used < (size_t)file->st_size && got > 0) {
		got = pread(fd, bytes + used, (size_t)file->st_size - used, (off_t)used);
		used += got > 0 ? (size_t)got : 0;
	}
	*image = (struct image){ bytes, used };
	return bytes;
}

static void read_symbols(struct library *library, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct image image = { 0 };
	struct stat file;

	if (fd < 0)
		return;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_ino == library->inode &&
	    copy_file(fd, &file, &image))
		take_sections(library, &image);
	free((void *)(uintptr_t)image.bytes);
	close(fd);
}

static const struct library *obtain_library(struct functions *functions, uint64_t device,
					    uint64_t inode, const char *path)
{
	struct library *library;

	for (size_t i = 0; i < functions->library_count; i++)
		if (functions->libraries[i]->device == device &&
		    functions->libraries[i]->inode == inode)
			return functions->libraries[i];
	if (functions->library_count == FILES)
		return NULL;
	library = calloc(1, sizeof(*library));
	if (!library)
		return NULL;
	library->device = device;
	library->inode = inode;
	read_symbols(library, path);
	/* Its process may have ended meanwhile: another one will do. */
	if (!library->count) {
		free(library);
		return NULL;
	}
	functions->libraries[functions->library_count++] = library;
	return library;
}

/* ---- maps of a process --------------------------------------------------------- */

static bool is_called_like(const char *path)
{
	static const char *const starts[] = { "libc.so", "libc-2.", "libpthread.so",
					      "libpthread-2.", "ld-musl-" };
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name && i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(name + 1, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* "begin-end perms offset major:minor inode path" */
static void take_line(struct functions *functions, struct space *space, uint32_t pid,
		      const char *line)
{
	struct piece piece;
	unsigned int major, minor;
	char perms[5], path[LINE], inside[LINE + 64];
	uint64_t inode;

	if (space->count == PIECES ||
	    sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %4095s",
		   &piece.begin, &piece.end, perms, &piece.offset, &major, &minor, &inode,
		   path) != 8)
		return;
	if (perms[2] != 'x' || path[0] != '/' || !is_called_like(path))
		return;
	snprintf(inside, sizeof(inside), "%s/%u/root%s", functions->proc, pid, path);
	piece.library = obtain_library(functions, (uint64_t)major << 32 | minor, inode, inside);
	if (piece.library)
		space->pieces[space->count++] = piece;
}

static void read_maps(struct functions *functions, struct space *space, uint32_t pid)
{
	char path[256], line[LINE];
	FILE *maps;

	snprintf(path, sizeof(path), "%s/%u/maps", functions->proc, pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		take_line(functions, space, pid, line);
	if (maps)
		fclose(maps);
}

void functions_forget(struct functions *functions)
{
	struct map_node *node = map_first(&functions->spaces), *next;

	map_clear(&functions->spaces);
	for (; node; node = next) {
		next = map_next(node);
		free(node);
	}
}

static const struct space *obtain_space(struct functions *functions, const struct map_key *key)
{
	struct space *space = (struct space *)map_find(&functions->spaces, key);

	if (space)
		return space;
	if (map_size(&functions->spaces) == SPACES)
		functions_forget(functions);
	space = calloc(1, sizeof(*space));
	if (!space)
		return NULL;
	space->node.key = *key;
	read_maps(functions, space, (uint32_t)key->word[0]);
	if (!map_add(&functions->spaces, &space->node))
		return space;
	free(space);
	return NULL;
}

/* ---- the answer ------------------------------------------------------------------- */

static enum function function_in(const struct piece *piece, uint64_t address)
{
	uint64_t offset = address - piece->begin + piece->offset;

	for (size_t i = 0; i < piece->library->count; i++) {
		const struct range *range = &piece->library->ranges[i];

		if (offset >= range->begin && offset < range->end)
			return range->function;
	}
	return FUNCTION_LIBRARY;
}

enum function functions_at(struct functions *functions, uint32_t pid, uint64_t start,
			   uint64_t space_id, uint64_t address)
{
	struct map_key key = { { pid, start, space_id } };
	const struct space *space = obtain_space(functions, &key);

	if (!space || !space->count)
		return FUNCTION_UNKNOWN;
	for (size_t i = 0; i < space->count; i++)
		if (address >= space->pieces[i].begin && address < space->pieces[i].end)
			return function_in(&space->pieces[i], address);
	return FUNCTION_OUTSIDE;
}

struct functions *functions_new(const char *proc)
{
	struct functions *functions = calloc(1, sizeof(*functions));

	if (functions)
		functions->proc = proc;
	return functions;
}

void functions_free(struct functions *functions)
{
	if (!functions)
		return;
	functions_forget(functions);
	for (size_t i = 0; i < functions->library_count; i++)
		free(functions->libraries[i]);
	free(functions);
}
