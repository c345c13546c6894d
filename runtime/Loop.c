/* A parallel loop by splitting ranges and stealing.

   Every thread starts with an equal, contiguous part of the tasks, so that it meets the same data
   again in the next loop. It takes half of what is left of its part at a time: large pieces first,
   single tasks at last. A thread that has finished its part moves the rear half of another's to
   itself. A part is one word, so taking and stealing are one compare-and-swap. */
#define _GNU_SOURCE
#include "Runtime.h"
#include <stdatomic.h>
#include <stdlib.h>

/* 128: processors fetch cache lines in pairs. */
typedef struct {
  _Alignas(128) _Atomic uint64_t range; /* begin << 32 | end */
} part;

struct incc_loop {
  int threads;
  incc_loop_body body;
  void *arg;
  part *parts;
};

incc_loop *incc_loop_create(int threads) {
  incc_loop *loop = malloc(sizeof *loop);
  if (!loop)
    return NULL;
  loop->threads = threads;
  loop->body = NULL;
  loop->arg = NULL;
  void *parts = NULL;
  if (posix_memalign(&parts, sizeof(part), (size_t)threads * sizeof(part))) {
    free(loop);
    return NULL;
  }
  loop->parts = parts;
  for (int i = 0; i < threads; ++i)
    atomic_init(&loop->parts[i].range, 0);
  return loop;
}

void incc_loop_destroy(incc_loop *loop) {
  if (loop)
    free(loop->parts);
  free(loop);
}

static uint64_t pack(uint32_t begin, uint32_t end) { return (uint64_t)begin << 32 | end; }

void incc_loop_start(incc_loop *loop, uint32_t count, incc_loop_body body, void *arg) {
  uint64_t threads = (uint64_t)loop->threads;
  loop->body = body;
  loop->arg = arg;
  for (uint64_t i = 0; i < threads; ++i)
    atomic_store_explicit(
        &loop->parts[i].range,
        pack((uint32_t)(count * i / threads), (uint32_t)(count * (i + 1) / threads)),
        memory_order_relaxed);
}

/* Takes the front (or rear) half, rounded up, of a part. */
static int take(part *from, int rear, uint32_t *begin, uint32_t *end) {
  uint64_t range = atomic_load_explicit(&from->range, memory_order_relaxed), rest;
  do {
    uint32_t first = (uint32_t)(range >> 32), last = (uint32_t)range;
    if (first >= last)
      return 0;
    uint32_t half = (last - first + 1) / 2;
    *begin = rear ? last - half : first;
    *end = *begin + half;
    rest = rear ? pack(first, *begin) : pack(*end, last);
  } while (!atomic_compare_exchange_weak_explicit(&from->range, &range, rest, memory_order_relaxed,
                                                  memory_order_relaxed));
  return 1;
}

static int steal(incc_loop *loop, int thread, uint32_t *begin, uint32_t *end) {
  for (int i = 1; i < loop->threads; ++i) {
    int victim = thread + i < loop->threads ? thread + i : thread + i - loop->threads;
    if (take(&loop->parts[victim], 1, begin, end))
      return 1;
  }
  return 0;
}

void incc_loop_work(incc_loop *loop, int thread) {
  part *own = &loop->parts[thread];
  uint32_t begin, end;
  for (;;) {
    while (take(own, 0, &begin, &end))
      loop->body(loop->arg, thread, begin, end);
    if (!steal(loop, thread, &begin, &end))
      return;
    /* The own part is empty, so nobody else writes it. What does not run now may be stolen on. */
    uint32_t half = begin + (end - begin + 1) / 2;
    atomic_store_explicit(&own->range, pack(half, end), memory_order_relaxed);
    loop->body(loop->arg, thread, begin, half);
  }
}
