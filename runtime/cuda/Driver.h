/* The CUDA driver's functions that the runtime uses. Types and numbers are those of NVIDIA's
   cuda.h, which need not be there: the driver is opened when the first context is made. */
#ifndef INCC_RUNTIME_CUDA_DRIVER_H
#define INCC_RUNTIME_CUDA_DRIVER_H

#include "incc.h"

typedef int cu_result;
typedef int cu_device;
typedef unsigned long long cu_memory; /* an address in the GPU's memory */
typedef struct cu_context_object *cu_context;
typedef struct cu_module_object *cu_module;
typedef struct cu_function_object *cu_function;
typedef struct cu_stream_object *cu_stream;
typedef struct cu_event_object *cu_event;
typedef struct cu_graph_object *cu_graph;
typedef struct cu_node_object *cu_node;
typedef struct cu_executable_object *cu_executable;

enum {
  CU_SUCCESS = 0,
  CU_OUT_OF_MEMORY = 2,
  CU_NO_DEVICE = 100,
  CU_INVALID_DEVICE = 101,
  CU_INVALID_IMAGE = 200,
  CU_NO_BINARY_FOR_GPU = 209
};
enum { CU_ATTRIBUTE_CAPABILITY_MAJOR = 75, CU_ATTRIBUTE_CAPABILITY_MINOR = 76 };
enum { CU_FUNCTION_MAX_DYNAMIC_SHARED_BYTES = 8 };
enum { CU_JIT_ERROR_LOG_BUFFER = 5, CU_JIT_ERROR_LOG_BUFFER_BYTES = 6 };
enum { CU_POINTER_MEMORY_TYPE = 2, CU_MEMORY_TYPE_DEVICE = 2 };
enum { CU_STREAM_NON_BLOCKING = 1 };

/* CUDA_KERNEL_NODE_PARAMS. */
typedef struct cu_kernel_node {
  cu_function function;
  unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
  void **arguments;
  void **extra;
} cu_kernel_node;

/* Member, the driver's name for it, parameters. */
#define INCC_CUDA_FUNCTIONS(X)                                                                     \
  X(init, "cuInit", (unsigned flags))                                                              \
  X(error_name, "cuGetErrorName", (cu_result, const char **))                                      \
  X(error_text, "cuGetErrorString", (cu_result, const char **))                                    \
  X(device_count, "cuDeviceGetCount", (int *))                                                     \
  X(device_get, "cuDeviceGet", (cu_device *, int number))                                          \
  X(device_name, "cuDeviceGetName", (char *, int bytes, cu_device))                                \
  X(device_attribute, "cuDeviceGetAttribute", (int *, int attribute, cu_device))                   \
  X(context_retain, "cuDevicePrimaryCtxRetain", (cu_context *, cu_device))                         \
  X(context_release, "cuDevicePrimaryCtxRelease_v2", (cu_device))                                  \
  X(context_push, "cuCtxPushCurrent_v2", (cu_context))                                             \
  X(context_pop, "cuCtxPopCurrent_v2", (cu_context *))                                             \
  X(module_load, "cuModuleLoadDataEx",                                                             \
    (cu_module *, const void *image, unsigned num_options, int *options, void **values))           \
  X(module_unload, "cuModuleUnload", (cu_module))                                                  \
  X(module_function, "cuModuleGetFunction", (cu_function *, cu_module, const char *name))          \
  X(function_set, "cuFuncSetAttribute", (cu_function, int attribute, int value))                   \
  X(memory_allocate, "cuMemAlloc_v2", (cu_memory *, size_t bytes))                                 \
  X(memory_free, "cuMemFree_v2", (cu_memory))                                                      \
  X(copy_in, "cuMemcpyHtoD_v2", (cu_memory to, const void *from, size_t bytes))                    \
  X(copy, "cuMemcpyAsync", (cu_memory to, cu_memory from, size_t bytes, cu_stream))                \
  X(pointer_attribute, "cuPointerGetAttribute", (void *value, int attribute, cu_memory))           \
  X(stream_create, "cuStreamCreate", (cu_stream *, unsigned flags))                                \
  X(stream_destroy, "cuStreamDestroy_v2", (cu_stream))                                             \
  X(stream_wait, "cuStreamSynchronize", (cu_stream))                                               \
  X(event_create, "cuEventCreate", (cu_event *, unsigned flags))                                   \
  X(event_destroy, "cuEventDestroy_v2", (cu_event))                                                \
  X(event_record, "cuEventRecord", (cu_event, cu_stream))                                          \
  X(event_elapsed, "cuEventElapsedTime", (float *milliseconds, cu_event, cu_event))                \
  X(launch, "cuLaunchKernel",                                                                      \
    (cu_function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,             \
     unsigned block_y, unsigned block_z, unsigned shared_bytes, cu_stream, void **arguments,       \
     void **extra))                                                                                \
  X(graph_create, "cuGraphCreate", (cu_graph *, unsigned flags))                                   \
  X(graph_destroy, "cuGraphDestroy", (cu_graph))                                                   \
  X(graph_add_kernel, "cuGraphAddKernelNode",                                                      \
    (cu_node *, cu_graph, const cu_node *after, size_t num_after, const cu_kernel_node *))         \
  X(graph_add_empty, "cuGraphAddEmptyNode",                                                        \
    (cu_node *, cu_graph, const cu_node *after, size_t num_after))                                 \
  X(graph_instantiate, "cuGraphInstantiateWithFlags",                                              \
    (cu_executable *, cu_graph, unsigned long long flags))                                         \
  X(graph_launch, "cuGraphLaunch", (cu_executable, cu_stream))                                     \
  X(executable_destroy, "cuGraphExecDestroy", (cu_executable))

typedef struct incc_driver {
#define INCC_CUDA_MEMBER(member, name, parameters) cu_result(*member) parameters;
  INCC_CUDA_FUNCTIONS(INCC_CUDA_MEMBER)
#undef INCC_CUDA_MEMBER
} incc_driver;

/* Finds the driver and its functions, and starts it, once for the process. */
incc_status incc_open_driver(const incc_driver **driver);

/* The status of a call that the driver answered with `result`; for INCC_OK no text is made.
   `format` says what was tried: "load kernels". */
incc_status incc_driver_status(const incc_driver *driver, cu_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* INCC_RUNTIME_CUDA_DRIVER_H */
