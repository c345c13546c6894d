/* limits-app [THREADS]: makes a context and says how that went. */
#include "tiny.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  incc_options options = INCC_OPTIONS_INIT;
  options.threads = argc > 1 ? atoi(argv[1]) : 0;
  incc_ctx *ctx;
  incc_status status = tiny_create(&options, &ctx);
  printf("%d: %s, threads: %d\n", (int)status, status ? tiny_last_error() : "fine",
         tiny_model()->num_threads(ctx));
  tiny_destroy(ctx);
  return 0;
}
