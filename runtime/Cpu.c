/* What the processor and the system offer, and the floating-point state of threads. */
#define _GNU_SOURCE
#include "Runtime.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

static void cpuid(uint32_t leaf, uint32_t out[4]) {
  __asm__ volatile("cpuid"
                   : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                   : "a"(leaf), "c"(0));
}

/* The register states that the system saves: bits of XCR0. */
static uint32_t saved_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

enum { LEAF_1_C, LEAF_7_B, LEAF_EXTENDED_1_C, XCR0, NUM_WORDS };
enum { YMM_STATE = 0x6, ZMM_STATE = 0xe6 };

/* What each bit of INCC_CPU_* needs: Intel SDM vol. 2, CPUID; psABI's levels x86-64-v2 to v4. */
static const struct {
  uint32_t feature, word, mask;
  const char *name;
} requirements[] = {
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 0, "SSE3"},
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 9, "SSSE3"},
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 13, "CMPXCHG16B"},
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 19, "SSE4.1"},
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 20, "SSE4.2"},
    {INCC_CPU_SSE42, LEAF_1_C, 1u << 23, "POPCNT"},
    {INCC_CPU_SSE42, LEAF_EXTENDED_1_C, 1u << 0, "LAHF"},
    {INCC_CPU_AVX2, LEAF_1_C, 1u << 12, "FMA"},
    {INCC_CPU_AVX2, LEAF_1_C, 1u << 22, "MOVBE"},
    {INCC_CPU_AVX2, LEAF_1_C, 1u << 28, "AVX"},
    {INCC_CPU_AVX2, LEAF_1_C, 1u << 29, "F16C"},
    {INCC_CPU_AVX2, LEAF_7_B, 1u << 3, "BMI1"},
    {INCC_CPU_AVX2, LEAF_7_B, 1u << 5, "AVX2"},
    {INCC_CPU_AVX2, LEAF_7_B, 1u << 8, "BMI2"},
    {INCC_CPU_AVX2, LEAF_EXTENDED_1_C, 1u << 5, "LZCNT"},
    {INCC_CPU_AVX2, XCR0, YMM_STATE, "the system's support for 256-bit registers"},
    {INCC_CPU_AVX512, LEAF_7_B, 1u << 16, "AVX512F"},
    {INCC_CPU_AVX512, LEAF_7_B, 1u << 17, "AVX512DQ"},
    {INCC_CPU_AVX512, LEAF_7_B, 1u << 28, "AVX512CD"},
    {INCC_CPU_AVX512, LEAF_7_B, 1u << 30, "AVX512BW"},
    {INCC_CPU_AVX512, LEAF_7_B, 1u << 31, "AVX512VL"},
    {INCC_CPU_AVX512, XCR0, ZMM_STATE, "the system's support for 512-bit registers"},
};

static void read_cpu(uint32_t words[NUM_WORDS]) {
  uint32_t r[4];
  memset(words, 0, NUM_WORDS * sizeof *words);
  cpuid(0, r);
  uint32_t last_leaf = r[0];
  cpuid(1, r);
  words[LEAF_1_C] = r[2];
  if (r[2] >> 27 & 1) /* OSXSAVE: xgetbv may be used */
    words[XCR0] = saved_states();
  if (last_leaf >= 7) {
    cpuid(7, r);
    words[LEAF_7_B] = r[1];
  }
  cpuid(0x80000000u, r);
  if (r[0] >= 0x80000001u) {
    cpuid(0x80000001u, r);
    words[LEAF_EXTENDED_1_C] = r[2];
  }
}

static const uint64_t known_features = INCC_CPU_SSE42 | INCC_CPU_AVX2 | INCC_CPU_AVX512;

static void list_missing(uint64_t required, char *text, size_t text_bytes) {
  uint32_t words[NUM_WORDS];
  read_cpu(words);
  text[0] = 0;
  for (size_t i = 0; i < sizeof requirements / sizeof *requirements; ++i) {
    uint32_t mask = requirements[i].mask;
    if (!(required & requirements[i].feature) || (words[requirements[i].word] & mask) == mask)
      continue;
    if (text[0])
      strncat(text, ", ", text_bytes - strlen(text) - 1);
    strncat(text, requirements[i].name, text_bytes - strlen(text) - 1);
  }
}

uint32_t incc_flush_denormals(void) {
  uint32_t state, flushing;
  __asm__ volatile("stmxcsr %0" : "=m"(state));
  flushing = state | 1u << 15 | 1u << 6; /* FTZ, DAZ */
  __asm__ volatile("ldmxcsr %0" : : "m"(flushing));
  return state;
}

void incc_restore_float_state(uint32_t state) {
  /* Exceptions raised meanwhile stay raised, as after any computation. */
  uint32_t now;
  __asm__ volatile("stmxcsr %0" : "=m"(now));
  state |= now & 0x3f;
  __asm__ volatile("ldmxcsr %0" : : "m"(state));
}

#elif defined(__aarch64__)

static const uint64_t known_features = 0;

static void list_missing(uint64_t required, char *text, size_t text_bytes) { text[0] = 0; }

uint32_t incc_flush_denormals(void) {
  uint64_t state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  __asm__ volatile("msr fpcr, %0" : : "r"(state | 1u << 24)); /* FZ */
  return (uint32_t)state;
}

void incc_restore_float_state(uint32_t state) {
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)state));
}

#else
#error "no support for this processor"
#endif

incc_status incc_check_cpu(const incc_model_desc *model) {
  static int good; /* set when the check has passed once: the processor stays what it is */
  if (__atomic_load_n(&good, __ATOMIC_RELAXED))
    return INCC_OK;
  uint64_t unknown = model->required_cpu_features & ~known_features;
  if (unknown)
    return incc_fail(INCC_UNSUPPORTED_CPU,
                     "%s is compiled for %s, which needs CPU features that its runtime does not "
                     "know (bits 0x%llx)",
                     model->name, model->target, (unsigned long long)unknown);
  char missing[200];
  list_missing(model->required_cpu_features, missing, sizeof missing);
  if (missing[0])
    return incc_fail(INCC_UNSUPPORTED_CPU, "%s is compiled for %s; this CPU lacks %s", model->name,
                     model->target, missing);
  __atomic_store_n(&good, 1, __ATOMIC_RELAXED);
  return INCC_OK;
}

/* Cores' worth of time that the container may use: cgroup v2, "max 100000" or "200000 100000". */
static int quota_cores(void) {
  char text[64];
  int file = open("/sys/fs/cgroup/cpu.max", O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0)
    return 0;
  text[length] = 0;
  char *rest;
  long quota = strtol(text, &rest, 10), period = strtol(rest, NULL, 10);
  return quota > 0 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

int incc_count_cores(void) {
  unsigned char mask[8192]; /* the kernel refuses masks smaller than its own */
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int cores = 0, quota = quota_cores();
  for (long i = 0; i < bytes; ++i)
    cores += __builtin_popcount(mask[i]);
  if (quota && quota < cores)
    cores = quota;
  return cores > 0 ? cores : 1;
}
