/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h - something has happened, or has not yet.
 *
 * Semantics of Python's multiprocessing.Event: clear at first; set wakes all who wait
 * and lets later waits pass until it is cleared.  Stronger: nobody's death can leave
 * it half set, and a set is never held up by a waiter that was killed.
 */
#ifndef MPTRACE_EVENT_H
#define MPTRACE_EVENT_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_event;

/* Makes an event, clear.
 *   out    the handle; the caller ends it with mpt_event_destroy
 *   name   1 to 47 bytes without '/', unique in the domain; NULL: "event-N"
 *   flags  0 or MPT_INTERRUPTIBLE
 * Returns 0; -EINVAL bad name or flag; -EEXIST name in use; -ENOSPC; -ENOMEM.
 * Does not block. */
MPT_API int mpt_event_create(struct mpt_event **out, const char *name, unsigned int flags);

/* Opens an event by name: "name" in the own domain, "domain/name" in a published
 * one, which is joined first (see mpt_domain_join for its errors).
 * Returns 0; -ENOENT no such event; -EINVAL it is no event; -ENOMEM. */
MPT_API int mpt_event_open(struct mpt_event **out, const char *name, unsigned int flags);

/* Sets it and wakes all who wait; those go on even if it is cleared at once.  Setting
 * what is set is harmless.
 * Returns 0 or -ESHUTDOWN.  Does not block.  [Event.set] */
MPT_API int mpt_event_set(struct mpt_event *event);

/* Clears it: later waits block again.
 * Returns 0 or -ESHUTDOWN.  Does not block.  [Event.clear] */
MPT_API int mpt_event_clear(struct mpt_event *event);

/* Is it set at this moment?  1, 0, or -ESHUTDOWN.  [Event.is_set] */
MPT_API int mpt_event_is_set(const struct mpt_event *event);

/* Waits until it is set.
 * Returns 0 it is, or was while we waited; -EAGAIN (timeout 0) or -ETIMEDOUT it is
 * not; -ESHUTDOWN; -EINTR.
 * Blocks up to timeout_ns.  [Event.wait] */
MPT_API int mpt_event_wait(struct mpt_event *event, uint64_t timeout_ns);

/* This process uses the event no more: calls return -ESHUTDOWN.  Closing twice is
 * harmless.  Returns 0. */
MPT_API int mpt_event_close(struct mpt_event *event);

/* Frees the handle.  When the process that created the event does so, it ends for
 * everybody: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_event_destroy(struct mpt_event *event);

#ifdef __cplusplus
}
#endif
#endif
