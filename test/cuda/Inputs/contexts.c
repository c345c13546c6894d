/* Contexts of one model on one GPU, a stream of the application's and arrays in the GPU's memory.
 */
#include "perceptron.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long memory;

static void check(incc_status status, const char *what) {
  if (!status)
    return;
  printf("%s: %d: %s\n", what, status, perceptron_last_error());
  exit(1);
}

int main(void) {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (!driver)
    return 1;
  const char *(*live)(void) = (const char *(*)(void))dlsym(driver, "fake_cuda_live");
  unsigned (*calls)(const char *) = (unsigned (*)(const char *))dlsym(driver, "fake_cuda_calls");
  int (*retain)(void **, int) = (int (*)(void **, int))dlsym(driver, "cuDevicePrimaryCtxRetain");
  int (*release)(int) = (int (*)(int))dlsym(driver, "cuDevicePrimaryCtxRelease_v2");
  int (*push)(void *) = (int (*)(void *))dlsym(driver, "cuCtxPushCurrent_v2");
  int (*pop)(void **) = (int (*)(void **))dlsym(driver, "cuCtxPopCurrent_v2");
  int (*allocate)(memory *, size_t) = (int (*)(memory *, size_t))dlsym(driver, "cuMemAlloc_v2");
  int (*unallocate)(memory) = (int (*)(memory))dlsym(driver, "cuMemFree_v2");
  int (*make_stream)(void **, unsigned) =
      (int (*)(void **, unsigned))dlsym(driver, "cuStreamCreate");
  int (*end_stream)(void *) = (int (*)(void *))dlsym(driver, "cuStreamDestroy_v2");

  static float x[PERCEPTRON_INPUT_0_ELEMENTS], y[3][PERCEPTRON_OUTPUT_0_ELEMENTS];
  for (size_t i = 0; i < PERCEPTRON_INPUT_0_ELEMENTS; ++i)
    x[i] = (float)(i % 7) - 3;
  incc_ctx *a, *b;
  check(perceptron_create(NULL, &a), "create");
  check(perceptron_create(NULL, &b), "create");
  printf("two contexts: %.8s\n", strstr(live(), "memory") - 2);
  const float *inputs[] = {x};
  float *outputs[] = {y[0]};
  check(perceptron_run(a, inputs, outputs), "run");
  perceptron_destroy(b);
  if (perceptron_run_in(y, inputs, outputs))
    printf("run_in: %s\n", perceptron_last_error());

  void *context, *stream;
  memory device[2];
  if (retain(&context, 0) || push(context) || make_stream(&stream, 0) ||
      allocate(&device[0], sizeof x) || allocate(&device[1], sizeof y[0]))
    return 1;
  incc_options options = INCC_OPTIONS_INIT;
  options.stream = stream;
  check(perceptron_create(&options, &b), "create");
  outputs[0] = y[1];
  check(perceptron_run(b, inputs, outputs), "run");
  printf("stream: %s\n", memcmp(y[0], y[1], sizeof y[0]) ? "different" : "equal");

  memcpy((void *)(size_t)device[0], x, sizeof x); /* the fake GPU's memory is the CPU's */
  inputs[0] = (const float *)(size_t)device[0];
  outputs[0] = (float *)(size_t)device[1];
  unsigned waits = calls("cuStreamSynchronize");
  check(perceptron_run(b, inputs, outputs), "run");
  waits = calls("cuStreamSynchronize") - waits;
  memcpy(y[2], (void *)(size_t)device[1], sizeof y[2]);
  printf("device arrays: %s, %u waits\n", memcmp(y[0], y[2], sizeof y[0]) ? "different" : "equal",
         waits);

  perceptron_destroy(a);
  perceptron_destroy(b);
  unallocate(device[0]);
  unallocate(device[1]);
  end_stream(stream);
  pop(&context);
  release(0);
  printf("end: %s\n", live());
  return 0;
}
