// A CUDA driver for tests, libcuda.so.1: counts what is alive, fails any call on demand, runs
// kernels on the CPU. It takes exactly the functions that the runtime uses.
//
//   FAKE_CUDA_IR=FILE           LLVM IR of the kernels (incc --emit=llvm), read when a module is
//   loaded FAKE_CUDA_FAIL=NAME:N:CODE  the N-th call of NAME fails with CODE (counted since the
//   last change) FAKE_CUDA_ORDER=reverse     threads, blocks and free nodes of graphs go in the
//   opposite order FAKE_CUDA_MUTATE=NAME:N     kernels lose their N-th call of an intrinsic whose
//   name ends so FAKE_CUDA_CAPABILITY=M.N    of the one GPU that there is (default 9.0); "none":
//   there is none
#include "runtime/cuda/Driver.h"
#include "test/cuda/GpuOnCpu.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <sys/mman.h>
#include <vector>

using gpu_on_cpu::Launch;

/// Codes of the driver that only it needs.
constexpr cu_result kInvalidValue = 1, kInvalidContext = 201, kInvalidPtx = 218, kNotFound = 500,
                    kLaunchFailed = 719;
constexpr size_t kPage = 4096;

namespace {
struct Module {
  std::unique_ptr<gpu_on_cpu::Program> program;
};

struct Node {
  std::vector<const Node *> after;
  bool isKernel;
  Launch launch;
};

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;
};

struct Driver {
  std::map<std::string, size_t> live; // by kind of object
  std::map<uintptr_t, size_t> allocations;
  std::map<std::string, unsigned> calls;
  std::string failSpec;
  std::vector<cu_context> current;
  std::string problem;
};

Driver &driver() {
  static Driver instance;
  return instance;
}

std::string environment(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

gpu_on_cpu::Options options() {
  gpu_on_cpu::Options result;
  result.reversed = environment("FAKE_CUDA_ORDER") == "reverse";
  std::string mutation = environment("FAKE_CUDA_MUTATE");
  auto [name, number] = llvm::StringRef(mutation).split(':');
  result.mutate = name.str();
  number.getAsInteger(10, result.mutateCall);
  return result;
}

/// Counts a call; what it must fail with, if it must.
cu_result begin(const char *name) {
  Driver &d = driver();
  std::string spec = environment("FAKE_CUDA_FAIL");
  if (spec != d.failSpec) {
    d.failSpec = spec;
    d.calls.clear();
  }
  unsigned call = ++d.calls[name];
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(spec).split(parts, ':');
  unsigned number = 0, code = 0;
  if (parts.size() == 3 && parts[0] == name && !parts[1].getAsInteger(10, number) &&
      !parts[2].getAsInteger(10, code) && call == number)
    return static_cast<cu_result>(code);
  return CU_SUCCESS;
}

template <typename T> T *make(const char *kind, T *object) {
  ++driver().live[kind];
  return object;
}

void gone(const char *kind) { --driver().live[kind]; }

cu_result runLaunch(const Launch &launch) {
  std::string problem = gpu_on_cpu::run(launch, options());
  if (problem.empty())
    return CU_SUCCESS;
  driver().problem = problem;
  return kLaunchFailed;
}

/// `arguments` lists where each of the kernel's pointers lies.
cu_result describeLaunch(Launch &launch, cu_function function, unsigned blocks, unsigned threads,
                         unsigned sharedBytes, void **arguments) {
  auto *kernel = reinterpret_cast<const gpu_on_cpu::Kernel *>(function);
  if (!blocks || !threads || threads > 1024 || threads % 32 ||
      sharedBytes > gpu_on_cpu::kSharedBytes)
    return kInvalidValue;
  launch = {kernel, blocks, threads, sharedBytes, {}};
  for (unsigned i = 0; i < kernel->numArguments; ++i)
    launch.arguments.push_back(*static_cast<void **>(arguments[i]));
  return CU_SUCCESS;
}

/// Whether bytes lie in one allocation, or in none.
enum class Place { host, device, beyond };
Place placeOf(uintptr_t address, size_t bytes) {
  for (auto [start, size] : driver().allocations)
    if (address < start + size && start < address + bytes)
      return address >= start && address + bytes <= start + size ? Place::device : Place::beyond;
  return Place::host;
}
} // namespace

/// A function of the driver: fails where it is told to, or without a context that it needs.
#define FAKE(name, needsContext, parameters, ...)                                                  \
  extern "C" __attribute__((visibility("default"))) cu_result name parameters {                    \
    if (cu_result code = begin(#name))                                                             \
      return code;                                                                                 \
    if (needsContext && driver().current.empty())                                                  \
      return kInvalidContext;                                                                      \
    __VA_ARGS__                                                                                    \
    return CU_SUCCESS;                                                                             \
  }

//===----------------------------------------------------------------------===//
// For the tests
//===----------------------------------------------------------------------===//

/// What is alive ("2 memory, 1 stream"), or "nothing".
extern "C" __attribute__((visibility("default"))) const char *fake_cuda_live() {
  static std::string text;
  std::vector<std::string> kinds;
  for (auto [kind, count] : driver().live)
    if (count)
      kinds.push_back(std::to_string(count) + " " + kind);
  text = kinds.empty() ? "nothing" : llvm::join(kinds, ", ");
  return text.c_str();
}

/// What a kernel did wrong that failed last, or "".
extern "C" __attribute__((visibility("default"))) const char *fake_cuda_problem() {
  return driver().problem.c_str();
}

/// How often a function was called.
extern "C" __attribute__((visibility("default"))) unsigned fake_cuda_calls(const char *name) {
  return driver().calls[name];
}

//===----------------------------------------------------------------------===//
// Devices, contexts, errors
//===----------------------------------------------------------------------===//

FAKE(cuInit, false, (unsigned), )

extern "C" __attribute__((visibility("default"))) cu_result cuGetErrorName(cu_result code,
                                                                           const char **name) {
  static const std::pair<cu_result, const char *> kNames[] = {
      {CU_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
      {CU_NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
      {CU_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {kInvalidPtx, "CUDA_ERROR_INVALID_PTX"},
      {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
  };
  for (auto [number, text] : kNames)
    if (number == code) {
      *name = text;
      return CU_SUCCESS;
    }
  return kInvalidValue;
}

extern "C" __attribute__((visibility("default"))) cu_result cuGetErrorString(cu_result code,
                                                                             const char **text) {
  *text = code == CU_OUT_OF_MEMORY ? "out of memory" : "a fake error";
  return CU_SUCCESS;
}

FAKE(cuDeviceGetCount, false, (int *count),
     *count = environment("FAKE_CUDA_CAPABILITY") == "none" ? 0 : 1;)

FAKE(cuDeviceGet, false, (cu_device * device, int number),
     if (number != 0) return CU_INVALID_DEVICE;
     *device = 7;)

FAKE(cuDeviceGetName, false, (char *name, int bytes, cu_device),
     snprintf(name, static_cast<size_t>(bytes), "Fake GPU");)

FAKE(cuDeviceGetAttribute, false, (int *value, int attribute, cu_device),
     std::string capability = environment("FAKE_CUDA_CAPABILITY");
     auto [major, minor] = llvm::StringRef(capability.empty() ? "9.0" : capability).split('.');
     llvm::StringRef part = attribute == CU_ATTRIBUTE_CAPABILITY_MAJOR ? major : minor;
     if (part.getAsInteger(10, *value)) return kInvalidValue;)

FAKE(cuDevicePrimaryCtxRetain, false, (cu_context * context, cu_device device),
     *context = reinterpret_cast<cu_context>(make("context", new int(device)));)

extern "C" __attribute__((visibility("default"))) cu_result
cuDevicePrimaryCtxRelease_v2(cu_device) {
  gone("context");
  return CU_SUCCESS;
}

FAKE(cuCtxPushCurrent_v2, false, (cu_context context), make("entered context", context);
     driver().current.push_back(context);)

FAKE(cuCtxPopCurrent_v2, true, (cu_context * context), *context = driver().current.back();
     driver().current.pop_back(); gone("entered context");)

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static cu_result loadModule(cu_module *module, const char *image, unsigned numOptions, int *keys,
                            void **values) {
  auto log = [&](const std::string &text) {
    for (unsigned i = 0; i < numOptions; ++i)
      if (keys[i] == CU_JIT_ERROR_LOG_BUFFER)
        strcpy(static_cast<char *>(values[i]), text.substr(0, 99).c_str());
  };
  // Machine code is for another GPU: then there must be PTX as well.
  if (llvm::StringRef(image).starts_with("\x7f"
                                         "ELF"))
    return CU_NO_BINARY_FOR_GPU;
  if (!llvm::StringRef(image).contains(".version")) {
    log("ptxas fatal: no .version");
    return kInvalidPtx;
  }
  auto ir = llvm::MemoryBuffer::getFile(environment("FAKE_CUDA_IR"));
  if (!ir) {
    log("FAKE_CUDA_IR: " + ir.getError().message());
    return kInvalidPtx;
  }
  std::string reason;
  auto program = gpu_on_cpu::Program::load((*ir)->getBuffer(), image, options(), reason);
  if (!program) {
    log(reason);
    return kInvalidPtx;
  }
  *module = reinterpret_cast<cu_module>(make("module", new Module{std::move(program)}));
  return CU_SUCCESS;
}

FAKE(cuModuleLoadDataEx, true,
     (cu_module * module, const void *image, unsigned numOptions, int *keys, void **values),
     return loadModule(module, static_cast<const char *>(image), numOptions, keys, values);)

FAKE(cuModuleUnload, true, (cu_module module), delete reinterpret_cast<Module *>(module);
     gone("module");)

FAKE(cuModuleGetFunction, true, (cu_function * function, cu_module module, const char *name),
     auto *kernel = reinterpret_cast<Module *>(module)->program->find(name);
     if (!kernel) return kNotFound;
     *function = reinterpret_cast<cu_function>(const_cast<gpu_on_cpu::Kernel *>(kernel));)

FAKE(cuFuncSetAttribute, true, (cu_function, int attribute, int value),
     if (attribute != CU_FUNCTION_MAX_DYNAMIC_SHARED_BYTES ||
         value > static_cast<int>(gpu_on_cpu::kSharedBytes)) return kInvalidValue;)

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Poisoned, and with a page behind it that nothing may touch.
static cu_result allocate(cu_memory *memory, size_t bytes) {
  size_t pages = (bytes + kPage - 1) / kPage * kPage;
  void *start = mmap(nullptr, pages + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED)
    return CU_OUT_OF_MEMORY;
  mprotect(start, pages, PROT_READ | PROT_WRITE);
  memset(start, 0xff, pages);
  // Aligned as the driver does, so that less than that is between the end and the guard.
  auto address = reinterpret_cast<uintptr_t>(start) + (pages - bytes) / 256 * 256;
  driver().allocations[address] = bytes;
  *memory = address;
  make("memory", start);
  return CU_SUCCESS;
}

FAKE(cuMemAlloc_v2, true, (cu_memory * memory, size_t bytes), if (!bytes) return kInvalidValue;
     return allocate(memory, bytes);)

FAKE(cuMemFree_v2, true, (cu_memory memory), auto found = driver().allocations.find(memory);
     if (found == driver().allocations.end()) return kInvalidValue;
     size_t pages = (found->second + kPage - 1) / kPage * kPage;
     munmap(reinterpret_cast<void *>(memory / kPage * kPage), pages + kPage);
     driver().allocations.erase(found); gone("memory");)

FAKE(cuMemcpyHtoD_v2, true, (cu_memory to, const void *from, size_t bytes),
     if (placeOf(to, bytes) != Place::device) return kInvalidValue;
     memcpy(reinterpret_cast<void *>(to), from, bytes);)

FAKE(cuMemcpyAsync, true, (cu_memory to, cu_memory from, size_t bytes, cu_stream stream),
     if (placeOf(to, bytes) == Place::beyond || placeOf(from, bytes) == Place::beyond ||
         !stream) return kInvalidValue;
     memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);)

FAKE(cuPointerGetAttribute, true, (void *value, int attribute, cu_memory pointer),
     if (attribute != CU_POINTER_MEMORY_TYPE ||
         placeOf(pointer, 1) != Place::device) return kInvalidValue;
     *static_cast<unsigned *>(value) = CU_MEMORY_TYPE_DEVICE;)

//===----------------------------------------------------------------------===//
// Streams, events, launches, graphs: all done when the call returns
//===----------------------------------------------------------------------===//

FAKE(cuStreamCreate, true, (cu_stream * stream, unsigned),
     *stream = reinterpret_cast<cu_stream>(make("stream", new int));)
FAKE(cuStreamDestroy_v2, true, (cu_stream stream), delete reinterpret_cast<int *>(stream);
     gone("stream");)
FAKE(cuStreamSynchronize, true, (cu_stream), )

FAKE(cuEventCreate, true, (cu_event * event, unsigned),
     *event = reinterpret_cast<cu_event>(make("event", new int));)
FAKE(cuEventDestroy_v2, true, (cu_event event), delete reinterpret_cast<int *>(event);
     gone("event");)
FAKE(cuEventRecord, true, (cu_event event, cu_stream), if (!event) return kInvalidValue;)
FAKE(cuEventElapsedTime, true, (float *milliseconds, cu_event, cu_event), *milliseconds = 0.5f;)

FAKE(cuLaunchKernel, true,
     (cu_function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
      unsigned blockY, unsigned blockZ, unsigned sharedBytes, cu_stream, void **arguments, void **),
     if (gridY * gridZ * blockY * blockZ != 1) return kInvalidValue;
     Launch launch; if (cu_result code = describeLaunch(launch, function, gridX, blockX,
                                                        sharedBytes, arguments)) return code;
     return runLaunch(launch);)

FAKE(cuGraphCreate, true, (cu_graph * graph, unsigned),
     *graph = reinterpret_cast<cu_graph>(make("graph", new Graph));)
FAKE(cuGraphDestroy, true, (cu_graph graph), delete reinterpret_cast<Graph *>(graph);
     gone("graph");)

static Node &addNode(cu_node *result, cu_graph graph, const cu_node *after, size_t count) {
  auto node = std::make_unique<Node>();
  for (size_t i = 0; i < count; ++i)
    node->after.push_back(reinterpret_cast<const Node *>(after[i]));
  *result = reinterpret_cast<cu_node>(node.get());
  auto &nodes = reinterpret_cast<Graph *>(graph)->nodes;
  nodes.push_back(std::move(node));
  return *nodes.back();
}

FAKE(cuGraphAddKernelNode, true,
     (cu_node * result, cu_graph graph, const cu_node *after, size_t count,
      const cu_kernel_node *kernel),
     Node &node = addNode(result, graph, after, count);
     node.isKernel = true;
     return describeLaunch(node.launch, kernel->function, kernel->grid_x, kernel->block_x,
                           kernel->shared_bytes, kernel->arguments);)
FAKE(cuGraphAddEmptyNode, true,
     (cu_node * result, cu_graph graph, const cu_node *after, size_t count),
     addNode(result, graph, after, count).isKernel = false;)

/// A copy: the graph itself may be destroyed.
FAKE(
    cuGraphInstantiateWithFlags, true,
    (cu_executable * executable, cu_graph graph, unsigned long long), auto *copy = new Graph;
    std::map<const Node *, const Node *> copies;
    for (const auto &node : reinterpret_cast<Graph *>(graph)->nodes) {
      copy->nodes.push_back(std::make_unique<Node>(*node));
      copies[node.get()] = copy->nodes.back().get();
      for (const Node *&before : copy->nodes.back()->after)
        before = copies.at(before);
    } *executable = reinterpret_cast<cu_executable>(make("executable", copy));)
FAKE(cuGraphExecDestroy, true, (cu_executable executable),
     delete reinterpret_cast<Graph *>(executable);
     gone("executable");)

/// Any order that the edges allow: the first node that is free, or the last.
static cu_result runGraph(const Graph &graph) {
  std::vector<const Node *> left;
  for (const auto &node : graph.nodes)
    left.push_back(node.get());
  if (options().reversed)
    std::reverse(left.begin(), left.end());
  std::set<const Node *> done;
  while (!left.empty()) {
    auto free = llvm::find_if(left, [&](const Node *node) {
      return llvm::all_of(node->after, [&](const Node *before) { return done.count(before); });
    });
    if ((*free)->isKernel)
      if (cu_result code = runLaunch((*free)->launch))
        return code;
    done.insert(*free);
    left.erase(free);
  }
  return CU_SUCCESS;
}

FAKE(cuGraphLaunch, true, (cu_executable executable, cu_stream stream),
     if (!stream) return kInvalidValue;
     return runGraph(*reinterpret_cast<Graph *>(executable));)
