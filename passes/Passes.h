// The passes of incc: create functions, options and registration.
#ifndef INCC_PASSES_PASSES_H
#define INCC_PASSES_PASSES_H

#include "ir/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace incc {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace incc

#endif // INCC_PASSES_PASSES_H
