/* What the files of the runtime offer each other. */
#ifndef INCC_RUNTIME_RUNTIME_H
#define INCC_RUNTIME_RUNTIME_H

#include "Program.h"
#include <stdatomic.h>

/* Error.c */
incc_status incc_fail(incc_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *incc_error_text(void);

/* Arguments.c */
enum { INCC_MAX_THREADS = 4096 };
/* What incc_create is given: the options, or the defaults, and where the context goes, which is NULL until
   there is one. */
incc_status incc_read_options(const incc_options *given, incc_ctx **out, incc_options *options);
/* Names the first argument of a run that cannot be used. */
incc_status incc_check_arrays(const incc_model_desc *model, const float *const *inputs,
                              float *const *outputs);

/* Cpu.c */
incc_status incc_check_cpu(const incc_model_desc *model);
/* Cores that this process may use: its affinity mask and its container's quota. */
int incc_count_cores(void);
/* Makes this thread treat denormals as zero; returns the state to restore. */
uint32_t incc_flush_denormals(void);
void incc_restore_float_state(uint32_t state);
static inline void incc_relax(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Memory.c: cache-line-aligned memory of any content; large pieces on huge pages if there are. */
void *incc_allocate(uint64_t bytes);
void incc_release(void *memory, uint64_t bytes);

/* Loop.c: one parallel loop over tasks, shared by the threads that call incc_loop_work. */
typedef void (*incc_loop_body)(void *arg, int thread, uint32_t begin, uint32_t end);
typedef struct incc_loop incc_loop;
incc_loop *incc_loop_create(int threads);
void incc_loop_destroy(incc_loop *loop);
/* Not while a thread works. */
void incc_loop_start(incc_loop *loop, uint32_t count, incc_loop_body body, void *arg);
/* Returns when no task is left to begin; others may still be at theirs. */
void incc_loop_work(incc_loop *loop, int thread);

/* Pool.c */
typedef struct incc_pool incc_pool;
incc_status incc_pool_create(int threads, incc_pool **pool);
void incc_pool_destroy(incc_pool *pool);
/* Calls body for all of [0, count), on the caller's thread and the pool's, and waits for them. */
void incc_pool_run(incc_pool *pool, uint32_t count, incc_loop_body body, void *arg);

/* State.c: the first member of every incc_ctx. */
typedef struct incc_state {
  const incc_program *program;
  _Atomic int busy;
  int profiling;
  uint64_t *step_ns;
  uint64_t runs;
} incc_state;
/* Takes a context of `program` for a run; fails if it has another. */
incc_status incc_acquire(const incc_program *program, incc_ctx *ctx);
void incc_release_ctx(incc_ctx *ctx);
incc_status incc_set_profile(const incc_program *program, incc_ctx *ctx, int on);
incc_status incc_profile(const incc_program *program, const incc_ctx *ctx, uint64_t *step_ns,
                         uint64_t *runs);

/* Context.c */
incc_status incc_create(const incc_program *program, const incc_options *options, incc_ctx **ctx);
void incc_destroy(incc_ctx *ctx);
int incc_num_threads(const incc_ctx *ctx);
incc_status incc_run(const incc_program *program, incc_ctx *ctx, const float *const *inputs,
                     float *const *outputs);

/* Run.c */
/* Writes the address of each of `count` operands. */
void incc_resolve(const incc_program *program, const incc_operand *operands, uint32_t count,
                  unsigned char *arena, const float *const *inputs, float *const *outputs,
                  void **addresses);
incc_status incc_run_in(const incc_program *program, void *workspace, const float *const *inputs,
                        float *const *outputs);

#endif /* INCC_RUNTIME_RUNTIME_H */
