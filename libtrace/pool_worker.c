/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_worker.c - what runs in a worker; see pool.h.
 *
 *   claim: one CAS; from here on the task is this worker's, and lost if it dies
 *   run it; the result into the slot
 *   state = DONE   COMMIT
 *   note the slot in the own list, wake who waits
 *
 * A worker uses nothing of the creator's private memory that changes.  It leaves when its
 * pool is drained or terminated, after max_tasks, and when the creator is dead.
 */
#include "libtrace/pool.h"

#include "libtrace/await.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LOOK_AT_CREATOR_NS 100000000ull
#define SPIN_LEAST 2u
#define WATCH_NS 2000000ull
#define WATCH_LOOKS 8u /* without anything moving */
#define OVERHEAD_NS 250u /* of a task that does nothing */

struct worker {
	struct mpt_pool *pool;
	struct pool_seat *seat;
	struct member *me; /* NULL: the domain is full; it works unseen */
	uint32_t mark;	   /* in the state of its tasks */
	uint32_t tasks;	   /* so many and it leaves; 0: no end */
	struct spin spin;
	uint64_t left;	/* behind the task it took last */
	uint64_t run_ns; /* average */
	uint64_t head;	/* of the line, when it last looked as the watcher */
	uint32_t still; /* looks since that has moved */
	uint32_t epoch;	   /* of this process; 0: it is no member */
	pid_t pid;
	struct blocking how; /* the wait for a task, while it lasts */
	uint64_t looked_ns;  /* at the creator */
};

/* Why the task that runs here fails, in its own words. */
static __thread struct {
	int error;
	char text[MPT_TASK_TEXT];
} said;

int mpt_pool_fail(int error, const char *format, ...)
{
	va_list arguments;

	said.error = error;
	va_start(arguments, format);
	vsnprintf(said.text, sizeof(said.text), format, arguments);
	va_end(arguments);
	return error;
}

/* ---- seen by viewers ----------------------------------------------------------------- */

static uint64_t now_of(const struct worker *w)
{
	return w->me ? clock_now(&w->me->clock) : futex_now();
}

static void show_work(const struct worker *w, const struct mpt_wire_task *task, uint64_t since)
{
	struct mpt_wire_work *work;

	if (!w->me)
		return;
	work = &w->me->thread->work;
	store32(&work->seq, work->seq + 1);
	order_stores();
	work->function = task->function;
	work->flags = 0;
	work->object = w->pool->handle.slot;
	work->object_generation = w->pool->handle.generation;
	work->number = load64(&task->state) >> 36;
	work->since_ns = since;
	store32_release(&work->seq, work->seq + 1);
}

static void show_idle(const struct worker *w)
{
	struct mpt_wire_work *work;

	if (!w->me)
		return;
	work = &w->me->thread->work;
	store32(&work->seq, work->seq + 1);
	order_stores();
	work->since_ns = 0;
	store32_release(&work->seq, work->seq + 1);
}

static void attach(struct worker *w)
{
	const struct handle *h = &w->pool->handle;
	int rc;

	w->me = member_get(&rc);
	if (!w->me)
		return;
	w->epoch = w->me->epoch;
	store64_release(&w->me->thread->serves, (uint64_t)h->generation << 32 | (h->slot + 1));
	store32_release(&w->seat->wire->thread, w->me->slot + 1);
}

/* ---- running ------------------------------------------------------------------------- */

/* One call of a function. */
struct piece {
	uint8_t *args, *result;
	uint32_t size, room;
};

/* In a child of the worker's. */
static bool is_copy(const struct worker *w)
{
	return unlikely(w->epoch ? w->epoch != *member_epoch : w->pid != getpid());
}

static ssize_t call(const struct worker *w, mpt_pool_function *run, const struct piece *p)
{
	ssize_t n;

	said.error = 0;
	n = run(p->args, p->size, p->result, p->room);
	/* The task forked and let the child return: what follows is its parent's. */
	if (is_copy(w))
		_exit(0);
	if (n > (ssize_t)p->room)
		return mpt_pool_fail(-EMSGSIZE, "its result of %zd bytes is larger than %u", n,
				     p->room);
	return n < -INT32_MAX ? -INT32_MAX : n; /* an error also where it becomes an int */
}

static void keep_text(const struct mpt_pool *pool, struct mpt_wire_task *task, ssize_t error)
{
	char *text = pool_task_text(pool, task);

	if (said.error == error)
		memcpy(text, said.text, MPT_TASK_TEXT);
	else
		text[0] = '\0';
}

static int64_t run_whole(const struct worker *w, struct mpt_wire_task *task)
{
	struct mpt_pool *pool = w->pool;
	struct piece piece = { pool_task_args(task), pool_task_result(pool, task), task->size,
			       pool->task_bytes };
	ssize_t n = call(w, pool->functions[task->function].run, &piece);

	if (n < 0)
		keep_text(pool, task, n);
	return n;
}

/* The creator may give it up meanwhile. */
static bool is_wanted(const struct mpt_wire_task *task)
{
	return !(load32(&task->tell) & MPT_TELL_NOBODY);
}

/* Begins at task->item, which is not the first when a worker died in the one before. */
static int64_t run_items(const struct worker *w, struct mpt_wire_task *task)
{
	struct mpt_pool *pool = w->pool;
	mpt_pool_function *run = pool->functions[task->function].run;
	int32_t *states = (int32_t *)(void *)pool_task_result(pool, task);
	uint8_t *results = (uint8_t *)states + pool_states_bytes(task->items);
	int64_t failed = task->result;

	for (uint32_t i = load32(&task->item); i < task->items && is_wanted(task); i++) {
		struct piece piece = { pool_task_args(task) + (size_t)i * task->item_size,
				       results + (size_t)i * task->item_room, task->item_size,
				       task->item_room };
		ssize_t n = call(w, run, &piece);

		states[i] = n < 0 ? (int32_t)n : 0;
		if (n < 0 && failed++ == 0) {
			task->failed_item = i;
			keep_text(pool, task, n);
		}
		task->result = failed;
		store32_release(&task->item, i + 1);
	}
	return failed;
}

/* Somebody asked to be told of this one, or of any. */
static void tell(const struct worker *w, uint32_t whom, bool all)
{
	struct mpt_wire_side *side = &w->pool->handle.object->take;

	if (all || (whom & MPT_TELL_WAITER)) {
		add32(&side->seq, 1);
		futex_wake(&side->seq, INT_MAX);
	}
	if (whom & MPT_TELL_SERVICE)
		pool_ring(w->pool);
}

/* Commits the result. */
static void finish(const struct worker *w, struct mpt_wire_task *task, int64_t result)
{
	struct mpt_pool *pool = w->pool;
	struct mpt_wire_pool_seat *seat = w->seat->wire;
	uint64_t ticket = load64(&task->state) >> 36, n = load64(&seat->finished);
	uint64_t slot = (uint64_t)((uint8_t *)task - pool->tasks) / pool->task_stride;
	uint32_t whom;
	bool all;

	if (result < 0 || (task->items && result))
		store64(&seat->failed, load64(&seat->failed) + 1);
	store64(&seat->busy_ns, load64(&seat->busy_ns) + task->run_ns);
	task->result = result;
	store64_release(&task->state, MPT_TASK_STATE(MPT_TASK_DONE, ticket) | w->mark);
	store32(&w->seat->list[n & pool->ring_mask], (uint32_t)(slot | (ticket & 0xffffu) << 16));
	store64_release(&seat->finished, n + 1);
	fence();
	whom = load32(&task->tell);
	all = load32(&pool->wire->tell_all) ||
	      (load32(&pool->wire->tell_few) && pool_is_few(pool, pool_in_line(pool)));
	if (unlikely(whom || all))
		tell(w, whom, all);
}

/* 0, or the error; of many items that of the first that failed. */
static int error_of(const struct mpt_pool *pool, struct mpt_wire_task *task, int64_t result)
{
	const int32_t *states = (const int32_t *)(void *)pool_task_result(pool, task);

	if (task->items)
		return result ? states[task->failed_item] : 0;
	return result < 0 ? (int)result : 0;
}

static void record(const struct worker *w, struct mpt_wire_task *task, uint64_t end, int error)
{
	if (!w->me)
		return;
	emit(w->me, &(struct mpt_record){ .time = end,
					  .op = MPT_OP_POOL_FINISH,
					  .flags = error ? MPT_REC_FAILED : 0,
					  .object = w->pool->handle.slot,
					  .value = error ? (uint64_t)-error :
							   load64(&task->state) >> 36,
					  .span = task->run_ns });
}

/* It keeps its place in the line until somebody comes to it. */
static void pass_over(const struct worker *w, struct mpt_wire_task *task)
{
	task->time_ns = task->run_ns = 0;
	finish(w, task, 0);
}

static void run(struct worker *w, struct mpt_wire_task *task)
{
	uint64_t start = now_of(w), end;
	int64_t result;

	task->time_ns = start > task->time_ns ? start - task->time_ns : 0;
	show_work(w, task, start);
	if (w->me)
		await_use(w->me, &w->pool->handle, 0, 1);
	result = task->items ? run_items(w, task) : run_whole(w, task);
	end = now_of(w);
	task->run_ns = end > start ? end - start : 0;
	w->run_ns = pool_average(w->run_ns, task->run_ns);
	show_idle(w);
	record(w, task, end, error_of(w->pool, task, result));
	finish(w, task, result);
}

/* ---- idle ------------------------------------------------------------------------------ */

/* Nobody is there any more to give tasks or to take results. */
static bool creator_is_gone(struct worker *w)
{
	uint64_t now = now_of(w);

	if (now - w->looked_ns < LOOK_AT_CREATOR_NS)
		return false;
	w->looked_ns = now;
	return !member_process_alive(w->pool->process_slot, w->pool->process_generation);
}

static bool may_leave(const struct mpt_pool *pool)
{
	enum mpt_pool_stage stage = pool_stage(pool);

	return stage > MPT_POOL_DRAINED ||
	       (stage == MPT_POOL_DRAINED && pool_line_is_empty(pool));
}

/* Looks for a while, if nobody else does.  True: there is something. */
static bool seek(struct worker *w)
{
	struct mpt_pool *pool = w->pool;
	uint32_t most = spin_budget(&w->spin, SPIN_LEAST), n = 0;
	bool found = false;

	if (load32(&pool->wire->seeker) || !cas32(&pool->wire->seeker, 0, w->seat->number + 1))
		return false;
	for (; n < most && !found; n++) {
		found = !pool_line_is_empty(pool);
		cpu_relax();
	}
	store32_release(&pool->wire->seeker, 0);
	if (found)
		spin_paid(&w->spin, n);
	else
		spin_failed(&w->spin);
	return found;
}

static void begin_waiting(struct worker *w)
{
	if (!w->me && !w->how.since)
		attach(w); /* there may be room by now */
	if (!w->me) {
		w->how.since = 1;
		return;
	}
	if (!w->how.since)
		w->how = handle_blocking(&w->pool->handle, MPT_OP_POOL_TAKE, MPT_FOREVER);
	emit_block(w->me, &w->how);
}

static void end_waiting(struct worker *w)
{
	if (w->how.since && w->me)
		await_done(w->me, &w->how, &w->pool->handle.object->take, 0, 0);
	w->how.since = 0;
}

/* One that sleeps looks for tasks left lying, as long as something moves. */
static bool is_watcher(struct worker *w)
{
	uint32_t *watcher = &w->pool->wire->watcher, me = w->seat->number + 1;
	uint64_t head = load64(&w->pool->wire->head);

	if (load32(watcher) != me) {
		w->head = head - 1;
		if (load32(watcher) || !cas32(watcher, 0, me))
			return false;
	}
	w->still = head == w->head ? w->still + 1 : 0;
	w->head = head;
	if (w->still < WATCH_LOOKS)
		return true;
	store32_release(watcher, 0);
	return false;
}

static void watch_no_more(const struct worker *w)
{
	uint32_t *watcher = &w->pool->wire->watcher;

	if (load32(watcher) == w->seat->number + 1)
		store32_release(watcher, 0);
}

/* Sleeps until there may be something, at most a slice. */
static void sleep_once(struct worker *w, struct slice *slice)
{
	struct mpt_pool *pool = w->pool;
	struct mpt_wire_side *side = &pool->handle.object->give;
	struct slice moment = { .next_ns = WATCH_NS };
	bool watches = is_watcher(w);
	uint32_t s;

	s = eventcount_prepare(&side->seq, &side->want);
	if (pool_line_is_empty(pool) && !may_leave(pool)) {
		if (load32(&pool->wire->tell_low))
			pool_ring(pool);
		begin_waiting(w);
		futex_wait(&side->seq, s, watches ? &moment : slice, MPT_FOREVER);
	}
}

/* Are those it leaves behind worth waking another one?  If not, and the one it took is long
 * after all, the watcher sees to them. */
static bool leaves_work(const struct worker *w)
{
	const struct mpt_wire_pool *wire = w->pool->wire;

	return w->left && !load32(&wire->seeker) &&
	       (w->left * (w->run_ns + OVERHEAD_NS) > POOL_TINY_NS || !load32(&wire->watcher));
}

static void pass_on(const struct worker *w)
{
	struct mpt_pool *pool = w->pool;
	struct mpt_wire_side *side = &pool->handle.object->give;

	if (leaves_work(w))
		eventcount_wake(&side->seq, &side->want, 1);
	if (pool_is_few(pool, w->left) && load32(&pool->wire->tell_low))
		pool_ring(pool);
}

/* The next task; NULL: leave. */
static struct mpt_wire_task *next(struct worker *w)
{
	struct mpt_pool *pool = w->pool;
	struct mpt_wire_task *task = NULL;
	struct slice slice = { 0 };

	while (!may_leave(pool) && !creator_is_gone(w)) {
		task = pool_claim(pool, w->mark, &w->left);
		if (task)
			break;
		if (!seek(w))
			sleep_once(w, &slice);
	}
	watch_no_more(w);
	end_waiting(w);
	if (task)
		pass_on(w);
	return task;
}

/* ---- the life of a worker ------------------------------------------------------------------ */

/* As the thread that made the pool, and to be ended by SIGTERM whatever the program does
 * with it; SIGURG: see follow_creator. */
static void reset_signals(const struct mpt_pool *pool)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t mask = pool->mask;

	sigaction(SIGTERM, &plain, NULL);
	sigdelset(&mask, SIGTERM);
	sigdelset(&mask, SIGURG);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* Whom a worker follows that was not forked by the pool's own thread. */
static pid_t followed;

static void parent_thread_ended(int signal)
{
	(void)signal;
	if (getppid() != followed)
		raise(SIGTERM);
}

/* Dies with the creator, also in the middle of a task.  The kernel tells the end of the
 * thread that forked us, and makes another thread of the creator our parent as long as there
 * is one, whose end it tells, too.  The end of the pool's own thread is that of the pool.
 * Forked by another, by one that waits while a callback runs, we look who is our parent:
 * then the signal is one that does nothing where nobody handles it. */
static bool follow_creator(const struct pool_seat *seat)
{
	struct sigaction looks = { .sa_handler = parent_thread_ended, .sa_flags = SA_RESTART };

	followed = seat->pool->creator;
	if (!seat->by_service)
		sigaction(SIGURG, &looks, NULL);
	prctl(PR_SET_PDEATHSIG, seat->by_service ? SIGTERM : SIGURG);
	return getppid() == followed;
}

int pool_worker(void *arg)
{
	struct pool_seat *seat = arg;
	struct mpt_pool *pool = seat->pool;
	struct worker w = { .pool = pool,
			    .seat = seat,
			    .mark = MPT_TASK_WORKER_OF(seat->number, seat->wire->incarnation),
			    .tasks = pool->wire->max_tasks,
			    .pid = getpid(),
			    .run_ns = POOL_RUN_UNKNOWN_NS,
			    .spin = { .average = 100 } };
	struct mpt_wire_task *task;
	int rc;

	process_forget_output();
	reset_signals(pool);
	if (!follow_creator(seat))
		return 0;
	attach(&w);
	rc = pool->initializer ? pool->initializer(pool->initializer_arg) : 0;
	if (rc < 0)
		return rc;
	store32_release(&seat->wire->ready, 1);
	while ((task = next(&w))) {
		if (!is_wanted(task)) {
			pass_over(&w, task);
			continue;
		}
		run(&w, task);
		if (w.tasks && --w.tasks == 0)
			break;
	}
	return 0;
}
