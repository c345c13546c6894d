/* What the files of the runtime for OpenCL offer each other. */
#ifndef INCC_RUNTIME_OPENCL_OPENCLRUNTIME_H
#define INCC_RUNTIME_OPENCL_OPENCLRUNTIME_H

#include "gpu/Gpu.h"
#include "opencl/Driver.h"

/* Device.c */
struct incc_device {
  incc_shared_device shared;
  const incc_driver *driver;
  cl_device handle;
  cl_context context;
  char name[96];
  cl_program *programs; /* of each image */
  cl_memory weights;
};

/* A buffer in the device's memory, of one byte at least; with `bytes` of content if given. */
incc_status incc_create_memory(const incc_device *device, uint64_t flags, uint64_t bytes,
                               const void *content, const char *what, cl_memory *memory);

struct incc_ctx {
  incc_state state;
  incc_device *device;
  cl_memory arena;
  cl_memory *arrays;  /* of inputs and outputs */
  cl_kernel *kernels; /* of each step, with its arguments: those of a shared one would be overwritten */
  cl_event *events;   /* of each step of a measured run */
  cl_queue queue, measuring_queue; /* the second is there from the first measured run on */
};

#endif /* INCC_RUNTIME_OPENCL_OPENCLRUNTIME_H */
