// The vocabulary that kernels are written in, as arith, scf, vector and memref ops.
#include "backends/llvm/KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace incc;

/// Arrays are as long as need be: the bound only serves the type.
static constexpr int64_t kArrayLength = int64_t(1) << 40;

KernelBuilder::KernelBuilder(ModuleOp module, StringRef name, plan::KernelOp kernel,
                             const Target &target)
    : target(target), kernel(kernel), lanes(target.isa.lanes), builder(module.getContext()),
      loc(builder.getUnknownLoc()) {
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

void KernelBuilder::finish() { builder.create<func::ReturnOp>(loc); }

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::materialize(Index index) {
  if (!index.isConstant())
    return index.getValue();
  return builder.create<arith::ConstantIndexOp>(loc, index.getConstant());
}

Index KernelBuilder::add(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return a.getConstant() + b.getConstant();
  if (a.isConstant() && a.getConstant() == 0)
    return b;
  if (b.isConstant() && b.getConstant() == 0)
    return a;
  return builder.create<arith::AddIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::sub(Index a, Index b) {
  if (b.isConstant())
    return add(a, Index(-b.getConstant()));
  return builder.create<arith::SubIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::mul(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return a.getConstant() * b.getConstant();
  if (a.isConstant())
    std::swap(a, b);
  if (b.isConstant() && b.getConstant() == 0)
    return 0;
  if (b.isConstant() && b.getConstant() == 1)
    return a;
  return builder.create<arith::MulIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::div(Index a, int64_t b) {
  if (b == 1)
    return a;
  if (a.isConstant())
    return a.getConstant() / b;
  return builder.create<arith::DivUIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::rem(Index a, int64_t b) {
  if (b == 1)
    return 0;
  if (a.isConstant())
    return a.getConstant() % b;
  return builder.create<arith::RemUIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::min(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return std::min(a.getConstant(), b.getConstant());
  return builder.create<arith::MinSIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index KernelBuilder::max(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return std::max(a.getConstant(), b.getConstant());
  return builder.create<arith::MaxSIOp>(loc, materialize(a), materialize(b)).getResult();
}

Value KernelBuilder::isEqual(Index a, Index b) {
  return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, materialize(a),
                                       materialize(b));
}

Value KernelBuilder::isLess(Index a, Index b) {
  return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, materialize(a),
                                       materialize(b));
}

Value KernelBuilder::logicalAnd(Value a, Value b) {
  return builder.create<arith::AndIOp>(loc, a, b);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

KernelBuilder::Values KernelBuilder::loop(Index begin, Index end, int64_t step, Values init,
                                          function_ref<Values(Index, Values)> body) {
  if (begin.isConstant() && end.isConstant()) {
    if (begin.getConstant() >= end.getConstant())
      return init;
    if (begin.getConstant() + step >= end.getConstant())
      return body(begin, init);
  }
  auto forOp = builder.create<scf::ForOp>(loc, materialize(begin), materialize(end),
                                          materialize(step), init);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(forOp.getBody());
  Values results = body(Index(forOp.getInductionVar()), Values(forOp.getRegionIterArgs()));
  // The builder adds the terminator itself where nothing is carried.
  if (!init.empty()) {
    builder.setInsertionPointToEnd(forOp.getBody());
    builder.create<scf::YieldOp>(loc, results);
  }
  return Values(forOp.getResults());
}

void KernelBuilder::loop(Index begin, Index end, int64_t step, function_ref<void(Index)> body) {
  loop(begin, end, step, Values(), [&](Index i, Values) {
    body(i);
    return Values();
  });
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> then) {
  auto ifOp = builder.create<scf::IfOp>(loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  then();
}

void KernelBuilder::ifThenElse(Value condition, function_ref<void()> then,
                               function_ref<void()> otherwise) {
  auto ifOp = builder.create<scf::IfOp>(loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  then();
  builder.setInsertionPointToStart(ifOp.elseBlock());
  otherwise();
}

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

Value KernelBuilder::select(Value condition, Value a, Value b) {
  return builder.create<arith::SelectOp>(loc, condition, a, b);
}

Value KernelBuilder::constantLike(Value like, float value) {
  if (auto type = dyn_cast<VectorType>(like.getType()))
    return builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, value));
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
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

/// In a table entry the exponent of 2.0 keeps the bits of index + 1 from forming a denormal.
static constexpr int32_t kTableBits = 0x40000000;

float KernelBuilder::tableEntry(int64_t index) {
  return llvm::bit_cast<float>(kTableBits | static_cast<int32_t>(index + 1));
}

Index KernelBuilder::loadTableEntry(Value table, Index at) {
  Value bits = builder.create<arith::BitcastOp>(loc, builder.getI32Type(), loadScalar(table, at));
  Value entry = builder.create<arith::SubIOp>(
      loc, bits,
      builder.create<arith::ConstantOp>(loc, builder.getI32IntegerAttr(kTableBits + 1)));
  return builder.create<arith::IndexCastOp>(loc, builder.getIndexType(), entry).getResult();
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

Value KernelBuilder::addf(Value a, Value b) { return builder.create<arith::AddFOp>(loc, a, b); }
Value KernelBuilder::subf(Value a, Value b) { return builder.create<arith::SubFOp>(loc, a, b); }
Value KernelBuilder::mulf(Value a, Value b) { return builder.create<arith::MulFOp>(loc, a, b); }
Value KernelBuilder::divf(Value a, Value b) { return builder.create<arith::DivFOp>(loc, a, b); }
Value KernelBuilder::sqrtf(Value a) { return builder.create<math::SqrtOp>(loc, a); }

Value KernelBuilder::toFloat(Index index) {
  Value integer =
      builder.create<arith::IndexCastOp>(loc, builder.getI32Type(), materialize(index));
  return builder.create<arith::SIToFPOp>(loc, builder.getF32Type(), integer);
}

// Selects rather than arith.maximumf: one instruction on x86. A NaN in `b` is passed on.
Value KernelBuilder::maxf(Value a, Value b) {
  if (target.isa.isNeon)
    return builder.create<arith::MaximumFOp>(loc, a, b);
  Value greater = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, a, b);
  return builder.create<arith::SelectOp>(loc, greater, a, b);
}

Value KernelBuilder::minf(Value a, Value b) {
  if (target.isa.isNeon)
    return builder.create<arith::MinimumFOp>(loc, a, b);
  Value less = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT, a, b);
  return builder.create<arith::SelectOp>(loc, less, a, b);
}

Value KernelBuilder::fma(Value a, Value b, Value c) {
  // Without the instruction llvm.fma would become a library call for each lane.
  if (!target.isa.hasFma)
    return addf(mulf(a, b), c);
  return builder.create<math::FmaOp>(loc, a, b, c);
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
  if (!map.hasHalo())
    return;
  int64_t block = map.getBlock(), rowStride = map.rowStride();
  Index plane = add(mul(n, map.imageStride()), mul(cb, map.planeStride()));
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
