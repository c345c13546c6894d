// Operands and tasks of a kernel in Halide's terms.
#include "backends/halide/HalideKernel.h"

using namespace mlir;
using namespace incc;

HalideKernel::HalideKernel(plan::KernelOp kernel, StringRef symbol, const Target &target)
    : kernel(kernel), target(target), params(kernel), lanes(target.isa.lanes), symbol(symbol) {}

plan::MapType HalideKernel::inputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getInputs()[i].getType());
}

plan::MapType HalideKernel::outputMap(unsigned i) {
  return cast<plan::MapType>(kernel.getOutputs()[i].getType());
}

unsigned HalideKernel::addAxis(TaskAxis axis) {
  axis.lastDiffers &= axis.count > 1 && axis.lastStep() != axis.step;
  axes.push_back(axis);
  return axes.size() - 1;
}

void HalideKernel::forEachVariant(function_ref<void()> build) {
  SmallVector<unsigned> masks = {0};
  for (auto [a, axis] : llvm::enumerate(axes))
    if (axis.lastDiffers)
      for (unsigned mask : SmallVector<unsigned>(masks))
        masks.push_back(mask | 1u << a);
  for (unsigned mask : masks) {
    addVariant().lastAxes = mask;
    build();
  }
}

void HalideKernel::addPrologue(function_ref<void()> build) {
  addVariant().isPrologue = true;
  build();
}

HalideVariant &HalideKernel::addVariant() {
  HalideVariant &description = variants.emplace_back().description;
  description.symbol = symbol + "_v" + std::to_string(variants.size() - 1);
  return description;
}

bool HalideKernel::isLast(unsigned axis) const {
  return variants.back().description.lastAxes >> axis & 1;
}

int64_t HalideKernel::stepOf(unsigned axis) const {
  bool isOnly = axes[axis].count == 1;
  return isOnly || isLast(axis) ? axes[axis].lastStep() : axes[axis].step;
}

std::string HalideKernel::uniqueName(StringRef name) {
  return (symbol + "_" + name + "_" + Twine(numNames++)).str();
}

Halide::Func HalideKernel::func(StringRef name) { return Halide::Func(uniqueName(name)); }

Halide::RDom HalideKernel::domain(StringRef name, ArrayRef<int64_t> extents) {
  Halide::Region region;
  for (int64_t extent : extents)
    region.emplace_back(0, static_cast<int>(extent));
  return Halide::RDom(region, uniqueName(name));
}

template <typename BufferT> static void constrain(BufferT buffer, const HalideKernel::Dims &dims) {
  for (auto [d, dim] : llvm::enumerate(dims)) {
    auto of = buffer.dim(static_cast<int>(d));
    of.set_stride(static_cast<int>(dim.stride));
    if (dim.axis < 0)
      of.set_min(static_cast<int>(dim.min));
    if (!dim.extentVaries)
      of.set_extent(static_cast<int>(dim.extent));
  }
}

Halide::ImageParam HalideKernel::read(unsigned operand, const Dims &dims, const HalideOrigin &origin) {
  Variant &variant = variants.back();
  Halide::ImageParam param(Halide::Float(32), static_cast<int>(dims.size()), uniqueName("in"));
  constrain(param, dims);
  variant.inputs.push_back(param);
  variant.description.arguments.push_back({operand, origin, dims, /*isOutput=*/false, {}, 0, {}});
  return param;
}

Halide::ImageParam HalideKernel::input(unsigned i, const Dims &dims,
                                       const HalideOrigin &origin) {
  return read(i, dims, origin);
}

Halide::ImageParam HalideKernel::weights(unsigned i, const Dims &dims, const HalideOrigin &origin) {
  return read(kernel.getInputs().size() + i, dims, origin);
}

Halide::ImageParam HalideKernel::inputBox(unsigned i) {
  return input(i, boxOf(inputMap(i)), inputMap(i).origin());
}

Halide::ImageParam HalideKernel::inputRuns(unsigned i) {
  return input(i, runsOf(inputMap(i)), inputMap(i).origin());
}

HalideArgument &HalideKernel::write(unsigned operand, Halide::Func func, const Dims &dims,
                                    const HalideOrigin &origin) {
  Variant &variant = variants.back();
  constrain(func.output_buffer(), dims);
  variant.outputs.push_back(func);
  variant.description.arguments.push_back({operand, origin, dims, /*isOutput=*/true, {}, 0, {}});
  return variant.description.arguments.back();
}

void HalideKernel::output(unsigned i, Halide::Func func, const Dims &dims,
                          const HalideOrigin &origin, unsigned rowDim) {
  unsigned operand = kernel.getInputs().size() + kernel.getWeights().size() + i;
  bool isFirst = llvm::none_of(
      variants.back().description.arguments,
      [&](const HalideArgument &argument) { return argument.operand == operand; });
  HalideArgument &argument = write(operand, func, dims, origin);
  argument.rowDim = rowDim;
  if (isFirst && outputMap(i).hasHalo())
    argument.haloOf = outputMap(i);
}

void HalideKernel::scratch(Halide::Func func, const Dims &dims, const HalideOrigin &origin) {
  write(kernel->getNumOperands(), func, dims, origin);
}

Halide::ImageParam HalideKernel::scratchInput(const Dims &dims, const HalideOrigin &origin) {
  return read(kernel->getNumOperands(), dims, origin);
}

HalideKernel::Dims incc::boxOf(plan::MapType map) {
  return {{map.getBlock(), 1},
          {map.left() + map.w() + map.right(), map.getBlock(), -map.left()},
          {map.top() + map.h() + map.bottom(), map.rowStride(), -map.top()},
          {map.channelBlocks(), map.planeStride()},
          {map.n(), map.imageStride()}};
}

bool incc::isVector(plan::MapType map) {
  return map.getBlock() == 1 && map.h() == 1 && map.w() == 1 && !map.hasHalo();
}

HalideKernel::Dims incc::runsOf(plan::MapType map) {
  if (isVector(map))
    return {{map.c(), 1}, {1, map.c()}, {1, map.c()}, {map.n(), map.imageStride()}};
  return {{map.w() * map.getBlock(), 1},
          {map.h(), map.rowStride()},
          {map.channelBlocks(), map.planeStride()},
          {map.n(), map.imageStride()}};
}
