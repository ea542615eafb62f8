/* SPDX-License-Identifier: BSD-2-Clause */
/* result.c - results in words; see mptrace/common.h. */
#include <errno.h>
#include <mptrace/common.h>
#include <string.h>

static const struct {
	int result;
	const char *text;
} texts[] = {
	{ 0, "done" },
	{ MPT_RECOVERED, "done; taken over from a process that died" },
	{ -EAGAIN, "not possible without waiting" },
	{ -ETIMEDOUT, "the timeout passed" },
	{ -ESHUTDOWN, "closed or destroyed" },
	{ -EPIPE, "the other end is closed" },
	{ -EMSGSIZE, "the message does not fit; it was kept" },
	{ -EBADMSG, "a message was cut short by the death of its sender" },
	{ -ECHILD, "no such child process" },
	{ -EPERM, "not allowed for this caller" },
	{ -ERANGE, "released more often than acquired" },
	{ -ENOSPC, "no room left in the domain (see MPTRACE_SIZE)" },
	{ -EEXIST, "the name is in use" },
	{ -ENOENT, "no object of this name" },
	{ -EBUSY, "in use" },
	{ -EALREADY, "started before" },
	{ -EINTR, "interrupted by a signal" },
	{ -EOWNERDEAD, "given up; the lock was taken over from a process that died" },
	{ -ENOLCK, "it has no lock" },
};

const char *mpt_result_text(int result)
{
	const char *text;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].result == result)
			return texts[i].text;
	if (result > 0)
		return "done";
	text = strerrordesc_np(-result);
	return text ? text : "unknown result";
}
