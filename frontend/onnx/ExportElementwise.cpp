// Writes the ops that work element by element, and normalisation over channels, as ONNX.
#include "frontend/onnx/Exporter.h"

using namespace mlir;
using namespace incc;

std::string Exporter::activate(Operation *op, const std::string &input, cnn::ActivationAttr act) {
  using Kind = cnn::ActivationKind;
  std::string result, gate;
  auto clip = [&](double low, double high) {
    return node("Clip", op, {input, scalar("low", low), scalar("high", high)});
  };
  switch (act.getKind()) {
  case Kind::none:
    return input;
  case Kind::relu:
    return node("Relu", op, {input});
  case Kind::relu6:
    return clip(0, 6);
  case Kind::clip:
    return clip(act.param(0), act.param(1));
  case Kind::leaky_relu:
    writer.addNode("LeakyRelu", op, {input}, &result).setFloat("alpha", act.param(0));
    return result;
  case Kind::elu:
    writer.addNode("Elu", op, {input}, &result).setFloat("alpha", act.param(0));
    return result;
  case Kind::sigmoid:
    return node("Sigmoid", op, {input});
  case Kind::tanh:
    return node("Tanh", op, {input});
  case Kind::exp:
    return node("Exp", op, {input});
  case Kind::log:
    return node("Log", op, {input});
  case Kind::sqrt:
    return node("Sqrt", op, {input});
  case Kind::abs:
    return node("Abs", op, {input});
  case Kind::erf:
    return node("Erf", op, {input});
  case Kind::softplus:
    return node("Softplus", op, {input});
  case Kind::gelu: { // Spelled out: opset 20 brought the op.
    std::string erf =
        node("Erf", op, {node("Div", op, {input, scalar("sqrt2", 1.4142135623730951)})});
    gate = node("Add", op, {erf, scalar("one", 1)});
    return node("Mul", op, {node("Mul", op, {input, gate}), scalar("half", 0.5)});
  }
  case Kind::hard_sigmoid:
    writer.addNode("HardSigmoid", op, {input}, &result)
        .setFloat("alpha", act.param(0))
        .setFloat("beta", act.param(1));
    return result;
  case Kind::silu:
    return node("Mul", op, {input, node("Sigmoid", op, {input})});
  case Kind::hard_swish: // As a product, because not every engine has the op.
    writer.addNode("HardSigmoid", op, {input}, &gate)
        .setFloat("alpha", 1.0 / 6)
        .setFloat("beta", 0.5);
    return node("Mul", op, {input, gate});
  }
  llvm_unreachable("an activation without a writer");
}

void Exporter::write(cnn::ActivationOp op) {
  finish(op, name(op.getInput()), nullptr, op.getAct());
}

void Exporter::write(cnn::AddOp op) {
  finish(op, node("Add", op, {name(op.getLhs()), name(op.getRhs())}), nullptr, op.getAct());
}

void Exporter::write(cnn::MulOp op) {
  finish(op, node("Mul", op, {name(op.getLhs()), name(op.getRhs())}), nullptr, op.getAct());
}

static const char *onnxName(cnn::BinaryKind kind) {
  switch (kind) {
  case cnn::BinaryKind::add:
    return "Add";
  case cnn::BinaryKind::sub:
    return "Sub";
  case cnn::BinaryKind::mul:
    return "Mul";
  case cnn::BinaryKind::div:
    return "Div";
  case cnn::BinaryKind::min:
    return "Min";
  case cnn::BinaryKind::max:
    return "Max";
  case cnn::BinaryKind::pow:
    return "Pow";
  }
  llvm_unreachable("a binary function without a name");
}

void Exporter::write(cnn::BinaryOp op) {
  writer.addNode(onnxName(op.getKind()), op, {name(op.getLhs()), name(op.getRhs())},
                 resultName(op));
}

void Exporter::write(cnn::ScaleOp op) {
  writer.addNode("Mul", op,
                 {name(op.getInput()), scalar("factor", op.getFactor().convertToDouble())},
                 resultName(op));
}

void Exporter::write(cnn::DropoutOp op) {
  writer.addNode("Dropout", op,
                 {name(op.getInput()), scalar("ratio", op.getRate().convertToDouble())},
                 resultName(op));
}

void Exporter::write(cnn::SoftmaxOp op) {
  writer.addNode("Softmax", op, {name(op.getInput())}, resultName(op)).set("axis", 1);
}

/// The op where the window is odd. Even ones, which ONNX Runtime refuses, are spelled out: the sum
/// of squares over neighbouring channels is a 1x1 convolution by a band matrix,
/// x / (conv(x * x, alpha/size * band) + k)^beta.
void Exporter::write(cnn::LrnOp op) {
  int64_t size = op.getSize();
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble(),
         k = op.getK().convertToDouble();
  std::string input = name(op.getInput());
  if (size % 2) {
    writer.addNode("LRN", op, {input}, resultName(op))
        .set("size", size)
        .setFloat("alpha", alpha)
        .setFloat("beta", beta)
        .setFloat("bias", k);
    return;
  }
  int64_t channels = cnn::tensorType(op.getInput()).getDimSize(1);
  std::vector<float> band(channels * channels), bias(channels, static_cast<float>(k));
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t j = std::max<int64_t>(0, c - (size - 1) / 2);
         j <= std::min(channels - 1, c + size / 2); ++j)
      band[c * channels + j] = static_cast<float>(alpha / static_cast<double>(size));
  std::string squares = node("Mul", op, {input, input});
  std::string sums =
      node("Conv", op,
           {squares, writer.addFloats("band", {channels, channels, 1, 1}, band),
            writer.addFloats("bias", {channels}, bias)});
  std::string divisor = node("Pow", op, {sums, scalar("beta", beta)});
  writer.addNode("Div", op, {input, divisor}, resultName(op));
}
