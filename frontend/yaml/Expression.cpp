// Evaluates the expressions of model files by recursive descent.
#include "frontend/yaml/Expression.h"
#include "frontend/NearestName.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ScopedPrinter.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace incc;
using namespace incc::yaml;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// Longer strings come only from a model that doubles them at every call.
static constexpr size_t kMaxStringBytes = 4096;
/// Nesting of parentheses and operators in an expression.
static constexpr unsigned kMaxDepth = 64;

char UnknownValueError::ID;

template <typename... Ts> static Error makeError(const char *format, Ts &&...values) {
  return llvm::createStringError(llvm::formatv(format, std::forward<Ts>(values)...).str());
}

StringRef Datum::describeKind() const {
  static constexpr StringRef kinds[] = {"nothing",  "a boolean", "an integer",
                                        "a number", "a string",  "a list"};
  return kinds[index()];
}

std::string Datum::str() const {
  if (isNull())
    return "nothing";
  if (auto *flag = getIf<bool>())
    return *flag ? "true" : "false";
  if (auto *integer = getIf<int64_t>())
    return std::to_string(*integer);
  if (auto *number = getIf<double>())
    return llvm::to_string(llvm::format("%g", *number));
  if (auto *text = getIf<std::string>())
    return *text;
  std::string text = "[";
  for (const Datum &item : *getIf<List>()) {
    text += (text.size() > 1 ? ", " : "") + item.str();
    if (text.size() > kMaxStringBytes)
      return text + "...";
  }
  return text + "]";
}

const std::optional<Datum> *Scope::find(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (auto it = scope->values.find(name); it != scope->values.end())
      return &it->second;
  return nullptr;
}

std::vector<std::string> Scope::names() const {
  std::vector<std::string> result;
  for (const Scope *scope = this; scope; scope = scope->parent)
    for (auto &entry : scope->values)
      result.push_back(entry.getKey().str());
  llvm::sort(result);
  return result;
}

std::optional<double> yaml::asNumber(const Datum &value) {
  if (auto *integer = value.getIf<int64_t>())
    return static_cast<double>(*integer);
  if (auto *number = value.getIf<double>())
    return *number;
  return std::nullopt;
}

Datum yaml::parsePlainScalar(StringRef text) {
  if (text.empty() || text == "~" || text == "null")
    return Datum();
  if (text == "true" || text == "True")
    return Datum(true);
  if (text == "false" || text == "False")
    return Datum(false);
  if (int64_t integer; !text.getAsInteger(10, integer))
    return Datum(integer);
  // Only what looks like a number: getAsDouble also takes "inf" and "nan".
  if (double number; (llvm::isDigit(text[0]) || StringRef("+-.").contains(text[0])) &&
                     text.find_first_not_of("+-.eE0123456789") == StringRef::npos &&
                     !text.getAsDouble(number) && std::isfinite(number))
    return Datum(number);
  return Datum(text.str());
}

namespace {
class Evaluator {
public:
  Evaluator(StringRef text, const Scope &scope) : all(text), rest(text), scope(scope) {}

  Expected<Datum> run() {
    Expected<Datum> value = conditional();
    if (!value)
      return value;
    skipSpace();
    if (!rest.empty())
      return makeError("expected an operator, got '{0}' in expression '{1}'", rest, all);
    return value;
  }

private:
  void skipSpace() { rest = rest.ltrim(); }

  bool take(StringRef token) {
    skipSpace();
    return rest.consume_front(token);
  }

  bool takeWord(StringRef word) {
    skipSpace();
    if (!rest.starts_with(word) || (rest.size() > word.size() &&
                                    (llvm::isAlnum(rest[word.size()]) || rest[word.size()] == '_')))
      return false;
    rest = rest.drop_front(word.size());
    return true;
  }

  Expected<bool> truth(const Datum &value) {
    if (auto *flag = value.getIf<bool>())
      return *flag;
    return makeError("expected a boolean, got {0} '{1}' in expression '{2}'", value.describeKind(),
                     value.str(), all);
  }

  struct DepthGuard {
    explicit DepthGuard(unsigned &depth) : depth(++depth) {}
    ~DepthGuard() { --depth; }
    unsigned &depth;
  };

  Expected<Datum> conditional() {
    DepthGuard guard(depth);
    if (depth > kMaxDepth)
      return makeError("expression '{0}' is nested too deeply", all.take_front(60));
    Expected<Datum> value = disjunction();
    if (!value || !takeWord("if"))
      return value;
    Expected<Datum> test = disjunction();
    if (!test)
      return test;
    Expected<bool> condition = truth(*test);
    if (!condition)
      return condition.takeError();
    if (!takeWord("else"))
      return makeError("expected 'else' in expression '{0}'", all);
    Expected<Datum> other = conditional();
    if (!other)
      return other;
    return *condition ? std::move(value) : std::move(other);
  }

  /// `first (word first)*`, both sides always evaluated.
  Expected<Datum> logical(StringRef word, Expected<Datum> (Evaluator::*operand)(), bool isOr) {
    Expected<Datum> left = (this->*operand)();
    while (left && takeWord(word)) {
      Expected<Datum> right = (this->*operand)();
      if (!right)
        return right;
      Expected<bool> a = truth(*left);
      if (!a)
        return a.takeError();
      Expected<bool> b = truth(*right);
      if (!b)
        return b.takeError();
      *left = Datum(isOr ? (*a || *b) : (*a && *b));
    }
    return left;
  }

  Expected<Datum> disjunction() { return logical("or", &Evaluator::conjunction, /*isOr=*/true); }
  Expected<Datum> conjunction() { return logical("and", &Evaluator::negation, /*isOr=*/false); }

  Expected<Datum> negation() {
    bool negate = false;
    while (takeWord("not"))
      negate = !negate;
    Expected<Datum> value = comparison();
    if (!value || !negate)
      return value;
    Expected<bool> flag = truth(*value);
    if (!flag)
      return flag.takeError();
    return Datum(!*flag);
  }

  Expected<Datum> comparison() {
    Expected<Datum> left = sum();
    if (!left)
      return left;
    for (StringRef op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!take(op))
        continue;
      Expected<Datum> right = sum();
      if (!right)
        return right;
      return compare(op, *left, *right);
    }
    return left;
  }

  Expected<Datum> compare(StringRef op, const Datum &left, const Datum &right) {
    std::optional<double> a = asNumber(left), b = asNumber(right);
    if (a && b) {
      int order = *a < *b ? -1 : *a > *b;
      // Integers beyond 2^53 are no floats.
      if (left.is<int64_t>() && right.is<int64_t>()) {
        int64_t x = *left.getIf<int64_t>(), y = *right.getIf<int64_t>();
        order = x < y ? -1 : x > y;
      }
      return Datum(op == "=="   ? order == 0
                   : op == "!=" ? order != 0
                   : op == "<=" ? order <= 0
                   : op == ">=" ? order >= 0
                   : op == "<"  ? order < 0
                                : order > 0);
    }
    if (op == "==" || op == "!=")
      return Datum((left.index() == right.index() && left.str() == right.str()) == (op == "=="));
    return makeError("can't compare {0} '{1}' with {2} '{3}' by '{4}'", left.describeKind(),
                     left.str(), right.describeKind(), right.str(), op);
  }

  Expected<Datum> sum() {
    Expected<Datum> left = product();
    while (left) {
      StringRef op = take("+") ? "+" : take("-") ? "-" : "";
      if (op.empty())
        return left;
      Expected<Datum> right = product();
      if (!right)
        return right;
      left = arithmetic(op, *left, *right);
    }
    return left;
  }

  Expected<Datum> product() {
    Expected<Datum> left = unary();
    while (left) {
      StringRef op = take("//") ? "//" : take("*") ? "*" : take("/") ? "/" : take("%") ? "%" : "";
      if (op.empty())
        return left;
      Expected<Datum> right = unary();
      if (!right)
        return right;
      left = arithmetic(op, *left, *right);
    }
    return left;
  }

  Expected<Datum> unary() {
    bool negate = false;
    while (take("-"))
      negate = !negate;
    Expected<Datum> value = postfix();
    if (!value || !negate)
      return value;
    return arithmetic("-", Datum(int64_t(0)), *value);
  }

  Expected<Datum> arithmetic(StringRef op, const Datum &left, const Datum &right) {
    if (op == "+" && left.is<std::string>() && right.is<std::string>()) {
      std::string text = *left.getIf<std::string>() + *right.getIf<std::string>();
      if (text.size() > kMaxStringBytes)
        return makeError("a string of more than {0} bytes", kMaxStringBytes);
      return Datum(std::move(text));
    }
    std::optional<double> a = asNumber(left), b = asNumber(right);
    if (!a || !b)
      return makeError("operator '{0}' needs numbers, got {1} '{2}' and {3} '{4}' in expression "
                       "'{5}'",
                       op, left.describeKind(), left.str(), right.describeKind(), right.str(), all);
    if (StringRef("//%").contains(op) && *b == 0)
      return makeError("division by zero in expression '{0}'", all);
    if (left.is<int64_t>() && right.is<int64_t>())
      return integerArithmetic(op, *left.getIf<int64_t>(), *right.getIf<int64_t>());
    double result = op == "+"    ? *a + *b
                    : op == "-"  ? *a - *b
                    : op == "*"  ? *a * *b
                    : op == "/"  ? *a / *b
                    : op == "//" ? std::floor(*a / *b)
                                 : *a - *b * std::floor(*a / *b);
    if (!std::isfinite(result))
      return makeError("number out of range in expression '{0}'", all);
    return Datum(result);
  }

  Expected<Datum> integerArithmetic(StringRef op, int64_t a, int64_t b) {
    int64_t result = 0;
    bool overflow = false;
    if (op == "+")
      overflow = __builtin_add_overflow(a, b, &result);
    else if (op == "-")
      overflow = __builtin_sub_overflow(a, b, &result);
    else if (op == "*")
      overflow = __builtin_mul_overflow(a, b, &result);
    else if (a == INT64_MIN && b == -1)
      overflow = true;
    else if (op == "/" && a % b)
      return Datum(static_cast<double>(a) / static_cast<double>(b));
    else if (int64_t floor = a / b - (a % b && (a < 0) != (b < 0)); op == "%")
      result = a - b * floor;
    else
      result = floor;
    if (overflow)
      return makeError("integer out of range in expression '{0}'", all);
    return Datum(result);
  }

  Expected<Datum> postfix() {
    Expected<Datum> value = primary();
    while (value && take("[")) {
      Expected<Datum> index = conditional();
      if (!index)
        return index;
      if (!take("]"))
        return makeError("expected ']' in expression '{0}'", all);
      auto *list = value->getIf<List>();
      auto *at = index->getIf<int64_t>();
      if (!list || !at)
        return makeError("expected a list and an integer, got {0} and {1} in expression '{2}'",
                         value->describeKind(), index->describeKind(), all);
      if (*at < 0 || *at >= static_cast<int64_t>(list->size()))
        return makeError("index {0} is outside of a list of {1} in expression '{2}'", *at,
                         list->size(), all);
      Datum item = (*list)[*at];
      value = std::move(item);
    }
    return value;
  }

  Expected<Datum> primary() {
    skipSpace();
    if (take("(")) {
      Expected<Datum> value = conditional();
      if (value && !take(")"))
        return makeError("expected ')' in expression '{0}'", all);
      return value;
    }
    if (rest.empty())
      return makeError("expected a value at the end of expression '{0}'", all);
    if (rest[0] == '\'' || rest[0] == '"') {
      size_t end = rest.find(rest[0], 1);
      if (end == StringRef::npos)
        return makeError("string without end in expression '{0}'", all);
      Datum text(rest.slice(1, end).str());
      rest = rest.drop_front(end + 1);
      return text;
    }
    if (llvm::isDigit(rest[0]) || rest[0] == '.')
      return number();
    StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (word.empty())
      return makeError("expected a value, got '{0}' in expression '{1}'", rest.take_front(1), all);
    rest = rest.drop_front(word.size());
    if (word == "true" || word == "false")
      return Datum(word == "true");
    if (take("("))
      return call(word);
    return lookup(word);
  }

  Expected<Datum> number() {
    size_t end = 0;
    while (end < rest.size() &&
           (llvm::isAlnum(rest[end]) || rest[end] == '.' ||
            (StringRef("+-").contains(rest[end]) && end && (rest[end - 1] | 32) == 'e')))
      ++end;
    StringRef token = rest.take_front(end);
    rest = rest.drop_front(end);
    Datum value = parsePlainScalar(token);
    if (!asNumber(value))
      return makeError("expected a number, got '{0}' in expression '{1}'", token, all);
    return value;
  }

  Expected<Datum> lookup(StringRef name) {
    const std::optional<Datum> *value = scope.find(name);
    if (!value) {
      std::vector<std::string> known = scope.names();
      return makeError("nothing is named '{0}' here; known: {1}{2}", name,
                       known.empty() ? "nothing" : llvm::join(known, ", "),
                       didYouMean(name, known));
    }
    if (!*value)
      return llvm::make_error<UnknownValueError>();
    return **value;
  }

  Expected<Datum> call(StringRef function) {
    std::vector<Datum> arguments;
    if (!take(")")) {
      do {
        Expected<Datum> argument = conditional();
        if (!argument)
          return argument;
        arguments.push_back(std::move(*argument));
      } while (take(","));
      if (!take(")"))
        return makeError("expected ')' in expression '{0}'", all);
    }
    if (function == "len" && arguments.size() == 1 && arguments[0].is<List>())
      return Datum(static_cast<int64_t>(arguments[0].getIf<List>()->size()));
    if ((function == "min" || function == "max") && !arguments.empty()) {
      Datum best = arguments[0];
      for (const Datum &value : llvm::ArrayRef(arguments)) {
        Expected<Datum> better = compare(function == "min" ? "<" : ">", value, best);
        if (!better)
          return better;
        if (*better->getIf<bool>())
          best = value;
      }
      return best;
    }
    return makeError("expected len(list), min(...) or max(...), got {0} of {1} values", function,
                     arguments.size());
  }

  StringRef all, rest;
  const Scope &scope;
  unsigned depth = 0;
};
} // namespace

Expected<Datum> yaml::evaluate(StringRef text, const Scope &scope) {
  return Evaluator(text, scope).run();
}

Expected<Datum> yaml::expand(StringRef text, bool quoted, const Scope &scope) {
  if (!text.contains('$'))
    return quoted ? Datum(text.str()) : parsePlainScalar(text);
  StringRef all = text;
  std::string result;
  while (!text.empty()) {
    size_t dollar = text.find('$');
    result += text.take_front(dollar);
    if (dollar == StringRef::npos)
      break;
    text = text.drop_front(dollar + 1);
    if (text.consume_front("$")) {
      result += '$';
      continue;
    }
    StringRef expression;
    if (text.consume_front("{")) {
      size_t end = text.find('}');
      if (end == StringRef::npos)
        return makeError("expected '}' after '${' in '{0}'", all);
      expression = text.take_front(end);
      text = text.drop_front(end + 1);
    } else {
      expression = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (expression.empty())
        return makeError("expected a name or '{' after '$' in '{0}' ('$$' is a dollar sign)", all);
      text = text.drop_front(expression.size());
    }
    Expected<Datum> value = evaluate(expression, scope);
    if (!value)
      return value;
    if (text.empty() && all.starts_with("$") && result.empty() && all.count('$') == 1)
      return value;
    result += value->str();
    if (result.size() > kMaxStringBytes)
      return makeError("a string of more than {0} bytes", kMaxStringBytes);
  }
  return quoted ? Datum(std::move(result)) : parsePlainScalar(result);
}
