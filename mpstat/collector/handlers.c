/* SPDX-License-Identifier: BSD-2-Clause */
/* handlers.c - see handlers.h. */
#include "mpstat/collector/handlers.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_NS UINT64_C(2000000000)

struct handlers_known {
	struct map_node node; /* pid, start */
	uint64_t look, read_ns;
	bool any;
};

#define BIT(number) (UINT64_C(1) << ((number) - 1))

static const uint64_t not_meant = BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGSEGV) | BIT(SIGBUS) |
				  BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGABRT) |
				  BIT(SIGSYS) | BIT(SIGPIPE) | BIT(SIGWINCH) | BIT(32) | BIT(33) |
				  BIT(34);

/* Not to be read: it may have some. */
static bool read_any(const char *proc, uint32_t pid)
{
	char path[256], line[256];
	uint64_t caught = ~UINT64_C(0);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u/status", proc, pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigCgt: %" SCNx64, &caught) == 1)
			break;
	if (file)
		fclose(file);
	return caught & ~not_meant;
}

static void drop_old(struct handlers *handlers, bool all)
{
	struct map_node *node = map_first(&handlers->known);

	while (node) {
		struct handlers_known *known = (struct handlers_known *)node;

		node = map_next(node);
		if (!all && known->look == handlers->look)
			continue;
		map_remove(&handlers->known, &known->node);
		free(known);
	}
}

void handlers_begin(struct handlers *handlers)
{
	drop_old(handlers, false);
	handlers->look++;
}

bool handlers_of(struct handlers *handlers, const char *proc, uint32_t pid, uint64_t start,
		 uint64_t now_ns)
{
	struct map_key key = { { pid, start } };
	struct handlers_known *known =
		(struct handlers_known *)map_find_next(&handlers->known, &key);

	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known)
			return true;
		known->node.key = key;
		if (map_add(&handlers->known, &known->node)) {
			free(known);
			return true;
		}
	}
	known->look = handlers->look;
	if (!known->read_ns || now_ns - known->read_ns >= AGAIN_NS) {
		known->any = read_any(proc, pid);
		known->read_ns = now_ns;
	}
	return known->any;
}

void handlers_free(struct handlers *handlers)
{
	drop_old(handlers, true);
	map_clear(&handlers->known);
}
