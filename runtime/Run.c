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
