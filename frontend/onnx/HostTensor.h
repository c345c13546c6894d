// Tensors known at compile time: initializers, and what is computed from them alone.
#ifndef INCC_FRONTEND_ONNX_HOSTTENSOR_H
#define INCC_FRONTEND_ONNX_HOSTTENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace onnx {
class TensorProto;
}

namespace incc::onnximport {

using Shape = llvm::SmallVector<int64_t, 4>;

/// No tensor may have more elements: 4 GiB of float32.
constexpr int64_t kMaxElements = int64_t(1) << 30;

/// The product of `shape`, empty for a negative extent or beyond kMaxElements.
std::optional<int64_t> checkedElements(llvm::ArrayRef<int64_t> shape);

/// The elements of a constant, in row-major order; its shape is its user's.
class HostTensor {
public:
  /// float16 and bfloat16 are held as float, integers and booleans as int64.
  enum class Storage { f32, f64, i64 };

  HostTensor() = default;
  /// `type` is an onnx::TensorProto::DataType.
  HostTensor(int32_t type, llvm::ArrayRef<float> values, std::shared_ptr<const void> owner);
  HostTensor(int32_t type, std::vector<float> values);
  HostTensor(int32_t type, std::vector<double> values);
  HostTensor(int32_t type, std::vector<int64_t> values);

  explicit operator bool() const { return elementType != 0; }
  int32_t type() const { return elementType; }
  Storage storage() const { return kind; }
  int64_t numElements() const { return count; }
  bool isFloat32() const;

  template <typename T> llvm::ArrayRef<T> values() const {
    return {static_cast<const T *>(data), static_cast<size_t>(count)};
  }
  /// Calls `fn` with the elements as an ArrayRef of their storage's type.
  template <typename Fn> auto visit(Fn fn) const {
    switch (kind) {
    case Storage::f32:
      return fn(values<float>());
    case Storage::f64:
      return fn(values<double>());
    case Storage::i64:
      break;
    }
    return fn(values<int64_t>());
  }
  /// Element `i` as a number.
  double number(int64_t i) const {
    return visit([&](auto all) { return static_cast<double>(all[i]); });
  }
  const std::shared_ptr<const void> &owner() const { return keeper; }
  const void *address() const { return data; }

  /// The initializer that it came from, if any.
  std::string name;

private:
  template <typename T> void take(std::vector<T> values);

  int32_t elementType = 0;
  Storage kind = Storage::f32;
  int64_t count = 0;
  const void *data = nullptr;
  std::shared_ptr<const void> keeper;
};

/// "float", "int64": how ONNX calls an element type.
std::string typeName(int32_t type);

/// Bytes of an element in a file, 0 if the type is unknown or has no fixed size.
unsigned fileBytes(int32_t type);

/// Converts little-endian elements as files hold them; `owner` keeps `bytes` alive. float32 is not
/// copied where it is aligned. The size of `bytes` fits.
llvm::Expected<HostTensor> readElements(int32_t type, llvm::ArrayRef<char> bytes,
                                        std::shared_ptr<const void> owner);

/// Takes the elements out of `proto`, whose data is inside the model and must fit its shape.
llvm::Expected<HostTensor> takeElements(onnx::TensorProto &proto);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_HOSTTENSOR_H
