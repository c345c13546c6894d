// Error messages and file output of the tools.
#include "tools/support/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace incc;
using namespace llvm;

Error incc::makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

int incc::report(StringRef tool, Error error) {
  outs().flush();
  WithColor::error(errs(), tool) << toString(std::move(error)) << '\n';
  return 1;
}

std::string incc::formatDims(ArrayRef<int64_t> dims) {
  return dims.empty()
             ? "a single value"
             : join(
                   map_range(dims, [](int64_t dim) { return dim < 0 ? "N" : std::to_string(dim); }),
                   "x");
}

/// Writes `bytes` to an open file, which stays open.
static std::error_code writeTo(int file, StringRef bytes) {
  raw_fd_ostream os(file, /*shouldClose=*/false);
  os << bytes;
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

Error incc::writeFile(StringRef path, StringRef bytes) {
  auto failure = [&](std::error_code code) {
    return makeError("can't write '" + path + "': " + code.message());
  };
  // What is no regular file, such as /dev/stdout, must not be replaced by one.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) && !sys::fs::is_regular_file(status)) {
    int file;
    std::error_code code = sys::fs::openFileForWrite(path, file, sys::fs::CD_OpenExisting);
    if (code)
      return failure(code);
    code = writeTo(file, bytes);
    sys::fs::file_t handle = sys::fs::convertFDToNativeFile(file);
    std::error_code closing = sys::fs::closeFile(handle);
    return code || closing ? failure(code ? code : closing) : Error::success();
  }
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".%%%%%%", sys::fs::all_read | sys::fs::all_write);
  if (!file)
    return failure(errorToErrorCode(file.takeError()));
  if (std::error_code code = writeTo(file->FD, bytes)) {
    consumeError(file->discard());
    return failure(code);
  }
  if (Error error = file->keep(path))
    return failure(errorToErrorCode(std::move(error)));
  return Error::success();
}
