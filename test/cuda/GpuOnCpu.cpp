// The machine that GPU kernels run on here: fibers, barriers, copies in the background.
#include "test/cuda/GpuOnCpu.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include <cstring>
#include <sys/mman.h>
#include <vector>

using namespace gpu_on_cpu;
using namespace llvm;

#ifndef __x86_64__
#error "the switch between fibers is written for x86-64"
#endif

// void switchFiber(void **saved, void *to): the registers that a call preserves go onto the stack.
extern "C" void switchFiber(void **saved, void *to);
asm(".text\n"
    ".hidden switchFiber\n"
    ".globl switchFiber\n"
    "switchFiber:\n"
    "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n"
    "  mov %rsi, %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
    "  ret\n");

namespace {
constexpr unsigned kWarpThreads = 32, kMaxThreads = 1024;
constexpr size_t kStackBytes = 64 << 10, kPage = 4096;
/// All bits set: a NaN, wherever it is read as a float.
constexpr int kPoison = 0xff;

/// A copy to shared memory that has begun.
struct Copy {
  char *to;
  const char *from;
  unsigned bytes, copied, group;
};

struct Thread {
  void *stack = nullptr, *saved = nullptr;
  bool isDone = false;
  std::vector<Copy> copies;
  unsigned groups = 0; // of copies, that were ended
};

/// What a lane gives to a product on tensor cores, mma.m16n8k8, and takes from it.
struct Fragments {
  uint32_t filter[4], pixels[2];
  float sums[4];
};

/// An exchange between the lanes of a warp.
struct Warp {
  float values[kWarpThreads];
  unsigned arrived = 0, generation = 0;
  float results[kWarpThreads];
  Fragments fragments[kWarpThreads];
};

/// The block that runs.
struct Machine {
  char *shared = nullptr;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  const Launch *launch = nullptr;
  void *scheduler = nullptr;
  unsigned thread = 0, block = 0;
  unsigned arrived = 0, generation = 0; // at the barrier
  std::string problem;

  Machine() {
    shared = guarded(kSharedBytes);
    char *stacks = guarded(kStackBytes * kMaxThreads);
    threads.resize(kMaxThreads);
    for (unsigned i = 0; i < kMaxThreads; ++i)
      threads[i].stack = stacks + (i + 1) * kStackBytes;
    warps.resize(kMaxThreads / kWarpThreads);
  }

  static char *guarded(size_t bytes) {
    auto *memory = static_cast<char *>(mmap(nullptr, bytes + 2 * kPage, PROT_NONE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    mprotect(memory + kPage, bytes, PROT_READ | PROT_WRITE);
    return memory + kPage;
  }

  void complain(const std::string &what) {
    if (problem.empty())
      problem = what;
  }
};

Machine &machine() {
  static Machine instance;
  return instance;
}

void yield() {
  Machine &m = machine();
  switchFiber(&m.threads[m.thread].saved, m.scheduler);
}

void fiberMain() {
  Machine &m = machine();
  m.launch->kernel->entry(m.launch->arguments.data());
  m.threads[m.thread].isDone = true;
  yield();
  abort();
}

//===----------------------------------------------------------------------===//
// What the intrinsics do
//===----------------------------------------------------------------------===//

int readThread() { return static_cast<int>(machine().thread); }
int readBlock() { return static_cast<int>(machine().block); }

void barrier() {
  Machine &m = machine();
  unsigned generation = m.generation;
  if (++m.arrived == m.launch->threads) {
    m.arrived = 0;
    ++m.generation;
  }
  while (m.generation == generation)
    yield();
}

/// Until it is waited for, what is copied may have arrived or not: the destination holds poison.
void beginCopy(char *to, const char *from, unsigned bytes, unsigned copied) {
  Machine &m = machine();
  if (reinterpret_cast<uintptr_t>(to) % bytes ||
      (copied && reinterpret_cast<uintptr_t>(from) % bytes))
    m.complain("a copy is not aligned to its " + std::to_string(bytes) + " bytes");
  Thread &thread = m.threads[m.thread];
  thread.copies.push_back({to, from, bytes, copied, thread.groups});
  memset(to, kPoison, bytes);
}
void copy4(char *to, const char *from) { beginCopy(to, from, 4, 4); }
void copy16(char *to, const char *from) { beginCopy(to, from, 16, 16); }
void copyPart4(char *to, const char *from, int bytes) { beginCopy(to, from, 4, bytes); }
void copyPart16(char *to, const char *from, int bytes) { beginCopy(to, from, 16, bytes); }

void commitGroup() {
  Machine &m = machine();
  ++m.threads[m.thread].groups;
}

void waitGroup(int pending) {
  Machine &m = machine();
  Thread &thread = m.threads[m.thread];
  std::vector<Copy> left;
  for (const Copy &copy : thread.copies) {
    if (copy.group + static_cast<unsigned>(pending) >= thread.groups) {
      left.push_back(copy);
      continue;
    }
    memcpy(copy.to, copy.from, copy.copied);
    memset(copy.to + copy.copied, 0, copy.bytes - copy.copied);
  }
  thread.copies = std::move(left);
}

/// Waits for all lanes of a warp; the last one to come does what `exchange` says.
template <typename Exchange> void meet(Warp &warp, Exchange exchange) {
  unsigned generation = warp.generation;
  if (++warp.arrived == kWarpThreads) {
    exchange();
    warp.arrived = 0;
    ++warp.generation;
  }
  while (warp.generation == generation)
    yield();
}

float shuffleXor(int, float value, int mask, int) {
  Machine &m = machine();
  Warp &warp = m.warps[m.thread / kWarpThreads];
  unsigned lane = m.thread % kWarpThreads;
  warp.values[lane] = value;
  meet(warp, [&] { memcpy(warp.results, warp.values, sizeof warp.values); });
  return warp.results[lane ^ static_cast<unsigned>(mask)];
}

/// To the nearest number of 11 bits, ties away from zero.
uint32_t roundToTf32(float x) {
  constexpr uint32_t kHalf = 1u << 12;
  uint32_t bits = bit_cast<uint32_t>(x);
  bool isFinite = (bits & 0x7f800000) != 0x7f800000;
  return isFinite ? (bits + kHalf) & ~(2 * kHalf - 1) : bits;
}

/// The product of a warp. As the hardware does, it drops the bits that tf32 does not have.
void multiplyWarp(Fragments *lanes) {
  auto number = [](uint32_t bits) { return bit_cast<float>(bits & 0xffffe000); };
  float filter[16][8], pixels[8][8];
  for (unsigned lane = 0; lane < kWarpThreads; ++lane) {
    unsigned group = lane / 4, inGroup = lane % 4;
    for (unsigned i = 0; i < 4; ++i)
      filter[group + i % 2 * 8][inGroup + i / 2 * 4] = number(lanes[lane].filter[i]);
    for (unsigned i = 0; i < 2; ++i)
      pixels[inGroup + i * 4][group] = number(lanes[lane].pixels[i]);
  }
  for (unsigned lane = 0; lane < kWarpThreads; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned channel = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      for (unsigned row = 0; row < 8; ++row)
        lanes[lane].sums[i] += filter[channel][row] * pixels[row][column];
    }
}

void multiplyFragments(Fragments *mine) {
  Machine &m = machine();
  Warp &warp = m.warps[m.thread / kWarpThreads];
  Fragments &here = warp.fragments[m.thread % kWarpThreads];
  here = *mine;
  meet(warp, [&] { multiplyWarp(warp.fragments); });
  *mine = here;
}

constexpr StringLiteral kMultiplyFragments = "llvm.nvvm.mma.m16n8k8.row.col.tf32";

struct Intrinsic {
  StringRef name;
  void *function;
  bool waits;
};

template <typename T> void *address(T *function) { return reinterpret_cast<void *>(function); }

const Intrinsic *findIntrinsic(StringRef name) {
  static const Intrinsic kIntrinsics[] = {
      {"llvm.nvvm.read.ptx.sreg.tid.x", address(readThread), false},
      {"llvm.nvvm.read.ptx.sreg.ctaid.x", address(readBlock), false},
      {"llvm.nvvm.barrier0", address(barrier), true},
      {"llvm.nvvm.cp.async.ca.shared.global.4", address(copy4), false},
      {"llvm.nvvm.cp.async.ca.shared.global.4.s", address(copyPart4), false},
      {"llvm.nvvm.cp.async.cg.shared.global.16", address(copy16), false},
      {"llvm.nvvm.cp.async.cg.shared.global.16.s", address(copyPart16), false},
      {"llvm.nvvm.cp.async.commit.group", address(commitGroup), false},
      {"llvm.nvvm.cp.async.wait.group", address(waitGroup), false},
      {"llvm.nvvm.shfl.sync.bfly.f32", address(shuffleXor), true},
      {"llvm.nvvm.f2tf32.rna", address(roundToTf32), false},
      {kMultiplyFragments, address(multiplyFragments), true},
  };
  for (const Intrinsic &row : kIntrinsics)
    if (row.name == name)
      return &row;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// From IR to code
//===----------------------------------------------------------------------===//

Constant *pointerTo(void *place, Type *type) {
  auto *number =
      ConstantInt::get(Type::getInt64Ty(type->getContext()), reinterpret_cast<uintptr_t>(place));
  return ConstantExpr::getIntToPtr(number, type);
}

void dropCalls(Module &module, const Options &options) {
  for (Function &function : module) {
    unsigned seen = 0;
    for (BasicBlock &block : function)
      for (Instruction &instruction : make_early_inc_range(block))
        if (auto *call = dyn_cast<CallInst>(&instruction))
          if (call->getCalledFunction() &&
              call->getCalledFunction()->getName().ends_with(options.mutate) &&
              seen++ == options.mutateCall)
            call->eraseFromParent();
  }
}

/// Calls `function(Fragments *)`, in place of an intrinsic that takes and gives them one by one.
void passFragments(CallInst &call, Value *function) {
  IRBuilder<> b(&*call.getFunction()->getEntryBlock().getFirstInsertionPt());
  auto *type = StructType::get(b.getContext(), SmallVector<Type *>(10, b.getInt32Ty()));
  Value *fragments = b.CreateAlloca(type);
  b.SetInsertPoint(&call);
  unsigned count = call.arg_size();
  for (unsigned i = 0; i < count; ++i)
    b.CreateStore(call.getArgOperand(i), b.CreateStructGEP(type, fragments, i));
  b.CreateCall(FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false), function, {fragments});
  Value *result = PoisonValue::get(call.getType());
  unsigned numSums = call.getType()->getStructNumElements();
  for (unsigned i = 0; i < numSums; ++i) {
    Value *place = b.CreateStructGEP(type, fragments, count - numSums + i);
    result = b.CreateInsertValue(result, b.CreateLoad(b.getFloatTy(), place), i);
  }
  call.replaceAllUsesWith(result);
  call.eraseFromParent();
}

/// Points intrinsics and shared memory to the machine. Returns the name of one that it lacks.
std::string replaceIntrinsics(Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    if (!function.getName().starts_with("llvm.nvvm."))
      continue;
    const Intrinsic *intrinsic = findIntrinsic(function.getName());
    if (!intrinsic)
      return function.getName().str();
    for (User *user : make_early_inc_range(function.users())) {
      auto *call = cast<CallInst>(user);
      if (intrinsic->name == kMultiplyFragments) {
        passFragments(*call, pointerTo(intrinsic->function, function.getType()));
        continue;
      }
      call->setAttributes({});
      call->setCalledFunction(function.getFunctionType(),
                              pointerTo(intrinsic->function, function.getType()));
    }
    function.eraseFromParent();
  }
  if (GlobalVariable *shared = module.getNamedGlobal("incc_shared")) {
    shared->replaceAllUsesWith(pointerTo(machine().shared, shared->getType()));
    shared->eraseFromParent();
  }
  return "";
}

bool waits(const Function &kernel) {
  for (const BasicBlock &block : kernel)
    for (const Instruction &instruction : block)
      if (auto *call = dyn_cast<CallInst>(&instruction))
        if (const Function *callee = call->getCalledFunction())
          if (const Intrinsic *intrinsic = findIntrinsic(callee->getName());
              intrinsic && intrinsic->waits)
            return true;
  return false;
}

/// `void entry(void *const *arguments)`, which calls `kernel`.
void addEntry(Function &kernel, const std::string &name) {
  LLVMContext &context = kernel.getContext();
  IRBuilder<> b(context);
  auto *type = FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
  auto *entry = Function::Create(type, GlobalValue::ExternalLinkage, name, kernel.getParent());
  b.SetInsertPoint(BasicBlock::Create(context, "", entry));
  SmallVector<Value *> arguments;
  for (Argument &argument : kernel.args())
    arguments.push_back(
        b.CreateLoad(argument.getType(),
                     b.CreateConstGEP1_64(b.getPtrTy(), entry->getArg(0), arguments.size())));
  b.CreateCall(&kernel, arguments);
  b.CreateRetVoid();
}
} // namespace

static std::string fail(Error error) { return toString(std::move(error)); }

std::unique_ptr<Program> Program::load(StringRef ir, StringRef ptx, const Options &options,
                                       std::string &reason) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  auto created = orc::LLJITBuilder().create();
  if (!created) {
    reason = fail(created.takeError());
    return nullptr;
  }
  auto program = std::make_unique<Program>();
  program->jit = std::move(*created);
  SmallVector<StringRef> parts;
  ir.split(parts, "; ModuleID = ", -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto context = std::make_unique<LLVMContext>();
    SMDiagnostic diagnostic;
    std::string text = ("; " + part).str();
    std::unique_ptr<Module> module =
        parseIR(MemoryBufferRef(text, "kernels"), diagnostic, *context);
    if (!module) {
      reason = diagnostic.getMessage().str();
      return nullptr;
    }
    module->setModuleInlineAsm(""); // comments for readers of PTX
    if (!options.mutate.empty())
      dropCalls(*module, options);
    std::vector<std::string> names;
    for (Function &function : make_early_inc_range(*module))
      if (!function.isDeclaration() && ptx.contains((".entry " + function.getName() + "(").str())) {
        names.push_back(function.getName().str());
        program->kernels[names.back()] = {nullptr, static_cast<unsigned>(function.arg_size()),
                                          waits(function)};
      }
    if (names.empty())
      continue;
    reason = replaceIntrinsics(*module);
    if (!reason.empty())
      return nullptr;
    for (const std::string &name : names)
      addEntry(*module->getFunction(name), name + ".entry");
    module->setTargetTriple(program->jit->getTargetTriple().str());
    module->setDataLayout(program->jit->getDataLayout());
    if (Error error = program->jit->addIRModule(
            orc::ThreadSafeModule(std::move(module), std::move(context)))) {
      reason = fail(std::move(error));
      return nullptr;
    }
    for (const std::string &name : names) {
      auto entry = program->jit->lookup(name + ".entry");
      if (!entry) {
        reason = fail(entry.takeError());
        return nullptr;
      }
      program->kernels[name].entry = entry->toPtr<void (*)(void *const *)>();
    }
  }
  return program;
}

const Kernel *Program::find(const std::string &name) const {
  auto found = kernels.find(name);
  return found == kernels.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Runs the fibers in turn, each to its next barrier, until all are done.
static void runFibers(Machine &m, bool reversed) {
  unsigned count = m.launch->threads;
  for (unsigned i = 0; i < count; ++i) {
    Thread &thread = m.threads[i];
    // As switchFiber leaves a stack: six registers and where to return to; then what a call would
    // have left, by which the ABI aligns the stack.
    auto *top = static_cast<void **>(thread.stack) - 2;
    *--top = nullptr;
    *--top = reinterpret_cast<void *>(fiberMain);
    thread.saved = top - 6;
    thread.isDone = false;
    thread.copies.clear();
    thread.groups = 0;
  }
  for (Warp &warp : m.warps)
    warp.arrived = 0;
  m.arrived = 0;
  unsigned left = count, rounds = 0;
  while (left) {
    // Every round lets threads pass a barrier, an exchange of lanes, or end.
    unsigned before = m.generation + left, exchanges = 0;
    for (unsigned i = 0; i < count; ++i)
      exchanges += m.warps[i / kWarpThreads].generation;
    for (unsigned i = 0; i < count; ++i) {
      m.thread = reversed ? count - 1 - i : i;
      Thread &thread = m.threads[m.thread];
      if (thread.isDone)
        continue;
      switchFiber(&m.scheduler, thread.saved);
      left -= thread.isDone;
    }
    unsigned exchangesAfter = 0;
    for (unsigned i = 0; i < count; ++i)
      exchangesAfter += m.warps[i / kWarpThreads].generation;
    rounds = m.generation + left == before && exchanges == exchangesAfter ? rounds + 1 : 0;
    if (rounds > 2)
      return m.complain("threads wait at a barrier that others do not reach");
  }
  for (unsigned i = 0; i < count; ++i)
    if (!m.threads[i].copies.empty())
      m.complain("a copy to shared memory was never waited for");
}

static void runBlock(Machine &m, bool reversed) {
  memset(m.shared, kPoison, m.launch->sharedBytes);
  if (m.launch->kernel->needsFibers) {
    runFibers(m, reversed);
  } else {
    for (unsigned i = 0; i < m.launch->threads; ++i) {
      m.thread = reversed ? m.launch->threads - 1 - i : i;
      m.launch->kernel->entry(m.launch->arguments.data());
    }
  }
  // What a block may not use was poisoned when the machine was made.
  for (size_t i = m.launch->sharedBytes;
       i < std::min<size_t>(m.launch->sharedBytes + kPage, kSharedBytes); ++i)
    if (m.shared[i] != static_cast<char>(kPoison))
      return m.complain("a block wrote behind its shared memory");
}

std::string gpu_on_cpu::run(const Launch &launch, const Options &options) {
  Machine &m = machine();
  m.launch = &launch;
  m.problem.clear();
  memset(m.shared, kPoison, kSharedBytes);
  for (unsigned i = 0; i < launch.blocks && m.problem.empty(); ++i) {
    m.block = options.reversed ? launch.blocks - 1 - i : i;
    runBlock(m, options.reversed);
  }
  return m.problem;
}
