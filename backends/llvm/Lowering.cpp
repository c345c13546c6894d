// The conversion passes of MLIR that kernels go through.
#include "backends/llvm/Lowering.h"
#include "backends/llvm/Codegen.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace incc;

static void addLoweringPasses(OpPassManager &passes, unsigned indexBits) {
  passes.addPass(createCSEPass());
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  FinalizeMemRefToLLVMConversionPassOptions memory;
  memory.indexBitwidth = indexBits;
  passes.addPass(createFinalizeMemRefToLLVMConversionPass(memory));
  ArithToLLVMConversionPassOptions arithmetic;
  arithmetic.indexBitwidth = indexBits;
  passes.addPass(createArithToLLVMConversionPass(arithmetic));
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  functions.indexBitwidth = indexBits;
  passes.addPass(createConvertFuncToLLVMPass(functions));
  ConvertControlFlowToLLVMPassOptions branches;
  branches.indexBitwidth = indexBits;
  passes.addPass(createConvertControlFlowToLLVMPass(branches));
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void incc::registerCodegenDialects(MLIRContext &context) {
  registerBuiltinDialectTranslation(context);
  registerLLVMDialectTranslation(context);
  // Registered and loaded now: several threads will work in the context, and a pass manager that
  // finds a dialect of its passes not registered adds it to the context's registry without a lock.
  DialectRegistry registry;
  OpPassManager passes(ModuleOp::getOperationName());
  addLoweringPasses(passes, /*indexBits=*/64);
  passes.getDependentDialects(registry);
  registry.insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, memref::MemRefDialect,
                  scf::SCFDialect, vector::VectorDialect>();
  context.appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    context.getOrLoadDialect(name);
}

std::unique_ptr<llvm::Module> incc::lowerToLlvmIr(ModuleOp module, llvm::LLVMContext &context,
                                                  unsigned indexBits) {
  PassManager passes(module.getContext());
  passes.enableVerifier(false); // the conversions check what they produce
  addLoweringPasses(passes, indexBits);
  if (failed(passes.run(module)))
    return nullptr;
  return translateModuleToLLVMIR(module, context);
}
