// The part of the vocabulary that knows nothing of memory, as arith, scf and math ops.
#include "backends/llvm/CodeBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace incc;

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value CodeBuilder::materialize(Index index) {
  if (!index.isConstant())
    return index.getValue();
  return builder.create<arith::ConstantIndexOp>(loc, index.getConstant());
}

Index CodeBuilder::add(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return a.getConstant() + b.getConstant();
  if (a.isConstant() && a.getConstant() == 0)
    return b;
  if (b.isConstant() && b.getConstant() == 0)
    return a;
  return builder.create<arith::AddIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index CodeBuilder::sub(Index a, Index b) {
  if (b.isConstant())
    return add(a, Index(-b.getConstant()));
  return builder.create<arith::SubIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index CodeBuilder::mul(Index a, Index b) {
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

Index CodeBuilder::div(Index a, int64_t b) {
  if (b == 1)
    return a;
  if (a.isConstant())
    return a.getConstant() / b;
  return builder.create<arith::DivUIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index CodeBuilder::rem(Index a, int64_t b) {
  if (b == 1)
    return 0;
  if (a.isConstant())
    return a.getConstant() % b;
  return builder.create<arith::RemUIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index CodeBuilder::min(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return std::min(a.getConstant(), b.getConstant());
  return builder.create<arith::MinSIOp>(loc, materialize(a), materialize(b)).getResult();
}

Index CodeBuilder::max(Index a, Index b) {
  if (a.isConstant() && b.isConstant())
    return std::max(a.getConstant(), b.getConstant());
  return builder.create<arith::MaxSIOp>(loc, materialize(a), materialize(b)).getResult();
}

Value CodeBuilder::isEqual(Index a, Index b) {
  return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, materialize(a),
                                       materialize(b));
}

Value CodeBuilder::isLess(Index a, Index b) {
  return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, materialize(a),
                                       materialize(b));
}

Value CodeBuilder::logicalAnd(Value a, Value b) { return builder.create<arith::AndIOp>(loc, a, b); }

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

CodeBuilder::Values CodeBuilder::loop(Index begin, Index end, int64_t step, Values init,
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

void CodeBuilder::loop(Index begin, Index end, int64_t step, function_ref<void(Index)> body) {
  loop(begin, end, step, Values(), [&](Index i, Values) {
    body(i);
    return Values();
  });
}

void CodeBuilder::ifThen(Value condition, function_ref<void()> then) {
  auto ifOp = builder.create<scf::IfOp>(loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  then();
}

void CodeBuilder::ifThenElse(Value condition, function_ref<void()> then,
                             function_ref<void()> otherwise) {
  auto ifOp = builder.create<scf::IfOp>(loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  then();
  builder.setInsertionPointToStart(ifOp.elseBlock());
  otherwise();
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value CodeBuilder::select(Value condition, Value a, Value b) {
  return builder.create<arith::SelectOp>(loc, condition, a, b);
}

Value CodeBuilder::constantLike(Value like, float value) {
  if (auto type = dyn_cast<VectorType>(like.getType()))
    return builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, value));
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
}

Value CodeBuilder::addf(Value a, Value b) { return builder.create<arith::AddFOp>(loc, a, b); }
Value CodeBuilder::subf(Value a, Value b) { return builder.create<arith::SubFOp>(loc, a, b); }
Value CodeBuilder::mulf(Value a, Value b) { return builder.create<arith::MulFOp>(loc, a, b); }
Value CodeBuilder::divf(Value a, Value b) { return builder.create<arith::DivFOp>(loc, a, b); }
Value CodeBuilder::sqrtf(Value a) { return builder.create<math::SqrtOp>(loc, a); }

Value CodeBuilder::toFloat(Index index) {
  Value integer = builder.create<arith::IndexCastOp>(loc, builder.getI32Type(), materialize(index));
  return builder.create<arith::SIToFPOp>(loc, builder.getF32Type(), integer);
}

// Selects rather than arith.maximumf: one instruction on x86. A NaN in `b` is passed on.
Value CodeBuilder::maxf(Value a, Value b) {
  if (instructions.maximum)
    return builder.create<arith::MaximumFOp>(loc, a, b);
  Value greater = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, a, b);
  return builder.create<arith::SelectOp>(loc, greater, a, b);
}

Value CodeBuilder::minf(Value a, Value b) {
  if (instructions.maximum)
    return builder.create<arith::MinimumFOp>(loc, a, b);
  Value less = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT, a, b);
  return builder.create<arith::SelectOp>(loc, less, a, b);
}

Value CodeBuilder::fma(Value a, Value b, Value c) {
  // Without the instruction llvm.fma would become a library call for each lane.
  if (!instructions.fma)
    return addf(mulf(a, b), c);
  return builder.create<math::FmaOp>(loc, a, b, c);
}
