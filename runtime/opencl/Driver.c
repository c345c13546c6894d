/* Opens OpenCL. */
#include "opencl/OpenClRuntime.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>

static const char library_name[] = "libOpenCL.so.1";

static incc_driver functions;

static incc_status find_functions(void *library) {
#define FIND(result, member, name, parameters)                                                     \
  if (!(*(void **)&functions.member = dlsym(library, name)))                                       \
    return incc_fail(INCC_NO_DEVICE, "OpenCL is too old: %s lacks %s", library_name, name);
  INCC_OPENCL_FUNCTIONS(FIND)
#undef FIND
  return INCC_OK;
}

incc_status incc_open_driver(const incc_driver **driver) {
  *driver = &functions;
  return incc_open_library(library_name, "OpenCL", find_functions);
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
