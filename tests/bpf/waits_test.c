/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits_test.c - a child that sleeps in each of these ways is seen as what it is.
 *
 * Owns: bpf/wait.bpf.c, blocked_kernel.c and blocked_proc.c against ground truth.  Does not
 * own: what open files are and how full (files_test.c).
 */
#include "tests/bpf/looks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
/* Memory that the children share with us. */
static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static uint32_t word_of(const struct blocked *blocked, size_t index)
{
	uint32_t word;

	memcpy(&word, blocked->memory + BLOCKED_BEFORE + 4 * index, sizeof(word));
	return word;
}

/* -- Locks ----------------------------------------------------------------------------- */

static void make_mutex(pthread_mutex_t *mutex, int scope)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, scope);
	assert_int_equal(pthread_mutex_init(mutex, &attr), 0);
}

static int lock_mutex(void *arg)
{
	return pthread_mutex_lock(arg);
}

static void a_process_shared_mutex_shows_its_owner_and_its_place(void **state)
{
	struct looks *looks = looks_of(state);
	char *page = shared(8192);
	pthread_mutex_t *mutex = (void *)(page + 4096 + 512);
	const struct blocked *blocked;
	uint32_t before = 0x12345678, told;

	make_mutex(mutex, PTHREAD_PROCESS_SHARED);
	memcpy(page + 4096 + 512 - 4, &before, 4);
	pthread_mutex_lock(mutex);
	blocked = looks_for(looks, child_start(lock_mutex, mutex), SYS_futex);
	assert_int_equal(blocked->argument[0], (uintptr_t)mutex);
	assert_int_equal(blocked->argument[1] & FUTEX_CMD_MASK, FUTEX_WAIT);
	assert_int_equal(blocked->argument[2], 2);
	assert_int_equal(blocked->has, BLOCKED_HAS_PLACE | BLOCKED_HAS_BEFORE |
					       BLOCKED_HAS_MEMORY | BLOCKED_HAS_STACK);
	assert_true(blocked->place.shared);
	assert_true(blocked->place.inode != 0);
	assert_int_equal(blocked->place.offset, 4096 + 512);
	assert_int_equal(blocked->memory_size, BLOCKED_MEMORY - BLOCKED_BEFORE);
	assert_int_equal(word_of(blocked, 0), 2);
	assert_int_equal(word_of(blocked, 2), syscall(SYS_gettid));
	memcpy(&told, blocked->memory + BLOCKED_BEFORE - 4, 4);
	assert_int_equal(told, before);
	pthread_mutex_unlock(mutex);
	munmap(page, 8192);
}

/* -- Children -------------------------------------------------------------------------- */

static int sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static int wait_for_child(void *arg)
{
	pid_t *inner = arg;
	int status;

	*inner = child_start(sleep_on, NULL);
	return waitpid(*inner, &status, 0) != *inner;
}

static void waiting_for_a_child_shows_which(void **state)
{
	struct looks *looks = looks_of(state);
	volatile pid_t *inner = shared(4096);
	const struct blocked *blocked;

	blocked = looks_for(looks, child_start(wait_for_child, (void *)inner), SYS_wait4);
	assert_int_equal((pid_t)blocked->argument[0], *inner);
	assert_int_equal(blocked->has, 0);
	kill(*inner, SIGKILL);
	munmap((void *)inner, 4096);
}

/* -- Files ----------------------------------------------------------------------------- */

static int read_byte(void *arg)
{
	char byte;

	return (int)read(*(int *)arg, &byte, 1);
}

static void reading_a_pipe_shows_the_pipe(void **state)
{
	struct looks *looks = looks_of(state);
	const struct blocked *blocked;
	struct stat stat;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[0], &stat), 0);
	blocked = looks_for(looks, child_start(read_byte, &ends[0]), SYS_read);
	assert_int_equal(blocked->argument[0], ends[0]);
	assert_int_equal(blocked->has, BLOCKED_HAS_FILE);
	assert_int_equal(blocked->file.kind, FILE_PIPE);
	assert_int_equal(blocked->file.inode, stat.st_ino);
	assert_int_equal(blocked->file.device, stat.st_dev);
	close(ends[0]);
	close(ends[1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		TEST_LOOKS_KERNEL(a_process_shared_mutex_shows_its_owner_and_its_place),
		TEST_LOOKS_KERNEL(waiting_for_a_child_shows_which),
		TEST_LOOKS_KERNEL(reading_a_pipe_shows_the_pipe),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
