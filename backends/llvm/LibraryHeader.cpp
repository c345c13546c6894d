// Writes NAME.h: the common API, the model's figures as macros, and its entry points.
#include "backends/llvm/LibraryParts.h"
#include "runtime/Embedded.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;

/// Text that ends no comment.
static std::string inComment(StringRef text) {
  std::string safe;
  for (char c : text)
    safe += !isPrint(c) ? '?' : c == '/' && StringRef(safe).ends_with("*") ? '|' : c;
  return safe;
}

static void writeLiteral(StringRef text, raw_ostream &os) {
  os << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\' || c == '?') // '?': trigraphs
      os << '\\' << c;
    else if (isPrint(c))
      os << c;
    else
      os << '\\' << char('0' + (c >> 6)) << char('0' + (c >> 3 & 7)) << char('0' + (c & 7));
  }
  os << '"';
}

static int64_t numElements(const LibraryTensor &tensor) {
  int64_t elements = 1;
  for (int64_t dim : tensor.shape)
    elements *= dim;
  return elements;
}

static void describe(StringRef what, ArrayRef<LibraryTensor> tensors, raw_ostream &os) {
  for (auto [index, tensor] : enumerate(tensors))
    os << "     " << what << "s[" << index << "]  " << inComment(tensor.name) << ": float32, "
       << (tensor.shape.empty()
               ? "a number"
               : join(map_range(tensor.shape, [](int64_t dim) { return std::to_string(dim); }),
                      " x "))
       << "\n";
}

static void defineTensors(StringRef prefix, StringRef what, ArrayRef<LibraryTensor> tensors,
                          raw_ostream &os) {
  os << "#define " << prefix << "_NUM_" << what << "S " << tensors.size() << "\n";
  for (auto [index, tensor] : enumerate(tensors)) {
    std::string name = (prefix + "_" + what + "_" + Twine(index)).str();
    os << "#define " << name << "_NAME ";
    writeLiteral(tensor.name, os);
    os << "\n#define " << name << "_RANK " << tensor.shape.size() << "\n#define " << name
       << "_SHAPE {";
    interleaveComma(tensor.shape, os);
    os << "}\n#define " << name << "_ELEMENTS " << numElements(tensor) << "\n";
  }
}

static void declareEntryPoints(StringRef name, StringRef prefix, raw_ostream &os) {
  os << "/* Makes a context: memory and threads for one run at a time.\n"
     << "   options  how it runs; NULL for the defaults\n"
     << "   ctx      receives the context, or NULL on failure; end it with " << name
     << "_destroy */\n"
     << "incc_status " << name << "_create(const incc_options *options, incc_ctx **ctx);\n\n"
     << "/* Runs the model once and returns when the outputs are complete. Contexts are\n"
     << "   independent: each may run on its own thread at the same time as others. Allocates\n"
     << "   nothing and takes no lock.\n"
     << "   inputs   one array per input, read only\n"
     << "   outputs  one array per output, overlapping no other array; written on success only */\n"
     << "incc_status " << name
     << "_run(incc_ctx *ctx, const float *const *inputs, float *const *outputs);\n\n"
     << "/* Runs the model once on the calling thread, without context, malloc or threads.\n"
     << "   workspace  " << prefix << "_WORKSPACE_BYTES, aligned to 64 bytes, of any content and\n"
     << "              used by this call only */\n"
     << "incc_status " << name
     << "_run_in(void *workspace, const float *const *inputs, float *const *outputs);\n\n"
     << "/* Ends a context that is not running; NULL is passed over. */\n"
     << "void " << name << "_destroy(incc_ctx *ctx);\n\n"
     << "/* Why the last failing call on this thread failed, or \"\". */\n"
     << "const char *" << name << "_last_error(void);\n\n"
     << "/* Describes the model: tensors, labels, preprocessing, layers, measurements. */\n"
     << "const incc_model_desc *" << name << "_model(void);\n";
}

void incc::writeHeader(const LibraryDesc &desc, bool needsLibm, raw_ostream &os) {
  std::string prefix = StringRef(desc.name).upper();
  os << "/* " << desc.name << ", compiled by incc for " << inComment(desc.targetName)
     << ". All arrays are dense, in C order\n   (images: N x C x H x W), and aligned as float "
        "is.\n\n";
  describe("input", desc.inputs, os);
  describe("output", desc.outputs, os);
  os << "\n   Link with -pthread" << (needsLibm ? " -lm" : "")
     << " where the C library is not all in one. */\n"
     << "#ifndef INCC_MODEL_" << desc.name << "_H\n#define INCC_MODEL_" << desc.name << "_H\n\n"
     << embeddedHeader() << "\n"
     << "#define " << prefix << "_WORKSPACE_BYTES " << layOutWorkspace(desc).totalBytes << "\n"
     << "#define " << prefix << "_WEIGHTS_BYTES " << desc.weightsBytes << "\n";
  defineTensors(prefix, "INPUT", desc.inputs, os);
  defineTensors(prefix, "OUTPUT", desc.outputs, os);
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  declareEntryPoints(desc.name, prefix, os);
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* INCC_MODEL_" << desc.name << "_H */\n";
}
