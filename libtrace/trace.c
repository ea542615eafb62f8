/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - how recording stands; see mptrace/trace.h. */
#include "libtrace/member.h"

#include <errno.h>
#include <mptrace/trace.h>
#include <stdio.h>
#include <string.h>

int mpt_trace_status(struct mpt_trace_info *out)
{
	struct member *me;
	int rc;

	if (!out)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	me = member_get(&rc);
	if (!me) {
		out->error = rc;
		return rc;
	}
	out->on = me->recording;
	out->error = me->recording || domain.ring_bytes == 0 ? domain.keep_error : -ENOSPC;
	out->records = load64(&me->thread->head);
	out->lost = load64(&me->thread->lost_reentered);
	out->ring_bytes = (uint64_t)me->thread->packet_size * me->thread->packets;
	snprintf(out->domain, sizeof(out->domain), "%s", domain.header->name);
	return 0;
}
