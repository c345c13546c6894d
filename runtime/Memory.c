/* Memory for arenas. */
#define _GNU_SOURCE
#include "Runtime.h"
#include <stdlib.h>
#include <sys/mman.h>

static const uint64_t huge_page_bytes = 2u << 20;

void *incc_allocate(uint64_t bytes) {
  if (bytes < huge_page_bytes) {
    void *memory = NULL;
    return posix_memalign(&memory, 64, bytes ? bytes : 1) ? NULL : memory;
  }
  /* Huge pages need an aligned start: map one page more and give back what lies outside. */
  if (bytes > SIZE_MAX - 2 * huge_page_bytes)
    return NULL;
  size_t size = (bytes + 4095) / 4096 * 4096, mapped = size + huge_page_bytes;
  unsigned char *start =
      mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED)
    return NULL;
  size_t before = -(uintptr_t)start & (huge_page_bytes - 1);
  if (before)
    munmap(start, before);
  if (mapped - before - size)
    munmap(start + before + size, mapped - before - size);
  madvise(start + before, size, MADV_HUGEPAGE);
  return start + before;
}

void incc_release(void *memory, uint64_t bytes) {
  if (bytes < huge_page_bytes)
    free(memory);
  else
    munmap(memory, (bytes + 4095) / 4096 * 4096);
}
