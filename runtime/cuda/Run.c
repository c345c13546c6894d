/* Runs: a graph of all steps, launched at once; when they are measured, step by step. */
#include "cuda/CudaRuntime.h"
#include <stdlib.h>

/* The addresses of a step's operands, as the driver takes arguments: a list of where each lies. */
static void list_arguments(incc_ctx *ctx, const incc_step *step) {
  for (uint32_t i = 0; i < step->num_operands; ++i)
    ctx->arguments[i] = &ctx->addresses[step->first_operand + i];
}

/* A kernel waits for all of the stage before; where many would wait for many, for an empty node
   that does. */
static cu_result add_nodes(incc_ctx *ctx, cu_graph graph, cu_node *nodes) {
  const incc_program *program = ctx->state.program;
  const incc_driver *cu = ctx->device->driver;
  cu_node join, *before = NULL;
  size_t num_before = 0;
  cu_result result = CU_SUCCESS;
  for (int64_t stage = 0; stage < program->model->num_stages; ++stage) {
    uint32_t first = program->stages[stage], end = program->stages[stage + 1];
    if (num_before > 1 && end - first > 1) {
      if ((result = cu->graph_add_empty(&join, graph, before, num_before)))
        return result;
      before = &join;
      num_before = 1;
    }
    for (uint32_t i = first; i < end; ++i) {
      const incc_step *step = &program->steps[i];
      const incc_launch *launch = &incc_this_device_code.launches[i];
      list_arguments(ctx, step);
      cu_kernel_node node = {ctx->device->functions[launch->kernel],
                             step->tasks,
                             1,
                             1,
                             launch->threads,
                             1,
                             1,
                             launch->shared_bytes,
                             ctx->arguments,
                             NULL};
      if ((result = cu->graph_add_kernel(&nodes[i], graph, before, num_before, &node)))
        return result;
    }
    before = &nodes[first];
    num_before = end - first;
  }
  return result;
}

incc_status incc_build_graph(incc_ctx *ctx) {
  const incc_driver *cu = ctx->device->driver;
  size_t num_steps = (size_t)ctx->state.program->model->num_steps;
  cu_node *nodes = calloc(num_steps + 1, sizeof *nodes);
  cu_graph graph = NULL;
  incc_status status = INCC_OK;
  if (!nodes)
    status = incc_fail(INCC_OUT_OF_MEMORY, "no memory for a graph of %zu steps", num_steps);
  cu_result result = status ? CU_SUCCESS : cu->graph_create(&graph, 0);
  if (!status && !result) {
    result = add_nodes(ctx, graph, nodes);
    cu_executable executable;
    if (!result && !(result = cu->graph_instantiate(&executable, graph, 0)))
      ctx->executable = executable;
    cu->graph_destroy(graph);
  }
  free(nodes);
  return status ? status
                : incc_driver_status(cu, result, "make a graph of %zu steps on %s", num_steps,
                                     ctx->device->name);
}

/* Between two events each. */
static cu_result launch_measured(incc_ctx *ctx) {
  const incc_driver *cu = ctx->device->driver;
  const incc_program *program = ctx->state.program;
  cu_result result;
  for (int64_t i = 0; i <= program->model->num_steps; ++i)
    if (!ctx->events[i]) {
      cu_event event;
      if ((result = cu->event_create(&event, 0)))
        return result;
      ctx->events[i] = event;
    }
  if ((result = cu->event_record(ctx->events[0], ctx->stream)))
    return result;
  for (int64_t i = 0; i < program->model->num_steps; ++i) {
    const incc_step *step = &program->steps[i];
    const incc_launch *launch = &incc_this_device_code.launches[i];
    list_arguments(ctx, step);
    if ((result =
             cu->launch(ctx->device->functions[launch->kernel], step->tasks, 1, 1, launch->threads,
                        1, 1, launch->shared_bytes, ctx->stream, ctx->arguments, NULL)) ||
        (result = cu->event_record(ctx->events[i + 1], ctx->stream)))
      return result;
  }
  return CU_SUCCESS;
}

static cu_result read_events(incc_ctx *ctx) {
  for (int64_t i = 0; i < ctx->state.program->model->num_steps; ++i) {
    float milliseconds;
    cu_result result =
        ctx->device->driver->event_elapsed(&milliseconds, ctx->events[i], ctx->events[i + 1]);
    if (result)
      return result;
    ctx->state.step_ns[i] += (uint64_t)((double)milliseconds * 1e6);
  }
  ++ctx->state.runs;
  return CU_SUCCESS;
}

static int is_on_device(const incc_ctx *ctx, const void *array) {
  unsigned type = 0;
  return !ctx->device->driver->pointer_attribute(&type, CU_POINTER_MEMORY_TYPE,
                                                 (cu_memory)(uintptr_t)array) &&
         type == CU_MEMORY_TYPE_DEVICE;
}

/* The caller waits for its stream itself, if it chose one and could not see anything else. */
static int returns_early(const incc_ctx *ctx, const float *const *inputs, float *const *outputs) {
  const incc_model_desc *model = ctx->state.program->model;
  int early = !ctx->owns_stream && !ctx->state.profiling;
  for (int64_t i = 0; early && i < model->num_inputs; ++i)
    early = is_on_device(ctx, inputs[i]);
  for (int64_t i = 0; early && i < model->num_outputs; ++i)
    early = is_on_device(ctx, outputs[i]);
  return early;
}

static cu_result run(incc_ctx *ctx, const float *const *inputs, float *const *outputs) {
  const incc_model_desc *model = ctx->state.program->model;
  const incc_driver *cu = ctx->device->driver;
  cu_result result;
  for (int64_t i = 0; i < model->num_inputs; ++i)
    if ((result = cu->copy(ctx->arrays[i], (cu_memory)(uintptr_t)inputs[i],
                           (size_t)model->inputs[i].elements * sizeof(float), ctx->stream)))
      return result;
  result =
      ctx->state.profiling ? launch_measured(ctx) : cu->graph_launch(ctx->executable, ctx->stream);
  if (result)
    return result;
  for (int64_t i = 0; i < model->num_outputs; ++i)
    if ((result = cu->copy((cu_memory)(uintptr_t)outputs[i], ctx->arrays[model->num_inputs + i],
                           (size_t)model->outputs[i].elements * sizeof(float), ctx->stream)))
      return result;
  if (returns_early(ctx, inputs, outputs))
    return CU_SUCCESS;
  if ((result = cu->stream_wait(ctx->stream)))
    return result;
  return ctx->state.profiling ? read_events(ctx) : CU_SUCCESS;
}

incc_status incc_run(const incc_program *program, incc_ctx *ctx, const float *const *inputs,
                     float *const *outputs) {
  incc_status status = incc_check_arrays(program->model, inputs, outputs);
  if (status || (status = incc_acquire(program, ctx)))
    return status;
  if (!(status = incc_enter_device(ctx->device))) {
    status = incc_driver_status(ctx->device->driver, run(ctx, inputs, outputs), "run on %s",
                                ctx->device->name);
    incc_leave_device(ctx->device);
  }
  incc_release_ctx(ctx);
  return status;
}
