// The passes of incc. The order in which they run is in Pipeline.cpp.
#ifndef INCC_PASSES_PASSES_TD
#define INCC_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

class CnnPass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::incc::cnn::CnnDialect"];
}

def SimplifyForInferencePass : CnnPass<"simplify-for-inference"> {
  let summary = "Drop what only training needs, and identities";
  let description = [{
    Removes dropout, ops that return their input, outputs that nobody asked for and all that only
    they needed. Writes pools and concats in their simplest form: an adaptive average becomes the
    identity, a global or a windowed average; `cnn.linear` flattens by itself.
  }];
  let options = [
    ListOption<"keepOutputs", "keep-outputs", "std::string",
               "Names (cnn.name) of the function's results to keep; all if empty">,
  ];
}

def FoldBatchNormPass : CnnPass<"fold-batch-norm"> {
  let summary = "Fold per-channel factors and offsets into the weights of the layer before them";
  let description = [{
    `bn(conv(x, W) + b)` is `conv(x, W * s) + ((b - mean) * s + shift)` with
    `s = scale / sqrt(variance + epsilon)` per output channel; computed in double precision.
    `cnn.scale`, `cnn.mul` and `cnn.add` by constants fold likewise. A batch norm that precedes a
    convolution without padding folds into that one's input channels. What remains of batch norms,
    and of products and sums with constants, becomes a depthwise 1x1 convolution (of vectors: a
    linear layer), so that no later pass sees them.
  }];
  let statistics = [
    Statistic<"numFolded", "num-folded", "ops folded into weights">,
    Statistic<"numDepthwise", "num-depthwise", "ops turned into depthwise convolutions">,
  ];
}

def FuseConvEpiloguePass : CnnPass<"fuse-conv-epilogue"> {
  let summary = "Move residual additions and activations into the op before them";
  let description = [{
    `act(conv(x) + y)` becomes one `cnn.conv2d` (or `cnn.linear`) with a residual and an activation,
    which are then applied while the sums are in registers. Additions, products and average pools
    take the activation that follows them.
  }];
  let statistics = [
    Statistic<"numResiduals", "num-residuals", "additions fused">,
    Statistic<"numActivations", "num-activations", "activations fused">,
  ];
}

def CommuteAvgPoolPass : CnnPass<"commute-avg-pool"> {
  let summary = "Pool after a 1x1 convolution that reduces channels, not before it";
  let description = [{
    `act(conv1x1(avg_pool(x)) + b)` is `act(avg_pool(conv1x1(x)) + b)`: one acts on channels, the
    other on positions, both are linear. It pays where the convolution leaves fewer channels to pool.
  }];
  let statistics = [Statistic<"numCommuted", "num-commuted", "pairs exchanged">];
}

def FactorizeConvPass : CnnPass<"factorize-conv"> {
  let summary = "Compute a convolution by two smaller ones where its filter is a product of theirs";
  // Estimates are of kernels in a plan.
  let dependentDialects = ["::incc::cnn::CnnDialect", "::incc::plan::PlanDialect"];
  let description = [{
    A KH x KW filter becomes KH x 1 and 1 x KW (in either order), or a 5x5 one two of 3x3, with R channels
    between them. `exact` does so where nothing changes but rounding. `lowrank` chooses the ranks that
    save most within `max-error`: of the filters, or of the outputs on calibration inputs. Either declines
    where the model of the target says that the best algorithm for the convolution as it is, Winograd's
    included, takes no longer. A filter in groups, or known only at run time, is left alone.
  }];
  let options = [
    Option<"mode", "mode", "std::string", /*default=*/"\"exact\"", "off, exact or lowrank">,
    Option<"maxError", "max-error", "double", /*default=*/"0.01",
           "Relative error that lowrank may cost: each convolution, and all together">,
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"", "CPU to compile for">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that the rivals' algorithms may add: strict, default or fast">,
  ];
  let statistics = [Statistic<"numFactorized", "num-factorized", "convolutions factorized">];
}

def MergeSiblingConvsPass : CnnPass<"merge-sibling-convs"> {
  let summary = "Compute convolutions that read the same tensor as one";
  let description = [{
    Convolutions of equal geometry and activation that read one tensor become one convolution with
    their filters joined along K, and a `cnn.slice` for each. The input is then read once. With
    `mcpu`, only where the model of that CPU says that it is no slower than what `schedule-branches`
    could make of them: one after the other, or side by side in a stage.
  }];
  // Estimates are of kernels in a plan.
  let dependentDialects = ["::incc::cnn::CnnDialect", "::incc::plan::PlanDialect"];
  let options = [
    Option<"channelBlock", "channel-block", "int64_t", /*default=*/"16",
           "Slices start at multiples of this, so that they need no copy">,
    Option<"mcpu", "mcpu", "std::string", /*default=*/"", "CPU to compile for; empty: always merge">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that algorithms may add: strict, default or fast">,
  ];
  let statistics = [Statistic<"numMerged", "num-merged", "convolutions merged away">];
}

def CompactStridedConvPass : CnnPass<"compact-strided-conv"> {
  let summary = "Gather the pixels of a strided 1x1 convolution first";
  let description = [{
    A 1x1 convolution with a stride becomes a 1x1 max pool with that stride, a copy, and a convolution
    without. The channels that read the input again and again then read only what they use.
  }];
  let options = [
    Option<"leastChannels", "least-channels", "int64_t", /*default=*/"128",
           "Output channels from which on the copy pays">,
  ];
}

def SpaceToDepthStemPass : CnnPass<"space-to-depth-stem"> {
  let summary = "Compute a strided convolution of few channels as one without stride, of more channels";
  let description = [{
    `conv(x) stride s` of a network's input becomes `conv(space_to_depth(x, s))`: squares of s x s pixels
    are the channels of one, taps that lie in a square side by side, too, and rows of zeros fill the
    filter up. What was a convolution that only a direct one computes is one for Winograd's algorithm.
    Only where the model of the target says that it is faster, and not for Halide.
  }];
  // Estimates are of kernels in a plan.
  let dependentDialects = ["::incc::cnn::CnnDialect", "::incc::plan::PlanDialect"];
  let options = [
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"", "CPU to compile for">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that algorithms may add: strict, default or fast">,
  ];
}

def SplitGroupedConvPass : CnnPass<"split-grouped-conv"> {
  let summary = "Compute a convolution in few, wide groups as one convolution for each group";
  let description = [{
    Each group reads a `cnn.slice` of the channels and writes its part of a `cnn.concat`; both are views
    where groups are whole blocks of channels. Only where the model of the target says that an
    algorithm that knows no groups, Winograd's, is faster, and for four groups at most.
  }];
  // Estimates are of kernels in a plan.
  let dependentDialects = ["::incc::cnn::CnnDialect", "::incc::plan::PlanDialect"];
  let options = [
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"", "CPU to compile for">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that algorithms may add: strict, default or fast">,
  ];
}

def SplitRuntimeWeightsPass : CnnPass<"split-runtime-weights"> {
  let summary = "Take layers apart whose weights are known only when the network runs";
  let description = [{
    A convolution whose filter or bias is no constant keeps its filter alone; bias, residual and
    activation become additions of their own. Such a fully connected layer becomes a convolution.
  }];
}

def AssignLayoutPass : CnnPass<"assign-layout"> {
  let summary = "Choose how each feature map lies in memory";
  let description = [{
    Maps get channels in blocks of a vector register and a halo as wide as the padding of the
    convolutions that read them, so that these need no test at the borders. What a concat joins or a
    slice takes apart shares one halo, and can then be done in place. A network's input of few
    channels stays planar. `cnn.to_layout` converts where layouts meet.
  }];
  let options = [
    Option<"channelBlock", "channel-block", "int64_t", /*default=*/"16",
           "Channels in a block: floats in a vector register">,
  ];
}

def ConvertCnnToPlanPass : Pass<"convert-cnn-to-plan", "::mlir::ModuleOp"> {
  let summary = "Turn layers on tensors into kernels on buffers, one stage each";
  let dependentDialects = ["::incc::plan::PlanDialect"];
}

def ElideConcatPass : Pass<"elide-concat", "::incc::plan::ProgramOp"> {
  let summary = "Let the branches of a concat write into their slices of the result";
  let description = [{
    The buffer of a branch becomes a view of the concat's, and the copy goes. Declines where the
    slice does not start on a block of channels, layouts differ, or the branch is not a buffer of its
    own (an input, a slice, or part of another concat).
  }];
  let statistics = [Statistic<"numElided", "num-elided", "copies elided">];
}

def FuseChannelScalePass : Pass<"fuse-channel-scale", "::incc::plan::ProgramOp"> {
  let summary = "Let the reader of a map multiply its channels by their factors";
  let description = [{
    A 1x1 convolution multiplies its weights instead (`scaled` in its params, the factors are its last
    input), where that is less work; an addition becomes a multiplication with a third input.
  }];
  let statistics = [Statistic<"numFused", "num-fused", "multiplications fused">];
}

def ChooseAlgorithmPass : Pass<"choose-algorithm", "::incc::plan::ProgramOp"> {
  let summary = "Choose algorithm, register tile, and tasks of every kernel";
  let description = [{
    By a model of the target: multiply-adds and loads that start in a cycle, registers, and the
    traffic beyond the L2 cache for each order of tasks. Sets `config`, `tasks` and `cycles`.
  }];
  let options = [
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"", "CPU to compile for">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that fast convolutions may add: strict, default or fast">,
  ];
}

def ChooseGpuKernelsPass : Pass<"choose-gpu-kernels", "::incc::plan::ProgramOp"> {
  let summary = "Choose blocks, threads and tiles of every kernel, for a GPU";
  let description = [{
    By a model of the target: waves of blocks over its multiprocessors. A task is a block. Maps must be
    dense: on a GPU assign-layout does not run. Sets `config`, `tasks` and `cycles` (of one multiprocessor); a convolution of few tiles is
    split along its inner dimension, and another kernel adds the parts; one by Winograd's algorithm becomes
    a kernel that transforms its input, one of products, and one that transforms these back. Where the
    module's `plan.backend` is "halide", and for OpenCL, convolutions are direct ones of a register tile.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"cuda\"",
           "Whose driver runs the kernels: cuda or opencl">,
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"sm_80\"", "GPU to compile for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Rounding errors that fast convolutions may add: strict, default or fast">,
    Option<"precision", "precision", "std::string", /*default=*/"\"f32\"",
           "How convolutions may multiply: f32, or also by tensor cores: 3xtf32 or tf32">,
  ];
}

def FuseGlobalPoolPass : Pass<"fuse-global-pool", "::incc::plan::ProgramOp"> {
  let summary = "Let depthwise convolutions take the means of the planes that they write";
  let description = [{
    The pool's map becomes the convolution's second output. Declines where a plane is written by several
    tasks, so choose-algorithm must have run.
  }];
  let statistics = [Statistic<"numFused", "num-fused", "pools fused">];
}

def FuseMaxPoolPass : Pass<"fuse-max-pool", "::incc::plan::ProgramOp"> {
  let summary = "Let Winograd convolutions take the largest of the outputs that they write";
  let description = [{
    A pool of 2x2 windows beside each other becomes part of the convolution before it, if nothing else reads
    what that writes and windows lie within tiles of outputs, so choose-algorithm must have run.
  }];
  let statistics = [Statistic<"numFused", "num-fused", "pools fused">];
}

def ScheduleBranchesPass : Pass<"schedule-branches", "::incc::plan::ProgramOp"> {
  let summary = "Let kernels that do not depend on each other run side by side";
  let description = [{
    Cuts the graph of kernels into blocks and finds for each the cheapest sequence of stages by dynamic
    programming, after Ding et al., IOS (MLSys 2021). A stage costs what its parallel loop takes,
    simulated for `threads` cores from the kernels' `cycles` and `tasks`, and a barrier; if it has
    several kernels, also what these cost each other in the caches. Its kernels are
    independent (of a chain of kernels a stage has one: r = 1 in the paper), at most `most-kernels` of
    them (s in the paper). Blocks for which no schedule is modelled faster than one kernel after the
    other stay as they are. A remark reports stages and cycles before and after.
  }];
  let options = [
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"",
           "CPU that measured schedules are kept for">,
    Option<"threads", "threads", "unsigned", /*default=*/"1", "Threads to schedule for">,
    Option<"mostKernels", "most-kernels", "unsigned", /*default=*/"8", "Kernels in a stage, at most">,
    Option<"barrierCycles", "barrier-cycles", "double",
           /*default=*/"::incc::StageModel().barrierCycles", "What the end of a stage costs">,
    Option<"sharing", "sharing", "double", /*default=*/"::incc::StageModel().sharing",
           "Part of a thread's work in a stage that its kernels cost each other in the caches">,
  ];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "kernels">,
    Statistic<"numStages", "num-stages", "stages that they run in">,
  ];
}

def PlanMemoryPass : Pass<"plan-memory", "::incc::plan::ProgramOp"> {
  let summary = "Give every buffer its place in the arena and every weights its place in the section";
  let description = [{
    Buffers whose lives overlap get disjoint bytes; a buffer lives from the first stage that names
    it (or a view of it) to the last. Offsets come from several greedy orders and a local search from
    the best of them, which ends at the lower bound: the largest sum of buffers live at once. Equal
    weights read in the same way are stored once. A remark reports peak and bound.
  }];
  let options = [
    Option<"searchEffort", "search-effort", "uint64_t", /*default=*/"5000000",
           "Pairs of buffers that the local search may compare">,
  ];
  let statistics = [
    Statistic<"arenaBytes", "arena-bytes", "bytes of the arena">,
    Statistic<"liveBytes", "live-bytes", "largest sum of live buffers, in bytes">,
  ];
}

#endif // INCC_PASSES_PASSES_TD
