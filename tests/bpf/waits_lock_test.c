/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits_lock_test.c - a child that waits for memory is seen with that memory.
 *
 * Owns: futexes in bpf/wait.bpf.c, blocked_kernel.c and blocked_proc_memory.c against ground
 * truth, and calls that were stopped.  Does not own: other calls (waits_test.c).
 */
#include "tests/bpf/looks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__
static int wait_on_word(void *arg)
{
	uint32_t *word = arg, value = *word;

	while (*(volatile uint32_t *)word == value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL);
	return 0;
}

static uint32_t word_of(const struct blocked *blocked, size_t index)
{
	uint32_t word;

	memcpy(&word, blocked->memory + BLOCKED_BEFORE + 4 * index, sizeof(word));
	return word;
}

/* -- Locks ----------------------------------------------------------------------------- */

#define LOCK_PIECES                                                                                \
	(BLOCKED_HAS_PLACE | BLOCKED_HAS_BEFORE | BLOCKED_HAS_MEMORY | BLOCKED_HAS_STACK)

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
	char *page = looks_shared(8192);
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
	assert_int_equal(blocked->has, LOCK_PIECES);
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

/* Two processes map the same object at two addresses. */
static int lock_elsewhere(void *arg)
{
	char *again = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, *(int *)arg, 4096);

	return again == MAP_FAILED || pthread_mutex_lock((void *)(again + 64));
}

static void one_object_at_two_addresses_is_one_place(void **state)
{
	struct looks *looks = looks_of(state);
	int fd = memfd_create("the\033object", MFD_CLOEXEC);
	struct memory_place first, second;
	struct stat stat;
	char *here;

	assert_true(fd >= 0 && ftruncate(fd, 8192) == 0 && fstat(fd, &stat) == 0);
	here = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(here != MAP_FAILED);
	make_mutex((void *)(here + 4096 + 64), PTHREAD_PROCESS_SHARED);
	pthread_mutex_lock((void *)(here + 4096 + 64));
	first = looks_for(looks, child_start(lock_elsewhere, &fd), SYS_futex)->place;
	second = looks_for(looks, child_start(lock_mutex, here + 4096 + 64), SYS_futex)->place;
	assert_true(first.address != second.address && first.space != second.space);
	assert_int_equal(first.inode, stat.st_ino);
	assert_int_equal(first.device, second.device);
	assert_int_equal(second.inode, stat.st_ino);
	assert_int_equal(first.offset, 4096 + 64);
	assert_int_equal(second.offset, 4096 + 64);
	assert_string_equal(first.name, "memfd:the?object");
	munmap(here, 8192);
	close(fd);
}

/* What the children of one test tell about themselves. */
struct told {
	_Atomic pid_t tid;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
};

static pthread_mutex_t private_mutex = PTHREAD_MUTEX_INITIALIZER;

static void *hold_mutex(void *arg)
{
	struct told *told = arg;

	pthread_mutex_lock(&private_mutex);
	told->tid = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static int lock_after_a_thread(void *arg)
{
	struct told *told = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, hold_mutex, told))
		return 1;
	while (!told->tid)
		usleep(1000);
	return pthread_mutex_lock(&private_mutex);
}

static void a_private_mutex_is_known_by_address_and_space(void **state)
{
	struct looks *looks = looks_of(state);
	struct told *told = looks_shared(sizeof(*told));
	const struct blocked *blocked;
	pid_t pid = child_start(lock_after_a_thread, told);

	blocked = looks_for(looks, pid, SYS_futex);
	assert_int_equal(blocked->argument[0], (uintptr_t)&private_mutex);
	assert_int_equal(blocked->argument[1] & FUTEX_PRIVATE_FLAG, FUTEX_PRIVATE_FLAG);
	assert_int_equal(blocked->has, LOCK_PIECES);
	assert_false(blocked->place.shared);
	assert_true(blocked->place.space != 0);
	assert_int_equal(blocked->place.address, (uintptr_t)&private_mutex);
	assert_int_equal(word_of(blocked, 2), told->tid);
	assert_int_equal(looks_thread(looks, told->tid)->pid, pid);
	assert_int_equal(looks_thread(looks, told->tid)->syscall, SYS_pause);
	munmap(told, sizeof(*told));
}

static int wait_for_unit(void *arg)
{
	return sem_wait(&((struct told *)arg)->sem);
}

static void a_semaphore_shows_its_value(void **state)
{
	struct looks *looks = looks_of(state);
	struct told *told = looks_shared(sizeof(*told));
	const struct blocked *blocked;

	assert_int_equal(sem_init(&told->sem, 1, 0), 0);
	blocked = looks_for(looks, child_start(wait_for_unit, told), SYS_futex);
	assert_true(blocked->argument[0] >= (uintptr_t)&told->sem);
	assert_true(blocked->argument[0] < (uintptr_t)(&told->sem + 1));
	assert_int_equal(word_of(blocked, 0), 0);
	assert_int_equal(word_of(blocked, 1), 1); /* one waits */
	assert_int_equal(blocked->stack_words, BLOCKED_STACK);
	munmap(told, sizeof(*told));
}

static int wait_for_condition(void *arg)
{
	struct told *told = arg;

	pthread_mutex_lock(&told->mutex);
	return pthread_cond_wait(&told->cond, &told->mutex);
}

static void a_condition_shows_who_called_it(void **state)
{
	struct looks *looks = looks_of(state);
	struct told *told = looks_shared(sizeof(*told));
	const struct blocked *blocked;
	pthread_condattr_t attr;
	size_t found = 0;

	make_mutex(&told->mutex, PTHREAD_PROCESS_SHARED);
	pthread_condattr_init(&attr);
	pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	assert_int_equal(pthread_cond_init(&told->cond, &attr), 0);
	blocked = looks_for(looks, child_start(wait_for_condition, told), SYS_futex);
	assert_true(blocked->argument[0] >= (uintptr_t)&told->cond);
	assert_true(blocked->argument[0] < (uintptr_t)(&told->cond + 1));
	/* The child is a copy of us: functions have our addresses. */
	for (size_t i = 0; i < blocked->stack_words; i++)
		found += blocked->stack[i] - (uintptr_t)wait_for_condition < 256;
	assert_true(found > 0);
	munmap(told, sizeof(*told));
}

/* Right before the end of what is mapped. */
static void memory_at_an_end_is_told_as_far_as_it_goes(void **state)
{
	struct looks *looks = looks_of(state);
	char *pages = looks_shared(3 * 4096);
	uint32_t *word = (void *)(pages + 2 * 4096 - 8);
	const struct blocked *blocked;

	assert_int_equal(munmap(pages, 4096), 0);
	assert_int_equal(munmap(pages + 2 * 4096, 4096), 0);
	word[0] = 11;
	word[1] = 22;
	blocked = looks_for(looks, child_start(wait_on_word, word), SYS_futex);
	assert_int_equal(blocked->memory_size, 8);
	assert_int_equal(word_of(blocked, 0), 11);
	assert_int_equal(word_of(blocked, 1), 22);
	assert_true(blocked->has & BLOCKED_HAS_BEFORE);
	word = (void *)(pages + 4096);
	*word = 33;
	blocked = looks_for(looks, child_start(wait_on_word, word), SYS_futex);
	assert_int_equal(blocked->memory_size, BLOCKED_MEMORY - BLOCKED_BEFORE);
	assert_int_equal(word_of(blocked, 0), 33);
	assert_false(blocked->has & BLOCKED_HAS_BEFORE);
	munmap(pages + 4096, 4096);
}

/* Sleeps with its stack pointer right before the end of what is mapped. */
static int wait_with_a_small_stack(void *arg)
{
	register uint64_t *top __asm__("r12") = arg;
	register long r10 __asm__("r10") = 0;
	long r;

	__asm__ volatile("xchg %%rsp, %%r12\n\tsyscall\n\txchg %%rsp, %%r12"
			 : "=a"(r), "+r"(top)
			 : "a"(SYS_futex), "D"(top), "S"(FUTEX_WAIT), "d"(5), "r"(r10)
			 : "rcx", "r11", "memory");
	return (int)r;
}

static void a_stack_is_told_as_far_as_it_goes(void **state)
{
	struct looks *looks = looks_of(state);
	char *pages = looks_shared(2 * 4096);
	uint64_t *top = (void *)(pages + 4096 - 24);
	const struct blocked *blocked;

	assert_int_equal(munmap(pages + 4096, 4096), 0);
	top[0] = 5;
	top[1] = 6;
	top[2] = 7;
	blocked = looks_for(looks, child_start(wait_with_a_small_stack, top), SYS_futex);
	assert_int_equal(blocked->sp, (uintptr_t)top);
	assert_int_equal(blocked->stack_words, 3);
	assert_memory_equal(blocked->stack, top, 24);
	munmap(pages, 4096);
}

static int wait_with_a_limit(void *arg)
{
	struct timespec limit = {.tv_sec = 1000};
	uint32_t *word = arg;

	while (*(volatile uint32_t *)word == 7)
		syscall(SYS_futex, word, FUTEX_WAIT, 7, &limit);
	return 0;
}

/* A stop and a continue make restart_syscall of it. */
static void a_wait_that_was_stopped_is_still_what_it_was(void **state)
{
	struct looks *looks = looks_of(state);
	uint32_t *word = looks_shared(4096);
	const struct blocked *blocked;
	uint64_t runs;
	pid_t pid;

	*word = 7;
	pid = child_start(wait_with_a_limit, word);
	runs = looks_for(looks, pid, SYS_futex)->runs;
	looks_take(looks);
	assert_int_equal(looks_thread(looks, pid)->runs, runs); /* nothing happened */
	kill(pid, SIGSTOP);
	wait_for_state(pid, 'T');
	assert_int_equal(looks_for_state(looks, pid, SYSCALL_ANY, 'T')->has & BLOCKED_HAS_STACK,
			 BLOCKED_HAS_STACK);
	kill(pid, SIGCONT);
	blocked = looks_for(looks, pid, SYS_futex);
	assert_int_equal(blocked->argument[0], (uintptr_t)word);
	assert_int_equal(word_of(blocked, 0), 7);
	assert_true(blocked->runs != runs);
	munmap(word, 4096);
}

static int poll_nothing(void *arg)
{
	(void)arg;
	return poll(NULL, 0, 1000000);
}

static int sleep_long(void *arg)
{
	struct timespec time = {.tv_sec = 1000};

	(void)arg;
	return nanosleep(&time, NULL);
}

static void stop_and_continue(pid_t pid)
{
	kill(pid, SIGSTOP);
	wait_for_state(pid, 'T');
	kill(pid, SIGCONT);
}

static void a_poll_that_was_stopped_is_still_one(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(poll_nothing, NULL);

	looks_for(looks, pid, SYS_poll);
	stop_and_continue(pid);
	looks_for(looks, pid, SYS_poll);
}

/* By /proc it stays restart_syscall: nothing there tells. */
static void a_sleep_that_was_stopped_is_still_one(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(sleep_long, NULL);

	looks_for(looks, pid, SYS_clock_nanosleep);
	stop_and_continue(pid);
	looks_for(looks, pid, SYS_clock_nanosleep);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		TEST_LOOKS(a_process_shared_mutex_shows_its_owner_and_its_place),
		TEST_LOOKS(one_object_at_two_addresses_is_one_place),
		TEST_LOOKS(a_private_mutex_is_known_by_address_and_space),
		TEST_LOOKS(a_semaphore_shows_its_value),
		TEST_LOOKS(a_condition_shows_who_called_it),
		TEST_LOOKS(memory_at_an_end_is_told_as_far_as_it_goes),
		TEST_LOOKS(a_stack_is_told_as_far_as_it_goes),
		TEST_LOOKS(a_wait_that_was_stopped_is_still_what_it_was),
		TEST_LOOKS(a_poll_that_was_stopped_is_still_one),
		TEST_LOOKS_KERNEL(a_sleep_that_was_stopped_is_still_one),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
