/* Calls the model of tiny.json with arguments that it must refuse, and prints why it does. */
#include "tiny.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static float image[TINY_INPUT_0_ELEMENTS + 1], map[TINY_OUTPUT_0_ELEMENTS],
    sum[TINY_OUTPUT_1_ELEMENTS];
static _Alignas(64) unsigned char workspace[TINY_WORKSPACE_BYTES + 64];

static void report(const char *what, incc_status status) {
  printf("%s: %d: %s\n", what, (int)status, status ? tiny_last_error() : "fine");
}

static void *read_error(void *arg) {
  printf("other thread: '%s'\n", tiny_last_error());
  return arg;
}

/* An application's loop that runs the same context again, in the middle of a run. */
static void run_again(void *user, int count, void (*body)(void *, int), void *arg) {
  const float *inputs[] = {image};
  float *outputs[] = {map, sum};
  report("nested", tiny_run(*(incc_ctx **)user, inputs, outputs));
  for (int i = 0; i < count; ++i)
    body(arg, i);
}

int main(void) {
  const float *inputs[] = {image};
  float *outputs[] = {map, sum};
  incc_ctx *ctx = (incc_ctx *)workspace;

  printf("nothing yet: '%s'\n", tiny_last_error());
  report("no place", tiny_create(NULL, NULL));
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = -1;
  report("threads", tiny_create(&options, &ctx));
  printf("%d\n", ctx == NULL);
  options = (incc_options){0};
  report("uninitialised", tiny_create(&options, &ctx));
  options.struct_bytes = sizeof options + 8;
  report("newer", tiny_create(&options, &ctx));
  options.struct_bytes = offsetof(incc_options, profile);
  report("older", tiny_create(&options, &ctx));
  tiny_destroy(ctx);

  report("no ctx", tiny_run(NULL, inputs, outputs));
  report("create", tiny_create(NULL, &ctx));
  report("no inputs", tiny_run(ctx, NULL, outputs));
  report("no outputs", tiny_run(ctx, inputs, NULL));
  inputs[0] = NULL;
  report("no input", tiny_run(ctx, inputs, outputs));
  inputs[0] = (const float *)((char *)image + 2);
  report("misaligned", tiny_run(ctx, inputs, outputs));
  inputs[0] = image + 1;
  report("float-aligned", tiny_run(ctx, inputs, outputs));
  outputs[1] = map + 639;
  report("overlap", tiny_run(ctx, inputs, outputs));
  outputs[1] = sum;
  inputs[0] = map - 600;
  report("overlap", tiny_run(ctx, inputs, outputs));
  inputs[0] = image;
  report("profile", tiny_model()->profile(ctx, NULL, NULL));
  tiny_destroy(ctx);
  tiny_destroy(NULL);

  report("no workspace", tiny_run_in(NULL, inputs, outputs));
  report("unaligned workspace", tiny_run_in(workspace + 32, inputs, outputs));
  report("run_in", tiny_run_in(workspace + 64, inputs, outputs));
  outputs[0] = NULL;
  report("run_in", tiny_run_in(workspace, inputs, outputs));

  pthread_t thread;
  pthread_create(&thread, NULL, read_error, NULL);
  pthread_join(thread, NULL);

  incc_options looping = INCC_OPTIONS_INIT;
  looping.threads = 2;
  looping.parallel_for = run_again;
  looping.user = &ctx;
  outputs[0] = map;
  tiny_create(&looping, &ctx);
  report("outer", tiny_run(ctx, inputs, outputs));
  tiny_destroy(ctx);
  return 0;
}
