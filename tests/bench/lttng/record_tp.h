/* SPDX-License-Identifier: BSD-2-Clause */
/* record_tp.h - a tracepoint with the payload of one of our records. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER mptrace_bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./record_tp.h"

#if !defined(RECORD_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define RECORD_TP_H
#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(mptrace_bench, mark,
			   LTTNG_UST_TP_ARGS(uint32_t, object, uint64_t, value, uint64_t, span),
			   LTTNG_UST_TP_FIELDS(
				   lttng_ust_field_integer(uint32_t, object, object)
				   lttng_ust_field_integer(uint64_t, value, value)
				   lttng_ust_field_integer(uint64_t, span, span)))
#endif
#include <lttng/tracepoint-event.h>
