/* Runs: steps one after the other in a queue that keeps their order. */
#include "opencl/OpenClRuntime.h"

static cl_result open_queue(incc_ctx *ctx, cl_queue *queue, uint64_t properties) {
  cl_result result = CL_OK;
  if (*queue)
    return result;
  cl_queue created = ctx->device->driver->queue_create(ctx->device->context, ctx->device->handle,
                                                       properties, &result);
  if (!result)
    *queue = created;
  return result;
}

static cl_result launch_steps(incc_ctx *ctx, cl_queue queue) {
  const incc_program *program = ctx->state.program;
  for (int64_t i = 0; i < program->model->num_steps; ++i) {
    size_t threads = incc_this_device_code.launches[i].threads;
    size_t all_threads = threads * program->steps[i].tasks;
    cl_result result = ctx->device->driver->launch(queue, ctx->kernels[i], 1, NULL, &all_threads,
                                                   &threads, 0, NULL,
                                                   ctx->state.profiling ? &ctx->events[i] : NULL);
    if (result)
      return result;
  }
  return CL_OK;
}

static cl_result read_events(incc_ctx *ctx) {
  const incc_driver *cl = ctx->device->driver;
  for (int64_t i = 0; i < ctx->state.program->model->num_steps; ++i) {
    uint64_t start = 0, end = 0;
    cl_result result =
        cl->event_time(ctx->events[i], CL_EVENT_START, sizeof start, &start, NULL);
    if (result || (result = cl->event_time(ctx->events[i], CL_EVENT_END, sizeof end, &end, NULL)))
      return result;
    ctx->state.step_ns[i] += end - start;
  }
  ++ctx->state.runs;
  return CL_OK;
}

static void release_events(incc_ctx *ctx) {
  for (int64_t i = 0; i < ctx->state.program->model->num_steps; ++i)
    if (ctx->events[i]) {
      ctx->device->driver->event_release(ctx->events[i]);
      ctx->events[i] = NULL;
    }
}

static cl_result enqueue(incc_ctx *ctx, cl_queue queue, const float *const *inputs,
                         float *const *outputs) {
  const incc_driver *cl = ctx->device->driver;
  const incc_model_desc *model = ctx->state.program->model;
  cl_result result = CL_OK;
  for (int64_t i = 0; i < model->num_inputs && !result; ++i)
    result = cl->write(queue, ctx->arrays[i], 0, 0, incc_array_bytes(model, i), inputs[i], 0, NULL,
                       NULL);
  if (!result)
    result = launch_steps(ctx, queue);
  for (int64_t i = model->num_inputs; i < incc_num_arrays(model) && !result; ++i)
    result = cl->read(queue, ctx->arrays[i], 0, 0, incc_array_bytes(model, i),
                      outputs[i - model->num_inputs], 0, NULL, NULL);
  return result;
}

static cl_result run(incc_ctx *ctx, const float *const *inputs, float *const *outputs) {
  cl_queue *queue = ctx->state.profiling ? &ctx->measuring_queue : &ctx->queue;
  cl_result result = open_queue(ctx, queue, ctx->state.profiling ? CL_QUEUE_PROFILING : 0);
  if (result)
    return result;
  result = enqueue(ctx, *queue, inputs, outputs);
  /* Also after a failure: what was begun reads and writes the caller's arrays. */
  cl_result finished = ctx->device->driver->finish(*queue);
  result = result ? result : finished;
  if (ctx->state.profiling && !result)
    result = read_events(ctx);
  release_events(ctx);
  return result;
}

incc_status incc_run(const incc_program *program, incc_ctx *ctx, const float *const *inputs,
                     float *const *outputs) {
  incc_status status = incc_check_arrays(program->model, inputs, outputs);
  if (status || (status = incc_acquire(program, ctx)))
    return status;
  status = incc_driver_status(run(ctx, inputs, outputs), "run on %s", ctx->device->name);
  incc_release_ctx(ctx);
  return status;
}
