// Attributes as JSON, for readers that know nothing of MLIR.
#ifndef INCC_IR_ATTRIBUTEJSON_H
#define INCC_IR_ATTRIBUTEJSON_H

#include "mlir/IR/Attributes.h"
#include "llvm/Support/JSON.h"

namespace incc {

/// Dictionaries, lists, numbers, flags and strings as what they are, cnn's enumerations by name;
/// null for other attributes.
llvm::json::Value toJson(mlir::Attribute attr);

} // namespace incc

#endif // INCC_IR_ATTRIBUTEJSON_H
