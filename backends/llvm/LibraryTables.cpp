// Compiles the runtime together with a model's tables: the runtime's bitcode gets the tables as
// constants, and its entry points the model's name.
#include "backends/llvm/LibraryParts.h"
#include "backends/llvm/Machines.h"
#include "runtime/Embedded.h"
#include "runtime/Program.h"
#include "runtime/gpu/DeviceCode.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace incc;
using namespace llvm;

static_assert(int(INCC_SPACE_ARENA) == int(LibraryOperand::Arena) &&
              int(INCC_SPACE_WEIGHTS) == int(LibraryOperand::Weights) &&
              int(INCC_SPACE_INPUT) == int(LibraryOperand::Input) &&
              int(INCC_SPACE_OUTPUT) == int(LibraryOperand::Output));

WorkspaceLayout incc::layOutWorkspace(const LibraryDesc &desc) {
  WorkspaceLayout layout;
  layout.arenaBytes = alignTo(desc.arenaBytes, 64);
  for (const LibraryStep &step : desc.steps)
    layout.maxStepOperands = std::max<uint32_t>(layout.maxStepOperands, step.operands.size());
  layout.scratchBytes = alignTo(desc.scratchBytes, 64);
  layout.totalBytes = layout.arenaBytes + layout.scratchBytes + alignTo(layout.maxStepOperands * sizeof(void *), 64);
  return layout;
}

namespace {
/// A C struct as a constant. Fields come with their offsets in the runtime's header, which the
/// target's layout must reproduce.
class StructConstant {
public:
  void add(size_t offset, Constant *value) {
    fields.push_back(value);
    offsets.push_back(offset);
  }
  Constant *finish(const DataLayout &layout, LLVMContext &context, size_t bytes) {
    Constant *result = ConstantStruct::getAnon(context, fields);
    const StructLayout *placed = layout.getStructLayout(cast<StructType>(result->getType()));
    matches &= placed->getSizeInBytes() == bytes;
    for (auto [index, offset] : enumerate(offsets))
      matches &= placed->getElementOffset(index) == offset;
    return matches ? result : nullptr;
  }

private:
  SmallVector<Constant *, 24> fields;
  SmallVector<size_t, 24> offsets;
  bool matches = true;
};

class TableBuilder {
public:
  TableBuilder(const LibraryDesc &desc, Module &module)
      : desc(desc), module(module), context(module.getContext()), layout(module.getDataLayout()),
        pointer(PointerType::getUnqual(context)) {}

  /// Defines the runtime's `incc_this_program`, and `incc_this_device_code` for a GPU. False when the
  /// runtime's headers and the target's layout disagree.
  bool define();

private:
  Constant *u32(uint64_t value) { return ConstantInt::get(Type::getInt32Ty(context), value); }
  Constant *u64(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *f64(double value) { return ConstantFP::get(Type::getDoubleTy(context), value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }

  GlobalVariable *constant(Constant *value, const Twine &name) {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                              GlobalValue::InternalLinkage, value, name);
  }
  Constant *string(StringRef text) {
    GlobalVariable *&known = strings[text];
    if (!known) {
      known = constant(ConstantDataArray::getString(context, text), "");
      known->setLinkage(GlobalValue::PrivateLinkage);
      known->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    }
    return known;
  }
  /// The address of an array of equally typed constants, or null for none.
  Constant *array(ArrayRef<Constant *> values, const Twine &name) {
    if (values.empty() || !values.front())
      return null();
    return constant(
        ConstantArray::get(ArrayType::get(values.front()->getType(), values.size()), values), name);
  }
  Constant *finish(StructConstant &fields, size_t bytes) {
    Constant *result = fields.finish(layout, context, bytes);
    matches &= result != nullptr;
    return result;
  }
  Constant *function(StringRef name) { return module.getFunction(("incc_entry_" + name).str()); }

  Constant *tensors(ArrayRef<LibraryTensor> tensors, const Twine &name);
  Constant *stepDescriptions();
  Constant *modelDescription();
  Constant *kernelSteps();
  Constant *operands();
  Constant *images();
  Constant *kernelNames();
  bool defineProgram();
  bool defineDeviceCode();
  bool defineAs(StringRef name, Constant *value);

  const LibraryDesc &desc;
  Module &module;
  LLVMContext &context;
  const DataLayout &layout;
  PointerType *pointer;
  StringMap<GlobalVariable *> strings;
  bool matches = true;
};
} // namespace

#define FIELD(type, field, value) fields.add(offsetof(type, field), value)

Constant *TableBuilder::tensors(ArrayRef<LibraryTensor> tensors, const Twine &name) {
  SmallVector<Constant *> descriptions;
  for (const LibraryTensor &tensor : tensors) {
    SmallVector<Constant *> dims;
    int64_t elements = 1;
    for (int64_t dim : tensor.shape) {
      dims.push_back(u64(dim));
      elements *= dim;
    }
    StructConstant fields;
    FIELD(incc_tensor_desc, name, string(tensor.name));
    FIELD(incc_tensor_desc, rank, u64(dims.size()));
    FIELD(incc_tensor_desc, dims, array(dims, "incc_dims"));
    FIELD(incc_tensor_desc, elements, u64(elements));
    descriptions.push_back(finish(fields, sizeof(incc_tensor_desc)));
  }
  return array(descriptions, name);
}

Constant *TableBuilder::stepDescriptions() {
  SmallVector<Constant *> descriptions;
  for (const LibraryStep &step : desc.steps) {
    StructConstant fields;
    FIELD(incc_step_desc, layer, string(step.layer));
    FIELD(incc_step_desc, kind, string(step.kind));
    FIELD(incc_step_desc, stage, u32(step.stage));
    FIELD(incc_step_desc, tasks, u32(step.tasks));
    FIELD(incc_step_desc, flops, f64(step.flops));
    descriptions.push_back(finish(fields, sizeof(incc_step_desc)));
  }
  return array(descriptions, "incc_step_descriptions");
}

Constant *TableBuilder::modelDescription() {
  SmallVector<Constant *> labels;
  for (const std::string &label : desc.labels)
    labels.push_back(string(label));
  StructConstant fields;
  FIELD(incc_model_desc, abi_version, u32(INCC_ABI_VERSION));
  FIELD(incc_model_desc, struct_bytes, u32(sizeof(incc_model_desc)));
  FIELD(incc_model_desc, name, string(desc.name));
  FIELD(incc_model_desc, target, string(desc.targetName));
  FIELD(incc_model_desc, required_cpu_features, u64(desc.requiredCpuFeatures));
  FIELD(incc_model_desc, workspace_bytes, u64(layOutWorkspace(desc).totalBytes));
  FIELD(incc_model_desc, weights_bytes, u64(desc.weightsBytes));
  FIELD(incc_model_desc, num_inputs, u64(desc.inputs.size()));
  FIELD(incc_model_desc, num_outputs, u64(desc.outputs.size()));
  FIELD(incc_model_desc, num_labels, u64(labels.size()));
  FIELD(incc_model_desc, num_steps, u64(desc.steps.size()));
  FIELD(incc_model_desc, num_stages, u64(desc.steps.empty() ? 0 : desc.steps.back().stage + 1));
  FIELD(incc_model_desc, inputs, tensors(desc.inputs, "incc_inputs"));
  FIELD(incc_model_desc, outputs, tensors(desc.outputs, "incc_outputs"));
  FIELD(incc_model_desc, labels, array(labels, "incc_labels"));
  FIELD(incc_model_desc, steps, stepDescriptions());
  FIELD(incc_model_desc, preprocess_json, string(desc.preprocessJson));
  FIELD(incc_model_desc, create, function("create"));
  FIELD(incc_model_desc, run, function("run"));
  FIELD(incc_model_desc, run_in, function("run_in"));
  FIELD(incc_model_desc, destroy, function("destroy"));
  FIELD(incc_model_desc, last_error, function("last_error"));
  FIELD(incc_model_desc, num_threads, function("num_threads"));
  FIELD(incc_model_desc, set_profile, function("set_profile"));
  FIELD(incc_model_desc, profile, function("profile"));
  return finish(fields, sizeof(incc_model_desc));
}

Constant *TableBuilder::kernelSteps() {
  auto *type = FunctionType::get(Type::getVoidTy(context), /*isVarArg=*/false);
  SmallVector<Constant *> kernels, steps;
  for (StringRef symbol : desc.kernelSymbols) {
    if (desc.device) {
      kernels.push_back(null());
      continue;
    }
    Function *kernel = Function::Create(type, GlobalValue::ExternalLinkage, symbol, module);
    kernel->setVisibility(GlobalValue::HiddenVisibility);
    kernels.push_back(kernel);
  }
  uint32_t firstOperand = 0;
  for (const LibraryStep &step : desc.steps) {
    StructConstant fields;
    FIELD(incc_step, kernel, kernels[step.kernel]);
    FIELD(incc_step, tasks, u32(step.tasks));
    FIELD(incc_step, first_operand, u32(firstOperand));
    FIELD(incc_step, num_operands, u32(step.operands.size()));
    steps.push_back(finish(fields, sizeof(incc_step)));
    firstOperand += step.operands.size();
  }
  return array(steps, "incc_steps");
}

Constant *TableBuilder::operands() {
  SmallVector<Constant *> operands;
  for (const LibraryStep &step : desc.steps)
    for (const LibraryOperand &operand : step.operands) {
      StructConstant fields;
      FIELD(incc_operand, offset, u64(operand.offset));
      FIELD(incc_operand, space, u32(operand.space));
      FIELD(incc_operand, index, u32(operand.index));
      operands.push_back(finish(fields, sizeof(incc_operand)));
    }
  return array(operands, "incc_operands");
}

bool TableBuilder::defineProgram() {
  Constant *weights = null();
  if (desc.weightsBytes) {
    auto *global = new GlobalVariable(module, Type::getInt8Ty(context), /*isConstant=*/true,
                                      GlobalValue::ExternalLinkage, nullptr, weightsSymbol(desc));
    global->setVisibility(GlobalValue::HiddenVisibility);
    weights = global;
  }
  SmallVector<Constant *> stages;
  uint64_t numOperands = 0, stageTasks = 0, maxStageTasks = 0;
  for (auto [index, step] : enumerate(desc.steps)) {
    if (stages.size() == unsigned(step.stage)) {
      stages.push_back(u32(index));
      stageTasks = 0;
    }
    stageTasks += step.tasks;
    maxStageTasks = std::max(maxStageTasks, stageTasks);
    numOperands += step.operands.size();
  }
  stages.push_back(u32(desc.steps.size()));

  WorkspaceLayout workspace = layOutWorkspace(desc);
  Constant *model = modelDescription(), *steps = kernelSteps(), *operandTable = operands();
  if (!matches)
    return false;
  StructConstant fields;
  FIELD(incc_program, model, constant(model, "incc_model_description"));
  FIELD(incc_program, weights, weights);
  FIELD(incc_program, steps, steps);
  FIELD(incc_program, operands, operandTable);
  FIELD(incc_program, stages, array(stages, "incc_stages"));
  FIELD(incc_program, arena_bytes, u64(workspace.arenaBytes));
  FIELD(incc_program, scratch_bytes, u64(workspace.scratchBytes));
  FIELD(incc_program, num_operands, u32(numOperands));
  FIELD(incc_program, max_step_operands, u32(workspace.maxStepOperands));
  FIELD(incc_program, max_stage_tasks, u32(maxStageTasks));
  return defineAs("incc_this_program", finish(fields, sizeof(incc_program)));
}

bool TableBuilder::defineAs(StringRef name, Constant *value) {
  GlobalVariable *declared = module.getNamedGlobal(name);
  if (!value || !declared)
    return false;
  GlobalVariable *defined = constant(value, "");
  declared->replaceAllUsesWith(defined);
  declared->eraseFromParent();
  return true;
}

Constant *TableBuilder::images() {
  SmallVector<Constant *> images;
  for (const LibraryDevice::Image &image : desc.device->images) {
    StructConstant fields;
    FIELD(incc_image, text, string(image.text));
    FIELD(incc_image, cubin, image.cubin.empty() ? null() : string(image.cubin));
    images.push_back(finish(fields, sizeof(incc_image)));
  }
  return array(images, "incc_images");
}

Constant *TableBuilder::kernelNames() {
  SmallVector<Constant *> kernels;
  for (auto [symbol, image] : zip_equal(desc.kernelSymbols, desc.device->imageOfKernel)) {
    StructConstant fields;
    FIELD(incc_device_kernel, name, string(symbol));
    FIELD(incc_device_kernel, image, u64(image));
    kernels.push_back(finish(fields, sizeof(incc_device_kernel)));
  }
  return array(kernels, "incc_device_kernels");
}

bool TableBuilder::defineDeviceCode() {
  SmallVector<Constant *> launches;
  for (auto [step, launch] : zip_equal(desc.steps, desc.device->launches)) {
    StructConstant fields;
    FIELD(incc_launch, kernel, u32(step.kernel));
    FIELD(incc_launch, threads, u32(launch.threads));
    FIELD(incc_launch, shared_bytes, u32(launch.sharedBytes));
    launches.push_back(finish(fields, sizeof(incc_launch)));
  }
  StructConstant fields;
  FIELD(incc_device_code, images, images());
  FIELD(incc_device_code, kernels, kernelNames());
  FIELD(incc_device_code, launches, array(launches, "incc_launches"));
  FIELD(incc_device_code, num_images, u32(desc.device->images.size()));
  FIELD(incc_device_code, num_kernels, u32(desc.kernelSymbols.size()));
  FIELD(incc_device_code, compute_capability, u64(desc.device->computeCapability));
  return defineAs("incc_this_device_code", finish(fields, sizeof(incc_device_code)));
}

bool TableBuilder::define() { return defineProgram() && (!desc.device || defineDeviceCode()); }

#undef FIELD

/// Entry points get the model's name and are visible; nothing else leaves the object.
static void nameEntryPoints(const LibraryDesc &desc, OutputKind kind, Module &module) {
  for (GlobalObject &object : module.global_objects()) {
    if (object.isDeclaration() || object.hasLocalLinkage())
      continue;
    object.setVisibility(GlobalValue::DefaultVisibility);
    object.setLinkage(GlobalValue::InternalLinkage);
  }
  for (StringRef entry : kEntryPoints) {
    Function *function = module.getFunction(("incc_entry_" + entry).str());
    function->setLinkage(GlobalValue::ExternalLinkage);
    function->setDSOLocal(false);
    function->setName(desc.name + "_" + entry);
  }
  if (kind == OutputKind::SharedObject) {
    GlobalAlias::create(GlobalValue::ExternalLinkage, "incc_model",
                        module.getFunction(desc.name + "_model"));
    return;
  }
  // Only a shared object cannot ask the application's link for threads.
  for (Function &function : module)
    if (function.hasExternalWeakLinkage())
      function.setLinkage(GlobalValue::ExternalLinkage);
}

static Expected<std::unique_ptr<TargetMachine>> createTargetMachine(const LibraryDesc &desc) {
  Expected<const llvm::Target *> generator = findCodeGenerator(desc.triple);
  if (!generator)
    return generator.takeError();
  TargetOptions options;
  options.FunctionSections = options.DataSections = true;
  // The runtime's functions carry their own CPU: the oldest, as they check for the newer.
  return std::unique_ptr<TargetMachine>(
      (*generator)->createTargetMachine(desc.triple, "", "", options, Reloc::PIC_));
}

Expected<std::unique_ptr<MemoryBuffer>> incc::compileTables(const LibraryDesc &desc,
                                                            OutputKind kind) {
  Triple triple(desc.triple);
  StringRef arch = triple.getArchName();
  StringRef bitcode = embeddedRuntime(arch, desc.device ? desc.device->api : "");
  if (bitcode.empty())
    return createStringError("no runtime for " + desc.triple);
  Expected<std::unique_ptr<TargetMachine>> machine = createTargetMachine(desc);
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  Expected<std::unique_ptr<Module>> parsed =
      parseBitcodeFile(MemoryBufferRef(bitcode, "incc-runtime"), context);
  if (!parsed)
    return parsed.takeError();
  Module &module = **parsed;
  module.setTargetTriple(desc.triple);
  module.setDataLayout((*machine)->createDataLayout());
  module.setSourceFileName("incc-runtime");
  module.setModuleIdentifier("incc-runtime");
  if (!TableBuilder(desc, module).define())
    return createStringError("the runtime's tables do not fit the layout of " + desc.triple);
  nameEntryPoints(desc, kind, module);
  std::string problem;
  raw_string_ostream problemStream(problem);
  if (verifyModule(module, &problemStream))
    return createStringError("the runtime's module is not valid: " + problem);

  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::ObjectFile))
    return createStringError("no object code for " + desc.triple);
  passes.run(module);
  return std::make_unique<SmallVectorMemoryBuffer>(std::move(object), "incc-tables",
                                                   /*RequiresNullTerminator=*/false);
}
