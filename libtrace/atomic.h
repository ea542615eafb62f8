/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic.h - named loads and stores for words in shared memory.
 *
 * The wire structs hold plain integers so that readers of other languages and
 * the kernel side can use them; every word marked `A` there is touched through
 * these functions only.  The names say the order.
 */
#ifndef MPT_ATOMIC_H
#define MPT_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline uint32_t load32(const uint32_t *p)
{
	return atomic_load_explicit((const _Atomic uint32_t *)p, memory_order_relaxed);
}

static inline uint32_t load32_acquire(const uint32_t *p)
{
	return atomic_load_explicit((const _Atomic uint32_t *)p, memory_order_acquire);
}

static inline void store32(uint32_t *p, uint32_t v)
{
	atomic_store_explicit((_Atomic uint32_t *)p, v, memory_order_relaxed);
}

static inline void store32_release(uint32_t *p, uint32_t v)
{
	atomic_store_explicit((_Atomic uint32_t *)p, v, memory_order_release);
}

static inline bool cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
	return atomic_compare_exchange_strong_explicit((_Atomic uint32_t *)p, &expected, desired,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

static inline uint32_t exchange32(uint32_t *p, uint32_t v)
{
	return atomic_exchange_explicit((_Atomic uint32_t *)p, v, memory_order_acq_rel);
}

static inline uint32_t or32(uint32_t *p, uint32_t bits)
{
	return atomic_fetch_or_explicit((_Atomic uint32_t *)p, bits, memory_order_acq_rel);
}

static inline uint32_t add32(uint32_t *p, uint32_t n)
{
	return atomic_fetch_add_explicit((_Atomic uint32_t *)p, n, memory_order_acq_rel);
}

static inline uint64_t load64(const uint64_t *p)
{
	return atomic_load_explicit((const _Atomic uint64_t *)p, memory_order_relaxed);
}

static inline uint64_t load64_acquire(const uint64_t *p)
{
	return atomic_load_explicit((const _Atomic uint64_t *)p, memory_order_acquire);
}

static inline void store64(uint64_t *p, uint64_t v)
{
	atomic_store_explicit((_Atomic uint64_t *)p, v, memory_order_relaxed);
}

static inline void store64_release(uint64_t *p, uint64_t v)
{
	atomic_store_explicit((_Atomic uint64_t *)p, v, memory_order_release);
}

static inline bool cas64(uint64_t *p, uint64_t expected, uint64_t desired)
{
	return atomic_compare_exchange_strong_explicit((_Atomic uint64_t *)p, &expected, desired,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

/* Returns the value before. */
static inline uint64_t add64(uint64_t *p, uint64_t n)
{
	return atomic_fetch_add_explicit((_Atomic uint64_t *)p, n, memory_order_acq_rel);
}

/* Full barrier: what was stored before is visible before what is loaded after. */
static inline void fence(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

/* Keeps the compiler from moving stores across; the CPU (x86) keeps order. */
static inline void order_stores(void)
{
	atomic_thread_fence(memory_order_release);
}

#endif
