// Makes, runs and destroys contexts of a model for OpenCL while one call after the other fails.
#include "perceptron.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { kInputs = 128 * 128, kMostOutputs = 4096 };

static float input[kInputs], results[2][kMostOutputs];
static const float *inputs[] = {input};

/* Whether any step failed. */
static int fails(void) {
  float *outputs[] = {results[1]};
  incc_options options = INCC_OPTIONS_INIT;
  options.profile = 1;
  incc_ctx *ctx = NULL;
  incc_status status = perceptron_create(&options, &ctx);
  if (!status)
    status = perceptron_run(ctx, inputs, outputs);
  perceptron_destroy(ctx);
  return status != INCC_OK && *perceptron_last_error();
}

static void show(const char *what, incc_status status) {
  printf("%s: %s\n", what, status ? perceptron_last_error() : "no error");
}

int main(void) {
  void *library = dlopen("libOpenCL.so.1", RTLD_NOW);
  void (*start)(int) = (void (*)(int))dlsym(library, "failing_start");
  int (*calls)(void) = (int (*)(void))dlsym(library, "failing_calls");
  int (*alive)(void) = (int (*)(void))dlsym(library, "failing_alive");
  for (int i = 0; i < kInputs; ++i)
    input[i] = (float)(i % 17) - 8;

  incc_ctx *contexts[2];
  incc_options options = INCC_OPTIONS_INIT;
  options.device = 7;
  show("device 7", perceptron_create(&options, &contexts[0]));
  show("run_in", perceptron_run_in(NULL, inputs, NULL));
  options.device = 0;
  options.stream = &options;
  show("stream", perceptron_create(&options, &contexts[0]));
  for (int i = 0; i < 2; ++i) {
    float *outputs[] = {results[i]};
    if (perceptron_create(NULL, &contexts[i]) || perceptron_run(contexts[i], inputs, outputs))
      show("context", INCC_DEVICE_FAILED);
  }
  printf("two contexts: %s\n", memcmp(results[0], results[1], sizeof results[0]) ? "differ" : "equal");
  for (int i = 0; i < 2; ++i)
    perceptron_destroy(contexts[i]);

  int unnoticed = 0, call = 1;
  for (;; ++call) {
    start(call);
    int failed = fails();
    if (calls() < call)
      break;
    if (!failed) {
      printf("call %d failed unnoticed\n", call);
      ++unnoticed;
    }
    if (alive())
      printf("call %d left %d objects\n", call, alive());
  }
  printf("failures: %d calls, %d unnoticed, %d objects left\n", call - 1, unnoticed, alive());
  return 0;
}
