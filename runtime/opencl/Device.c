/* OpenCL devices: compiles a model's kernels and copies its weights, once for all contexts. */
#include "opencl/OpenClRuntime.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_PLATFORMS = 16, MOST_DEVICES = 64 };

typedef struct device_list {
  cl_device devices[MOST_DEVICES];
  uint32_t count;
} device_list;

/* Adds a platform's devices. One that can't be asked, or has none, is passed over. */
static void add_devices(const incc_driver *cl, cl_platform platform, device_list *gpus,
                        device_list *others) {
  cl_device devices[MOST_DEVICES];
  uint32_t found = 0;
  if (cl->devices(platform, CL_TYPE_ALL, MOST_DEVICES, devices, &found))
    return;
  for (uint32_t i = 0; i < found && i < MOST_DEVICES; ++i) {
    uint64_t type = 0;
    if (cl->device_info(devices[i], CL_INFO_TYPE, sizeof type, &type, NULL))
      continue;
    device_list *list = type & CL_TYPE_GPU ? gpus : others;
    if (list->count < MOST_DEVICES)
      list->devices[list->count++] = devices[i];
  }
}

/* Devices are counted through all platforms, GPUs first. */
static incc_status find_device(incc_device *device) {
  const incc_driver *cl = device->driver;
  cl_platform platforms[MOST_PLATFORMS];
  device_list gpus = {{0}, 0}, others = {{0}, 0};
  uint32_t num_platforms = 0;
  incc_status status = incc_driver_status(cl->platforms(MOST_PLATFORMS, platforms, &num_platforms),
                                          "list OpenCL's platforms");
  if (status)
    return status;
  for (uint32_t p = 0; p < num_platforms && p < MOST_PLATFORMS; ++p)
    add_devices(cl, platforms[p], &gpus, &others);
  uint32_t count = gpus.count + others.count, number = (uint32_t)device->shared.number;
  if (device->shared.number < 0 || number >= count)
    return incc_fail(INCC_NO_DEVICE, "options.device is %d, there are %u OpenCL devices",
                     device->shared.number, count);
  device->handle =
      number < gpus.count ? gpus.devices[number] : others.devices[number - gpus.count];
  return INCC_OK;
}

/* PoCL and others accept what the device can't run: the limits are asked for. */
static incc_status check_limits(const incc_program *program, incc_device *device) {
  const incc_driver *cl = device->driver;
  size_t most_threads = 0;
  uint64_t most_bytes = 0;
  cl_result result =
      cl->device_info(device->handle, CL_INFO_NAME, sizeof device->name, device->name, NULL);
  if (result)
    strcpy(device->name, "a device with a long name");
  if ((result = cl->device_info(device->handle, CL_INFO_MAX_WORK_GROUP, sizeof most_threads,
                                &most_threads, NULL)) ||
      (result = cl->device_info(device->handle, CL_INFO_LOCAL_BYTES, sizeof most_bytes, &most_bytes,
                                NULL)))
    return incc_driver_status(result, "ask about %s", device->name);
  for (int64_t i = 0; i < program->model->num_steps; ++i) {
    const incc_launch *launch = &incc_this_device_code.launches[i];
    if (launch->threads > most_threads || launch->shared_bytes > most_bytes)
      return incc_fail(INCC_NO_DEVICE,
                       "%s has work-groups of %zu and %llu bytes of local memory; the model needs "
                       "%u and %u bytes",
                       device->name, most_threads, (unsigned long long)most_bytes, launch->threads,
                       launch->shared_bytes);
  }
  return INCC_OK;
}

static incc_status open_device(const incc_program *program, incc_device *device) {
  incc_status status = find_device(device);
  if (status || (status = check_limits(program, device)))
    return status;
  cl_result result = CL_OK;
  cl_context context = device->driver->context_create(NULL, 1, &device->handle, NULL, NULL, &result);
  if (!result)
    device->context = context;
  return incc_driver_status(result, "make a context on %s", device->name);
}

/* With the first words of what the compiler said. */
static incc_status build_failed(const incc_device *device, cl_program program, cl_result result) {
  size_t bytes = 0;
  char *log = NULL;
  if (!device->driver->build_info(program, device->handle, CL_BUILD_LOG, 0, NULL, &bytes))
    log = calloc(bytes + 1, 1);
  if (log)
    device->driver->build_info(program, device->handle, CL_BUILD_LOG, bytes, log, NULL);
  incc_status status = incc_driver_status(result, "compile kernels on %.60s: %.120s", device->name,
                                          log && *log ? log : "its compiler says nothing");
  free(log);
  return status;
}

static incc_status build_programs(incc_device *device) {
  const incc_device_code *code = &incc_this_device_code;
  const incc_driver *cl = device->driver;
  device->programs = calloc(code->num_images + 1u, sizeof *device->programs);
  if (!device->programs)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a list of kernels");
  for (uint32_t i = 0; i < code->num_images; ++i) {
    const char *text = code->images[i].text;
    cl_result result = CL_OK;
    cl_program program = cl->program_create(device->context, 1, &text, NULL, &result);
    if (result)
      return incc_driver_status(result, "load kernels on %s", device->name);
    device->programs[i] = program;
    if ((result = cl->program_build(program, 1, &device->handle, "", NULL, NULL)))
      return build_failed(device, program, result);
  }
  return INCC_OK;
}

incc_status incc_create_memory(const incc_device *device, uint64_t flags, uint64_t bytes,
                               const void *content, const char *what, cl_memory *memory) {
  cl_result result = CL_OK;
  if (content)
    flags |= CL_COPY_HOST;
  cl_memory created = device->driver->memory_create(device->context, flags, bytes ? bytes : 1,
                                                    (void *)(uintptr_t)content, &result);
  if (!result)
    *memory = created;
  return incc_driver_status(result, "have %llu bytes for %s on %s", (unsigned long long)bytes, what,
                            device->name);
}

incc_status incc_load_device(const incc_program *program, int number, incc_device **out) {
  const incc_driver *driver;
  incc_status status = incc_open_driver(&driver);
  if (status)
    return status;
  incc_device *device = calloc(1, sizeof *device);
  if (!device)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for OpenCL device %d", number);
  device->driver = driver;
  device->shared.number = number;
  uint64_t bytes = program->model->weights_bytes;
  if ((status = open_device(program, device)) || (status = build_programs(device)) ||
      (status = incc_create_memory(device, CL_READ_ONLY, bytes, bytes ? program->weights : NULL,
                                   "weights", &device->weights)))
    incc_unload_device(device);
  else
    *out = device;
  return status;
}

void incc_unload_device(incc_device *device) {
  const incc_driver *cl = device->driver;
  if (device->weights)
    cl->memory_release(device->weights);
  for (uint32_t i = 0; device->programs && i < incc_this_device_code.num_images; ++i)
    if (device->programs[i])
      cl->program_release(device->programs[i]);
  if (device->context)
    cl->context_release(device->context);
  free(device->programs);
  free(device);
}
