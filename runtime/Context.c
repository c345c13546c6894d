/* Contexts: a model's memory and threads, its runs and their measurement. */
#define _GNU_SOURCE
#include "Runtime.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct incc_ctx {
  incc_state state;
  unsigned char *arena; /* followed by each thread's scratch memory */
  void **addresses; /* of all operands of all steps */
  int threads;
  pid_t process;
  incc_pool *pool; /* or the application's loop, or neither when there is one thread */
  incc_loop *loop;
  incc_parallel_for parallel_for;
  void *user;
};

/* Steps that run side by side, their tasks numbered one after another. */
typedef struct {
  const incc_ctx *ctx;
  uint32_t first_step, end_step;
} group;

static void run_tasks(void *arg, int thread, uint32_t begin, uint32_t end) {
  const group *steps = arg;
  const incc_program *program = steps->ctx->state.program;
  unsigned char *scratch =
      steps->ctx->arena + program->arena_bytes + (uint64_t)thread * program->scratch_bytes;
  for (uint32_t i = steps->first_step; i < steps->end_step && end > 0; ++i) {
    const incc_step *step = &program->steps[i];
    if (begin < step->tasks) {
      incc_args args = {steps->ctx->addresses + step->first_operand, scratch};
      step->kernel(&args, (int)begin, (int)(end < step->tasks ? end : step->tasks));
    }
    begin = begin > step->tasks ? begin - step->tasks : 0;
    end = end > step->tasks ? end - step->tasks : 0;
  }
}

/* What the application's threads call. */
static void work_for_application(void *arg, int thread) {
  incc_ctx *ctx = arg;
  if (thread < 0 || thread >= ctx->threads)
    return;
  uint32_t float_state = incc_flush_denormals();
  incc_loop_work(ctx->loop, thread);
  incc_restore_float_state(float_state);
}

static void run_group(incc_ctx *ctx, uint32_t first_step, uint32_t end_step) {
  group steps = {ctx, first_step, end_step};
  uint32_t tasks = 0;
  for (uint32_t i = first_step; i < end_step; ++i)
    tasks += ctx->state.program->steps[i].tasks;
  if (ctx->threads == 1 || tasks == 1) {
    run_tasks(&steps, 0, 0, tasks);
  } else if (ctx->pool) {
    incc_pool_run(ctx->pool, tasks, run_tasks, &steps);
  } else {
    int count = tasks < (uint32_t)ctx->threads ? (int)tasks : ctx->threads;
    incc_loop_start(ctx->loop, tasks, run_tasks, &steps);
    ctx->parallel_for(ctx->user, count, work_for_application, ctx);
    incc_loop_work(ctx->loop, 0); /* finds nothing, unless the application left calls out */
  }
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void run_measured(incc_ctx *ctx) {
  uint32_t num_steps = (uint32_t)ctx->state.program->model->num_steps;
  uint64_t before = now_ns();
  for (uint32_t i = 0; i < num_steps; ++i) {
    run_group(ctx, i, i + 1);
    uint64_t after = now_ns();
    ctx->state.step_ns[i] += after - before;
    before = after;
  }
  ++ctx->state.runs;
}

/* A fork leaves the threads behind: the child gets new ones when it first runs. */
static incc_status restart_pool(incc_ctx *ctx) {
  incc_pool_destroy(ctx->pool);
  ctx->pool = NULL;
  incc_status status = incc_pool_create(ctx->threads, &ctx->pool);
  if (!status)
    ctx->process = getpid();
  return status;
}

incc_status incc_run(const incc_program *program, incc_ctx *ctx, const float *const *inputs,
                     float *const *outputs) {
  incc_status status = incc_check_arrays(program->model, inputs, outputs);
  if (status || (status = incc_acquire(program, ctx)))
    return status;
  if (!ctx->parallel_for && ctx->threads > 1 && ctx->process != getpid() &&
      (status = restart_pool(ctx))) {
    incc_release_ctx(ctx);
    return status;
  }
  incc_resolve(program, program->operands, program->num_operands, ctx->arena, inputs, outputs,
               ctx->addresses);
  uint32_t float_state = incc_flush_denormals();
  if (ctx->state.profiling)
    run_measured(ctx);
  else
    for (int64_t i = 0; i < program->model->num_stages; ++i)
      run_group(ctx, program->stages[i], program->stages[i + 1]);
  incc_restore_float_state(float_state);
  incc_release_ctx(ctx);
  return INCC_OK;
}

static uint64_t memory_bytes(const incc_ctx *ctx) {
  return ctx->state.program->arena_bytes + (uint64_t)ctx->threads * ctx->state.program->scratch_bytes;
}

static incc_status allocate(incc_ctx *ctx) {
  const incc_program *program = ctx->state.program;
  size_t num_steps = (size_t)program->model->num_steps;
  ctx->arena = incc_allocate(memory_bytes(ctx));
  ctx->addresses = calloc(program->num_operands + 1u, sizeof *ctx->addresses);
  ctx->state.step_ns = calloc(num_steps + 1, sizeof *ctx->state.step_ns);
  if (!ctx->arena || !ctx->addresses || !ctx->state.step_ns)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s (%llu bytes)",
                     program->model->name, (unsigned long long)memory_bytes(ctx));
  return INCC_OK;
}

static int count_threads(const incc_program *program, const incc_options *options) {
  uint32_t useful = program->max_stage_tasks;
  int threads = options->threads ? options->threads : incc_count_cores();
  if (threads > INCC_MAX_THREADS)
    threads = INCC_MAX_THREADS;
  if ((uint32_t)threads > useful)
    threads = useful ? (int)useful : 1;
  return threads;
}

static incc_status start_threads(incc_ctx *ctx, const incc_options *options) {
  if (ctx->threads == 1)
    return INCC_OK;
  if (!options->parallel_for)
    return incc_pool_create(ctx->threads, &ctx->pool);
  ctx->parallel_for = options->parallel_for;
  ctx->user = options->user;
  ctx->loop = incc_loop_create(ctx->threads);
  return ctx->loop ? INCC_OK : incc_fail(INCC_OUT_OF_MEMORY, "no memory for a parallel loop");
}

incc_status incc_create(const incc_program *program, const incc_options *given, incc_ctx **out) {
  incc_options options;
  incc_status status = incc_read_options(given, out, &options);
  if (status || (status = incc_check_cpu(program->model)))
    return status;
  incc_ctx *ctx = calloc(1, sizeof *ctx);
  if (!ctx)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s", program->model->name);
  ctx->state.program = program;
  ctx->process = getpid();
  ctx->state.profiling = options.profile != 0;
  ctx->threads = count_threads(program, &options);
  if ((status = allocate(ctx)) || (status = start_threads(ctx, &options))) {
    incc_destroy(ctx);
    return status;
  }
  *out = ctx;
  return INCC_OK;
}

void incc_destroy(incc_ctx *ctx) {
  if (!ctx)
    return;
  incc_pool_destroy(ctx->pool);
  incc_loop_destroy(ctx->loop);
  if (ctx->arena)
    incc_release(ctx->arena, memory_bytes(ctx));
  free(ctx->addresses);
  free(ctx->state.step_ns);
  free(ctx);
}

int incc_num_threads(const incc_ctx *ctx) { return ctx ? ctx->threads : 0; }
