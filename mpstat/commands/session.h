/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h - one look at a machine: sources on one side, the model on the other.
 *
 * Owns: the opened sources, the model, the filter made from the options, what
 * "scope" is in words.  Does not own: output, screens, the options.
 */
#ifndef MPSTAT_COMMANDS_SESSION_H
#define MPSTAT_COMMANDS_SESSION_H

#include "mpstat/collector/kernel.h"
#include "mpstat/collector/source.h"
#include "mpstat/commands/inputs.h"
#include "mpstat/commands/losses.h"
#include "mpstat/commands/options.h"
#include "mpstat/model/model.h"

#include <stdbool.h>

struct session {
	const struct options *options;
	struct model *model;
	struct fact_sink sink;
	struct source_options source_options;
	void **states; /* per row of sources[]; owned */
	bool *opened;  /* the same */
	bool drains;   /* any opened source has something to drain */
	/* Our eBPF programs, lent to the sources; NULL: not to be had, kernel_why.text
	 * says why. */
	struct kernel *kernel;
	struct err kernel_why;
	uint64_t rights; /* CapEff before kernel_open gave some of it up */
	struct inputs inputs;
	struct losses losses;
	bool widen; /* still to be decided (SESSION_WIDEN) */
	char scope[FACT_TEXT_MAX];
	char host[FACT_NAME_MAX];
	/* Called for every record as it arrives; `record` is valid during the
	 * call.  May be NULL. */
	void (*on_record)(void *arg, const struct record *record);
	void *on_record_arg;
};

#define SESSION_DRAIN_S 0.1 /* between two drains: the kernel's ring is bounded */

enum session_flag {
	SESSION_RECORDS = 1 << 0, /* read the rings, not only the state */
	/* Nothing particular asked for and no program uses libmptrace: then everything is
	 * looked at, as there would be nothing to see. */
	SESSION_WIDEN = 1 << 1
};

/*
 * Checks the targets (see target.h), loads our eBPF programs, opens every source and
 * makes the model.  A source that cannot be opened becomes a line in the model, not an
 * error; so does a kernel that does not want us.
 * `options` must outlive the session, which must not be moved.
 * Returns 0 or: -ESRCH, -EACCES (a target), -ENOENT and others (an input), -ENOMEM.
 */
int session_open(struct session *session, const struct options *options, uint32_t flags,
		 struct err *err);
void session_close(struct session *session);

/* Reads all sources once and ticks the model.  Blocks for the reading only. */
void session_refresh(struct session *session);

/* Takes in what would be lost if it waited for the next refresh; to be called every
 * SESSION_DRAIN_S or so.  No entity of the model goes away, nothing is ticked.  Does
 * not block. */
void session_drain(struct session *session);

/* Blocks for `seconds`, at most until a stop is asked for, and drains meanwhile.
 * Returns true when the time has passed, false when it is time to stop (stop.h). */
bool session_wait(struct session *session, double seconds);

/* For view_config: the same with the session as argument. */
void session_refresh_arg(void *session);
void session_drain_arg(void *session);

/* After a refresh: is anything there of what -g asked for?  0 or -ESRCH. */
int session_found(const struct session *session, struct err *err);

/* Does a source only add to what the others see?  Nobody is called blind, and no exit
 * code changes, because it is missing: what the kernel tells of the past. */
bool session_is_extra(enum fact_source from);

/* Names of the sources that see nothing or not all, as "name: why" joined by
 * "; "; without the extra ones.  Returns how many. */
size_t session_blind(const struct session *session, char *text, size_t size);

/* What source number `source` (a row of sources[]) could not see at the last refresh,
 * one sentence each, by index from 0; NULL beyond the end. */
const char *session_note(const struct session *session, size_t source, size_t index);

/* Were particular processes asked for (-p, -g)? */
bool session_narrow(const struct session *session);

/* CLOCK_REALTIME in nanoseconds at the model's last tick. */
uint64_t session_realtime(const struct session *session);

#endif
