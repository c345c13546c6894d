// OpenCL with calls that fail: passes every call on to the library of that name that is installed, but
// for the one whose number it was told, and counts the objects that are alive.
#include "opencl/Driver.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { kFailure = -9999 };

static int calls, failing_call, alive;

/* Lets call number `call` fail from now on; none: 0. */
void failing_start(int call) {
  calls = 0;
  failing_call = call;
}
int failing_calls(void) { return calls; }
int failing_alive(void) { return alive; }

static void *real(const char *name) {
  static const char *const paths[] = {"/usr/lib/x86_64-linux-gnu/libOpenCL.so.1",
                                      "/usr/lib64/libOpenCL.so.1", "/usr/lib/libOpenCL.so.1"};
  static void *library;
  for (int i = 0; i < 3 && !library; ++i)
    library = dlopen(paths[i], RTLD_NOW | RTLD_LOCAL);
  void *function = library ? dlsym(library, name) : NULL;
  if (!function) {
    fprintf(stderr, "no %s to pass calls on to\n", name);
    exit(1);
  }
  return function;
}

static int fails(void) { return ++calls == failing_call; }

#define CALL(name, types, arguments)                                                               \
  cl_result name types {                                                                           \
    typedef cl_result(*function) types;                                                            \
    return fails() ? kFailure : ((function)real(#name))arguments;                                  \
  }

/* Functions that make an object report errors by their last argument. */
#define CREATE(type, name, types, arguments)                                                       \
  type name types {                                                                                \
    typedef type(*function) types;                                                                 \
    if (fails()) {                                                                                 \
      *result = kFailure;                                                                          \
      return NULL;                                                                                 \
    }                                                                                              \
    type created = ((function)real(#name))arguments;                                               \
    alive += *result == CL_OK;                                                                     \
    return created;                                                                                \
  }

#define RELEASE(type, name)                                                                        \
  cl_result name(type object) {                                                                    \
    --alive;                                                                                       \
    return ((cl_result(*)(type))real(#name))(object);                                              \
  }

CALL(clGetPlatformIDs, (uint32_t a, cl_platform *b, uint32_t *c), (a, b, c))
CALL(clGetDeviceIDs, (cl_platform a, uint64_t b, uint32_t c, cl_device *d, uint32_t *e),
     (a, b, c, d, e))
CREATE(cl_context, clCreateContext,
       (const intptr_t *a, uint32_t b, const cl_device *c,
        void (*d)(const char *, const void *, size_t, void *), void *e, cl_result *result),
       (a, b, c, d, e, result))
CREATE(cl_queue, clCreateCommandQueue, (cl_context a, cl_device b, uint64_t c, cl_result *result),
       (a, b, c, result))
CREATE(cl_memory, clCreateBuffer,
       (cl_context a, uint64_t b, size_t c, void *d, cl_result *result), (a, b, c, d, result))
CREATE(cl_program, clCreateProgramWithSource,
       (cl_context a, uint32_t b, const char **c, const size_t *d, cl_result *result),
       (a, b, c, d, result))
CREATE(cl_kernel, clCreateKernel, (cl_program a, const char *b, cl_result *result), (a, b, result))
CALL(clBuildProgram,
     (cl_program a, uint32_t b, const cl_device *c, const char *d, void (*e)(cl_program, void *),
      void *f),
     (a, b, c, d, e, f))
CALL(clGetProgramBuildInfo,
     (cl_program a, cl_device b, uint32_t c, size_t d, void *e, size_t *f), (a, b, c, d, e, f))
CALL(clGetKernelWorkGroupInfo,
     (cl_kernel a, cl_device b, uint32_t c, size_t d, void *e, size_t *f), (a, b, c, d, e, f))
CALL(clSetKernelArg, (cl_kernel a, uint32_t b, size_t c, const void *d), (a, b, c, d))
CALL(clEnqueueWriteBuffer,
     (cl_queue a, cl_memory b, uint32_t c, size_t d, size_t e, const void *f, uint32_t g,
      const cl_event *h, cl_event *i),
     (a, b, c, d, e, f, g, h, i))
CALL(clEnqueueReadBuffer,
     (cl_queue a, cl_memory b, uint32_t c, size_t d, size_t e, void *f, uint32_t g,
      const cl_event *h, cl_event *i),
     (a, b, c, d, e, f, g, h, i))
CALL(clFinish, (cl_queue a), (a))
CALL(clGetEventProfilingInfo, (cl_event a, uint32_t b, size_t c, void *d, size_t *e),
     (a, b, c, d, e))
RELEASE(cl_context, clReleaseContext)
RELEASE(cl_queue, clReleaseCommandQueue)
RELEASE(cl_memory, clReleaseMemObject)
RELEASE(cl_program, clReleaseProgram)
RELEASE(cl_kernel, clReleaseKernel)
RELEASE(cl_event, clReleaseEvent)

/* A device's name is only for messages. */
cl_result clGetDeviceInfo(cl_device a, uint32_t what, size_t c, void *d, size_t *e) {
  typedef cl_result (*function)(cl_device, uint32_t, size_t, void *, size_t *);
  return what != CL_INFO_NAME && fails() ? kFailure : ((function)real(__func__))(a, what, c, d, e);
}

cl_result clEnqueueNDRangeKernel(cl_queue a, cl_kernel b, uint32_t c, const size_t *d,
                                 const size_t *e, const size_t *f, uint32_t g, const cl_event *h,
                                 cl_event *event) {
  typedef cl_result (*function)(cl_queue, cl_kernel, uint32_t, const size_t *, const size_t *,
                                const size_t *, uint32_t, const cl_event *, cl_event *);
  if (fails())
    return kFailure;
  cl_result result = ((function)real(__func__))(a, b, c, d, e, f, g, h, event);
  alive += event && result == CL_OK;
  return result;
}
