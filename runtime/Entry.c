/* The entry points of one model: incc renames incc_entry_X to NAME_X when it writes a library. */
#include "Runtime.h"

extern const incc_program incc_this_program;

incc_status incc_entry_create(const incc_options *options, incc_ctx **ctx) {
  return incc_create(&incc_this_program, options, ctx);
}

incc_status incc_entry_run(incc_ctx *ctx, const float *const *inputs, float *const *outputs) {
  return incc_run(&incc_this_program, ctx, inputs, outputs);
}

incc_status incc_entry_run_in(void *workspace, const float *const *inputs, float *const *outputs) {
  return incc_run_in(&incc_this_program, workspace, inputs, outputs);
}

void incc_entry_destroy(incc_ctx *ctx) { incc_destroy(ctx); }

const char *incc_entry_last_error(void) { return incc_error_text(); }

int incc_entry_num_threads(const incc_ctx *ctx) { return incc_num_threads(ctx); }

incc_status incc_entry_set_profile(incc_ctx *ctx, int on) {
  return incc_set_profile(&incc_this_program, ctx, on);
}

incc_status incc_entry_profile(const incc_ctx *ctx, uint64_t *step_ns, uint64_t *runs) {
  return incc_profile(&incc_this_program, ctx, step_ns, runs);
}

const incc_model_desc *incc_entry_model(void) { return incc_this_program.model; }
