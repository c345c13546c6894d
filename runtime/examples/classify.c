/* Classifies one image with ResNet-50, twice: with a context (threads, memory of its own) and, as
   on small systems, in memory of the program's without malloc and threads.

   usage: classify [INPUT]     INPUT holds RESNET50_INPUT_0_ELEMENTS floats in C order */
#include "resnet50.h"
#include <stdio.h>
#include <stdlib.h>

static float input[RESNET50_INPUT_0_ELEMENTS];
static float scores[RESNET50_OUTPUT_0_ELEMENTS];
static float embedded_scores[RESNET50_OUTPUT_0_ELEMENTS];

static int fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

static int read_input(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t count = file ? fread(input, sizeof *input, RESNET50_INPUT_0_ELEMENTS, file) : 0;
  if (file)
    fclose(file);
  return count == RESNET50_INPUT_0_ELEMENTS;
}

static void print_best(const float *values, const char *how) {
  int best = 0;
  for (int i = 1; i < RESNET50_OUTPUT_0_ELEMENTS; ++i)
    if (values[i] > values[best])
      best = i;
  const incc_model_desc *model = resnet50_model();
  printf("%s: class %d %s, score %.4f\n", how, best,
         best < model->num_labels ? model->labels[best] : "", values[best]);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    if (!read_input(argv[1]))
      return fail(argv[1], "can't read an input from it");
  } else {
    for (int i = 0; i < RESNET50_INPUT_0_ELEMENTS; ++i)
      input[i] = (float)(i % 255) / 255 - 0.5f;
  }
  const float *inputs[RESNET50_NUM_INPUTS] = {input};
  float *outputs[RESNET50_NUM_OUTPUTS] = {scores};

  /* With a context, which may run any number of times. */
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = 2; /* 0: all cores that this process may use */
  incc_ctx *ctx;
  if (resnet50_create(&options, &ctx) != INCC_OK)
    return fail("resnet50_create", resnet50_last_error());
  incc_status status = resnet50_run(ctx, inputs, outputs);
  resnet50_destroy(ctx);
  if (status != INCC_OK)
    return fail("resnet50_run", resnet50_last_error());
  print_best(scores, "context");

  /* In a workspace; a static array does as well. */
  void *workspace;
  if (posix_memalign(&workspace, 64, RESNET50_WORKSPACE_BYTES))
    return fail("workspace", "out of memory");
  outputs[0] = embedded_scores;
  status = resnet50_run_in(workspace, inputs, outputs);
  free(workspace);
  if (status != INCC_OK)
    return fail("resnet50_run_in", resnet50_last_error());
  print_best(embedded_scores, "workspace");
  return 0;
}
