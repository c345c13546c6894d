// Prints MLIR's diagnostics as `FILE:LINE:COL: error: LAYER: message`.
#include "frontend/Diagnostics.h"
#include "ir/Cnn.h"

using namespace mlir;
using namespace incc;

/// The place in a file that `loc` stands for, null if it has none.
static FileLineColLoc filePosition(Location loc) {
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return file;
  if (auto name = dyn_cast<NameLoc>(loc))
    return filePosition(name.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return filePosition(call.getCallee());
  if (auto opaque = dyn_cast<OpaqueLoc>(loc))
    return filePosition(opaque.getFallbackLocation());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (FileLineColLoc file = filePosition(part))
        return file;
  return nullptr;
}

/// The call site of the module that `loc` lies in, null if it lies in none.
static CallSiteLoc callSite(Location loc) {
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return call;
  if (auto name = dyn_cast<NameLoc>(loc))
    return callSite(name.getChildLoc());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (CallSiteLoc call = callSite(part))
        return call;
  return nullptr;
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, Verbosity verbosity, raw_ostream &os)
    : verbosity(verbosity), os(os),
      handler(context, [this](Diagnostic &diagnostic) { print(diagnostic); }) {}

void DiagnosticPrinter::print(Diagnostic &diagnostic) {
  DiagnosticSeverity severity = diagnostic.getSeverity();
  bool isError = severity == DiagnosticSeverity::Error;
  errors += isError;
  warnings += severity == DiagnosticSeverity::Warning;
  if (verbosity == Verbosity::quiet && !isError)
    return;
  printLine(diagnostic.getLocation(), severity, diagnostic.str());
  for (Diagnostic &note : diagnostic.getNotes())
    printLine(note.getLocation(), DiagnosticSeverity::Note, note.str());
  if (isError || verbosity == Verbosity::verbose)
    printCallers(diagnostic.getLocation());
  os.flush();
}

void DiagnosticPrinter::printCallers(Location loc) {
  for (CallSiteLoc call = callSite(loc); call; call = callSite(call.getCaller()))
    printLine(cast<FileLineColLoc>(filePosition(call.getCaller())), DiagnosticSeverity::Note,
              ("in module '" + cnn::layerName(call.getCaller()) + "' called here").str());
}

void DiagnosticPrinter::printLine(Location loc, DiagnosticSeverity severity, StringRef message) {
  struct Style {
    StringRef label;
    raw_ostream::Colors color;
  };
  // Remarks tell what was done: "note" is the word that compilers' users know.
  Style style = {"note", raw_ostream::CYAN};
  if (severity == DiagnosticSeverity::Error)
    style = {"error", raw_ostream::RED};
  else if (severity == DiagnosticSeverity::Warning)
    style = {"warning", raw_ostream::MAGENTA};

  bool color = os.has_colors();
  if (FileLineColLoc file = filePosition(loc)) {
    os << file.getFilename().getValue() << ':';
    if (file.getLine())
      os << file.getLine() << ':' << file.getColumn() << ':';
    os << ' ';
  }
  if (color)
    os.changeColor(style.color, /*Bold=*/true);
  os << style.label << ": ";
  if (color)
    os.resetColor();
  if (StringRef layer = cnn::layerName(loc); !layer.empty())
    os << layer << ": ";
  os << message << '\n';
}
