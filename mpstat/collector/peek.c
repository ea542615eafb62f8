/* SPDX-License-Identifier: BSD-2-Clause */
/* peek.c - see peek.h. */
#include "mpstat/collector/peek.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#define PAGE_HERE (UINT64_C(3) << 62) /* in memory, or in swap */

void peek_open(struct peek *peek, int directory)
{
	if (peek->mem >= 0)
		return;
	peek->mem = openat(directory, "mem", O_RDONLY | O_CLOEXEC);
	peek->pagemap = openat(directory, "pagemap", O_RDONLY | O_CLOEXEC);
}

void peek_close(struct peek *peek)
{
	if (peek->mem >= 0)
		close(peek->mem);
	if (peek->pagemap >= 0)
		close(peek->pagemap);
	peek->mem = peek->pagemap = -1;
}

static bool is_here(const struct peek *peek, uint64_t address)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entry;

	return pread(peek->pagemap, &entry, sizeof(entry),
		     (off_t)(address / page * sizeof(entry))) == sizeof(entry) &&
	       entry & PAGE_HERE;
}

size_t peek_read(const struct peek *peek, uint64_t address, void *to, size_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t first = (size_t)(page - address % page);

	if (peek->mem < 0 || address > INT64_MAX - size || !is_here(peek, address))
		return 0;
	if (first < size && !is_here(peek, address + first))
		size = first;
	return pread(peek->mem, to, size, (off_t)address) == (ssize_t)size ? size : 0;
}
