// Decisions travel as MLIR actions: passes need not know whether somebody listens.
#include "ir/DecisionLog.h"
#include "ir/Cnn.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace incc;

static void log(Operation *op, bool isDone, const Twine &text, ArrayRef<DecisionNumber> numbers) {
  op->getContext()->executeAction<DecisionAction>([] {}, {op}, op->getLoc(), isDone, text.str(),
                                                  numbers);
}

void incc::logDone(Operation *op, const Twine &what, ArrayRef<DecisionNumber> numbers) {
  log(op, /*isDone=*/true, what, numbers);
}

void incc::logDeclined(Operation *op, const Twine &reason, ArrayRef<DecisionNumber> numbers) {
  log(op, /*isDone=*/false, reason, numbers);
}

LogicalResult incc::decline(RewriterBase &rewriter, Operation *op, const Twine &reason,
                            ArrayRef<DecisionNumber> numbers) {
  logDeclined(op, reason, numbers);
  return rewriter.notifyMatchFailure(op, reason);
}

static void printVerdict(raw_ostream &os, bool isDone, StringRef text, const auto &numbers) {
  os << (isDone ? "done: " : "declined: ") << text;
  for (const auto &[name, value] : numbers)
    os << ", " << name << llvm::format(" %.4g", value);
}

void DecisionAction::print(raw_ostream &os) const {
  os << '`' << tag << "` ";
  if (StringRef layer = cnn::layerName(loc); !layer.empty())
    os << layer << ": ";
  printVerdict(os, isDone, text, numbers);
}

std::string Decision::verdict() const {
  std::string line;
  llvm::raw_string_ostream os(line);
  printVerdict(os, isDone, text, numbers);
  return line;
}

DecisionLog::DecisionLog(MLIRContext &context) : context(context) {
  context.registerActionHandler([this](function_ref<void()> run, const tracing::Action &action) {
    thread_local StringRef runningPass;
    if (auto *pass = dyn_cast<PassExecutionAction>(&action)) {
      StringRef outerPass = std::exchange(runningPass, pass->getPass().getArgument());
      run();
      runningPass = outerPass;
      return;
    }
    if (auto *decision = dyn_cast<DecisionAction>(&action))
      add(runningPass, *decision);
    run();
  });
}

DecisionLog::~DecisionLog() { context.registerActionHandler(nullptr); }

void DecisionLog::add(StringRef pass, const DecisionAction &action) {
  std::lock_guard<std::mutex> lock(mutex);
  if (llvm::any_of(kept, [&](const Decision &old) {
        return old.pass == pass && old.loc == action.loc && old.text == action.text;
      }))
    return;
  Decision decision{pass.str(), action.loc, action.isDone, action.text, {}};
  for (const DecisionNumber &number : action.numbers)
    decision.numbers.push_back({number.name.str(), number.value});
  kept.push_back(std::move(decision));
}
