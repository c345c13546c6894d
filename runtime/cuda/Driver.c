/* Opens the CUDA driver. */
#include "cuda/CudaRuntime.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static const char library_name[] = "libcuda.so.1";

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static incc_driver functions;
static int is_open;

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

/* The driver stays loaded: it does not survive being closed. */
static incc_status open_driver(void) {
  void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return incc_fail(INCC_NO_DEVICE, "no CUDA driver: %s", reason ? reason : library_name);
  }
  incc_status status = find_functions(library);
  if (!status)
    status = incc_driver_status(&functions, functions.init(0), "start the CUDA driver");
  if (status) {
    dlclose(library);
    return status;
  }
  is_open = 1;
  return INCC_OK;
}

incc_status incc_open_driver(const incc_driver **driver) {
  pthread_mutex_lock(&mutex);
  incc_status status = is_open ? INCC_OK : open_driver();
  pthread_mutex_unlock(&mutex);
  *driver = &functions;
  return status;
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
