// Parses command lines of the tools.
#include "tools/support/OptionParser.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstdlib>

using namespace incc;
using namespace llvm;

void OptionParser::flag(StringRef name, bool &value, StringRef help) {
  options.push_back({name.str(), "", help.str(), [&value](StringRef) -> Error {
                       value = true;
                       return Error::success();
                     }});
}

void OptionParser::text(StringRef name, StringRef valueName, std::string &value, StringRef help) {
  options.push_back({name.str(), valueName.str(), help.str(), [&value](StringRef given) -> Error {
                       value = given.str();
                       return Error::success();
                     }});
}

void OptionParser::list(StringRef name, StringRef valueName, std::vector<std::string> &values,
                        StringRef help) {
  options.push_back({name.str(), valueName.str(), help.str(), [&values](StringRef given) -> Error {
                       values.push_back(given.str());
                       return Error::success();
                     }});
}

void OptionParser::number(StringRef name, int &value, int least, int most, StringRef help) {
  auto set = [&value, least, most, name = name.str()](StringRef given) -> Error {
    int64_t number;
    if (given.getAsInteger(10, number) || number < least || number > most)
      return makeError("--" + name + ": expected a whole number from " + Twine(least) + " to " +
                       Twine(most) + ", got '" + given + "'");
    value = static_cast<int>(number);
    return Error::success();
  };
  options.push_back({name.str(), "N", help.str(), set});
}

void OptionParser::real(StringRef name, StringRef valueName, double &value, StringRef help) {
  auto set = [&value, name = name.str()](StringRef given) -> Error {
    double number;
    if (given.getAsDouble(number) || !std::isfinite(number) || number <= 0)
      return makeError("--" + name + ": expected a positive number, got '" + given + "'");
    value = number;
    return Error::success();
  };
  options.push_back({name.str(), valueName.str(), help.str(), set});
}

const OptionParser::Option *OptionParser::find(StringRef name) const {
  auto it = llvm::find_if(options, [&](const Option &option) { return option.name == name; });
  return it == options.end() ? nullptr : &*it;
}

Error OptionParser::unknown(StringRef name) const {
  const Option *nearest = nullptr;
  unsigned least = 3; // more edits than two are no slip of the finger
  for (const Option &option : options)
    if (unsigned distance = name.edit_distance(option.name, true, least); distance < least) {
      least = distance;
      nearest = &option;
    }
  if (nearest)
    return makeError("unknown option '--" + name + "'; did you mean '--" + nearest->name + "'?");
  auto spelled = map_range(options, [](const Option &option) { return "--" + option.name; });
  return makeError("unknown option '--" + name + "'; supported are " + join(spelled, ", "));
}

void OptionParser::printHelp() const {
  outs() << "usage: " << usage << "\n\n";
  for (const Option &option : options) {
    std::string left = "  --" + option.name;
    if (!option.valueName.empty())
      left += " " + option.valueName;
    outs() << left;
    outs().indent(left.size() < 26 ? 26 - left.size() : 1) << option.help << '\n';
  }
  outs() << '\n' << description << '\n';
}

Error OptionParser::parse(int argc, char **argv, std::vector<std::string> &arguments) {
  bool optionsEnded = false;
  for (int i = 1; i < argc; ++i) {
    StringRef argument = argv[i];
    if (optionsEnded || argument == "-" || !argument.consume_front("-")) {
      arguments.push_back(argv[i]);
      continue;
    }
    argument.consume_front("-");
    if (argument.empty()) {
      optionsEnded = true;
      continue;
    }
    if (argument == "help" || argument == "h") {
      printHelp();
      outs().flush();
      std::exit(0);
    }
    auto [name, value] = argument.split('=');
    const Option *option = find(name);
    if (!option)
      return unknown(name);
    bool hasValue = name.size() < argument.size();
    if (option->valueName.empty() && hasValue)
      return makeError("--" + name + " takes no value, got '" + value + "'");
    if (!option->valueName.empty() && !hasValue) {
      if (++i == argc)
        return makeError("--" + name + ": expected " + option->valueName + " after it");
      value = argv[i];
    }
    if (Error error = option->set(value))
      return error;
  }
  return Error::success();
}
