/* The tables of a model for a GPU, beside incc_program: backends/llvm/LibraryTables.cpp writes
 * them. */
#ifndef INCC_RUNTIME_GPU_DEVICECODE_H
#define INCC_RUNTIME_GPU_DEVICECODE_H

#include <stdint.h>

/* Kernels that are loaded together. */
typedef struct incc_image {
  const char *text;  /* PTX, or OpenCL C */
  const char *cubin; /* CUDA: the same as machine code of one kind of GPU, or NULL */
} incc_image;

typedef struct incc_device_kernel {
  const char *name;
  uint64_t image;
} incc_device_kernel;

/* How a step runs: its tasks are the blocks (OpenCL: the work-groups). */
typedef struct incc_launch {
  uint32_t kernel;
  uint32_t threads;
  uint32_t shared_bytes;
} incc_launch;

typedef struct incc_device_code {
  const incc_image *images;
  const incc_device_kernel *kernels;
  const incc_launch *launches; /* of each step */
  uint32_t num_images;
  uint32_t num_kernels;
  uint64_t compute_capability; /* CUDA: that the GPU has at least, 80 for 8.0 */
} incc_device_code;

extern const incc_device_code incc_this_device_code;

#endif /* INCC_RUNTIME_GPU_DEVICECODE_H */
