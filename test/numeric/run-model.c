/* run-model MODEL.so THREADS INPUTS OUTPUTS: runs a model where Python does not, under an emulator.
   Files hold all arrays one after the other. Runs twice, as the second run finds what the first left
   in memory, and prints a line for each output: its name, a tab, its dimensions. */
#include "runtime/incc.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what) {
  fprintf(stderr, "run-model: %s\n", what);
  exit(1);
}

static float *allocate(const incc_tensor_desc *tensor) {
  float *array = malloc((size_t)tensor->elements * sizeof(float));
  if (!array)
    fail("no memory");
  return array;
}

static void print(const incc_tensor_desc *tensor) {
  printf("%s\t", tensor->name);
  for (int64_t i = 0; i < tensor->rank; ++i)
    printf("%lld ", (long long)tensor->dims[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc != 5)
    fail("expected MODEL.so THREADS INPUTS OUTPUTS");
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library)
    fail(dlerror());
  const incc_model_desc *(*entry)(void) =
      (const incc_model_desc *(*)(void))dlsym(library, "incc_model");
  if (!entry)
    fail("no incc_model");
  const incc_model_desc *model = entry();
  FILE *in = fopen(argv[3], "rb"), *out = fopen(argv[4], "wb");
  if (!in || !out)
    fail("can't open the files");
  const float **inputs = calloc((size_t)model->num_inputs + 1, sizeof *inputs);
  float **outputs = calloc((size_t)model->num_outputs + 1, sizeof *outputs);
  for (int64_t i = 0; i < model->num_inputs; ++i) {
    const incc_tensor_desc *tensor = &model->inputs[i];
    float *array = allocate(tensor);
    if (fread(array, sizeof(float), (size_t)tensor->elements, in) != (size_t)tensor->elements)
      fail("too few inputs");
    inputs[i] = array;
  }
  for (int64_t i = 0; i < model->num_outputs; ++i)
    outputs[i] = allocate(&model->outputs[i]);

  incc_options options = INCC_OPTIONS_INIT;
  options.threads = atoi(argv[2]);
  incc_ctx *ctx;
  if (model->create(&options, &ctx))
    fail(model->last_error());
  for (int run = 0; run < 2; ++run)
    if (model->run(ctx, inputs, outputs))
      fail(model->last_error());
  model->destroy(ctx);
  for (int64_t i = 0; i < model->num_outputs; ++i) {
    print(&model->outputs[i]);
    if (!fwrite(outputs[i], sizeof(float), (size_t)model->outputs[i].elements, out))
      fail("can't write outputs");
  }
  return fclose(out) ? 1 : 0;
}
