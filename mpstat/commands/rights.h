/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rights.h - capabilities: what this process may do beyond its user.
 *
 * Owns: their numbers, reading what is in force.  Does not own: giving them up
 * (collector/kernel_bpf.c), what needs them (doctor_*.c).
 */
#ifndef MPSTAT_COMMANDS_RIGHTS_H
#define MPSTAT_COMMANDS_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

/* As in <linux/capability.h>, which older systems have without the last two. */
enum right {
	RIGHT_DAC_READ_SEARCH = 2,
	RIGHT_NET_ADMIN = 12,
	RIGHT_SYS_PTRACE = 19,
	RIGHT_SYS_ADMIN = 21,
	RIGHT_PERFMON = 38,
	RIGHT_BPF = 39,
};

/* The effective set, a bit per capability; 0 when /proc does not tell. */
uint64_t rights_now(void);

static inline bool rights_have(uint64_t rights, enum right right)
{
	return rights >> right & 1u;
}

#endif
