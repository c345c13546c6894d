// Threads, memories and copies, as ops and intrinsics of LLVM.
#include "backends/gpu/GpuBuilder.h"
#include "backends/gpu/Codegen.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace incc;

static constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;
static constexpr int64_t kFour = 4, kFourBytes = 16;

GpuBuilder::GpuBuilder(ModuleOp module, StringRef name, plan::KernelOp kernel)
    : CodeBuilder(kernel.getContext(), {.fma = true, .maximum = true}), kernel(kernel),
      numThreads(GpuLaunch::of(kernel).threads) {
  builder.setInsertionPointToEnd(module.getBody());
  if (!module.lookupSymbol(kSharedSymbol))
    builder.create<LLVM::GlobalOp>(loc, LLVM::LLVMArrayType::get(builder.getF32Type(), 0),
                                   /*isConstant=*/false, LLVM::Linkage::External, kSharedSymbol,
                                   Attribute(), /*alignment=*/kFourBytes, kSharedSpace);
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext(), kGlobalSpace);
  SmallVector<Type> arguments(kernel->getNumOperands(), pointer);
  function = builder.create<func::FuncOp>(loc, name, builder.getFunctionType(arguments, {}));
  // Outputs overlap nothing; inputs may be the same array twice, which is read only.
  unsigned firstOutput = arguments.size() - kernel.getOutputs().size();
  for (unsigned i = 0; i < arguments.size(); ++i) {
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    if (i < firstOutput)
      function.setArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName(), builder.getUnitAttr());
  }
  builder.setInsertionPointToStart(function.addEntryBlock());
}

plan::MapType GpuBuilder::inputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getInputs()[i].getType());
}

plan::MapType GpuBuilder::outputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getOutputs()[i].getType());
}

void GpuBuilder::finish() { builder.create<func::ReturnOp>(loc); }

Value GpuBuilder::intrinsic(StringRef name, Type type, ValueRange operands) {
  return builder.create<LLVM::CallIntrinsicOp>(loc, type, name, operands).getResults();
}

static Index toIndex(GpuBuilder &b, Value integer) {
  return Index(b.builder.create<arith::IndexCastOp>(b.loc, b.builder.getIndexType(), integer));
}

Index GpuBuilder::block() {
  return toIndex(*this, intrinsic("llvm.nvvm.read.ptx.sreg.ctaid.x", builder.getI32Type(), {}));
}

Index GpuBuilder::thread() {
  return toIndex(*this, intrinsic("llvm.nvvm.read.ptx.sreg.tid.x", builder.getI32Type(), {}));
}

//===----------------------------------------------------------------------===//
// Indices and memory
//===----------------------------------------------------------------------===//

Value GpuBuilder::isBelow(Index a, Index b) {
  return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, materialize(a),
                                       materialize(b));
}

Index GpuBuilder::select(Value condition, Index a, Index b) {
  return CodeBuilder::select(condition, materialize(a), materialize(b));
}

Index GpuBuilder::bitsOf(Value x) { return toIndex(*this, toBits(x)); }

Value GpuBuilder::hasBits(Index set, Index bits) {
  Value common = builder.create<arith::AndIOp>(loc, materialize(set), materialize(bits));
  return isEqual(common, bits);
}

Value GpuBuilder::integer(Index index) {
  return builder.create<arith::IndexCastOp>(loc, builder.getI32Type(), materialize(index));
}

Value GpuBuilder::address(Value array, Index at, int64_t further) {
  Type pointer = array.getType(), element = builder.getF32Type();
  if (at.isConstant()) {
    further += at.getConstant();
  } else {
    SmallVector<LLVM::GEPArg> indices = {integer(at)};
    array = builder.create<LLVM::GEPOp>(loc, pointer, element, array, indices);
  }
  if (!further)
    return array;
  SmallVector<LLVM::GEPArg> indices = {static_cast<int32_t>(further)};
  return builder.create<LLVM::GEPOp>(loc, pointer, element, array, indices);
}

Value GpuBuilder::load(Value array, Index at, int64_t further) {
  return builder.create<LLVM::LoadOp>(loc, builder.getF32Type(), address(array, at, further),
                                      sizeof(float));
}

Value GpuBuilder::loadFour(Value array, Index at, int64_t further) {
  return builder.create<LLVM::LoadOp>(loc, VectorType::get({kFour}, builder.getF32Type()),
                                      address(array, at, further), kFourBytes);
}

Value GpuBuilder::loadTwo(Value array, Index at, int64_t further) {
  return builder.create<LLVM::LoadOp>(loc, VectorType::get({2}, builder.getF32Type()),
                                      address(array, at, further), 2 * sizeof(float));
}

void GpuBuilder::store(Value value, Value array, Index at, int64_t further) {
  unsigned alignment = isa<VectorType>(value.getType()) ? kFourBytes : sizeof(float);
  builder.create<LLVM::StoreOp>(loc, value, address(array, at, further), alignment);
}

Value GpuBuilder::shared() {
  return builder.create<LLVM::AddressOfOp>(
      loc, LLVM::LLVMPointerType::get(builder.getContext(), kSharedSpace), kSharedSymbol);
}

Index GpuBuilder::at(plan::MapType map, Index n, Index c, Index y, Index x) {
  return sum(mul(n, map.imageStride()), mul(c, map.planeStride()), mul(y, map.rowStride()), x);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value GpuBuilder::joinFour(ArrayRef<Value> scalars) {
  Value four = zeros(/*four=*/true);
  for (auto [i, scalar] : llvm::enumerate(scalars))
    four = builder.create<vector::InsertOp>(loc, scalar, four, static_cast<int64_t>(i));
  return four;
}

Value GpuBuilder::toBits(Value x) {
  return builder.create<arith::BitcastOp>(loc, builder.getI32Type(), x);
}

Value GpuBuilder::fromBits(Value bits) {
  return builder.create<arith::BitcastOp>(loc, builder.getF32Type(), bits);
}

Value GpuBuilder::constant(float value) {
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
}

Value GpuBuilder::zeros(bool four) {
  if (!four)
    return constant(0);
  auto type = VectorType::get({kFour}, builder.getF32Type());
  return builder.create<arith::ConstantOp>(loc, DenseElementsAttr::get(type, 0.0f));
}

Value GpuBuilder::splat(Value scalar) {
  return builder.create<vector::BroadcastOp>(loc, VectorType::get({kFour}, scalar.getType()),
                                             scalar);
}

Value GpuBuilder::extract(Value four, int64_t i) {
  return builder.create<vector::ExtractOp>(loc, four, i);
}

//===----------------------------------------------------------------------===//
// Threads that work together
//===----------------------------------------------------------------------===//

void GpuBuilder::barrier() { intrinsic("llvm.nvvm.barrier0", {}, {}); }

void GpuBuilder::copyToShared(Value global, Index from, int64_t fromFurther, Value shared, Index to,
                              int64_t toFurther, int64_t floats, Value valid) {
  // Copies of 16 bytes pass by L1, which shared memory is a part of.
  std::string name = floats == kFour ? "llvm.nvvm.cp.async.cg.shared.global.16"
                                     : "llvm.nvvm.cp.async.ca.shared.global.4";
  SmallVector<Value> operands = {address(shared, to, toFurther),
                                 address(global, from, fromFurther)};
  if (valid) {
    name += ".s";
    Value bytes = materialize(select(valid, Index(floats * sizeof(float)), Index(0)));
    operands.push_back(builder.create<arith::IndexCastOp>(loc, builder.getI32Type(), bytes));
  }
  intrinsic(name, {}, operands);
}

void GpuBuilder::commitCopies() { intrinsic("llvm.nvvm.cp.async.commit.group", {}, {}); }

void GpuBuilder::waitForCopies(int64_t groups) {
  Value count = builder.create<arith::ConstantOp>(loc, builder.getI32IntegerAttr(groups));
  intrinsic("llvm.nvvm.cp.async.wait.group", {}, count);
}

Value GpuBuilder::roundToTf32(Value x) {
  return intrinsic("llvm.nvvm.f2tf32.rna", builder.getI32Type(), x);
}

void GpuBuilder::multiplyFragments(ArrayRef<Value> filter, ArrayRef<Value> pixels,
                                   MutableArrayRef<Value> sums) {
  SmallVector<Value> operands(filter);
  llvm::append_range(operands, pixels);
  llvm::append_range(operands, sums);
  SmallVector<Type> types(sums.size(), builder.getF32Type());
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  Value result = intrinsic("llvm.nvvm.mma.m16n8k8.row.col.tf32", type, operands);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = builder.create<LLVM::ExtractValueOp>(loc, result, static_cast<int64_t>(i));
}

Value GpuBuilder::shuffleXor(Value value, int64_t mask) {
  auto integer = [&](int32_t i) -> Value {
    return builder.create<arith::ConstantOp>(loc, builder.getI32IntegerAttr(i));
  };
  constexpr int32_t kAllLanes = -1, kWholeWarp = kWarpThreads - 1;
  return intrinsic(
      "llvm.nvvm.shfl.sync.bfly.f32", builder.getF32Type(),
      {integer(kAllLanes), value, integer(static_cast<int32_t>(mask)), integer(kWholeWarp)});
}

Value GpuBuilder::warpSum(Value value) {
  for (int64_t mask = kWarpThreads / 2; mask; mask /= 2)
    value = addf(value, shuffleXor(value, mask));
  return value;
}

Value GpuBuilder::warpMax(Value value) {
  for (int64_t mask = kWarpThreads / 2; mask; mask /= 2)
    value = maxf(shuffleXor(value, mask), value);
  return value;
}
