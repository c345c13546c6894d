/* Contexts of models that run on a GPU: memory, stream and graph. */
#include "cuda/CudaRuntime.h"
#include <stdlib.h>

/* What cuMemAlloc aligns to. */
static uint64_t align(uint64_t bytes) { return (bytes + 255) / 256 * 256; }

static incc_status allocate_lists(incc_ctx *ctx) {
  const incc_model_desc *model = ctx->state.program->model;
  ctx->addresses = calloc(ctx->state.program->num_operands + 1u, sizeof *ctx->addresses);
  ctx->arguments = calloc(ctx->state.program->max_step_operands + 1u, sizeof *ctx->arguments);
  ctx->arrays = calloc((size_t)incc_num_arrays(model) + 1, sizeof *ctx->arrays);
  ctx->state.step_ns = calloc((size_t)model->num_steps + 1, sizeof *ctx->state.step_ns);
  ctx->events = calloc((size_t)model->num_steps + 1, sizeof *ctx->events);
  if (!ctx->addresses || !ctx->arguments || !ctx->arrays || !ctx->state.step_ns || !ctx->events)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s", model->name);
  return INCC_OK;
}

/* One piece of the GPU's memory: the arena, then each input and output. */
static incc_status allocate_memory(incc_ctx *ctx) {
  const incc_model_desc *model = ctx->state.program->model;
  const incc_driver *cu = ctx->device->driver;
  uint64_t bytes = align(ctx->state.program->arena_bytes);
  for (int64_t i = 0; i < incc_num_arrays(model); ++i) {
    ctx->arrays[i] = bytes;
    bytes += align(incc_array_bytes(model, i));
  }
  cu_memory memory;
  incc_status status =
      incc_driver_status(cu, cu->memory_allocate(&memory, bytes), "have %llu bytes on %s",
                         (unsigned long long)bytes, ctx->device->name);
  if (status)
    return status;
  ctx->memory = memory;
  for (int64_t i = 0; i < incc_num_arrays(model); ++i)
    ctx->arrays[i] += memory;
  return INCC_OK;
}

static void resolve(incc_ctx *ctx) {
  const incc_program *program = ctx->state.program;
  for (uint32_t i = 0; i < program->num_operands; ++i) {
    const incc_operand *operand = &program->operands[i];
    cu_memory base = ctx->memory;
    if (operand->space == INCC_SPACE_WEIGHTS)
      base = ctx->device->weights;
    else if (operand->space == INCC_SPACE_INPUT)
      base = ctx->arrays[operand->index];
    else if (operand->space == INCC_SPACE_OUTPUT)
      base = ctx->arrays[program->model->num_inputs + operand->index];
    ctx->addresses[i] = base + operand->offset;
  }
}

static incc_status set_up(incc_ctx *ctx, const incc_options *options) {
  const incc_driver *cu = ctx->device->driver;
  incc_status status = allocate_memory(ctx);
  if (status)
    return status;
  resolve(ctx);
  ctx->stream = options->stream;
  if (!ctx->stream) {
    cu_stream stream;
    status = incc_driver_status(cu, cu->stream_create(&stream, CU_STREAM_NON_BLOCKING),
                                "make a stream on %s", ctx->device->name);
    if (status)
      return status;
    ctx->stream = stream;
    ctx->owns_stream = 1;
  }
  return incc_build_graph(ctx);
}

incc_status incc_create(const incc_program *program, const incc_options *given, incc_ctx **out) {
  incc_options options;
  incc_status status = incc_read_options(given, out, &options);
  if (status)
    return status;
  incc_ctx *ctx = calloc(1, sizeof *ctx);
  if (!ctx)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a context of %s", program->model->name);
  ctx->state.program = program;
  ctx->state.profiling = options.profile != 0;
  if (!(status = allocate_lists(ctx)) &&
      !(status = incc_acquire_device(program, options.device, &ctx->device)) &&
      !(status = incc_enter_device(ctx->device))) {
    status = set_up(ctx, &options);
    incc_leave_device(ctx->device);
  }
  if (status) {
    incc_destroy(ctx);
    return status;
  }
  *out = ctx;
  return INCC_OK;
}

void incc_destroy(incc_ctx *ctx) {
  if (!ctx)
    return;
  if (ctx->device && !incc_enter_device(ctx->device)) {
    const incc_driver *cu = ctx->device->driver;
    if (ctx->stream)
      cu->stream_wait(ctx->stream); /* a run may have returned before its end */
    for (int64_t i = 0; i <= ctx->state.program->model->num_steps; ++i)
      if (ctx->events[i])
        cu->event_destroy(ctx->events[i]);
    if (ctx->executable)
      cu->executable_destroy(ctx->executable);
    if (ctx->owns_stream)
      cu->stream_destroy(ctx->stream);
    if (ctx->memory)
      cu->memory_free(ctx->memory);
    incc_leave_device(ctx->device);
  }
  incc_release_device(ctx->device);
  free(ctx->addresses);
  free(ctx->arguments);
  free(ctx->arrays);
  free(ctx->state.step_ns);
  free(ctx->events);
  free(ctx);
}
