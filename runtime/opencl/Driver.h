/* The OpenCL functions that the runtime uses. Types and numbers are those of Khronos' cl.h, which
   need not be there: the library is opened when the first context is made. */
#ifndef INCC_RUNTIME_OPENCL_DRIVER_H
#define INCC_RUNTIME_OPENCL_DRIVER_H

#include "incc.h"

typedef int32_t cl_result;
typedef struct cl_platform_object *cl_platform;
typedef struct cl_device_object *cl_device;
typedef struct cl_context_object *cl_context;
typedef struct cl_queue_object *cl_queue;
typedef struct cl_memory_object *cl_memory;
typedef struct cl_program_object *cl_program;
typedef struct cl_kernel_object *cl_kernel;
typedef struct cl_event_object *cl_event;

enum {
  CL_OK = 0,
  CL_DEVICE_NOT_FOUND = -1,
  CL_MEMORY_ALLOCATION_FAILURE = -4,
  CL_OUT_OF_RESOURCES = -5,
  CL_OUT_OF_HOST_MEMORY = -6,
  CL_BUILD_FAILURE = -11,
  CL_INVALID_WORK_GROUP_SIZE = -54,
  CL_INVALID_BUFFER_BYTES = -61,
  CL_NO_PLATFORM = -1001
};
enum { CL_TYPE_GPU = 4 };
#define CL_TYPE_ALL 0xFFFFFFFFu
enum {
  CL_INFO_TYPE = 0x1000,
  CL_INFO_MAX_WORK_GROUP = 0x1004,
  CL_INFO_LOCAL_BYTES = 0x1023,
  CL_INFO_NAME = 0x102B
};
enum { CL_KERNEL_WORK_GROUP = 0x11B0 };
enum { CL_BUILD_LOG = 0x1183 };
enum { CL_READ_WRITE = 1, CL_READ_ONLY = 4, CL_COPY_HOST = 32 };
enum { CL_QUEUE_PROFILING = 2 };
enum { CL_EVENT_START = 0x1282, CL_EVENT_END = 0x1283 };

/* Result, member, OpenCL's name for it, parameters. */
#define INCC_OPENCL_FUNCTIONS(X)                                                                   \
  X(cl_result, platforms, "clGetPlatformIDs", (uint32_t most, cl_platform *, uint32_t *count))     \
  X(cl_result, devices, "clGetDeviceIDs",                                                          \
    (cl_platform, uint64_t types, uint32_t most, cl_device *, uint32_t *count))                    \
  X(cl_result, device_info, "clGetDeviceInfo",                                                     \
    (cl_device, uint32_t what, size_t bytes, void *, size_t *))                                    \
  X(cl_context, context_create, "clCreateContext",                                                 \
    (const intptr_t *properties, uint32_t count, const cl_device *,                                \
     void (*notify)(const char *, const void *, size_t, void *), void *user, cl_result *))         \
  X(cl_result, context_release, "clReleaseContext", (cl_context))                                  \
  X(cl_queue, queue_create, "clCreateCommandQueue",                                                \
    (cl_context, cl_device, uint64_t properties, cl_result *))                                     \
  X(cl_result, queue_release, "clReleaseCommandQueue", (cl_queue))                                 \
  X(cl_memory, memory_create, "clCreateBuffer",                                                    \
    (cl_context, uint64_t flags, size_t bytes, void *, cl_result *))                               \
  X(cl_result, memory_release, "clReleaseMemObject", (cl_memory))                                  \
  X(cl_program, program_create, "clCreateProgramWithSource",                                       \
    (cl_context, uint32_t count, const char **texts, const size_t *lengths, cl_result *))          \
  X(cl_result, program_build, "clBuildProgram",                                                    \
    (cl_program, uint32_t count, const cl_device *, const char *options,                           \
     void (*notify)(cl_program, void *), void *user))                                              \
  X(cl_result, build_info, "clGetProgramBuildInfo",                                                \
    (cl_program, cl_device, uint32_t what, size_t bytes, void *, size_t *))                        \
  X(cl_result, program_release, "clReleaseProgram", (cl_program))                                  \
  X(cl_kernel, kernel_create, "clCreateKernel", (cl_program, const char *name, cl_result *))       \
  X(cl_result, kernel_release, "clReleaseKernel", (cl_kernel))                                     \
  X(cl_result, kernel_group_info, "clGetKernelWorkGroupInfo",                                      \
    (cl_kernel, cl_device, uint32_t what, size_t bytes, void *, size_t *))                         \
  X(cl_result, set_argument, "clSetKernelArg",                                                     \
    (cl_kernel, uint32_t index, size_t bytes, const void *))                                       \
  X(cl_result, write, "clEnqueueWriteBuffer",                                                      \
    (cl_queue, cl_memory, uint32_t waits, size_t offset, size_t bytes, const void *,               \
     uint32_t num_after, const cl_event *after, cl_event *))                                       \
  X(cl_result, read, "clEnqueueReadBuffer",                                                        \
    (cl_queue, cl_memory, uint32_t waits, size_t offset, size_t bytes, void *, uint32_t num_after, \
     const cl_event *after, cl_event *))                                                           \
  X(cl_result, launch, "clEnqueueNDRangeKernel",                                                   \
    (cl_queue, cl_kernel, uint32_t dimensions, const size_t *offset, const size_t *global,         \
     const size_t *local, uint32_t num_after, const cl_event *after, cl_event *))                  \
  X(cl_result, finish, "clFinish", (cl_queue))                                                     \
  X(cl_result, event_time, "clGetEventProfilingInfo",                                              \
    (cl_event, uint32_t what, size_t bytes, void *, size_t *))                                     \
  X(cl_result, event_release, "clReleaseEvent", (cl_event))

typedef struct incc_driver {
#define INCC_OPENCL_MEMBER(result, member, name, parameters) result(*member) parameters;
  INCC_OPENCL_FUNCTIONS(INCC_OPENCL_MEMBER)
#undef INCC_OPENCL_MEMBER
} incc_driver;

/* Finds OpenCL and its functions, once for the process. */
incc_status incc_open_driver(const incc_driver **driver);

/* The status of a call that OpenCL answered with `result`; for INCC_OK no text is made. `format`
   says what was tried: "load kernels". */
incc_status incc_driver_status(cl_result result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* INCC_RUNTIME_OPENCL_DRIVER_H */
