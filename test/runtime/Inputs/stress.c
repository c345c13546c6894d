/* Contexts on several threads at once, with pools that spin, sleep, end and are forked away, on a
   hand-made program: stage after stage, each task adds one to what the stage before it left. */
#include "runtime/Runtime.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 64, NUM_STEPS = 40, NUM_APPLICATION_THREADS = 3, NUM_RUNS = 150 };

static atomic_long tasks_done, runs_done;

/* A task of step s is row `task` of the arena's map s; it reads all rows of map s - 1. */
static void k_first(const incc_args *args, int begin, int end) {
  const float *in = args->operands[0];
  float *out = args->operands[1];
  for (int i = begin; i < end; ++i)
    out[i] = in[i] + 1;
  atomic_fetch_add(&tasks_done, end - begin);
}

static void k_next(const incc_args *args, int begin, int end) {
  const float *in = args->operands[0];
  float *out = args->operands[1];
  for (int i = begin; i < end; ++i) {
    float all = 0;
    for (int j = 0; j < WIDTH; ++j)
      all += in[j];
    out[i] = in[WIDTH - 1 - i] + 1 + 0 * all;
  }
  atomic_fetch_add(&tasks_done, end - begin);
}

static const int64_t dims[] = {WIDTH};
static const incc_tensor_desc input = {"x", 1, dims, WIDTH}, output = {"y", 1, dims, WIDTH};
static incc_step_desc descriptions[NUM_STEPS];
static incc_model_desc model = {.name = "stress",
                                .target = "any",
                                .num_inputs = 1,
                                .num_outputs = 1,
                                .num_steps = NUM_STEPS,
                                .num_stages = NUM_STEPS,
                                .inputs = &input,
                                .outputs = &output,
                                .steps = descriptions};
static incc_step steps[NUM_STEPS];
static incc_operand operands[2 * NUM_STEPS];
static uint32_t stages[NUM_STEPS + 1];
incc_program incc_this_program = {.model = &model,
                                  .steps = steps,
                                  .operands = operands,
                                  .stages = stages,
                                  .arena_bytes = 2 * WIDTH * sizeof(float),
                                  .num_operands = 2 * NUM_STEPS,
                                  .max_step_operands = 2,
                                  .max_stage_tasks = WIDTH};

extern incc_status incc_entry_create(const incc_options *, incc_ctx **);
extern incc_status incc_entry_run(incc_ctx *, const float *const *, float *const *);
extern void incc_entry_destroy(incc_ctx *);
extern const char *incc_entry_last_error(void);

static void describe_program(void) {
  const uint64_t map_bytes = WIDTH * sizeof(float);
  uint32_t num_stages = 0;
  for (uint32_t i = 0; i < NUM_STEPS; ++i) {
    /* Steps 10 and 11 are the halves of one map. */
    int first_half = i == 10, second_half = i == 11, is_half = first_half || second_half;
    if (!second_half)
      stages[num_stages++] = i;
    uint64_t target = num_stages % 2 * map_bytes, source = map_bytes - target;
    operands[2 * i] = (incc_operand){source, INCC_SPACE_ARENA, 0};
    operands[2 * i + 1] =
        (incc_operand){target + (second_half ? map_bytes / 2 : 0), INCC_SPACE_ARENA, 0};
    steps[i] = (incc_step){i ? k_next : k_first, is_half ? WIDTH / 2 : WIDTH, 2 * i, 2};
  }
  operands[0] = (incc_operand){0, INCC_SPACE_INPUT, 0};
  operands[2 * NUM_STEPS - 1] = (incc_operand){0, INCC_SPACE_OUTPUT, 0};
  stages[num_stages] = NUM_STEPS;
  model.num_stages = num_stages;
}

static atomic_int failures;

static int run_once(incc_ctx *ctx, float seed) {
  float x[WIDTH], y[WIDTH];
  const float *in = x;
  float *out = y;
  for (int i = 0; i < WIDTH; ++i)
    x[i] = seed;
  if (incc_entry_run(ctx, &in, &out))
    return 0;
  ++runs_done;
  for (int i = 0; i < WIDTH; ++i)
    if (y[i] != seed + NUM_STEPS - 1)
      return 0;
  return 1;
}

static void *use_contexts(void *arg) {
  int self = (int)(intptr_t)arg;
  for (int threads = 1; threads <= 6; ++threads) {
    incc_options options = INCC_OPTIONS_INIT;
    options.threads = threads;
    options.profile = threads == 5;
    incc_ctx *ctx;
    if (incc_entry_create(&options, &ctx)) {
      printf("create: %s\n", incc_entry_last_error());
      ++failures;
      return NULL;
    }
    for (int i = 0; i < NUM_RUNS; ++i) {
      if (!run_once(ctx, (float)(self * 1000 + i)))
        ++failures;
      if (i % 50 == 0)
        usleep(3000); /* long enough for workers to fall asleep */
    }
    incc_entry_destroy(ctx);
  }
  return NULL;
}

static void check_fork(void) {
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = 3;
  incc_ctx *ctx;
  incc_entry_create(&options, &ctx);
  failures += !run_once(ctx, 1);
  pid_t child = fork();
  if (!child) {
    int good = run_once(ctx, 2) && run_once(ctx, 3);
    incc_entry_destroy(ctx);
    _exit(good ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  failures += status != 0;
  incc_entry_destroy(ctx);
}

int main(int argc, char **argv) {
  describe_program();
  pthread_t threads[NUM_APPLICATION_THREADS];
  for (int i = 0; i < NUM_APPLICATION_THREADS; ++i)
    pthread_create(&threads[i], NULL, use_contexts, (void *)(intptr_t)i);
  for (int i = 0; i < NUM_APPLICATION_THREADS; ++i)
    pthread_join(threads[i], NULL);
  if (argc > 1) /* ThreadSanitizer starts no threads after a fork */
    check_fork();
  /* Every task ran once; the two halves have the tasks of one step. */
  failures += tasks_done != runs_done * (NUM_STEPS - 1) * WIDTH;
  puts(failures ? "FAILED" : "all good");
  return failures != 0;
}
