/* Runs the model of tiny.json in every way and compares with what its steps say. */
#include "tiny.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

static float image[TINY_INPUT_0_ELEMENTS], map[TINY_OUTPUT_0_ELEMENTS], sum[TINY_OUTPUT_1_ELEMENTS];
static const float *const inputs[TINY_NUM_INPUTS] = {image};
static float *const outputs[TINY_NUM_OUTPUTS] = {map, sum};

static int failures;

static void check(int good, const char *what) {
  if (good)
    return;
  printf("failed: %s (last error: %s)\n", what, tiny_last_error());
  ++failures;
}

static void check_results(const char *what) {
  float total = 0;
  int good = 1;
  for (int i = 0; i < TINY_OUTPUT_0_ELEMENTS; ++i) {
    float expected = image[i] * 3 * (image[i] + 2);
    good &= map[i] == expected;
    total += expected;
  }
  check(good && sum[0] == total, what);
  memset(map, 0, sizeof map);
  sum[0] = 0;
}

static void loop_in_reverse(void *user, int count, void (*body)(void *, int), void *arg) {
  ++*(int *)user;
  for (int i = count - 1; i >= 0; --i)
    body(arg, i);
}

static void loop_that_does_nothing(void *user, int count, void (*body)(void *, int), void *arg) {}

static void run_with(incc_options options, const char *what) {
  incc_ctx *ctx;
  check(tiny_create(&options, &ctx) == INCC_OK, what);
  for (int i = 0; i < 100; ++i) {
    check(tiny_run(ctx, inputs, outputs) == INCC_OK, what);
    check_results(what);
  }
  tiny_destroy(ctx);
}

/* How this thread computes with floats, without the exceptions that were raised. */
static unsigned long float_state(void) {
#ifdef __x86_64__
  return _mm_getcsr() & ~0x3fu;
#else
  unsigned long state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  return state;
#endif
}

/* A denormal times three is zero while the model runs, and not before or after. */
static void check_denormals(int threads) {
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = threads;
  incc_ctx *ctx;
  volatile float denormal = 1e-40f;
  unsigned long before = float_state();
  image[5] = denormal;
  tiny_create(&options, &ctx);
  tiny_run(ctx, inputs, outputs);
  tiny_destroy(ctx);
  check(map[5] == 0, "denormals are flushed");
  check(float_state() == before, "the state is restored");
  check(denormal * 2 > 0, "denormals are kept outside");
  image[5] = 5;
}

static void check_profile(void) {
  const incc_model_desc *model = tiny_model();
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = 2;
  options.profile = 1;
  incc_ctx *ctx;
  uint64_t ns[4] = {0}, runs = 0;
  check(tiny_create(&options, &ctx) == INCC_OK && model->num_threads(ctx) == 2, "create");
  for (int i = 0; i < 3; ++i)
    tiny_run(ctx, inputs, outputs);
  check_results("a measured run");
  check(model->profile(ctx, ns, &runs) == INCC_OK && runs == 3 && ns[0] && ns[3], "profile");
  check(model->set_profile(ctx, 0) == INCC_OK, "set_profile");
  tiny_run(ctx, inputs, outputs);
  check(model->profile(ctx, ns, &runs) == INCC_OK && runs == 0 && !ns[0], "profile off");
  tiny_destroy(ctx);
}

static void check_description(void) {
  const incc_model_desc *model = tiny_model();
  check(model->abi_version == INCC_ABI_VERSION && model->struct_bytes == sizeof *model, "version");
  check(!strcmp(model->name, "tiny") && !strcmp(model->target, "x86-64"), "names");
  check(model->workspace_bytes == TINY_WORKSPACE_BYTES && model->weights_bytes == 256, "bytes");
  check(model->num_inputs == 1 && model->inputs[0].rank == 4 && model->inputs[0].dims[2] == 40 &&
            model->inputs[0].elements == TINY_INPUT_0_ELEMENTS &&
            !strcmp(model->inputs[0].name, TINY_INPUT_0_NAME),
        "inputs");
  check(model->num_outputs == 2 && !strcmp(model->outputs[1].name, "sum"), "outputs");
  check(model->num_labels == 2 && !strcmp(model->labels[1], "dog \"b\""), "labels");
  check(!strcmp(model->preprocess_json, "{\"mean\": [0.5]}"), "preprocessing");
  check(model->num_steps == 4 && model->num_stages == 3 && model->steps[1].stage == 0 &&
            model->steps[2].tasks == 40 && model->steps[2].flops == 640 &&
            !strcmp(model->steps[2].layer, "join") && !strcmp(model->steps[2].kind, "product"),
        "steps");
}

int main(void) {
  for (int i = 0; i < TINY_INPUT_0_ELEMENTS; ++i)
    image[i] = (float)i;
  incc_options options = INCC_OPTIONS_INIT;
  run_with(options, "default options");
  for (int threads = 1; threads <= 5; ++threads) {
    options.threads = threads;
    run_with(options, "a pool");
  }
  int calls = 0;
  options.threads = 3;
  options.parallel_for = loop_in_reverse;
  options.user = &calls;
  run_with(options, "the application's loop");
  check(calls == 200, "two loops a run: the step of one task needs none");
  options.parallel_for = loop_that_does_nothing;
  run_with(options, "an application's loop that leaves out its calls");

  static _Alignas(64) unsigned char workspace[TINY_WORKSPACE_BYTES];
  memset(workspace, 0xff, sizeof workspace);
  check(tiny_run_in(workspace, inputs, outputs) == INCC_OK, "run_in");
  check_results("run_in");
  check_denormals(1);
  check_denormals(2);
  check_profile();
  check_description();
  puts(failures ? "FAILED" : "all good");
  return failures != 0;
}
