// Between the runtime's kernels, `void k(const incc_args *, int begin, int end)`, and Halide's
// functions of buffers: a task's indices become pointers and bounds.
#include "backends/llvm/HalideTasks.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace incc;

static std::string callName(const HalideVariant &variant) { return variant.symbol + "_call"; }

//===----------------------------------------------------------------------===//
// The body, in MLIR
//===----------------------------------------------------------------------===//

namespace {
struct TaskWriter {
  KernelBuilder &b;
  const HalideCode &code;

  void emit() {
    b.forEachTask([&](Index task) {
      SmallVector<Index> indices;
      Index rest = task;
      for (const TaskAxis &axis : code.axes) {
        // The slowest axis has what is left.
        bool isSlowest = &axis == &code.axes.back();
        indices.push_back(isSlowest ? rest : b.rem(rest, axis.numTasks()));
        rest = b.div(rest, axis.numTasks());
      }
      for (const HalideVariant &variant : code.variants)
        if (variant.isPrologue)
          call(variant, indices);
      walk(indices);
    });
    b.finish();
  }

  /// Goes through the indices of the axis that a task has a part of: of part `p` those from
  /// `p * count / parts` on.
  void walk(MutableArrayRef<Index> indices) {
    const TaskAxis *axis = llvm::find_if(code.axes, [](const TaskAxis &a) { return a.walks != 0; });
    if (axis == code.axes.end())
      return choose(indices, 0, 0);
    Index &index = indices[axis - code.axes.begin()], part = index;
    auto bound = [&](Index p) { return b.div(b.mul(p, axis->count), axis->walks); };
    b.loop(bound(part), bound(b.add(part, 1)), 1, [&](Index i) {
      index = i;
      choose(indices, 0, 0);
    });
  }

  /// Finds the variants for a task by its indices along `axis` and those after it.
  void choose(ArrayRef<Index> indices, unsigned axis, unsigned lastAxes) {
    if (axis == code.axes.size()) {
      for (const HalideVariant &variant : code.variants)
        if (!variant.isPrologue && variant.lastAxes == lastAxes)
          call(variant, indices);
      return;
    }
    if (!code.axes[axis].lastDiffers)
      return choose(indices, axis + 1, lastAxes);
    b.ifThenElse(
        b.isEqual(indices[axis], code.axes[axis].count - 1),
        [&] { choose(indices, axis + 1, lastAxes | 1u << axis); },
        [&] { choose(indices, axis + 1, lastAxes); });
  }

  void call(const HalideVariant &variant, ArrayRef<Index> indices) {
    b.call(callName(variant), indices);
    for (const HalideArgument &argument : variant.arguments) {
      if (!argument.haloOf)
        continue;
      if (argument.haloTiles)
        zeroTileHalos(argument, indices);
      else
        zeroHalo(argument, indices, planeOf(argument, indices), argument.dims.size() - 1);
    }
  }

  /// Where the first of the planes lies that a task writes, as far as dimensions don't say.
  Index planeOf(const HalideArgument &argument, ArrayRef<Index> indices) {
    Index plane = 0;
    for (auto [axis, step] : argument.origin.steps)
      plane = b.add(plane, b.mul(indices[axis], step));
    return plane;
  }

  void zeroTileHalos(const HalideArgument &argument, ArrayRef<Index> indices) {
    const TileRows &tiles = *argument.haloTiles;
    const TaskAxis &axis = code.axes[tiles.axis];
    const HalideDim &planes = argument.dims[argument.rowDim + 1];
    plan::MapType map = argument.haloOf;
    Index first = b.mul(indices[tiles.axis], axis.step), plane = planeOf(argument, indices);
    b.loop(first, b.min(b.add(first, axis.step), axis.extent), 1, [&](Index tile) {
      b.ifThen(b.isEqual(b.rem(tile, tiles.across), 0), [&] {
        Index row = b.div(tile, tiles.across);
        Index y = b.mul(b.rem(row, tiles.down), tiles.height);
        Index image = b.add(plane, b.mul(b.div(row, tiles.down), map.imageStride()));
        b.loop(0, planes.extent, 1, [&](Index i) {
          b.zeroHalo(b.operand(argument.operand), map, b.add(image, b.mul(i, planes.stride)), y,
                     b.min(b.add(y, tiles.height), map.h()));
        });
      });
    });
  }

  /// Of the planes from `plane` floats on, along dimension `d` and those before it.
  void zeroHalo(const HalideArgument &argument, ArrayRef<Index> indices, Index plane, unsigned d) {
    const HalideDim &dim = argument.dims[d];
    if (d > argument.rowDim) {
      Index first = dim.axis < 0 ? Index(dim.min * dim.stride)
                                 : b.mul(indices[dim.axis], dim.step * dim.stride);
      return b.loop(0, dim.extent, 1, [&](Index i) {
        zeroHalo(argument, indices, b.sum(plane, first, b.mul(i, dim.stride)), d - 1);
      });
    }
    Index begin = 0, end = argument.haloOf.h();
    if (dim.axis >= 0) {
      begin = b.mul(indices[dim.axis], dim.step);
      end = b.min(b.add(begin, dim.step), end);
    }
    b.zeroHalo(b.operand(argument.operand), argument.haloOf, plane, begin, end);
  }
};
} // namespace

void incc::emitHalideTasks(KernelBuilder &b, const HalideCode &code) { TaskWriter{b, code}.emit(); }

//===----------------------------------------------------------------------===//
// The calls, in LLVM IR
//===----------------------------------------------------------------------===//

namespace {
/// Fills `halide_buffer_t`s (HalideRuntime.h) on the stack. Functions read the address of the first
/// element, and bounds where these are not constants of the function.
class CallWriter {
public:
  CallWriter(llvm::Function &function, const HalideCode &code, const HalideVariant &variant)
      : function(function), code(code), variant(variant),
        b(llvm::BasicBlock::Create(function.getContext(), "entry", &function)),
        numArrays(function.arg_size() - code.axes.size()) {
    llvm::Type *i32 = b.getInt32Ty(), *ptr = b.getPtrTy();
    // device, device interface, host, flags, type, number of dimensions, dimensions, padding
    bufferType = llvm::StructType::get(b.getInt64Ty(), ptr, ptr, b.getInt64Ty(), i32, i32, ptr, ptr);
    dimType = llvm::StructType::get(i32, i32, i32, i32); // min, extent, stride, flags
  }

  void write() {
    SmallVector<llvm::Value *> buffers;
    for (const HalideArgument &argument : variant.arguments)
      buffers.push_back(makeBuffer(argument));
    llvm::FunctionCallee callee = function.getParent()->getOrInsertFunction(
        variant.symbol, llvm::FunctionType::get(
                            b.getInt32Ty(), SmallVector<llvm::Type *>(buffers.size(), b.getPtrTy()),
                            /*isVarArg=*/false));
    b.CreateCall(callee, buffers);
    b.CreateRetVoid();
  }

private:
  llvm::Function &function;
  const HalideCode &code;
  const HalideVariant &variant;
  llvm::IRBuilder<> b;
  unsigned numArrays;
  llvm::StructType *bufferType, *dimType;

  llvm::Value *index(int axis) { return function.getArg(numArrays + static_cast<unsigned>(axis)); }

  void store(llvm::Value *value, llvm::StructType *type, llvm::Value *at, unsigned field) {
    b.CreateStore(value, b.CreateStructGEP(type, at, field));
  }

  llvm::Value *firstOf(const HalideDim &dim) {
    llvm::Value *first = b.getInt64(dim.min);
    return dim.axis < 0 ? first
                        : b.CreateAdd(first, b.CreateMul(index(dim.axis), b.getInt64(dim.step)));
  }

  llvm::Value *extentOf(const HalideDim &dim) {
    if (!dim.extentVaries)
      return b.getInt64(dim.extent);
    // Tasks beyond the last element have nothing to do.
    llvm::Value *left = b.CreateSub(b.getInt64(code.axes[dim.axis].extent), firstOf(dim));
    left = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, left, b.getInt64(dim.step));
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, left, b.getInt64(0));
  }

  llvm::Value *makeBuffer(const HalideArgument &argument) {
    llvm::Value *buffer = b.CreateAlloca(bufferType), *offset = b.getInt64(argument.origin.floats);
    for (auto [axis, step] : argument.origin.steps)
      offset = b.CreateAdd(offset, b.CreateMul(index(static_cast<int>(axis)), b.getInt64(step)));
    llvm::Value *dims = b.CreateAlloca(dimType, b.getInt32(argument.dims.size()));
    for (auto [d, dim] : llvm::enumerate(argument.dims)) {
      llvm::Value *first = firstOf(dim);
      offset = b.CreateAdd(offset, b.CreateMul(first, b.getInt64(dim.stride)));
      llvm::Value *at = b.CreateConstInBoundsGEP1_64(dimType, dims, d);
      store(b.CreateTrunc(first, b.getInt32Ty()), dimType, at, 0);
      store(b.CreateTrunc(extentOf(dim), b.getInt32Ty()), dimType, at, 1);
      store(b.getInt32(static_cast<uint32_t>(dim.stride)), dimType, at, 2);
    }
    store(b.CreateInBoundsGEP(b.getFloatTy(), function.getArg(argument.operand), offset),
          bufferType, buffer, 2);
    store(dims, bufferType, buffer, 6);
    return buffer;
  }
};
} // namespace

void incc::defineHalideCalls(llvm::Module &module, const HalideCode &code) {
  for (const HalideVariant &variant : code.variants) {
    llvm::Function *function = module.getFunction(callName(variant));
    function->setLinkage(llvm::GlobalValue::InternalLinkage);
    CallWriter(*function, code, variant).write();
  }
}
