/* The tables of a compiled model, as backends/llvm/LibraryTables.cpp writes them. */
#ifndef INCC_RUNTIME_PROGRAM_H
#define INCC_RUNTIME_PROGRAM_H

#include "Kernel.h"
#include "incc.h"

enum { INCC_SPACE_ARENA, INCC_SPACE_WEIGHTS, INCC_SPACE_INPUT, INCC_SPACE_OUTPUT };

/* `offset` bytes into the arena, the weights, or the input or output number `index`. */
typedef struct incc_operand {
  uint64_t offset;
  uint32_t space;
  uint32_t index;
} incc_operand;

typedef struct incc_step {
  incc_kernel kernel;
  uint32_t tasks;
  uint32_t first_operand; /* in incc_program.operands */
  uint32_t num_operands;
} incc_step;

typedef struct incc_program {
  const incc_model_desc *model;
  const unsigned char *weights;
  const incc_step *steps;
  const incc_operand *operands;
  const uint32_t *stages;     /* the first step of each stage, then the number of steps */
  uint64_t arena_bytes;       /* a multiple of 64 */
  uint64_t scratch_bytes;     /* of each thread, a multiple of 64; run_in's operand list follows it */
  uint32_t num_operands;      /* of all steps */
  uint32_t max_step_operands; /* of one step */
  uint32_t max_stage_tasks;   /* of all steps of one stage together */
} incc_program;

#endif /* INCC_RUNTIME_PROGRAM_H */
