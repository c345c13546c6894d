// Kernels and the runtime's thread pool in a just-in-time linker.
#include "backends/llvm/KernelTimer.h"
#include "backends/llvm/Machines.h"
#include "runtime/Embedded.h"
#include "runtime/Kernel.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>
#include <unistd.h>

using namespace mlir;
using namespace incc;

/// As in runtime/Runtime.h.
using LoopBody = void(void *arg, int thread, uint32_t begin, uint32_t end);

namespace {

/// Memory for operands, at first touch filled with small numbers: neither zero nor denormal, so
/// that arithmetic takes its usual time.
class Buffer {
public:
  explicit Buffer(int64_t bytes)
      : bytes(llvm::alignTo(std::max<int64_t>(bytes, 1), kAlign)),
        data(static_cast<float *>(std::aligned_alloc(kAlign, this->bytes))) {
    for (int64_t i = 0; i < this->bytes / int64_t(sizeof(float)); ++i)
      data[i] = static_cast<float>((i * 7919) % 255 - 127) / 512.0f + 1.0f / 1024.0f;
  }
  Buffer(Buffer &&other) : bytes(other.bytes), data(std::exchange(other.data, nullptr)) {}
  ~Buffer() { std::free(data); }

  /// Out of all caches.
  void flush() const {
    char *begin = reinterpret_cast<char *>(data);
#if defined(__x86_64__)
    for (int64_t i = 0; i < bytes; i += 64)
      __builtin_ia32_clflush(begin + i);
    __builtin_ia32_mfence();
#elif defined(__aarch64__)
    for (int64_t i = 0; i < bytes; i += 64)
      asm volatile("dc civac, %0" : : "r"(begin + i) : "memory");
    asm volatile("dsb sy" : : : "memory");
#endif
  }
  /// What another kernel would do to the caches.
  float sweep() const {
    float sum = 0;
    for (int64_t i = 0; i < bytes / int64_t(sizeof(float)); i += 16)
      sum += data[i];
    return sum;
  }

  static constexpr int64_t kAlign = 4096;
  int64_t bytes;
  float *data;
};

/// A compiled kernel with the addresses of its operands.
struct Subject {
  incc_kernel function;
  std::vector<void *> operands;
  int64_t tasks;
};

/// Stages of kernels with their memory.
struct Run {
  std::vector<std::vector<Subject>> stages;
  std::vector<Buffer> maps, weights;
};

} // namespace

struct KernelTimer::Runtime {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void *pool = nullptr;
  void (*run)(void *pool, uint32_t count, LoopBody *body, void *arg) = nullptr;
  void (*destroy)(void *pool) = nullptr;
  unsigned threads = 1;
  unsigned numObjects = 0;
};

/// The runtime's program table, which its entry points name and nobody reads here.
static char unusedProgram[4096];

KernelTimer::KernelTimer(const CodegenOptions &options, std::unique_ptr<Runtime> runtime)
    : options(options), runtime(std::move(runtime)) {}

KernelTimer::~KernelTimer() {
  if (runtime && runtime->pool)
    runtime->destroy(runtime->pool);
}

llvm::Expected<std::unique_ptr<KernelTimer>> KernelTimer::create(const CodegenOptions &options,
                                                                 unsigned threads) {
  llvm::Expected<Target> host = Target::lookup("native");
  if (!host)
    return host.takeError();
  uint32_t missing = options.isa().requiredFeatures & ~host->isa.requiredFeatures;
  if (missing || options.target.arch.name != host->arch.name)
    return llvm::createStringError("this machine can't run code for '" +
                                   options.target.cpu.name.str() +
                                   "', so there is nothing to time");
  StringRef triple = host->arch.triple;
  llvm::cantFail(findCodeGenerator(triple));
  auto runtime = std::make_unique<Runtime>();
  runtime->threads = threads;
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  runtime->jit = std::move(*jit);

  auto context = std::make_unique<llvm::LLVMContext>();
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseIR(
      llvm::MemoryBufferRef(embeddedRuntime(llvm::Triple(triple).getArchName()), "runtime"),
      diagnostic, *context);
  if (!module)
    return llvm::createStringError("the runtime can't be read: " + diagnostic.getMessage());
  llvm::orc::LLJIT &linker = *runtime->jit;
  llvm::orc::JITDylib &library = linker.getMainJITDylib();
  if (llvm::Error error = library.define(llvm::orc::absoluteSymbols(
          {{linker.mangleAndIntern("incc_this_program"),
            {llvm::orc::ExecutorAddr::fromPtr(unusedProgram), llvm::JITSymbolFlags::Exported}}})))
    return error;
  if (llvm::Error error =
          linker.addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))))
    return error;
  auto create = linker.lookup("incc_pool_create"), run = linker.lookup("incc_pool_run"),
       destroy = linker.lookup("incc_pool_destroy");
  for (auto *symbol : {&create, &run, &destroy})
    if (!*symbol)
      return symbol->takeError();
  runtime->run = run->toPtr<void(void *, uint32_t, LoopBody *, void *)>();
  runtime->destroy = destroy->toPtr<void(void *)>();
  if (create->toPtr<int(int, void **)>()(static_cast<int>(threads), &runtime->pool))
    return llvm::createStringError("can't start " + std::to_string(threads) + " threads");
  return std::unique_ptr<KernelTimer>(new KernelTimer(options, std::move(runtime)));
}

/// Bytes of the packed weights that are operand `index` of those that `kernel` has.
static int64_t packedBytes(plan::KernelOp kernel, size_t index) {
  return cast<DenseI64ArrayAttr>(kernel.getConfig()->get("weights_bytes"))[index];
}

namespace {
/// Gives a run's kernels their memory: views of a map lie in it.
class RunBuilder {
public:
  Run run;

  void add(plan::KernelOp kernel, incc_kernel function) {
    Subject subject = {function, {}, static_cast<int64_t>(kernel.getTasks())};
    size_t numWeights = 0;
    for (Value operand : kernel->getOperands())
      if (isa<plan::MapType>(operand.getType())) {
        subject.operands.push_back(addressOf(operand));
      } else {
        run.weights.emplace_back(packedBytes(kernel, numWeights++));
        subject.operands.push_back(run.weights.back().data);
      }
    run.stages.back().push_back(std::move(subject));
  }

private:
  DenseMap<Value, float *> addresses;

  float *addressOf(Value map) {
    if (auto view = map.getDefiningOp<plan::ViewOp>()) {
      plan::MapType source = view.getSource().getType();
      return addressOf(view.getSource()) +
             static_cast<int64_t>(view.getChannel()) / source.getBlock() * source.planeStride();
    }
    float *&address = addresses[map];
    if (!address)
      address = run.maps.emplace_back(cast<plan::MapType>(map.getType()).byteSize()).data;
    return address;
  }
};
} // namespace

/// As runtime/Context.c runs stages.
static double timeOnce(const Run &run, void *pool,
                       void (*runLoop)(void *, uint32_t, LoopBody *, void *),
                       ArrayRef<Buffer> scratch) {
  struct Call {
    ArrayRef<Subject> stage;
    ArrayRef<Buffer> scratch;
  };
  auto body = [](void *arg, int thread, uint32_t begin, uint32_t end) {
    auto *call = static_cast<Call *>(arg);
    int64_t first = begin, last = end;
    for (const Subject &subject : call->stage) {
      incc_args args = {subject.operands.data(), call->scratch[thread].data};
      if (int64_t stop = std::min(last, subject.tasks); first < stop)
        subject.function(&args, static_cast<int>(first), static_cast<int>(stop));
      first = std::max<int64_t>(first - subject.tasks, 0);
      last = std::max<int64_t>(last - subject.tasks, 0);
    }
  };
  auto start = std::chrono::steady_clock::now();
  for (const std::vector<Subject> &stage : run.stages) {
    Call call = {stage, scratch};
    int64_t tasks = 0;
    for (const Subject &subject : stage)
      tasks += subject.tasks;
    runLoop(pool, static_cast<uint32_t>(tasks), body, &call);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<double> KernelTimer::time(ArrayRef<std::vector<std::vector<plan::KernelOp>>> stageLists,
                                      int64_t networkBytes) {
  std::vector<double> seconds(stageLists.size(), std::numeric_limits<double>::infinity());
  llvm::SetVector<Operation *> distinct;
  for (const auto &stages : stageLists)
    for (const auto &stage : stages)
      distinct.insert(stage.begin(), stage.end());
  auto kernels =
      llvm::map_to_vector(distinct, [](Operation *op) { return cast<plan::KernelOp>(op); });
  CodegenOptions codegen = options;
  codegen.kind = CodeKind::Object;
  // Other kernels of the same names were here before.
  codegen.symbolPrefix = "t" + std::to_string(runtime->numObjects++) + "_";
  FailureOr<CompiledKernels> compiled = compileKernels(kernels, codegen);
  if (failed(compiled))
    return seconds;
  for (std::unique_ptr<llvm::MemoryBuffer> &object : compiled->code)
    if (llvm::Error error = runtime->jit->addObjectFile(std::move(object))) {
      llvm::consumeError(std::move(error));
      return seconds;
    }
  DenseMap<Operation *, incc_kernel> functions;
  int64_t scratchBytes = 0;
  for (plan::KernelOp kernel : kernels) {
    auto symbol = runtime->jit->lookup(compiled->symbols[compiled->symbolOf[kernel]]);
    if (!symbol) {
      llvm::consumeError(symbol.takeError());
      return seconds;
    }
    functions[kernel] = symbol->toPtr<void(const incc_args *, int, int)>();
    scratchBytes = std::max(scratchBytes, plan::scratchBytes(kernel));
  }
  std::vector<Run> runs;
  for (const auto &stages : stageLists) {
    RunBuilder builder;
    for (const auto &stage : stages) {
      builder.run.stages.emplace_back();
      for (plan::KernelOp kernel : stage)
        builder.add(kernel, functions[kernel]);
    }
    runs.push_back(std::move(builder.run));
  }
  std::vector<Buffer> scratch;
  for (unsigned i = 0; i < runtime->threads; ++i)
    scratch.emplace_back(scratchBytes);

  Buffer others(2 * options.target.cpu.l2Bytes);
  bool isCold = networkBytes > sysconf(_SC_LEVEL3_CACHE_SIZE);
  volatile float sink = 0;
  // Most candidates are soon out of the question; the others take turns until chance has had its
  // say. The first round does not count: pages are new.
  constexpr int kRounds = 20, kRoundsOfAll = 4;
  constexpr double kHopeless = 1.15;
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round <= kRounds; ++round)
    for (size_t turn = 0; turn < runs.size(); ++turn) {
      size_t i = (turn + round) % runs.size();
      const Run &run = runs[i];
      if (round > kRoundsOfAll && seconds[i] > kHopeless * best)
        continue;
      if (isCold)
        for (const Buffer &weights : run.weights)
          weights.flush();
      for (const Buffer &map : run.maps)
        sink = sink + map.sweep();
      sink = sink + others.sweep();
      double time = timeOnce(run, runtime->pool, runtime->run, scratch);
      if (round > 0)
        seconds[i] = std::min(seconds[i], time);
      best = std::min(best, seconds[i]);
    }
  return seconds;
}
