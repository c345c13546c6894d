/* What every context has: who may run it, and what its steps took. */
#include "Runtime.h"
#include <string.h>

/* It is the first member, whatever kind of context that is. */
static incc_state *state_of(const incc_ctx *ctx) { return (incc_state *)(uintptr_t)ctx; }

static incc_status check_context(const incc_program *program, const incc_ctx *ctx) {
  if (!ctx)
    return incc_fail(INCC_BAD_ARGUMENT, "ctx is NULL");
  if (state_of(ctx)->program != program)
    return incc_fail(INCC_BAD_ARGUMENT, "ctx belongs to model %s, not to %s",
                     state_of(ctx)->program->model->name, program->model->name);
  return INCC_OK;
}

incc_status incc_acquire(const incc_program *program, incc_ctx *ctx) {
  incc_status status = check_context(program, ctx);
  if (!status && atomic_exchange_explicit(&state_of(ctx)->busy, 1, memory_order_acquire))
    status = incc_fail(INCC_BAD_ARGUMENT, "ctx is running on another thread");
  return status;
}

void incc_release_ctx(incc_ctx *ctx) {
  atomic_store_explicit(&state_of(ctx)->busy, 0, memory_order_release);
}

incc_status incc_set_profile(const incc_program *program, incc_ctx *ctx, int on) {
  incc_status status = incc_acquire(program, ctx);
  if (status)
    return status;
  state_of(ctx)->profiling = on != 0;
  state_of(ctx)->runs = 0;
  memset(state_of(ctx)->step_ns, 0,
         (size_t)program->model->num_steps * sizeof *state_of(ctx)->step_ns);
  incc_release_ctx(ctx);
  return INCC_OK;
}

incc_status incc_profile(const incc_program *program, const incc_ctx *ctx, uint64_t *step_ns,
                         uint64_t *runs) {
  incc_status status = check_context(program, ctx);
  if (status)
    return status;
  if (!step_ns || !runs)
    return incc_fail(INCC_BAD_ARGUMENT, "%s is NULL", step_ns ? "runs" : "step_ns");
  memcpy(step_ns, state_of(ctx)->step_ns, (size_t)program->model->num_steps * sizeof *step_ns);
  *runs = state_of(ctx)->runs;
  return INCC_OK;
}
