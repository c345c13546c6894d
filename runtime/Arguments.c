/* Checks of what the application passes. */
#include "Runtime.h"
#include <string.h>

incc_status incc_read_options(const incc_options *given, incc_ctx **out, incc_options *options) {
  if (!out)
    return incc_fail(INCC_BAD_ARGUMENT, "ctx is NULL");
  *out = NULL;
  *options = (incc_options)INCC_OPTIONS_INIT;
  if (!given)
    return INCC_OK;
  if (given->struct_bytes < offsetof(incc_options, profile) ||
      given->struct_bytes > sizeof *options)
    return incc_fail(INCC_BAD_ARGUMENT,
                     "options.struct_bytes is %zu, expected %zu: start from INCC_OPTIONS_INIT",
                     given->struct_bytes, sizeof *options);
  memcpy(options, given, given->struct_bytes);
  if (options->threads < 0 || options->threads > INCC_MAX_THREADS)
    return incc_fail(INCC_BAD_ARGUMENT, "options.threads is %d, expected 0 to %d", options->threads,
                     (int)INCC_MAX_THREADS);
  return INCC_OK;
}

static incc_status check_array(const char *what, int64_t index, const incc_tensor_desc *tensor,
                               const void *array) {
  if (!array)
    return incc_fail(INCC_BAD_ARGUMENT, "%s %lld (%s) is NULL", what, (long long)index,
                     tensor->name);
  if ((uintptr_t)array % sizeof(float))
    return incc_fail(INCC_BAD_ARGUMENT, "%s %lld (%s) is not aligned to 4 bytes", what,
                     (long long)index, tensor->name);
  return INCC_OK;
}

static int overlap(const void *a, const incc_tensor_desc *a_desc, const void *b,
                   const incc_tensor_desc *b_desc) {
  uintptr_t a_begin = (uintptr_t)a, b_begin = (uintptr_t)b;
  return a_begin < b_begin + (uint64_t)b_desc->elements * sizeof(float) &&
         b_begin < a_begin + (uint64_t)a_desc->elements * sizeof(float);
}

incc_status incc_check_arrays(const incc_model_desc *model, const float *const *inputs,
                              float *const *outputs) {
  if (!inputs || !outputs)
    return incc_fail(INCC_BAD_ARGUMENT, "%s is NULL", inputs ? "outputs" : "inputs");
  incc_status status;
  for (int64_t i = 0; i < model->num_inputs; ++i)
    if ((status = check_array("input", i, &model->inputs[i], inputs[i])))
      return status;
  for (int64_t o = 0; o < model->num_outputs; ++o) {
    const incc_tensor_desc *output = &model->outputs[o];
    if ((status = check_array("output", o, output, outputs[o])))
      return status;
    for (int64_t i = 0; i < model->num_inputs; ++i)
      if (overlap(outputs[o], output, inputs[i], &model->inputs[i]))
        return incc_fail(INCC_BAD_ARGUMENT, "output %lld (%s) overlaps input %lld (%s)",
                         (long long)o, output->name, (long long)i, model->inputs[i].name);
    for (int64_t p = 0; p < o; ++p)
      if (overlap(outputs[o], output, outputs[p], &model->outputs[p]))
        return incc_fail(INCC_BAD_ARGUMENT, "output %lld (%s) overlaps output %lld (%s)",
                         (long long)o, output->name, (long long)p, model->outputs[p].name);
  }
  return INCC_OK;
}
