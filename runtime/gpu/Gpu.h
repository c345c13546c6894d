/* What the runtimes for GPUs have in common: each of CUDA and OpenCL defines incc_device and the
   functions that load and unload one. */
#ifndef INCC_RUNTIME_GPU_GPU_H
#define INCC_RUNTIME_GPU_GPU_H

#include "Runtime.h"
#include "gpu/DeviceCode.h"

/* A GPU with the model's kernels and weights, which all contexts on it share. */
typedef struct incc_device incc_device;

/* The first member of every incc_device. */
typedef struct incc_shared_device {
  int number, users;
  incc_device *next;
} incc_shared_device;

/* Opens a driver's library, called `what` in errors, and hands it to `start`, once: drivers do not survive
   being closed. What fails may be tried again. */
incc_status incc_open_library(const char *name, const char *what,
                              incc_status (*start)(void *library));

/* The device by its number; the first caller loads kernels and weights. */
incc_status incc_acquire_device(const incc_program *program, int number, incc_device **device);
/* The last caller unloads them. NULL is passed over. */
void incc_release_device(incc_device *device);

/* Loads a device, or fails and leaves nothing behind. */
incc_status incc_load_device(const incc_program *program, int number, incc_device **device);
void incc_unload_device(incc_device *device);

/* Inputs, then outputs. */
static inline int64_t incc_num_arrays(const incc_model_desc *model) {
  return model->num_inputs + model->num_outputs;
}
static inline uint64_t incc_array_bytes(const incc_model_desc *model, int64_t i) {
  const incc_tensor_desc *array =
      i < model->num_inputs ? &model->inputs[i] : &model->outputs[i - model->num_inputs];
  return (uint64_t)array->elements * sizeof(float);
}

#endif /* INCC_RUNTIME_GPU_GPU_H */
