/* Running without a context, and what both ways of running share. */
#include "Runtime.h"

/* Kernels see operands through one list of addresses; weights and inputs they only read. */
void incc_resolve(const incc_program *program, const incc_operand *operands, uint32_t count,
                  unsigned char *arena, const float *const *inputs, float *const *outputs,
                  void **addresses) {
  for (uint32_t i = 0; i < count; ++i) {
    const incc_operand *operand = &operands[i];
    const unsigned char *base = arena;
    if (operand->space == INCC_SPACE_WEIGHTS)
      base = program->weights;
    else if (operand->space == INCC_SPACE_INPUT)
      base = (const unsigned char *)inputs[operand->index];
    else if (operand->space == INCC_SPACE_OUTPUT)
      base = (const unsigned char *)outputs[operand->index];
    addresses[i] = (void *)(uintptr_t)(base + operand->offset);
  }
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

incc_status incc_run_in(const incc_program *program, void *workspace, const float *const *inputs,
                        float *const *outputs) {
  const incc_model_desc *model = program->model;
  incc_status status = incc_check_cpu(model);
  if (status)
    return status;
  if (!workspace)
    return incc_fail(INCC_BAD_ARGUMENT, "workspace is NULL");
  if ((uintptr_t)workspace % 64)
    return incc_fail(INCC_BAD_ARGUMENT, "workspace is not aligned to 64 bytes");
  if ((status = incc_check_arrays(model, inputs, outputs)))
    return status;
  unsigned char *arena = workspace;
  unsigned char *scratch = arena + program->arena_bytes;
  void **addresses = (void **)(scratch + program->scratch_bytes);
  incc_args args = {addresses, scratch};
  uint32_t float_state = incc_flush_denormals();
  for (int64_t i = 0; i < model->num_steps; ++i) {
    const incc_step *step = &program->steps[i];
    incc_resolve(program, program->operands + step->first_operand, step->num_operands, arena,
                 inputs, outputs, addresses);
    step->kernel(&args, 0, (int)step->tasks);
  }
  incc_restore_float_state(float_state);
  return INCC_OK;
}
