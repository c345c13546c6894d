/* Contexts of models that run by OpenCL: memory, queue, and the kernels with their arguments. */
#include "opencl/OpenClRuntime.h"
#include <stdlib.h>

static incc_status allocate_lists(incc_ctx *ctx) {
  const incc_model_desc *model = ctx->state.program->model;
  size_t num_steps = (size_t)model->num_steps + 1;
  ctx->arrays = calloc((size_t)incc_num_arrays(model) + 1, sizeof *ctx->arrays);
  ctx->kernels = calloc(num_steps, sizeof *ctx->kernels);
  ctx->events = calloc(num_steps, sizeof *ctx->events);
  ctx->state.step_ns = calloc(num_steps, sizeof *ctx->state.step_ns);
  if (!ctx->arrays || !ctx->kernels || !ctx->events || !ctx->state.step_ns)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s", model->name);
  return INCC_OK;
}

static incc_status allocate_memory(incc_ctx *ctx) {
  const incc_program *program = ctx->state.program;
  incc_status status = incc_create_memory(ctx->device, CL_READ_WRITE, program->arena_bytes, NULL,
                                          "maps", &ctx->arena);
  for (int64_t i = 0; i < incc_num_arrays(program->model) && !status; ++i)
    status = incc_create_memory(ctx->device, CL_READ_WRITE, incc_array_bytes(program->model, i),
                                NULL, "inputs and outputs", &ctx->arrays[i]);
  return status;
}

static cl_memory memory_of(const incc_ctx *ctx, const incc_operand *operand) {
  switch (operand->space) {
  case INCC_SPACE_WEIGHTS:
    return ctx->device->weights;
  case INCC_SPACE_INPUT:
    return ctx->arrays[operand->index];
  case INCC_SPACE_OUTPUT:
    return ctx->arrays[ctx->state.program->model->num_inputs + operand->index];
  default:
    return ctx->arena;
  }
}

/* A kernel takes a buffer and an offset in floats for each operand, then its local memory. */
static cl_result set_arguments(const incc_ctx *ctx, int64_t step_index, cl_kernel kernel) {
  const incc_driver *cl = ctx->device->driver;
  const incc_step *step = &ctx->state.program->steps[step_index];
  uint32_t shared_bytes = incc_this_device_code.launches[step_index].shared_bytes;
  cl_result result = CL_OK;
  for (uint32_t i = 0; i < step->num_operands && !result; ++i) {
    const incc_operand *operand = &ctx->state.program->operands[step->first_operand + i];
    cl_memory memory = memory_of(ctx, operand);
    uint32_t offset = (uint32_t)(operand->offset / sizeof(float));
    if (!(result = cl->set_argument(kernel, 2 * i, sizeof memory, &memory)))
      result = cl->set_argument(kernel, 2 * i + 1, sizeof offset, &offset);
  }
  if (!result && shared_bytes)
    result = cl->set_argument(kernel, 2 * step->num_operands, shared_bytes, NULL);
  return result;
}

static incc_status create_kernel(incc_ctx *ctx, int64_t step) {
  const incc_device *device = ctx->device;
  const incc_launch *launch = &incc_this_device_code.launches[step];
  const incc_device_kernel *code = &incc_this_device_code.kernels[launch->kernel];
  cl_result result = CL_OK;
  cl_kernel kernel =
      device->driver->kernel_create(device->programs[code->image], code->name, &result);
  if (result)
    return incc_driver_status(result, "find kernel %s", code->name);
  ctx->kernels[step] = kernel;
  /* Registers may leave less than the device's limit. */
  size_t most = 0;
  if ((result = device->driver->kernel_group_info(kernel, device->handle, CL_KERNEL_WORK_GROUP,
                                                  sizeof most, &most, NULL)) ||
      (result = set_arguments(ctx, step, kernel)))
    return incc_driver_status(result, "prepare kernel %s on %s", code->name, device->name);
  if (most < launch->threads)
    return incc_fail(INCC_DEVICE_FAILED, "%s runs kernel %s in work-groups of %zu, %u are needed",
                     device->name, code->name, most, launch->threads);
  return INCC_OK;
}

static incc_status set_up(incc_ctx *ctx) {
  incc_status status = allocate_memory(ctx);
  for (int64_t i = 0; i < ctx->state.program->model->num_steps && !status; ++i)
    status = create_kernel(ctx, i);
  return status;
}

incc_status incc_create(const incc_program *program, const incc_options *given, incc_ctx **out) {
  incc_options options;
  incc_status status = incc_read_options(given, out, &options);
  if (status)
    return status;
  if (options.stream)
    return incc_fail(INCC_BAD_ARGUMENT, "options.stream is for models for CUDA");
  incc_ctx *ctx = calloc(1, sizeof *ctx);
  if (!ctx)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s", program->model->name);
  ctx->state.program = program;
  ctx->state.profiling = options.profile != 0;
  if ((status = allocate_lists(ctx)) ||
      (status = incc_acquire_device(program, options.device, &ctx->device)) ||
      (status = set_up(ctx))) {
    incc_destroy(ctx);
    return status;
  }
  *out = ctx;
  return INCC_OK;
}

void incc_destroy(incc_ctx *ctx) {
  if (!ctx)
    return;
  if (ctx->device) {
    const incc_driver *cl = ctx->device->driver;
    const incc_model_desc *model = ctx->state.program->model;
    cl_queue queues[] = {ctx->queue, ctx->measuring_queue};
    for (int i = 0; i < 2; ++i)
      if (queues[i])
        cl->queue_release(queues[i]);
    for (int64_t i = 0; i < model->num_steps; ++i)
      if (ctx->kernels[i])
        cl->kernel_release(ctx->kernels[i]);
    for (int64_t i = 0; i < incc_num_arrays(model); ++i)
      if (ctx->arrays[i])
        cl->memory_release(ctx->arrays[i]);
    if (ctx->arena)
      cl->memory_release(ctx->arena);
  }
  incc_release_device(ctx->device);
  free(ctx->arrays);
  free(ctx->kernels);
  free(ctx->events);
  free(ctx->state.step_ns);
  free(ctx);
}
