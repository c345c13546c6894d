// Parses command lines of the tools. (LLVM's own cl:: shares one name space with the options that
// libLLVM registers, `threads` among them.)
#ifndef INCC_TOOLS_SUPPORT_OPTIONPARSER_H
#define INCC_TOOLS_SUPPORT_OPTIONPARSER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <string>
#include <vector>

namespace incc {

/// Options are declared one by one with the variable that each fills, then `parse` reads the
/// command line: `--name value`, `--name=value`, and what is no option in order. "--" ends the
/// options.
class OptionParser {
public:
  /// `usage` comes first in the help; `description` follows the list of options.
  OptionParser(llvm::StringRef usage, llvm::StringRef description)
      : usage(usage), description(description) {}

  void flag(llvm::StringRef name, bool &value, llvm::StringRef help);
  void text(llvm::StringRef name, llvm::StringRef valueName, std::string &value,
            llvm::StringRef help);
  /// May be given several times.
  void list(llvm::StringRef name, llvm::StringRef valueName, std::vector<std::string> &values,
            llvm::StringRef help);
  /// A whole number from `least` to `most`.
  void number(llvm::StringRef name, int &value, int least, int most, llvm::StringRef help);
  /// A positive number.
  void real(llvm::StringRef name, llvm::StringRef valueName, double &value, llvm::StringRef help);

  /// What is no option goes to `arguments`. Prints the help and exits with 0 at --help.
  llvm::Error parse(int argc, char **argv, std::vector<std::string> &arguments);

private:
  struct Option {
    std::string name, valueName, help;
    std::function<llvm::Error(llvm::StringRef value)> set;
  };
  void printHelp() const;
  const Option *find(llvm::StringRef name) const;
  llvm::Error unknown(llvm::StringRef name) const;

  std::string usage, description;
  std::vector<Option> options;
};

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_OPTIONPARSER_H
