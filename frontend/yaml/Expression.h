// Values and expressions of model files: `$width`, `${4 * width}`, "layer${i}.0".
#ifndef INCC_FRONTEND_YAML_EXPRESSION_H
#define INCC_FRONTEND_YAML_EXPRESSION_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <string>
#include <variant>
#include <vector>

namespace incc::yaml {

struct Datum;
using List = std::vector<Datum>;

/// What a parameter, an argument or an expression is.
struct Datum : std::variant<std::monostate, bool, int64_t, double, std::string, List> {
  using variant::variant;
  template <typename T> const T *getIf() const { return std::get_if<T>(this); }
  template <typename T> bool is() const { return getIf<T>(); }
  bool isNull() const { return is<std::monostate>(); }
  /// "an integer"
  llvm::StringRef describeKind() const;
  /// As it appears inside a string and in diagnostics.
  std::string str() const;
};

/// Names visible at a place in a model: those of the scope itself, then its parent's.
class Scope {
public:
  explicit Scope(const Scope *parent = nullptr) : parent(parent) {}

  void set(llvm::StringRef name, Datum value) { values[name] = std::move(value); }
  /// A name that has no value because an error came before; what depends on it is passed over.
  void setUnknown(llvm::StringRef name) { values[name] = std::nullopt; }
  const std::optional<Datum> *find(llvm::StringRef name) const;
  std::vector<std::string> names() const;

private:
  const Scope *parent;
  llvm::StringMap<std::optional<Datum>> values;
};

/// Depends on a name without a value: an error whose cause has been reported.
class UnknownValueError : public llvm::ErrorInfo<UnknownValueError> {
public:
  static char ID;
  void log(llvm::raw_ostream &os) const override { os << "value unknown"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
};

/// The value of a scalar as YAML reads it: null, boolean, number or string.
Datum parsePlainScalar(llvm::StringRef text);

/// An integer's or number's value; none for other data.
std::optional<double> asNumber(const Datum &value);

/// Replaces `$name` and `${expression}` in `text`; `$$` is a dollar sign. A text that is one
/// reference has its value, whatever the kind; otherwise the result is a string, or what
/// `parsePlainScalar` makes of it unless `quoted`.
llvm::Expected<Datum> expand(llvm::StringRef text, bool quoted, const Scope &scope);

/// Evaluates an expression, in falling precedence: a[i], min/max/len(...), (...); unary - ;
/// * / // %; + -; == != < <= > >=; not; and; or; `a if c else b`.
/// Integers divide to an integer by `/` where that is exact.
llvm::Expected<Datum> evaluate(llvm::StringRef text, const Scope &scope);

} // namespace incc::yaml

#endif // INCC_FRONTEND_YAML_EXPRESSION_H
