/* Opens the CUDA driver. */
#include "cuda/CudaRuntime.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>

static const char library_name[] = "libcuda.so.1";

static incc_driver functions;

static incc_status find_functions(void *library) {
#define FIND(member, name, parameters)                                                             \
  if (!(*(void **)&functions.member = dlsym(library, name)))                                       \
    return incc_fail(INCC_NO_DEVICE,                                                               \
                     "the CUDA driver is too old: %s lacks %s (CUDA 11.4 or newer "                \
                     "is needed)",                                                                 \
                     library_name, name);
  INCC_CUDA_FUNCTIONS(FIND)
#undef FIND
  return INCC_OK;
}

static incc_status start(void *library) {
  incc_status status = find_functions(library);
  return status ? status
                : incc_driver_status(&functions, functions.init(0), "start the CUDA driver");
}

incc_status incc_open_driver(const incc_driver **driver) {
  *driver = &functions;
  return incc_open_library(library_name, "CUDA driver", start);
}

incc_status incc_driver_status(const incc_driver *driver, cu_result result, const char *format,
                               ...) {
  if (result == CU_SUCCESS)
    return INCC_OK;
  char tried[160];
  va_list args;
  va_start(args, format);
  vsnprintf(tried, sizeof tried, format, args);
  va_end(args);
  const char *name = NULL, *text = NULL;
  if (driver->error_name(result, &name) || !name)
    name = "an error that it has no name for";
  if (driver->error_text(result, &text) || !text)
    text = "unknown error";
  incc_status status = result == CU_OUT_OF_MEMORY                              ? INCC_OUT_OF_MEMORY
                       : result == CU_NO_DEVICE || result == CU_INVALID_DEVICE ? INCC_NO_DEVICE
                                                                               : INCC_DEVICE_FAILED;
  return incc_fail(status, "can't %s: %s (%s, %d)", tried, text, name, result);
}
