/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * note.h - marks of the program's own in its records: "request 4711 begins".
 *
 * A note has a name; each mark puts one record with a number of the caller's
 * choice into the calling thread's ring, at the cost of a record.
 */
#ifndef MPTRACE_NOTE_H
#define MPTRACE_NOTE_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_note;

/* Makes a note.
 *   name  1 to 47 bytes without '/', unique in the domain; NULL: "note-N"
 * Returns 0; -EINVAL; -EEXIST name in use; -ENOSPC; -ENOMEM.  The caller ends it with
 * mpt_note_destroy.  Does not block. */
MPT_API int mpt_note_create(struct mpt_note **out, const char *name);

/* Records `value` under the note's name, now.  Returns 0; -ESHUTDOWN destroyed by
 * its creator.  Never blocks. */
MPT_API int mpt_note_mark(struct mpt_note *note, uint64_t value);

/* Frees the handle; by the creator, the note ends for everybody.  NULL is fine. */
MPT_API void mpt_note_destroy(struct mpt_note *note);

#ifdef __cplusplus
}
#endif
#endif
