/* SPDX-License-Identifier: BSD-2-Clause */
/* mptrace.h - everything a program needs: #include <mptrace/mptrace.h> */
#ifndef MPTRACE_H
#define MPTRACE_H

#include <mptrace/array.h>
#include <mptrace/barrier.h>
#include <mptrace/cell.h>
#include <mptrace/common.h>
#include <mptrace/condition.h>
#include <mptrace/dict.h>
#include <mptrace/domain.h>
#include <mptrace/event.h>
#include <mptrace/list.h>
#include <mptrace/lock.h>
#include <mptrace/manager.h>
#include <mptrace/memory.h>
#include <mptrace/namespace.h>
#include <mptrace/note.h>
#include <mptrace/pipe.h>
#include <mptrace/pool.h>
#include <mptrace/process.h>
#include <mptrace/queue.h>
#include <mptrace/rlock.h>
#include <mptrace/semaphore.h>
#include <mptrace/simplequeue.h>
#include <mptrace/trace.h>
#include <mptrace/value.h>
#include <mptrace/wait.h>

#endif
