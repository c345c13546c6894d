/* Opens OpenCL. */
#include "opencl/OpenClRuntime.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static const char library_name[] = "libOpenCL.so.1";

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static incc_driver functions;
static int is_open;

static incc_status find_functions(void *library) {
#define FIND(result, member, name, parameters)                                                     \
  if (!(*(void **)&functions.member = dlsym(library, name)))                                       \
    return incc_fail(INCC_NO_DEVICE, "OpenCL is too old: %s lacks %s", library_name, name);
  INCC_OPENCL_FUNCTIONS(FIND)
#undef FIND
  return INCC_OK;
}

/* It stays loaded: drivers do not survive being closed. */
static incc_status open_driver(void) {
  void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return incc_fail(INCC_NO_DEVICE, "no OpenCL: %s", reason ? reason : library_name);
  }
  incc_status status = find_functions(library);
  if (status)
    dlclose(library);
  else
    is_open = 1;
  return status;
}

incc_status incc_open_driver(const incc_driver **driver) {
  pthread_mutex_lock(&mutex);
  incc_status status = is_open ? INCC_OK : open_driver();
  pthread_mutex_unlock(&mutex);
  *driver = &functions;
  return status;
}

/* OpenCL has no function that names its errors. */
static const struct {
  cl_result result;
  const char *name;
  incc_status status;
} errors[] = {
    {CL_DEVICE_NOT_FOUND, "device not found", INCC_NO_DEVICE},
    {CL_NO_PLATFORM, "no driver is installed", INCC_NO_DEVICE},
    {CL_MEMORY_ALLOCATION_FAILURE, "no memory for an object", INCC_OUT_OF_MEMORY},
    {CL_OUT_OF_RESOURCES, "out of resources", INCC_OUT_OF_MEMORY},
    {CL_OUT_OF_HOST_MEMORY, "out of host memory", INCC_OUT_OF_MEMORY},
    {CL_INVALID_BUFFER_BYTES, "larger than the device's buffers may be", INCC_OUT_OF_MEMORY},
    {CL_BUILD_FAILURE, "compiling failed", INCC_DEVICE_FAILED},
    {CL_INVALID_WORK_GROUP_SIZE, "work-group too large", INCC_DEVICE_FAILED},
};

incc_status incc_driver_status(cl_result result, const char *format, ...) {
  if (result == CL_OK)
    return INCC_OK;
  char tried[240];
  va_list args;
  va_start(args, format);
  vsnprintf(tried, sizeof tried, format, args);
  va_end(args);
  for (size_t i = 0; i < sizeof errors / sizeof *errors; ++i)
    if (errors[i].result == result)
      return incc_fail(errors[i].status, "can't %s: %s (OpenCL error %d)", tried, errors[i].name,
                       result);
  return incc_fail(INCC_DEVICE_FAILED, "can't %s: OpenCL error %d", tried, result);
}
