// The command line of incc-bench.
#include "tools/incc-bench/Options.h"
#include "tools/support/Errors.h"
#include "tools/support/OptionParser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace incc;
using namespace llvm;

static constexpr StringRef kDefaultPeers = "onnxruntime,openvino";

// Environments of their own: ncnn's and torch's are large and not always asked for; MNN's tools
// install packages by themselves. PyTorch's is the one that the tests use.
static constexpr PeerKind kPeers[] = {
    {"onnxruntime", "venv-bench", "tools/incc-bench/requirements.txt"},
    {"openvino", "venv-bench", "tools/incc-bench/requirements.txt"},
    {"ncnn", "venv-bench-ncnn", "tools/incc-bench/requirements-ncnn.txt"},
    {"mnn", "venv-bench-mnn", "tools/incc-bench/requirements-mnn.txt"},
    {"torch", "venv-torch", "tools/requirements-torch.txt"},
};

static Expected<std::vector<const PeerKind *>> parsePeers(StringRef list) {
  std::vector<const PeerKind *> peers;
  SmallVector<StringRef> names, unknown;
  list.split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names) {
    const PeerKind *peer = llvm::find_if(kPeers, [&](auto &kind) { return kind.name == name; });
    if (peer == std::end(kPeers))
      unknown.push_back(name);
    else if (!llvm::is_contained(peers, peer))
      peers.push_back(peer);
  }
  if (unknown.empty())
    return peers;
  auto known = map_range(kPeers, [](const PeerKind &kind) { return kind.name; });
  return makeError("--against: unknown engine" + Twine(unknown.size() > 1 ? "s '" : " '") +
                   join(unknown, "', '") + "'; supported are " + join(known, ", "));
}

Expected<Options> incc::parseOptions(int argc, char **argv) {
  Options options;
  std::string against = "?";
  OptionParser parser(
      "incc-bench MODEL.yaml|MODEL.so [options]",
      "A model file is compiled first, and exported for the other engines. They run in turns, a "
      "few\n"
      "runs each after one that is not timed, and are stopped while others run. All use float32 "
      "and\n"
      "the same cores. An engine that can't run the model has the reason in its row of the table.");
  parser.text("against", "ENGINES", against,
              "others: onnxruntime,openvino,ncnn,mnn,torch (default: the first two)");
  parser.number("threads", options.threads, 1, 1024, "threads of each engine (default 1)");
  parser.number("batch", options.batch, 1, 1 << 16, "images of a run (default 1)");
  parser.real("seconds", "S", options.seconds, "measure for about S seconds (default 20)");
  parser.number("rounds", options.rounds, 1, 1 << 20, "measure exactly N rounds instead");
  parser.flag("per-layer", options.perLayer, "print each layer's time beside its roofline as well");
  parser.text("onnx", "FILE", options.onnx, "the network of MODEL.so for the other engines");
  parser.text("weights", "FILE", options.weights, "weights of MODEL.yaml (default: random ones)");
  parser.text("mcpu", "CPU", options.mcpu, "CPU to compile MODEL.yaml for (default native)");
  parser.text("json", "FILE", options.json, "write the result as JSON as well");
  std::vector<std::string> arguments;
  if (Error error = parser.parse(argc, argv, arguments))
    return std::move(error);
  if (arguments.size() != 1)
    return makeError("expected one MODEL.yaml or MODEL.so, got " + Twine(arguments.size()) +
                     " arguments; see incc-bench --help");
  options.model = arguments.front();
  bool hasOnnx = !options.isLibrary() || !options.onnx.empty();
  if (against == "?")
    against = hasOnnx ? kDefaultPeers.str() : "";
  Expected<std::vector<const PeerKind *>> peers = parsePeers(against);
  if (!peers)
    return peers.takeError();
  options.peers = *peers;
  if (!options.peers.empty() && !hasOnnx)
    return makeError("--against needs the network in ONNX for a compiled model: give --onnx FILE, "
                     "or MODEL.yaml instead of MODEL.so");
  return options;
}
