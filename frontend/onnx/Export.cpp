// Writes a network of the cnn dialect as an ONNX model.
#include "frontend/onnx/Export.h"
#include "frontend/onnx/Exporter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace mlir;
using namespace incc;

/// ONNX 1.12, which every engine of the last years reads.
static constexpr int64_t kOpset = 17, kIrVersion = 8;

LogicalResult Exporter::write(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<cnn::ConstantOp>([](auto) { return success(); })
      .Case<cnn::Conv2dOp, cnn::LinearOp, cnn::BatchNormOp, cnn::LrnOp, cnn::ActivationOp,
            cnn::AddOp, cnn::MulOp, cnn::BinaryOp, cnn::ScaleOp, cnn::DropoutOp, cnn::SoftmaxOp,
            cnn::MaxPoolOp, cnn::AvgPoolOp, cnn::GlobalAvgPoolOp, cnn::AdaptiveAvgPoolOp,
            cnn::ConcatOp, cnn::SliceOp, cnn::FlattenOp, cnn::ReshapeOp, cnn::TransposeOp,
            cnn::TakeOp, cnn::ToLayoutOp>([&](auto layer) { return write(layer), success(); })
      .Default([](Operation *) { return failure(); });
}

void Exporter::finish(Operation *op, std::string result, Value residual,
                      std::optional<cnn::ActivationAttr> act) {
  if (residual) {
    std::string sum;
    writer.addNode("Add", op, {result, name(residual)}, &sum);
    result = sum;
  }
  writer.finishLayer(op, act ? activate(op, result, *act) : result);
}

void Exporter::write(cnn::Conv2dOp op) {
  Strings inputs = {name(op.getInput()), name(op.getFilter())};
  if (op.getBias())
    inputs.push_back(name(op.getBias()));
  std::string result;
  writer.addNode("Conv", op, inputs, &result)
      .set("kernel_shape", cnn::tensorType(op.getFilter()).getShape().drop_front(2))
      .set("strides", op.getStrides())
      .set("pads", op.getPads())
      .set("dilations", op.getDilations())
      .set("group", op.getGroups());
  finish(op, result, op.getResidual(), op.getAct());
}

void Exporter::write(cnn::LinearOp op) {
  std::string input = name(op.getInput()), result;
  if (cnn::tensorType(op.getInput()).getRank() != 2) {
    std::string flat;
    writer.addNode("Flatten", op, {input}, &flat).set("axis", 1);
    input = flat;
  }
  Strings inputs = {input, name(op.getWeight())};
  if (op.getBias())
    inputs.push_back(name(op.getBias()));
  writer.addNode("Gemm", op, inputs, &result).set("transB", 1);
  finish(op, result, op.getResidual(), op.getAct());
}

void Exporter::write(cnn::BatchNormOp op) {
  writer
      .addNode("BatchNormalization", op,
               {name(op.getInput()), name(op.getScale()), name(op.getShift()), name(op.getMean()),
                name(op.getVariance())},
               resultName(op))
      .setFloat("epsilon", op.getEpsilon().convertToDouble());
}

static void describe(onnx::ValueInfoProto &info, StringRef name, Type type) {
  info.set_name(name.str());
  onnx::TypeProto::Tensor &tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : cast<RankedTensorType>(type).getShape())
    tensor.mutable_shape()->add_dim()->set_dim_value(dim);
}

static std::string publicName(Attribute attr, StringRef otherwise, unsigned index) {
  if (auto name = dyn_cast_or_null<StringAttr>(attr))
    return name.str();
  return (otherwise + Twine(index)).str();
}

static llvm::Error failExport(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// Fills `graph` from `func`: inputs, outputs, then the layers in order.
static llvm::Error exportFunction(func::FuncOp func, onnx::GraphProto &graph) {
  auto terminator = dyn_cast<func::ReturnOp>(func.getBody().back().getTerminator());
  if (!terminator || !llvm::hasSingleElement(func.getBody()))
    return failExport("expected a function of one block that returns the network's outputs");
  Exporter exporter(graph);
  GraphWriter &writer = exporter.writer;
  for (BlockArgument arg : func.getArguments()) {
    unsigned index = arg.getArgNumber();
    std::string name =
        writer.uniqueName(publicName(func.getArgAttr(index, cnn::kNameAttr), "input", index));
    describe(*graph.add_input(), name, arg.getType());
    writer.bind(arg, name);
  }
  // A value that is returned once is known by the output's name; others are copied to it.
  SmallVector<std::pair<Value, std::string>> copies;
  for (auto [index, value] : llvm::enumerate(terminator.getOperands())) {
    std::string name =
        writer.uniqueName(publicName(func.getResultAttr(index, cnn::kNameAttr), "output", index));
    describe(*graph.add_output(), name, value.getType());
    if (writer.isBound(value) || value.getDefiningOp<cnn::ConstantOp>())
      copies.push_back({value, name});
    else
      writer.bind(value, name);
  }
  llvm::StringMap<unsigned> unsupported;
  for (Operation &op : func.getBody().front().without_terminator())
    if (failed(exporter.write(&op)))
      ++unsupported[op.getName().getStringRef()];
  if (!unsupported.empty()) {
    std::vector<std::string> names;
    for (auto &entry : unsupported)
      names.push_back(llvm::formatv("{0} ({1})", entry.getKey(), entry.getValue()));
    llvm::sort(names);
    return failExport("can't export to ONNX: expected ops of the cnn dialect, got " +
                      llvm::join(names, ", "));
  }
  for (auto &[value, name] : copies)
    writer.addNode("Identity", terminator, {writer.nameOf(value)}, StringRef(name));
  if (!writer.problem.empty())
    return failExport("can't export to ONNX: " + writer.problem);
  return llvm::Error::success();
}

namespace {
/// Lets protobuf write to a raw_ostream: the model is never held a second time as bytes.
class StreamAdaptor : public google::protobuf::io::CopyingOutputStream {
public:
  explicit StreamAdaptor(raw_ostream &os) : os(os) {}
  bool Write(const void *buffer, int size) override {
    os.write(static_cast<const char *>(buffer), size);
    return true;
  }

private:
  raw_ostream &os;
};
} // namespace

llvm::Error incc::exportOnnx(ModuleOp module, raw_ostream &os) {
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (functions.size() != 1 || functions.front().isExternal())
    return failExport("can't export to ONNX: expected a module of one function, got " +
                      Twine(functions.size()));
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("incc");
  model.add_opset_import()->set_version(kOpset);
  onnx::GraphProto &graph = *model.mutable_graph();
  graph.set_name(functions.front().getName().str());
  if (llvm::Error error = exportFunction(functions.front(), graph))
    return error;
  StreamAdaptor adaptor(os);
  google::protobuf::io::CopyingOutputStreamAdaptor stream(&adaptor);
  if (!model.SerializeToZeroCopyStream(&stream) || !stream.Flush())
    return failExport("can't export to ONNX: the model exceeds the 2 GB of protobuf");
  return llvm::Error::success();
}
