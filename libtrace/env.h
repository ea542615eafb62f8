/* SPDX-License-Identifier: BSD-2-Clause */
/* env.h - what MPTRACE_* says (documented in mptrace/trace.h). */
#ifndef MPT_ENV_H
#define MPT_ENV_H

#include <stdbool.h>
#include <stdint.h>

#define ENV_DOMAIN_LEAST (1ull << 20)

bool env_records(void);		  /* MPTRACE is not 0 */
uint64_t env_ring_bytes(void);	  /* MPTRACE_RING: a power of two */
uint64_t env_domain_bytes(void);  /* MPTRACE_SIZE */
const char *env_keep_directory(void); /* MPTRACE_OUT, or NULL */
bool env_domain_named(void);	  /* MPTRACE_NAME is set and valid */
/* The domain's name: MPTRACE_NAME, else the program's.  `name` has MPT_NAME_MAX
 * bytes. */
void env_domain_name(char *name);

#endif
