// What passes did with layers, and what they left alone and why, for whoever wants to know.
#ifndef INCC_IR_DECISIONLOG_H
#define INCC_IR_DECISIONLOG_H

#include "mlir/IR/Action.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/PatternMatch.h"
#include <mutex>

namespace incc {

/// A number that a decision rests on, such as {"rank", 12}.
struct DecisionNumber {
  llvm::StringRef name;
  double value;
};

/// Tells that the running pass changed the layer of `op`, and how. Nobody listens in incc-opt, but
/// for `--log-actions-to=FILE`.
void logDone(mlir::Operation *op, const llvm::Twine &what,
             llvm::ArrayRef<DecisionNumber> numbers = {});

/// Tells that the running pass considered the layer of `op` and left it alone, and why.
void logDeclined(mlir::Operation *op, const llvm::Twine &reason,
                 llvm::ArrayRef<DecisionNumber> numbers = {});

/// The same from a pattern, which fails then; the reason also reaches the rewriter's listener.
mlir::LogicalResult decline(mlir::RewriterBase &rewriter, mlir::Operation *op,
                            const llvm::Twine &reason, llvm::ArrayRef<DecisionNumber> numbers = {});

/// A decision as MLIR's handlers of actions see it: executing it does nothing.
class DecisionAction : public mlir::tracing::ActionImpl<DecisionAction> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DecisionAction)
  static constexpr llvm::StringLiteral tag = "decision";
  static constexpr llvm::StringLiteral desc = "what a pass did with a layer, or why it did not";

  DecisionAction(llvm::ArrayRef<mlir::IRUnit> units, mlir::Location loc, bool isDone,
                 std::string text, llvm::ArrayRef<DecisionNumber> numbers)
      : ActionImpl(units), loc(loc), isDone(isDone), text(std::move(text)), numbers(numbers) {}
  void print(llvm::raw_ostream &os) const override;

  mlir::Location loc;
  bool isDone;
  std::string text;
  llvm::ArrayRef<DecisionNumber> numbers;
};

/// One decision of one pass about one layer.
struct Decision {
  std::string pass;
  mlir::Location loc;
  bool isDone;
  std::string text;
  std::vector<std::pair<std::string, double>> numbers;

  /// "done: ..." or "declined: ...", with the numbers.
  std::string verdict() const;
};

/// Keeps the decisions that passes make in a context while it is alive, in their order; the same
/// one once, since a pattern may be tried again and again.
class DecisionLog {
public:
  explicit DecisionLog(mlir::MLIRContext &context);
  ~DecisionLog();

  llvm::ArrayRef<Decision> decisions() const { return kept; }

private:
  mlir::MLIRContext &context;
  /// Passes on different functions run in different threads.
  std::mutex mutex;
  std::vector<Decision> kept;

  void add(llvm::StringRef pass, const DecisionAction &action);
};

} // namespace incc

#endif // INCC_IR_DECISIONLOG_H
