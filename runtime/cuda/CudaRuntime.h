/* What the files of the runtime for CUDA offer each other. */
#ifndef INCC_RUNTIME_CUDA_CUDARUNTIME_H
#define INCC_RUNTIME_CUDA_CUDARUNTIME_H

#include "cuda/Driver.h"
#include "gpu/Gpu.h"

/* Device.c */
struct incc_device {
  incc_shared_device shared;
  const incc_driver *driver;
  cu_device handle;
  cu_context context;
  char name[96];
  cu_module *modules;     /* of each image */
  cu_function *functions; /* of each kernel */
  cu_memory weights;
};

/* Makes the device's context current, until it is popped: the caller may have one of its own. */
incc_status incc_enter_device(const incc_device *device);
void incc_leave_device(const incc_device *device);

struct incc_ctx {
  incc_state state;
  incc_device *device;
  cu_memory memory;     /* the arena, then the inputs and outputs */
  cu_memory *addresses; /* of all operands of all steps */
  void **arguments;     /* where the addresses of a step's operands lie */
  cu_memory *arrays;    /* of inputs and outputs */
  cu_stream stream;
  int owns_stream;
  cu_executable executable; /* all steps, made once */
  cu_event *events;         /* before the first step and after each */
};

/* Run.c */
/* Builds the graph of all steps. */
incc_status incc_build_graph(incc_ctx *ctx);

#endif /* INCC_RUNTIME_CUDA_CUDARUNTIME_H */
