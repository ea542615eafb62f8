/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager.c - a manager's dict, and the limit: a hash table in shared memory with a lock in
 * each slot, without recovery, records or state.
 *
 * 1,024 keys, values of 16 bytes, 1 and 4 clients.  Redis, which is a server, is measured by
 * tests/bench/run with its own program.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <linux/futex.h>
#include <mptrace/mptrace.h>
#include <sys/syscall.h>

#define KEYS 1024u
#define SLOTS 4096u

/* ---- the limit ---------------------------------------------------------- */

struct slot {
	_Alignas(64) uint32_t lock;
	uint32_t used;
	char key[24];
	char value[16];
};

static struct slot *slots;

static void slot_enter(uint32_t *word)
{
	uint32_t seen = 0;

	if (__atomic_compare_exchange_n(word, &seen, 1u, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	if (seen != 2)
		seen = __atomic_exchange_n(word, 2u, __ATOMIC_ACQUIRE);
	while (seen) {
		syscall(SYS_futex, word, FUTEX_WAIT, 2, NULL, NULL, 0);
		seen = __atomic_exchange_n(word, 2u, __ATOMIC_ACQUIRE);
	}
}

static void slot_leave(uint32_t *word)
{
	if (__atomic_exchange_n(word, 0u, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static uint64_t hash(const char *key, size_t size)
{
	uint64_t h = 1469598103934665603ull;

	for (size_t i = 0; i <= size;
	     i++) /* the NUL too: it spreads what the last letter changed */
		h = (h ^ (unsigned char)key[i]) * 1099511628211ull;
	return h >> 20;
}

static void limit(const char *key, size_t size, char value[16], int set)
{
	for (uint64_t i = hash(key, size);; i++) {
		struct slot *s = &slots[i % SLOTS];
		int done;

		slot_enter(&s->lock);
		if (!s->used && set) {
			memcpy(s->key, key, size + 1);
			s->used = 1;
		}
		done = s->used && strcmp(s->key, key) == 0;
		if (done && set)
			memcpy(s->value, value, 16);
		else if (done)
			memcpy(value, s->value, 16);
		slot_leave(&s->lock);
		if (done)
			return;
	}
}

static void limit_set(const char *key, size_t size, char value[16])
{
	limit(key, size, value, 1);
}

static void limit_get(const char *key, size_t size, char value[16])
{
	limit(key, size, value, 0);
}

/* ---- ours --------------------------------------------------------------- */

static struct mpt_dict *dict;

static void dict_set(const char *key, size_t size, char value[16])
{
	if (mpt_dict_set(dict, mpt_bytes(key, size), mpt_bytes(value, 16)) != 0)
		_exit(3);
}

static void dict_get(const char *key, size_t size, char value[16])
{
	struct mpt_item item;

	if (mpt_dict_get(dict, mpt_bytes(key, size), &item, value, 16) != 0)
		_exit(3);
}

/* ---- clients ------------------------------------------------------------ */

struct crowd {
	_Atomic int go;
	void (*call)(const char *key, size_t size, char value[16]);
	struct {
		_Alignas(64) _Atomic uint64_t done;
	} who[8];
};

static size_t write_key(char key[24], unsigned int n)
{
	char digits[8];
	size_t size = 4;
	int i = 0;

	memcpy(key, "key:", 4);
	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		key[size++] = digits[--i];
	key[size] = 0;
	return size;
}

static void client(void *arg, int me)
{
	struct crowd *c = arg;
	char key[24], value[16] = "fifteen letters";

	while (!atomic_load(&c->go))
		sched_yield();
	for (uint64_t n = 0;; n++) {
		c->call(key, write_key(key, n % KEYS), value);
		atomic_store_explicit(&c->who[me].done, n, memory_order_relaxed);
	}
}

static uint64_t done(const struct crowd *c, int clients)
{
	uint64_t sum = 0;

	for (int i = 0; i < clients; i++)
		sum += atomic_load(&c->who[i].done);
	return sum;
}

static void measure(const char *name, int clients,
		    void (*call)(const char *key, size_t size, char value[16]))
{
	struct crowd *c = bench_shared(sizeof(*c));
	pid_t pids[8];
	char text[96];
	uint64_t before, ns;

	c->call = call;
	for (int i = 0; i < clients; i++)
		pids[i] = bench_child(client, c, i, -1);
	atomic_store(&c->go, 1);
	bench_sleep_ms(50);
	before = done(c, clients);
	ns = bench_ns(CLOCK_MONOTONIC);
	bench_sleep_ms(250);
	before = done(c, clients) - before;
	ns = bench_ns(CLOCK_MONOTONIC) - ns;
	for (int i = 0; i < clients; i++)
		bench_end(pids[i]);
	snprintf(text, sizeof(text), "%s, %d client%s", name, clients, clients == 1 ? "" : "s");
	bench_out(text, "ops/s", (double)before * 1e9 / (double)ns);
	munmap(c, sizeof(*c));
}

int main(void)
{
	struct mpt_manager *manager;
	char key[24], value[16] = "fifteen letters";

	slots = bench_shared(SLOTS * sizeof(*slots));
	if (mpt_manager_create(&manager, NULL) < 0 || mpt_dict_create(&dict, manager, "bench") < 0)
		return 2;
	for (unsigned int n = 0; n < KEYS; n++) {
		limit_set(key, write_key(key, n), value);
		dict_set(key, strlen(key), value);
	}
	for (int clients = 1; clients <= 4; clients += 3) {
		measure("shm hash, lock per slot, set", clients, limit_set);
		measure("mptrace dict, set", clients, dict_set);
		/* Clients are ended wherever they are. */
		for (unsigned int n = 0; n < SLOTS; n++)
			slots[n].lock = 0;
		measure("shm hash, lock per slot, get", clients, limit_get);
		measure("mptrace dict, get", clients, dict_get);
		for (unsigned int n = 0; n < SLOTS; n++)
			slots[n].lock = 0;
	}
	return 0;
}
