/* Kernels of the models in this folder: tasks are rows of ROW floats. */
#include "runtime/Kernel.h"

enum { ROW = 16 };

/* out = in * weights[0] */
void k_scale(const incc_args *args, int begin, int end) {
  const float *in = args->operands[0], *weights = args->operands[1];
  float *out = args->operands[2];
  for (int i = begin * ROW; i < end * ROW; ++i)
    out[i] = in[i] * weights[0];
}

/* out = in + weights[0] */
void k_shift(const incc_args *args, int begin, int end) {
  const float *in = args->operands[0], *weights = args->operands[1];
  float *out = args->operands[2];
  for (int i = begin * ROW; i < end * ROW; ++i)
    out[i] = in[i] + weights[0];
}

/* out = a * b */
void k_product(const incc_args *args, int begin, int end) {
  const float *a = args->operands[0], *b = args->operands[1];
  float *out = args->operands[2];
  for (int i = begin * ROW; i < end * ROW; ++i)
    out[i] = a[i] * b[i];
}

/* out[0] = sum of a row-major map of args->operands[1][0] rows; one task */
void k_sum(const incc_args *args, int begin, int end) {
  const float *in = args->operands[0], *rows = args->operands[1];
  float *out = args->operands[2], sum = 0;
  for (int i = 0; i < (int)rows[0] * ROW; ++i)
    sum += in[i];
  if (begin < end)
    out[0] = sum;
}
