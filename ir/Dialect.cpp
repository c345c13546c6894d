// Registration, attributes and types of the cnn and plan dialects.
#include "ir/Plan.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace incc;

#include "ir/CnnDialect.cpp.inc"
#include "ir/CnnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/CnnAttrs.cpp.inc"
#include "ir/PlanDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/PlanTypes.cpp.inc"

void cnn::CnnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/CnnAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/CnnOps.cpp.inc"
      >();
}

void plan::PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ir/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/PlanOps.cpp.inc"
      >();
}

/// The number of parameters an activation takes.
static unsigned numActivationParams(cnn::ActivationKind kind) {
  switch (kind) {
  case cnn::ActivationKind::leaky_relu:
  case cnn::ActivationKind::elu:
    return 1;
  case cnn::ActivationKind::clip:
  case cnn::ActivationKind::hard_sigmoid:
    return 2;
  default:
    return 0;
  }
}

LogicalResult cnn::ActivationAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                          ActivationKind kind, ArrayAttr params) {
  unsigned numParams = params ? params.size() : 0;
  if (numParams != numActivationParams(kind))
    return emitError() << "activation '" << stringifyActivationKind(kind) << "' takes "
                       << numActivationParams(kind) << " parameters, got " << numParams;
  if (params && !llvm::all_of(params, [](Attribute p) { return llvm::isa<FloatAttr>(p); }))
    return emitError() << "parameters of an activation must be floats, got " << params;
  return success();
}

float cnn::ActivationAttr::param(unsigned i) const {
  return static_cast<float>(llvm::cast<FloatAttr>(getParams()[i]).getValueAsDouble());
}

LogicalResult cnn::LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t block,
                                      ArrayRef<int64_t> halo) {
  if (block < 1)
    return emitError() << "block must be positive, got " << block;
  if (halo.size() != 4 || llvm::any_of(halo, [](int64_t h) { return h < 0; }))
    return emitError() << "halo must be four non-negative numbers (top, left, bottom, right)";
  return success();
}

int64_t plan::scratchBytes(KernelOp kernel) {
  DictionaryAttr config = kernel.getConfigAttr();
  auto bytes = config ? config.getAs<IntegerAttr>("scratch_bytes") : IntegerAttr();
  return bytes ? bytes.getInt() : 0;
}

FloatAttr plan::cyclesAttr(MLIRContext *context, double cycles) {
  double unit = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(cycles, 1.0))) - 5));
  return Builder(context).getF64FloatAttr(std::round(cycles / unit) * unit);
}

double plan::cyclesOf(KernelOp kernel) {
  FloatAttr cycles = kernel.getCyclesAttr();
  return cycles ? cycles.getValueAsDouble() : 0;
}

KernelTasks plan::tasksOf(KernelOp kernel) {
  int64_t count = kernel.getTasks();
  return {count, cyclesOf(kernel) / static_cast<double>(count)};
}

void plan::eraseKernel(KernelOp kernel) {
  auto stage = cast<StageOp>(kernel->getParentOp());
  kernel.erase();
  if (stage.getBody().front().empty())
    stage.erase();
}

/// `<1x64x56x56, c16, halo [1, 1, 1, 1], planes 4>`
Type plan::MapType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape, halo;
  int64_t planes = 0;
  StringRef blockWord;
  int64_t block = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false, /*withTrailingX=*/false) ||
      parser.parseComma() || parser.parseKeyword(&blockWord))
    return {};
  if (!blockWord.consume_front("c") || blockWord.getAsInteger(10, block)) {
    parser.emitError(loc, "expected the channel block as 'c' and a number, such as c16");
    return {};
  }
  if (parser.parseComma() || parser.parseKeyword("halo") ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        return parser.parseInteger(halo.emplace_back());
      }) ||
      parser.parseComma() || parser.parseKeyword("planes") || parser.parseInteger(planes) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<MapType>(loc, parser.getContext(), shape, block, halo, planes);
}

void plan::MapType::print(AsmPrinter &printer) const {
  printer << "<";
  llvm::interleave(getShape(), printer.getStream(), "x");
  printer << ", c" << getBlock() << ", halo [";
  llvm::interleaveComma(getHalo(), printer.getStream());
  printer << "], planes " << getPlanes() << ">";
}

LogicalResult plan::MapType::verify(function_ref<InFlightDiagnostic()> emitError,
                                    ArrayRef<int64_t> shape, int64_t block, ArrayRef<int64_t> halo,
                                    int64_t planes) {
  if (shape.size() != 4 || llvm::any_of(shape, [](int64_t d) { return d < 1; }))
    return emitError() << "expected four positive dimensions N, C, H, W";
  if (block < 1 || halo.size() != 4 || llvm::any_of(halo, [](int64_t h) { return h < 0; }))
    return emitError() << "expected a positive block and four non-negative halo widths";
  if (planes < (shape[1] + block - 1) / block)
    return emitError() << "a buffer of " << planes << " planes can't hold " << shape[1]
                       << " channels in blocks of " << block;
  return success();
}

LogicalResult plan::ViewOp::verify() {
  MapType from = getSource().getType(), to = getMap().getType();
  int64_t channel = getChannel();
  if (channel < 0 || channel % from.getBlock() || channel + to.c() > from.channelBlocks() * from.getBlock())
    return emitOpError("channels [") << channel << ", " << channel + to.c()
                                     << ") do not start on a block or do not fit in " << from;
  if (from.getBlock() != to.getBlock() || from.getHalo() != to.getHalo() ||
      from.getPlanes() != to.getPlanes() || from.n() != to.n() || from.h() != to.h() ||
      from.w() != to.w())
    return emitOpError("must keep block, halo, planes, N, H and W of ") << from << ", got " << to;
  return success();
}

static LogicalResult verifyCycles(Operation *op, FloatAttr cycles) {
  if (!cycles || (cycles.getValue().isFinite() && !cycles.getValue().isNegative()))
    return success();
  return op->emitOpError("cycles must be a number from 0 on, got ") << cycles.getValueAsDouble();
}

LogicalResult plan::StageOp::verify() { return verifyCycles(*this, getCyclesAttr()); }

LogicalResult plan::KernelOp::verify() {
  if (getTasks() < 1)
    return emitOpError("needs at least one task, got ") << getTasks();
  return verifyCycles(*this, getCyclesAttr());
}
