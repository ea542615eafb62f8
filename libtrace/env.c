/* SPDX-License-Identifier: BSD-2-Clause */
/* env.c - see env.h.  Never fails: what makes no sense is the default. */
#include "libtrace/env.h"

#include "libtrace/contract/wire.h"
#include "libtrace/object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_DEFAULT (64u << 10)
#define RING_LEAST (8u << 10)
#define RING_MOST (16u << 20)
#define DOMAIN_DEFAULT (64ull << 20)
#define DOMAIN_MOST (1ull << 30)

/* "64K" -> bytes between least and most; the default when it is not a size. */
static uint64_t size_of(const char *variable, uint64_t otherwise, uint64_t least, uint64_t most)
{
	const char *text = secure_getenv(variable);
	char *end;
	uint64_t n;

	if (!text || *text < '0' || *text > '9')
		return otherwise;
	n = strtoull(text, &end, 10);
	if (*end == 'K' || *end == 'k') {
		n = n > most ? most : n << 10;
		end++;
	} else if (*end == 'M' || *end == 'm') {
		n = n > most ? most : n << 20;
		end++;
	}
	if (*end != '\0')
		return otherwise;
	return n < least ? least : n > most ? most : n;
}

bool env_records(void)
{
	const char *text = secure_getenv("MPTRACE");

	return !text || strcmp(text, "0") != 0;
}

uint64_t env_ring_bytes(void)
{
	uint64_t n = size_of("MPTRACE_RING", RING_DEFAULT, RING_LEAST, RING_MOST);

	while (n & (n - 1))
		n &= n - 1;
	return n;
}

uint64_t env_domain_bytes(void)
{
	return size_of("MPTRACE_SIZE", DOMAIN_DEFAULT, ENV_DOMAIN_LEAST, DOMAIN_MOST) /
	       MPT_BLOCK * MPT_BLOCK;
}

const char *env_keep_directory(void)
{
	const char *dir = secure_getenv("MPTRACE_OUT");

	return dir && *dir ? dir : NULL;
}

bool env_domain_named(void)
{
	const char *name = secure_getenv("MPTRACE_NAME");

	return name && object_name_valid(name);
}

void env_domain_name(char *name)
{
	const char *given = secure_getenv("MPTRACE_NAME");

	snprintf(name, MPT_NAME_MAX, "%s",
		 given && object_name_valid(given) ? given : program_invocation_short_name);
}
