/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - shared memory by name, of any size.
 *
 * Semantics of Python's multiprocessing.shared_memory.SharedMemory: one process creates
 * it, others attach to it by its name, and after unlink the name is free while who has
 * it keeps it.  Deliberately different:
 *
 *   - The name is one of the domain's, like that of any object, and there is no file in
 *     /dev/shm.  The bytes live as long as a process has them: when the last one has
 *     closed them, ended or was killed, they and the name are gone.  So no resource
 *     tracker is needed, nobody's death takes memory from others, and nothing is left
 *     behind, whatever was killed.
 *   - All of it is taken from the machine at creation: memory that cannot be had is an
 *     error there, and never a SIGBUS later.  Creating takes time, about 0.3 s a GiB.
 *   - Its size is exactly what was asked for.
 */
#ifndef MPTRACE_MEMORY_H
#define MPTRACE_MEMORY_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_memory;

/* Makes memory, zeroed, and maps it.
 *   out    the handle; the caller ends it with mpt_memory_destroy
 *   name   1 to 47 bytes without '/', unique in the domain; NULL: "memory-N", see
 *          mpt_memory_name
 *   size   bytes, at least 1
 * Returns 0; -EINVAL; -EEXIST name in use; -ENOMEM, -ENOSPC the machine has not so much
 * memory (-ENOSPC also: the domain has no slot left); -EFBIG more than the limit on file
 * sizes (ulimit -f) lets this process have; -EMFILE, -ENFILE no descriptor left.
 * Does not block.  [SharedMemory(create=True)] */
MPT_API int mpt_memory_create(struct mpt_memory **out, const char *name, int64_t size);

/* Maps what somebody created: "name" in the own domain, "domain/name" in a published one,
 * which is joined first (see mpt_domain_join for its errors).
 * Returns 0; -ENOENT nobody has such memory (any more); -EINVAL no name, a bad one, or
 * it is no memory; -EBADF who has it has closed the library's descriptor; -EACCES it is
 * another user's; -EPROTO what is there makes no sense; -EMFILE, -ENFILE, -ENOMEM,
 * -ENOSPC.  Does not block.  [SharedMemory(name)] */
MPT_API int mpt_memory_attach(struct mpt_memory **out, const char *name);

/* Where it lies in this process, page-aligned; NULL: closed.  Children forked later have it
 * at the same address.  It stays when the name goes.  [SharedMemory.buf] */
MPT_API void *mpt_memory_data(struct mpt_memory *memory);

/* Bytes, or -ESHUTDOWN.  [SharedMemory.size] */
MPT_API ssize_t mpt_memory_size(const struct mpt_memory *memory);

/* Its name; that of the handle, also after an unlink.  [SharedMemory.name] */
MPT_API const char *mpt_memory_name(const struct mpt_memory *memory);

/* Frees the name at once: nobody attaches any more, and others may be called so.  Who has the
 * memory keeps it.  Any process may do so, also after a close.
 * Returns 0; -ENOENT it has no name any more.  Does not block.  [SharedMemory.unlink] */
MPT_API int mpt_memory_unlink(struct mpt_memory *memory);

/* Unmaps it in this process; the pointer is no good any more.  Closing twice is harmless.
 * Returns 0.  [SharedMemory.close] */
MPT_API int mpt_memory_close(struct mpt_memory *memory);

/* Closes it and frees the handle.  When the process that created the memory does so, the
 * name goes, too, as by mpt_memory_unlink.  NULL is fine. */
MPT_API void mpt_memory_destroy(struct mpt_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
