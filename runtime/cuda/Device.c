/* GPUs: loads a model's kernels and weights, once for all contexts. */
#include "cuda/CudaRuntime.h"
#include <stdlib.h>

static incc_status check_capability(incc_device *device) {
  const incc_driver *cu = device->driver;
  int major = 0, minor = 0, needed = (int)incc_this_device_code.compute_capability;
  cu_result result = cu->device_name(device->name, sizeof device->name, device->handle);
  if (!result)
    result = cu->device_attribute(&major, CU_ATTRIBUTE_CAPABILITY_MAJOR, device->handle);
  if (!result)
    result = cu->device_attribute(&minor, CU_ATTRIBUTE_CAPABILITY_MINOR, device->handle);
  if (result)
    return incc_driver_status(cu, result, "ask about GPU %d", device->shared.number);
  if (10 * major + minor < needed)
    return incc_fail(INCC_NO_DEVICE,
                     "GPU %d (%s) has compute capability %d.%d, the model was compiled for %d.%d",
                     device->shared.number, device->name, major, minor, needed / 10, needed % 10);
  return INCC_OK;
}

static incc_status open_device(incc_device *device) {
  const incc_driver *cu = device->driver;
  int count = 0;
  incc_status status = incc_driver_status(cu, cu->device_count(&count), "count GPUs");
  if (status)
    return status;
  if (device->shared.number < 0 || device->shared.number >= count)
    return incc_fail(INCC_NO_DEVICE, "options.device is %d, there are %d GPUs", device->shared.number,
                     count);
  if ((status = incc_driver_status(cu, cu->device_get(&device->handle, device->shared.number),
                                   "open GPU %d", device->shared.number)) ||
      (status = check_capability(device)))
    return status;
  cu_context context;
  status = incc_driver_status(cu, cu->context_retain(&context, device->handle),
                              "make a context on GPU %d (%s)", device->shared.number, device->name);
  if (!status)
    device->context = context;
  return status;
}

/* Machine code if it is for this GPU, else PTX, which the driver compiles. */
static incc_status load_image(incc_device *device, const incc_image *image, cu_module *module) {
  const incc_driver *cu = device->driver;
  cu_result result = CU_NO_BINARY_FOR_GPU;
  if (image->cubin)
    result = cu->module_load(module, image->cubin, 0, NULL, NULL);
  if (result != CU_NO_BINARY_FOR_GPU && result != CU_INVALID_IMAGE)
    return incc_driver_status(cu, result, "load kernels on %s", device->name);
  char log[160] = "";
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_BYTES};
  void *values[] = {log, (void *)(uintptr_t)(sizeof log - 1)};
  result = cu->module_load(module, image->text, 2, options, values);
  return incc_driver_status(cu, result, "load kernels on %s%s%.80s", device->name,
                            log[0] ? ": " : "", log);
}

static incc_status load_kernels(incc_device *device) {
  const incc_device_code *code = &incc_this_device_code;
  const incc_driver *cu = device->driver;
  device->modules = calloc(code->num_images + 1u, sizeof *device->modules);
  device->functions = calloc(code->num_kernels + 1u, sizeof *device->functions);
  if (!device->modules || !device->functions)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for a list of kernels");
  incc_status status;
  for (uint32_t i = 0; i < code->num_images; ++i) {
    cu_module module = NULL;
    if ((status = load_image(device, &code->images[i], &module)))
      return status;
    device->modules[i] = module;
  }
  for (uint32_t i = 0; i < code->num_kernels; ++i) {
    const incc_device_kernel *kernel = &code->kernels[i];
    if ((status =
             incc_driver_status(cu,
                                cu->module_function(&device->functions[i],
                                                    device->modules[kernel->image], kernel->name),
                                "find kernel %s", kernel->name)))
      return status;
  }
  return INCC_OK;
}

/* More than 48 KB of shared memory must be asked for. */
static incc_status allow_shared_memory(const incc_program *program, incc_device *device) {
  for (int64_t i = 0; i < program->model->num_steps; ++i) {
    const incc_launch *launch = &incc_this_device_code.launches[i];
    if (launch->shared_bytes <= 48u << 10)
      continue;
    incc_status status = incc_driver_status(
        device->driver,
        device->driver->function_set(device->functions[launch->kernel],
                                     CU_FUNCTION_MAX_DYNAMIC_SHARED_BYTES,
                                     (int)launch->shared_bytes),
        "have %u bytes of shared memory on %s", launch->shared_bytes, device->name);
    if (status)
      return status;
  }
  return INCC_OK;
}

static incc_status upload_weights(const incc_program *program, incc_device *device) {
  const incc_driver *cu = device->driver;
  uint64_t bytes = program->model->weights_bytes;
  if (!bytes)
    return INCC_OK;
  cu_memory weights;
  incc_status status = incc_driver_status(cu, cu->memory_allocate(&weights, bytes),
                                          "have %llu bytes for weights on %s",
                                          (unsigned long long)bytes, device->name);
  if (status)
    return status;
  device->weights = weights;
  return incc_driver_status(cu, cu->copy_in(weights, program->weights, bytes), "copy weights to %s",
                            device->name);
}

incc_status incc_enter_device(const incc_device *device) {
  return incc_driver_status(device->driver, device->driver->context_push(device->context),
                            "enter a context on %s", device->name);
}

void incc_leave_device(const incc_device *device) {
  cu_context popped;
  device->driver->context_pop(&popped);
}

/* Undoes what was done, in reverse. */
void incc_unload_device(incc_device *device) {
  const incc_driver *cu = device->driver;
  if (device->context && !cu->context_push(device->context)) {
    if (device->weights)
      cu->memory_free(device->weights);
    for (uint32_t i = 0; device->modules && i < incc_this_device_code.num_images; ++i)
      if (device->modules[i])
        cu->module_unload(device->modules[i]);
    incc_leave_device(device);
  }
  if (device->context)
    cu->context_release(device->handle);
  free(device->modules);
  free(device->functions);
  free(device);
}

static incc_status load(const incc_program *program, incc_device *device) {
  incc_status status = open_device(device);
  if (status || (status = incc_enter_device(device)))
    return status;
  if (!(status = load_kernels(device)) && !(status = allow_shared_memory(program, device)))
    status = upload_weights(program, device);
  incc_leave_device(device);
  return status;
}

incc_status incc_load_device(const incc_program *program, int number, incc_device **out) {
  const incc_driver *driver;
  incc_status status = incc_open_driver(&driver);
  if (status)
    return status;
  incc_device *device = calloc(1, sizeof *device);
  if (!device)
    return incc_fail(INCC_OUT_OF_MEMORY, "no memory for GPU %d", number);
  device->driver = driver;
  device->shared.number = number;
  if ((status = load(program, device)))
    incc_unload_device(device);
  else
    *out = device;
  return status;
}
