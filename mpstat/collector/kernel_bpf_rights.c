/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf_rights.c - the two rights that eBPF takes: are they there, and away
 * with them.
 *
 * Owns: this process' (one thread's) capability sets.  libcap would be one more
 * library for two system calls.  Source: capabilities(7), capget(2).
 */
#include "mpstat/collector/kernel_bpf.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(right) (UINT64_C(1) << (right))
#define NEEDED (BIT(CAP_BPF) | BIT(CAP_PERFMON))

struct rights {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static int rights_get(struct rights *rights)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &head, data))
		return -errno;
	rights->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	rights->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	rights->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int rights_set(const struct rights *rights)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(rights->effective >> (32 * i));
		data[i].permitted = (uint32_t)(rights->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(rights->inheritable >> (32 * i));
	}
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

/* The file that setcap would have to be told. */
static void own_path(char *to, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", to, size - 1);

	if (length <= 0 || (size_t)length == size - 1)
		length = (ssize_t)strlen(strcpy(to, "mpstat-ipc"));
	to[length] = '\0';
}

static const char *missing(uint64_t lacking)
{
	if (lacking == NEEDED)
		return "CAP_BPF and CAP_PERFMON";
	return lacking & BIT(CAP_BPF) ? "CAP_BPF" : "CAP_PERFMON";
}

int kernel_bpf_rights_check(struct err *err)
{
	struct rights rights;
	char path[256];
	uint64_t lacking;
	int r = rights_get(&rights);

	if (r)
		return err_set(err, r, "capget: %s", strerror(-r));
	if (rights.effective & BIT(CAP_SYS_ADMIN))
		return 0;
	lacking = NEEDED & ~rights.permitted;
	if (!lacking) {
		rights.effective |= NEEDED;
		r = rights_set(&rights);
		return r ? err_set(err, r, "capset: %s", strerror(-r)) : 0;
	}
	own_path(path, sizeof(path));
	return err_set(err, -EPERM,
		       "eBPF needs the right %s: run as root, or once "
		       "'sudo setcap cap_bpf,cap_perfmon+ep %s'",
		       missing(lacking), path);
}

void kernel_bpf_rights_drop(bool (*still_works)(void *arg), void *arg)
{
	struct rights before, after;

	if (rights_get(&before))
		return;
	after = before;
	after.effective &= ~NEEDED;
	if (rights_set(&after))
		return;
	if (!still_works(arg)) {
		rights_set(&before);
		return;
	}
	/* Before the last step, which may take what this needs; without CAP_SETPCAP it
	 * fails, and then what we start could not get them back by itself either. */
	prctl(PR_CAPBSET_DROP, CAP_BPF, 0, 0, 0);
	prctl(PR_CAPBSET_DROP, CAP_PERFMON, 0, 0, 0);
	after.permitted &= ~NEEDED;
	after.inheritable &= ~NEEDED;
	rights_set(&after);
}
