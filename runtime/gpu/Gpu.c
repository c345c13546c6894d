/* The driver's library, devices that have users, and what a model for a GPU does not offer. */
#include "gpu/Gpu.h"
#include <dlfcn.h>
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int is_open;
static incc_device *devices; /* that have users */

/* Called by incc_load_device, under the mutex. */
incc_status incc_open_library(const char *name, const char *what,
                              incc_status (*start)(void *library)) {
  if (is_open)
    return INCC_OK;
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return incc_fail(INCC_NO_DEVICE, "no %s: %s", what, reason ? reason : name);
  }
  incc_status status = start(library);
  if (status)
    dlclose(library);
  else
    is_open = 1;
  return status;
}

/* It is the first member, whatever kind of device that is. */
static incc_shared_device *shared(incc_device *device) {
  return (incc_shared_device *)(void *)device;
}

incc_status incc_acquire_device(const incc_program *program, int number, incc_device **out) {
  incc_status status = INCC_OK;
  pthread_mutex_lock(&mutex);
  incc_device *device = devices;
  while (device && shared(device)->number != number)
    device = shared(device)->next;
  if (!device && !(status = incc_load_device(program, number, &device))) {
    shared(device)->next = devices;
    devices = device;
  }
  if (!status) {
    ++shared(device)->users;
    *out = device;
  }
  pthread_mutex_unlock(&mutex);
  return status;
}

void incc_release_device(incc_device *device) {
  if (!device)
    return;
  pthread_mutex_lock(&mutex);
  if (--shared(device)->users == 0) {
    incc_device **link = &devices;
    while (*link != device)
      link = &shared(*link)->next;
    *link = shared(device)->next;
    incc_unload_device(device);
  }
  pthread_mutex_unlock(&mutex);
}

incc_status incc_run_in(const incc_program *program, void *workspace, const float *const *inputs,
                        float *const *outputs) {
  return incc_fail(INCC_BAD_ARGUMENT,
                   "a model for a GPU runs in a context: use %s_create and %s_run",
                   program->model->name, program->model->name);
}

/* The host's: a run is of one. */
int incc_num_threads(const incc_ctx *ctx) { return ctx ? 1 : 0; }
