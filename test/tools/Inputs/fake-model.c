/* A model library without incc: copies its input to its first output and answers with fixed scores.
   N, C, H, W, PREPROCESS and SCORES may be given with -D. */
#include "runtime/incc.h"

#include <stdlib.h>
#include <string.h>

#ifndef N
#define N 1
#endif
#ifndef C
#define C 3
#endif
#ifndef H
#define H 4
#endif
#ifndef W
#define W 4
#endif
#ifndef PREPROCESS
#define PREPROCESS ""
#endif
#ifndef ABI
#define ABI INCC_ABI_VERSION
#endif
#ifndef SCORES
#define SCORES 0.125f, 0.5f, 0.375f
#endif

static const float kScores[] = {SCORES};
enum { kClasses = sizeof(kScores) / sizeof(kScores[0]) };

struct incc_ctx {
  int threads, profile;
  uint64_t runs;
};

static const char *error_text = "";

static incc_status create(const incc_options *options, incc_ctx **ctx) {
#ifdef FAILS
  error_text = "this CPU has no AVX-512, which the model was compiled for";
  return INCC_UNSUPPORTED_CPU;
#endif
  *ctx = calloc(1, sizeof **ctx);
  (*ctx)->threads = options->threads ? options->threads : 2;
  return INCC_OK;
}

static incc_status run(incc_ctx *ctx, const float *const *inputs, float *const *outputs) {
  ctx->runs += ctx->profile;
  for (int n = 0; n < N; ++n)
    memcpy(outputs[0] + n * kClasses, kScores, sizeof kScores);
  memcpy(outputs[1], inputs[0], sizeof(float) * N * C * H * W);
  return INCC_OK;
}

static incc_status run_in(void *workspace, const float *const *inputs, float *const *outputs) {
  return INCC_BAD_ARGUMENT;
}

static void destroy(incc_ctx *ctx) { free(ctx); }
static const char *last_error(void) { return error_text; }
static int num_threads(const incc_ctx *ctx) { return ctx->threads; }

static incc_status set_profile(incc_ctx *ctx, int on) {
  ctx->profile = on;
  ctx->runs = 0;
  return INCC_OK;
}

/* 3 ms and 1 ms. */
static incc_status profile(const incc_ctx *ctx, uint64_t *step_ns, uint64_t *runs) {
  step_ns[0] = 3000000 * ctx->runs;
  step_ns[1] = 1000000 * ctx->runs;
  step_ns[2] = 4000000 * ctx->runs;
  *runs = ctx->runs;
  return INCC_OK;
}

static const int64_t kInputDims[] = {N, C, H, W}, kScoreDims[] = {N, kClasses};
static const incc_tensor_desc kInputs[] = {{"image", 4, kInputDims, N * C * H * W}};
static const incc_tensor_desc kOutputs[] = {{"scores", 2, kScoreDims, N * kClasses},
                                            {"copy", 4, kInputDims, N * C * H * W}};
static const char *const kLabels[] = {"cat", "dog", "hen"};
static const incc_step_desc kSteps[] = {{"conv1", "conv2d", 0, 8, 6e6},
                                        {"pool", "max_pool", 1, 4, 0},
                                        {"conv2", "conv2d", 2, 8, 4e6}};

const incc_model_desc *incc_model(void) {
  static const incc_model_desc desc = {
      .abi_version = ABI,
      .struct_bytes = sizeof(incc_model_desc),
      .name = "fake",
      .target = "x86-64-v2",
      .num_inputs = 1,
      .num_outputs = 2,
#ifndef UNLABELLED
      .num_labels = 3,
#endif
      .num_steps = 3,
      .num_stages = 3,
      .inputs = kInputs,
      .outputs = kOutputs,
      .labels = kLabels,
      .steps = kSteps,
      .preprocess_json = PREPROCESS,
      .create = create,
      .run = run,
      .run_in = run_in,
      .destroy = destroy,
      .last_error = last_error,
      .num_threads = num_threads,
      .set_profile = set_profile,
      .profile = profile,
  };
  return &desc;
}
