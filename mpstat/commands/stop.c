/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c - asked to stop: remembered in a pipe, so that no wait misses it.
 *
 * Owns: handlers of SIGINT, SIGTERM and SIGHUP.  Does not own: what is done then.
 */
#include "mpstat/commands/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static int wake[2] = {-1, -1}; /* a byte in it: stop; poll() sees it for ever */

static void on_signal(int signal)
{
	int saved = errno;

	asked = signal;
	/* Non-blocking, and one byte is enough for all of them. */
	if (write(wake[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

int stop_install(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action, old;
	size_t i;

	if (wake[0] >= 0)
		return 0;
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	/* RESTART: a write in progress is finished, not torn.  RESETHAND: the
	 * second signal kills. */
	action.sa_flags = SA_RESTART | (int)SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (sigaction(signals[i], NULL, &old) < 0)
			return -errno;
		/* nohup wants to go on; a shell script's background job that ignores
		 * SIGINT is still stopped by an explicit one. */
		if (signals[i] == SIGHUP && old.sa_handler == SIG_IGN)
			continue;
		if (sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	}
	return 0;
}

int stop_signal(void)
{
	return asked;
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool stop_sleep(double seconds)
{
	uint64_t now = clock_ns(), end = now + (uint64_t)(seconds * 1e9);
	struct pollfd ask = {.fd = wake[0], .events = POLLIN};

	while (!asked && now < end) {
		struct timespec left = {.tv_sec = (time_t)((end - now) / 1000000000u),
					.tv_nsec = (long)((end - now) % 1000000000u)};

		/* Without stop_install the descriptor is -1, which poll ignores. */
		if (ppoll(&ask, 1, &left, NULL) < 0 && errno != EINTR)
			break;
		now = clock_ns();
	}
	return !asked;
}
