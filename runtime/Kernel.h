/* How compiled kernels are called. */
#ifndef INCC_RUNTIME_KERNEL_H
#define INCC_RUNTIME_KERNEL_H

/* `operands` holds the address of every operand, in the order of the step's list; `scratch` is memory
   of the calling thread alone, of any content. */
typedef struct incc_args {
  void *const *operands;
  void *scratch;
} incc_args;

/* Does tasks [begin, end). Tasks of one step may run at the same time on different threads. */
typedef void (*incc_kernel)(const incc_args *args, int begin, int end);

#endif /* INCC_RUNTIME_KERNEL_H */
