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
	enum fact_handlers kind;
};

#define BIT(number) (UINT64_C(1) << ((number) - 1))

static const uint64_t not_meant = BIT(SIGSEGV) | BIT(SIGBUS) |
				  BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGABRT) |
				  BIT(SIGSYS) | BIT(SIGPIPE) | BIT(SIGWINCH) | BIT(32) | BIT(33) |
				  BIT(34);

static const uint64_t of_keys = BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGTSTP);

/* Not to be read: it may have some. */
static enum fact_handlers read_kind(const char *proc, uint32_t pid)
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
	caught &= ~not_meant;
	if (!caught)
		return FACT_HANDLERS_NONE;
	return caught & ~of_keys ? FACT_HANDLERS_OTHERS : FACT_HANDLERS_KEYS;
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

enum fact_handlers handlers_of(struct handlers *handlers, const char *proc, uint32_t pid, uint64_t start,
		 uint64_t now_ns)
{
	struct map_key key = { { pid, start } };
	struct handlers_known *known =
		(struct handlers_known *)map_find_next(&handlers->known, &key);

	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known)
			return FACT_HANDLERS_OTHERS;
		known->node.key = key;
		if (map_add(&handlers->known, &known->node)) {
			free(known);
			return FACT_HANDLERS_OTHERS;
		}
	}
	known->look = handlers->look;
	if (!known->read_ns || now_ns - known->read_ns >= AGAIN_NS) {
		known->kind = read_kind(proc, pid);
		known->read_ns = now_ns;
	}
	return known->kind;
}

void handlers_free(struct handlers *handlers)
{
	drop_old(handlers, true);
	map_clear(&handlers->known);
}
