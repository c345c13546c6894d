/* Says whether a model runs on this CPU. */
#include "tiny.h"
#include <stdio.h>

static _Alignas(64) unsigned char workspace[TINY_WORKSPACE_BYTES];

int main(void) {
  static float image[TINY_INPUT_0_ELEMENTS], map[TINY_OUTPUT_0_ELEMENTS], sum[1];
  const float *inputs[] = {image};
  float *outputs[] = {map, sum};
  incc_ctx *ctx = (incc_ctx *)workspace;
  incc_status status = tiny_create(NULL, &ctx);
  printf("create: %d: %s\n", (int)status, tiny_last_error());
  printf("ctx is NULL: %d\n", ctx == NULL);
  printf("run_in: %d: %s\n", (int)tiny_run_in(workspace, inputs, outputs), tiny_last_error());
#ifdef LEVEL
  __builtin_cpu_init();
  printf("as the compiler says: %d\n", (status == INCC_OK) == !!__builtin_cpu_supports(LEVEL));
#endif
  tiny_destroy(ctx);
  return 0;
}
