// Arrays and vectors of kernels, as arith, vector and memref ops.
#include "backends/llvm/KernelBuilder.h"
#include "ir/KernelParams.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace incc;

/// Arrays are as long as need be: the bound only serves the type.
static constexpr int64_t kArrayLength = int64_t(1) << 40;

KernelBuilder::KernelBuilder(ModuleOp module, StringRef name, plan::KernelOp kernel,
                             const Target &target, const Isa &isa)
    : CodeBuilder(module.getContext(),
                  {.fma = target.isa.hasFma,
                   .maximum = target.isa.isNeon,
                   .powersOfTwo = isa.name == "avx512"}),
      target(target), kernel(kernel), lanes(target.isa.lanes) {
  Type array = MemRefType::get({kArrayLength}, builder.getF32Type());
  unsigned numArrays =
      kernel.getInputs().size() + kernel.getWeights().size() + kernel.getOutputs().size();
  if (plan::scratchBytes(kernel))
    ++numArrays;
  SmallVector<Type> arguments(numArrays, array);
  arguments.append(2, builder.getIndexType());
  builder.setInsertionPointToEnd(module.getBody());
  function = builder.create<func::FuncOp>(loc, name, builder.getFunctionType(arguments, {}));
  // Outputs overlap nothing; inputs may be the same array twice, which is read only.
  for (unsigned i = 0; i < numArrays; ++i)
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  builder.setInsertionPointToStart(function.addEntryBlock());
}

Value KernelBuilder::scratch() { return function.getArgument(function.getNumArguments() - 3); }

plan::MapType KernelBuilder::inputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getInputs()[i].getType());
}

plan::MapType KernelBuilder::outputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getOutputs()[i].getType());
}

void KernelBuilder::forEachTask(function_ref<void(Index)> body) {
  unsigned numArguments = function.getNumArguments();
  Index begin(function.getArgument(numArguments - 2)), end(function.getArgument(numArguments - 1));
  loop(begin, end, 1, body);
}

void KernelBuilder::call(StringRef symbol, ArrayRef<Index> indices) {
  unsigned numArrays = function.getNumArguments() - 2;
  Values arguments(function.getArguments().take_front(numArrays));
  for (Index index : indices)
    arguments.push_back(materialize(index));
  auto module = function->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(symbol)) {
    OpBuilder atEnd = OpBuilder::atBlockEnd(module.getBody());
    auto type = builder.getFunctionType(ValueRange(arguments).getTypes(), {});
    atEnd.create<func::FuncOp>(loc, symbol, type).setPrivate();
  }
  builder.create<func::CallOp>(loc, symbol, TypeRange(), arguments);
}

void KernelBuilder::finish() { builder.create<func::ReturnOp>(loc); }

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

VectorType KernelBuilder::vectorType() {
  return VectorType::get({lanes}, Float32Type::get(kernel.getContext()));
}

Value KernelBuilder::splat(float value) {
  return builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(vectorType(), value));
}

Value KernelBuilder::constant(ArrayRef<float> values) {
  return builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(vectorType(), values));
}

Value KernelBuilder::broadcast(Value scalar) {
  return builder.create<vector::BroadcastOp>(loc, vectorType(), scalar);
}

Value KernelBuilder::broadcastLane(Value vector, int64_t lane) {
  return broadcast(builder.create<vector::ExtractOp>(loc, vector, lane));
}

Value KernelBuilder::loadVector(Value array, Index at) {
  return builder.create<vector::LoadOp>(loc, vectorType(), array, ValueRange{materialize(at)});
}

Value KernelBuilder::loadScalar(Value array, Index at) {
  return builder.create<memref::LoadOp>(loc, array, ValueRange{materialize(at)});
}

void KernelBuilder::storeVector(Value vector, Value array, Index at) {
  builder.create<vector::StoreOp>(loc, vector, array, ValueRange{materialize(at)});
}

void KernelBuilder::storeScalar(Value scalar, Value array, Index at) {
  builder.create<memref::StoreOp>(loc, scalar, array, ValueRange{materialize(at)});
}

void KernelBuilder::storeLanes(Value vector, int64_t count, Value array, Index at) {
  if (count >= lanes)
    return storeVector(vector, array, at);
  for (int64_t lane = 0; lane < count; ++lane)
    storeScalar(builder.create<vector::ExtractOp>(loc, vector, lane), array, add(at, lane));
}

Value KernelBuilder::loadLanes(int64_t count, float fill, Value array, Index at) {
  if (count >= lanes)
    return loadVector(array, at);
  Value vector = splat(fill);
  for (int64_t lane = 0; lane < count; ++lane)
    vector = builder.create<vector::InsertOp>(loc, loadScalar(array, add(at, lane)), vector, lane);
  return vector;
}

Value KernelBuilder::firstLanes(int64_t count) {
  return builder.create<vector::CreateMaskOp>(
      loc, VectorType::get({lanes}, builder.getI1Type()), ValueRange{materialize(count)});
}

Value KernelBuilder::gather(Value array, Index base, Value offsets, Value mask, Value otherwise) {
  return builder.create<vector::GatherOp>(loc, vectorType(), array, ValueRange{materialize(base)},
                                          offsets, mask, otherwise);
}

Value KernelBuilder::gatherStrided(Value array, Index at, int64_t stride, int64_t count) {
  auto ints = VectorType::get({lanes}, builder.getI64Type());
  SmallVector<int64_t> offsets;
  for (int64_t lane = 0; lane < lanes; ++lane)
    offsets.push_back(lane * stride);
  Value steps = builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(ints, ArrayRef(offsets)));
  return gather(array, at, steps, firstLanes(std::min(count, lanes)), splat(0));
}

float KernelBuilder::tableEntry(int64_t index) {
  return llvm::bit_cast<float>(kTableBits | static_cast<int32_t>(index + 1));
}

Index KernelBuilder::tableIndex(CodeBuilder &b, Value entry) {
  OpBuilder &builder = b.builder;
  Value bits = builder.create<arith::BitcastOp>(b.loc, builder.getI32Type(), entry);
  Value index = builder.create<arith::SubIOp>(
      b.loc, bits,
      builder.create<arith::ConstantOp>(b.loc, builder.getI32IntegerAttr(kTableBits + 1)));
  return builder.create<arith::IndexCastOp>(b.loc, builder.getIndexType(), index).getResult();
}

Index KernelBuilder::loadTableEntry(Value table, Index at) {
  return tableIndex(*this, loadScalar(table, at));
}

Value KernelBuilder::gatherByTable(Value array, Index base, int64_t stride, Value table, Index at,
                                   int64_t count, float fill) {
  auto ints = VectorType::get({lanes}, builder.getI32Type());
  auto longs = VectorType::get({lanes}, builder.getI64Type());
  // Lanes beyond `count` read as -1: nothing is loaded for them.
  Value bits = builder.create<arith::BitcastOp>(loc, ints,
                                                loadLanes(count, tableEntry(-1), table, at));
  Value entries = builder.create<arith::SubIOp>(
      loc, bits,
      builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(ints, kTableBits + 1)));
  Value zero = builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(ints, int32_t(0)));
  Value valid = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, entries, zero);
  Value offsets = builder.create<arith::ExtSIOp>(loc, longs, entries);
  if (stride != 1)
    offsets = builder.create<arith::MulIOp>(
        loc, offsets,
        builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(longs, stride)));
  return gather(array, base, offsets, valid, splat(fill));
}

void KernelBuilder::prefetch(Value array, Index at, bool toL1) {
  builder.create<memref::PrefetchOp>(loc, array, ValueRange{materialize(at)},
                                     /*isWrite=*/false, /*localityHint=*/toL1 ? 3 : 2,
                                     /*isDataCache=*/true);
}

Value KernelBuilder::reduceAdd(Value vector) {
  return builder.create<vector::ReductionOp>(loc, vector::CombiningKind::ADD, vector,
                                             arith::FastMathFlags::reassoc);
}

Value KernelBuilder::reduceMax(Value vector) {
  return builder.create<vector::ReductionOp>(loc, vector::CombiningKind::MAXNUMF, vector);
}

Value KernelBuilder::shuffle(Value a, Value b, ArrayRef<int64_t> offsets) {
  return builder.create<vector::ShuffleOp>(loc, a, b, offsets);
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

Index KernelBuilder::at(plan::MapType map, Index n, Index cb, Index y, Index x) {
  Index offset = add(mul(n, map.imageStride()), mul(cb, map.planeStride()));
  offset = add(offset, mul(y, map.rowStride()));
  return add(add(offset, mul(x, map.getBlock())), map.origin());
}

void KernelBuilder::zero(Value array, Index at, int64_t count, int64_t block) {
  Value zeros = splat(0);
  int64_t whole = count / lanes * lanes;
  loop(0, whole, lanes, [&](Index i) { storeVector(zeros, array, add(at, i)); });
  storeLanes(zeros, count - whole, array, add(at, whole));
}

void KernelBuilder::zeroHalo(Value array, plan::MapType map, Index n, Index cb, Index y0,
                             Index y1) {
  if (map.hasHalo())
    zeroHalo(array, map, add(mul(n, map.imageStride()), mul(cb, map.planeStride())), y0, y1);
}

void KernelBuilder::zeroHalo(Value array, plan::MapType map, Index plane, Index y0, Index y1) {
  int64_t block = map.getBlock(), rowStride = map.rowStride();
  Index firstRow = add(plane, map.top() * rowStride);
  if (map.left() || map.right())
    loop(y0, y1, 1, [&](Index y) {
      Index row = add(firstRow, mul(y, rowStride));
      zero(array, row, map.left() * block, block);
      zero(array, add(row, (map.left() + map.w()) * block), map.right() * block, block);
    });
  if (map.top())
    ifThen(isEqual(y0, 0), [&] { zero(array, plane, map.top() * rowStride, block); });
  if (map.bottom())
    ifThen(isEqual(y1, map.h()), [&] {
      zero(array, add(firstRow, map.h() * rowStride), map.bottom() * rowStride, block);
    });
}

// Vectors wider than a register make code in which the chains of several go side by side. They come
// from memory, since registers hold either a tile's sums or what the chains need.
void KernelBuilder::activateInMemory(std::optional<cnn::ActivationAttr> act, Value array, Index at,
                                     int64_t count) {
  constexpr int64_t kSideBySide = 4;
  auto run = [&](Index from, int64_t vectors) {
    auto type = VectorType::get({vectors * lanes}, builder.getF32Type());
    Value x = builder.create<vector::LoadOp>(loc, type, array, ValueRange{materialize(from)});
    builder.create<vector::StoreOp>(loc, activate(act, x), array, ValueRange{materialize(from)});
  };
  loop(0, count / kSideBySide, 1,
       [&](Index i) { run(add(at, mul(i, kSideBySide * lanes)), kSideBySide); });
  if (int64_t rest = count % kSideBySide)
    run(add(at, (count - rest) * lanes), rest);
}
