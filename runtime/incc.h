/* What every library made by incc offers. The header of each model carries this text, so that it
   needs no other file; the guard lets headers of several models be included together. */
#ifndef INCC_RUNTIME_H
#define INCC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Grows by one with every change that old programs would not survive. */
#define INCC_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

typedef enum incc_status {
  INCC_OK = 0,
  INCC_BAD_ARGUMENT = 1,
  INCC_OUT_OF_MEMORY = 2,
  INCC_UNSUPPORTED_CPU = 3,
  INCC_NO_THREADS = 4,
  INCC_NO_DEVICE = 5,    /* no GPU, or no driver for it, or one that is too old */
  INCC_DEVICE_FAILED = 6 /* the GPU's driver reports an error */
} incc_status;

/* Bits of incc_model_desc.required_cpu_features. */
#define INCC_CPU_SSE42 1u  /* SSE4.2, POPCNT and the rest of x86-64-v2 */
#define INCC_CPU_AVX2 2u   /* AVX2, FMA and the rest of x86-64-v3, saved by the system */
#define INCC_CPU_AVX512 4u /* AVX-512 F, CD, BW, DQ, VL, saved by the system */

/* The application's own parallel loop: calls body(arg, i) once for every 0 <= i < count, in any
   order and on any threads, and returns when all calls have. */
typedef void (*incc_parallel_for)(void *user, int count, void (*body)(void *arg, int index),
                                  void *arg);

/* How a context runs. Start from INCC_OPTIONS_INIT: fields may be added at the end. */
typedef struct incc_options {
  size_t struct_bytes;            /* sizeof(incc_options) */
  int threads;                    /* the caller's included; 0: all cores that the process may use */
  int profile;                    /* not 0: measure every step from the start */
  incc_parallel_for parallel_for; /* NULL: a pool of the context's own */
  void *user;                     /* passed to parallel_for */
  void *stream;                   /* of models for CUDA: the CUstream (or cudaStream_t) to run in, of
                                     the device's primary context; NULL: one of the context's own.
                                     Where all arrays of a run are in device memory, it returns
                                     when its work is in this stream, not when that is done */
  int device;                     /* of models for GPUs: the number of the GPU, for OpenCL of the
                                     device, counted through all platforms, GPUs first */
} incc_options;

/* clang-format off */
#define INCC_OPTIONS_INIT {sizeof(incc_options), 0, 0, NULL, NULL, NULL, 0}
/* clang-format on */

/* The memory and threads of one running model. Contexts are independent of each other. */
typedef struct incc_ctx incc_ctx;

/* A dense array of float32 in C order. */
typedef struct incc_tensor_desc {
  const char *name;
  int64_t rank;
  const int64_t *dims;
  int64_t elements; /* product of dims */
} incc_tensor_desc;

/* One step of a run: a layer with what was fused into it. */
typedef struct incc_step_desc {
  const char *layer; /* its name in the model's file */
  const char *kind;  /* what it computes, such as "conv2d" */
  int32_t stage;     /* steps of one stage run side by side */
  int32_t tasks;     /* independent parts that threads share */
  double flops;      /* a multiply-add counts twice */
} incc_step_desc;

/* Describes a model and leads to its functions, so that a program can use any library that it
   opens with dlopen: NAME_model() returns it, in a .so incc_model() too. */
typedef struct incc_model_desc {
  uint32_t abi_version;  /* INCC_ABI_VERSION */
  uint32_t struct_bytes; /* sizeof(incc_model_desc); fields may be added at the end */

  const char *name;
  const char *target; /* the CPU that it was compiled for, as --mcpu names it */
  uint64_t required_cpu_features;
  uint64_t workspace_bytes; /* what run_in needs; a context allocates about as much */
  uint64_t weights_bytes;

  int64_t num_inputs, num_outputs, num_labels, num_steps, num_stages;
  const incc_tensor_desc *inputs;
  const incc_tensor_desc *outputs;
  const char *const *labels; /* of the classes, or none */
  const incc_step_desc *steps;
  const char *preprocess_json; /* how an image becomes the input: a JSON object, or "" */

  incc_status (*create)(const incc_options *options, incc_ctx **ctx);
  incc_status (*run)(incc_ctx *ctx, const float *const *inputs, float *const *outputs);
  incc_status (*run_in)(void *workspace, const float *const *inputs, float *const *outputs);
  void (*destroy)(incc_ctx *ctx);
  const char *(*last_error)(void);

  /* The number of threads that share a run. */
  int (*num_threads)(const incc_ctx *ctx);
  /* Switches measuring on or off, and forgets what was measured. While it is on, the steps of a
     stage run one after another, each on all threads. */
  incc_status (*set_profile)(incc_ctx *ctx, int on);
  /* Writes the nanoseconds that each of num_steps steps took in the measured runs together, and
     how many runs were measured. Not while the context runs. */
  incc_status (*profile)(const incc_ctx *ctx, uint64_t *step_ns, uint64_t *runs);
} incc_model_desc;

#ifdef __cplusplus
}
#endif

#elif INCC_ABI_VERSION != 1
#error "headers of models from incompatible versions of incc: compile the models anew"
#endif /* INCC_RUNTIME_H */
