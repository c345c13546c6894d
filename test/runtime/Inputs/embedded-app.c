/* Runs a model without malloc, threads or files: the linker's --wrap puts functions that end the
   program in the place of those that would provide them. */
#include "tiny.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void refuse(const char *what) {
  write(1, what, 7);
  _exit(1);
}
static int running;
#define REFUSED(result, name, parameters, call)                                                    \
  result __real_##name parameters;                                                                 \
  result __wrap_##name parameters;                                                                 \
  result __wrap_##name parameters {                                                                \
    if (running)                                                                                   \
      refuse(#name);                                                                               \
    return __real_##name call;                                                                     \
  }
REFUSED(void *, malloc, (size_t bytes), (bytes))
REFUSED(void *, calloc, (size_t n, size_t bytes), (n, bytes))
REFUSED(int, posix_memalign, (void **p, size_t a, size_t b), (p, a, b))
REFUSED(void *, mmap, (void *a, size_t b, int c, int d, int e, long f), (a, b, c, d, e, f))
REFUSED(long, syscall, (long n, long a, long b, long c, long d, long e, long f),
        (n, a, b, c, d, e, f))
REFUSED(int, pthread_create, (void *t, const void *a, void *(*f)(void *), void *g), (t, a, f, g))
REFUSED(int, open, (const char *path, int flags), (path, flags))

static _Alignas(64) unsigned char workspace[TINY_WORKSPACE_BYTES];

int main(int argc, char **argv) {
  static float image[TINY_INPUT_0_ELEMENTS], map[TINY_OUTPUT_0_ELEMENTS], sum[1];
  const float *inputs[] = {image};
  float *outputs[] = {map, sum};
  image[7] = 4;
  incc_ctx *ctx = NULL;
  running = 1;
  if (argc > 1)
    tiny_create(NULL, &ctx); /* shows that the traps work */
  incc_status status = tiny_run_in(workspace, inputs, outputs);
  running = 0;
  printf("%d %g %g\n", (int)status, map[7], sum[0]);
  return 0;
}
