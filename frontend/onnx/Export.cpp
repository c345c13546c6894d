// Writes a network of the cnn dialect as an ONNX model: one writer per op.
#include "frontend/onnx/Export.h"
#include "frontend/onnx/GraphWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace mlir;
using namespace incc;

namespace {

/// ONNX 1.12, which every engine of the last years reads.
constexpr int64_t kOpset = 17, kIrVersion = 8;

/// Translates the ops of one function. Each `write` adds the nodes of one op; what several have in
/// common (bias, residual, activation) is added by `finish`.
class Exporter {
public:
  explicit Exporter(onnx::GraphProto &graph) : writer(graph) {}

  LogicalResult write(Operation *op);
  GraphWriter writer;

private:
  using Strings = SmallVector<std::string, 4>;

  void write(cnn::Conv2dOp op);
  void write(cnn::LinearOp op);
  void write(cnn::BatchNormOp op);
  void write(cnn::LrnOp op);
  void write(cnn::MaxPoolOp op);
  void write(cnn::AvgPoolOp op);
  void write(cnn::AdaptiveAvgPoolOp op);
  void write(cnn::ConcatOp op);
  void write(cnn::SliceOp op);
  void write(cnn::ScaleOp op);
  void write(cnn::DropoutOp op);
  template <typename OpT> void writeBinary(const char *type, OpT op) {
    std::string result;
    writer.addNode(type, op, {name(op.getLhs()), name(op.getRhs())}, &result);
    finish(op, result, nullptr, op.getAct());
  }

  std::string name(Value value) { return writer.nameOf(value); }
  std::string resultName(Operation *op) { return writer.nameOf(op->getResult(0)); }
  void finish(Operation *op, std::string result, Value residual,
              std::optional<cnn::ActivationAttr> act);
  std::string activate(Operation *op, const std::string &input, cnn::ActivationAttr act);
};

} // namespace

LogicalResult Exporter::write(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<cnn::ConstantOp>([](auto) { return success(); })
      .Case<cnn::Conv2dOp, cnn::LinearOp, cnn::BatchNormOp, cnn::LrnOp, cnn::MaxPoolOp,
            cnn::AvgPoolOp, cnn::AdaptiveAvgPoolOp, cnn::ConcatOp, cnn::SliceOp, cnn::ScaleOp,
            cnn::DropoutOp>([&](auto layer) { return write(layer), success(); })
      .Case<cnn::AddOp>([&](auto add) { return writeBinary("Add", add), success(); })
      .Case<cnn::MulOp>([&](auto mul) { return writeBinary("Mul", mul), success(); })
      .Case<cnn::ActivationOp>([&](auto layer) {
        return finish(layer, name(layer.getInput()), nullptr, layer.getAct()), success();
      })
      .Case<cnn::GlobalAvgPoolOp>([&](auto layer) {
        writer.addNode("GlobalAveragePool", layer, {name(layer.getInput())}, resultName(layer));
        return success();
      })
      .Case<cnn::FlattenOp>([&](auto layer) {
        writer.addNode("Flatten", layer, {name(layer.getInput())}, resultName(layer))
            .set("axis", 1);
        return success();
      })
      .Case<cnn::SoftmaxOp>([&](auto layer) {
        writer.addNode("Softmax", layer, {name(layer.getInput())}, resultName(layer))
            .set("axis", 1);
        return success();
      })
      .Case<cnn::ToLayoutOp>([&](auto layer) {
        writer.addNode("Identity", layer, {name(layer.getInput())}, resultName(layer));
        return success();
      })
      .Default([](Operation *) { return failure(); });
}

/// Adds residual and activation to `result`, which becomes the op's result.
void Exporter::finish(Operation *op, std::string result, Value residual,
                      std::optional<cnn::ActivationAttr> act) {
  if (residual) {
    std::string sum;
    writer.addNode("Add", op, {result, name(residual)}, &sum);
    result = sum;
  }
  writer.finishLayer(op, act ? activate(op, result, *act) : result);
}

std::string Exporter::activate(Operation *op, const std::string &input, cnn::ActivationAttr act) {
  using Kind = cnn::ActivationKind;
  std::string result, gate;
  auto clip = [&](float low, float high) {
    writer.addNode(
        "Clip", op,
        {input, writer.addFloats("low", {}, {low}), writer.addFloats("high", {}, {high})}, &result);
    return result;
  };
  switch (act.getKind()) {
  case Kind::none:
    return input;
  case Kind::relu:
    writer.addNode("Relu", op, {input}, &result);
    return result;
  case Kind::relu6:
    return clip(0, 6);
  case Kind::clip:
    return clip(act.param(0), act.param(1));
  case Kind::leaky_relu:
    writer.addNode("LeakyRelu", op, {input}, &result).setFloat("alpha", act.param(0));
    return result;
  case Kind::sigmoid:
    writer.addNode("Sigmoid", op, {input}, &result);
    return result;
  case Kind::tanh:
    writer.addNode("Tanh", op, {input}, &result);
    return result;
  case Kind::hard_sigmoid:
    writer.addNode("HardSigmoid", op, {input}, &result)
        .setFloat("alpha", act.param(0))
        .setFloat("beta", act.param(1));
    return result;
  case Kind::silu:
    writer.addNode("Sigmoid", op, {input}, &gate);
    break;
  case Kind::hard_swish: // As a product, because not every engine has the op.
    writer.addNode("HardSigmoid", op, {input}, &gate)
        .setFloat("alpha", 1.0 / 6)
        .setFloat("beta", 0.5);
    break;
  }
  writer.addNode("Mul", op, {input, gate}, &result);
  return result;
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

void Exporter::write(cnn::LrnOp op) {
  writer.addNode("LRN", op, {name(op.getInput())}, resultName(op))
      .set("size", op.getSize())
      .setFloat("alpha", op.getAlpha().convertToDouble())
      .setFloat("beta", op.getBeta().convertToDouble())
      .setFloat("bias", op.getK().convertToDouble());
}

/// What `ceil_mode` adds at the bottom and right: rows and columns that the last windows need
/// beyond the padded input. Written as padding, because engines differ in how they round up.
template <typename OpT> static std::array<int64_t, 2> overhang(OpT op) {
  ArrayRef<int64_t> in = cnn::tensorType(op.getInput()).getShape();
  ArrayRef<int64_t> out = cnn::tensorType(op.getOutput()).getShape();
  std::array<int64_t, 2> beyond;
  for (int axis : {0, 1}) {
    int64_t padded = op.getPads()[axis] + in[2 + axis] + op.getPads()[2 + axis];
    int64_t needed = (out[2 + axis] - 1) * op.getStrides()[axis] + op.getKernel()[axis];
    beyond[axis] = std::max<int64_t>(0, needed - padded);
  }
  return beyond;
}

void Exporter::write(cnn::MaxPoolOp op) {
  SmallVector<int64_t> pads(op.getPads());
  auto [rows, columns] = overhang(op);
  pads[2] += rows;
  pads[3] += columns;
  writer.addNode("MaxPool", op, {name(op.getInput())}, resultName(op))
      .set("kernel_shape", op.getKernel())
      .set("strides", op.getStrides())
      .set("pads", pads);
}

void Exporter::write(cnn::AvgPoolOp op) {
  std::string input = name(op.getInput()), result;
  SmallVector<int64_t> pads(op.getPads());
  auto [rows, columns] = overhang(op);
  bool countPad = op.getCountIncludePad();
  if (countPad && (rows || columns)) {
    // Zeros that count come first, as data; the overhang is padding that does not count.
    SmallVector<int64_t> all = {0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]};
    std::string padded;
    writer.addNode("Pad", op, {input, writer.addInts("pads", all)}, &padded);
    input = padded;
    pads = {0, 0, 0, 0};
    countPad = false;
  }
  pads[2] += rows;
  pads[3] += columns;
  writer.addNode("AveragePool", op, {input}, &result)
      .set("kernel_shape", op.getKernel())
      .set("strides", op.getStrides())
      .set("pads", pads)
      .set("count_include_pad", countPad);
  if (op.getBias()) {
    std::vector<float> storage;
    ArrayRef<float> bias = cnn::constantValues(op.getBias(), storage);
    std::string sum,
        values = writer.addFloats("bias", {1, static_cast<int64_t>(bias.size()), 1, 1}, bias);
    writer.addNode("Add", op, {result, values}, &sum);
    result = sum;
  }
  finish(op, result, nullptr, op.getAct());
}

void Exporter::write(cnn::AdaptiveAvgPoolOp op) {
  ArrayRef<int64_t> in = cnn::tensorType(op.getInput()).getShape(), to = op.getOutputSize();
  SmallVector<int64_t> window = {in[2] / to[0], in[3] / to[1]};
  writer.addNode("AveragePool", op, {name(op.getInput())}, resultName(op))
      .set("kernel_shape", window)
      .set("strides", window);
}

void Exporter::write(cnn::ConcatOp op) {
  Strings inputs;
  for (Value input : op.getInputs())
    inputs.push_back(name(input));
  writer.addNode("Concat", op, inputs, resultName(op)).set("axis", 1);
}

void Exporter::write(cnn::SliceOp op) {
  int64_t begin = op.getOffset(), end = begin + op.getCount();
  writer.addNode("Slice", op,
                 {name(op.getInput()), writer.addInts("starts", {begin}),
                  writer.addInts("ends", {end}), writer.addInts("axes", {1})},
                 resultName(op));
}

void Exporter::write(cnn::ScaleOp op) {
  float factor = static_cast<float>(op.getFactor().convertToDouble());
  writer.addNode("Mul", op, {name(op.getInput()), writer.addFloats("factor", {}, {factor})},
                 resultName(op));
}

void Exporter::write(cnn::DropoutOp op) {
  float rate = static_cast<float>(op.getRate().convertToDouble());
  writer.addNode("Dropout", op, {name(op.getInput()), writer.addFloats("ratio", {}, {rate})},
                 resultName(op));
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
