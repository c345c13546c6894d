/* Threads that wait for parallel loops: spinning at first, asleep later.

   `state` counts the loops begun, says whether the newest still admits workers, and counts the
   workers inside. A worker enters by adding one and looks at what it found; the thread that runs
   the loop closes it when no task is left to begin and waits for the workers inside only: one that
   sleeps, or that the system keeps from running, holds nobody up. */
#define _GNU_SOURCE
#include "Runtime.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A shared object must load into programs without threads where libpthread is separate. */
#pragma weak pthread_create
#pragma weak pthread_join

enum { INSIDE_MASK = 0xffff, OPEN = 0x10000 };
static const uint64_t NEXT_LOOP = 0x20000;

/* Waits between two layers are shorter than 100 us (2000 pauses); waits for a loop of another
   context's threads, or for the application between runs, end within some 500 yields or else take
   long enough to sleep. */
enum { SPINS_PAUSING = 2000, SPINS_YIELDING = 500 };

typedef struct {
  incc_pool *pool;
  pthread_t handle;
  int index;
} worker;

struct incc_pool {
  _Alignas(128) _Atomic uint64_t state;
  _Alignas(128) _Atomic uint32_t sleepers;
  _Atomic uint32_t wake_count; /* what sleepers wait on */
  _Atomic int stop;
  incc_loop *loop;
  pid_t process;
  int num_workers;
  worker workers[];
};

static int has_work(uint64_t state, uint64_t seen) {
  return (state & OPEN) && state / NEXT_LOOP != seen;
}

static void wake_sleepers(incc_pool *pool) {
  if (!atomic_load(&pool->sleepers) || !atomic_exchange(&pool->sleepers, 0))
    return;
  atomic_fetch_add(&pool->wake_count, 1);
  syscall(SYS_futex, &pool->wake_count, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* The count is read before the work is looked for, and whoever makes work then changes the count
   if it sees a sleeper: so none sleeps over work. */
static void sleep_until_woken(incc_pool *pool, uint64_t seen) {
  uint32_t count = atomic_load(&pool->wake_count);
  atomic_fetch_add(&pool->sleepers, 1);
  if (!has_work(atomic_load(&pool->state), seen) && !atomic_load(&pool->stop))
    syscall(SYS_futex, &pool->wake_count, FUTEX_WAIT_PRIVATE, count, NULL, NULL, 0);
}

/* Returns 0 when the pool stops. */
static int await_work(incc_pool *pool, uint64_t seen) {
  for (unsigned spins = 0;; ++spins) {
    if (has_work(atomic_load_explicit(&pool->state, memory_order_relaxed), seen))
      return 1;
    if (atomic_load_explicit(&pool->stop, memory_order_relaxed))
      return 0;
    if (spins < SPINS_PAUSING) {
      incc_relax();
    } else if (spins < SPINS_PAUSING + SPINS_YIELDING) {
      sched_yield();
    } else {
      sleep_until_woken(pool, seen);
      spins = 0;
    }
  }
}

static void *run_worker(void *arg) {
  worker *self = arg;
  incc_pool *pool = self->pool;
  uint64_t seen = 0;
  incc_flush_denormals();
  while (await_work(pool, seen)) {
    uint64_t state = atomic_fetch_add_explicit(&pool->state, 1, memory_order_acquire);
    if (state & OPEN) {
      seen = state / NEXT_LOOP;
      incc_loop_work(pool->loop, self->index);
    }
    atomic_fetch_sub_explicit(&pool->state, 1, memory_order_release);
  }
  return NULL;
}

void incc_pool_run(incc_pool *pool, uint32_t count, incc_loop_body body, void *arg) {
  incc_loop_start(pool->loop, count, body, arg);
  atomic_fetch_add(&pool->state, NEXT_LOOP | OPEN);
  wake_sleepers(pool);
  incc_loop_work(pool->loop, 0);
  atomic_fetch_sub_explicit(&pool->state, OPEN, memory_order_relaxed);
  for (unsigned spins = 0; atomic_load_explicit(&pool->state, memory_order_acquire) & INSIDE_MASK;
       ++spins) {
    if (spins < SPINS_PAUSING)
      incc_relax();
    else
      sched_yield();
  }
}

/* The application's signal handlers must not run on threads that it does not know. */
static int start_worker(worker *self) {
  uint64_t all = ~0ull, before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  int error = pthread_create(&self->handle, NULL, run_worker, self);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
  return error;
}

incc_status incc_pool_create(int threads, incc_pool **out) {
  if (!pthread_create || !pthread_join)
    return incc_fail(INCC_NO_THREADS, "can't start threads: this program does not link pthread");
  size_t bytes = sizeof(incc_pool) + (size_t)(threads - 1) * sizeof(worker);
  void *memory = NULL;
  incc_loop *loop = incc_loop_create(threads);
  if (!loop || posix_memalign(&memory, _Alignof(incc_pool), bytes)) {
    incc_loop_destroy(loop);
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a pool of %d threads", threads);
  }
  incc_pool *pool = memory;
  memset(pool, 0, bytes);
  pool->loop = loop;
  pool->process = getpid();
  for (; pool->num_workers < threads - 1; ++pool->num_workers) {
    worker *next = &pool->workers[pool->num_workers];
    next->pool = pool;
    next->index = pool->num_workers + 1;
    int error = start_worker(next);
    if (!error)
      continue;
    const char *reason = error == EAGAIN ? "the system's limit on threads or memory is reached"
                                         : "pthread_create failed";
    incc_status status = incc_fail(INCC_NO_THREADS, "can't start thread %d of %d: %s",
                                   next->index + 1, threads, reason);
    incc_pool_destroy(pool);
    return status;
  }
  *out = pool;
  return INCC_OK;
}

void incc_pool_destroy(incc_pool *pool) {
  if (!pool)
    return;
  atomic_store(&pool->stop, 1);
  wake_sleepers(pool);
  /* After a fork the child has the memory but not the threads. */
  if (getpid() == pool->process)
    for (int i = 0; i < pool->num_workers; ++i)
      pthread_join(pool->workers[i].handle, NULL);
  incc_loop_destroy(pool->loop);
  free(pool);
}
