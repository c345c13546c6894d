// libFuzzer's mutator for ONNX models: changes, adds, removes or swaps a field somewhere in the
// model, by protobuf's reflection. Most changes of bytes would not even parse.
#include "test/fuzz/reflected.pb.h"

#include <google/protobuf/stubs/logging.h>
#include <random>

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {
class ModelMutator {
public:
  explicit ModelMutator(unsigned seed) : random(seed) {}

  void mutate(Message &model) {
    collect(model);
    Message *message = messages[pick(messages.size())];
    const Reflection *reflection = message->GetReflection();
    std::vector<const FieldDescriptor *> fields;
    reflection->ListFields(*message, &fields);
    // Now and then a field that is not set, which may be one of another kind of value.
    const FieldDescriptor *field =
        fields.empty() || pick(8) == 0
            ? message->GetDescriptor()->field(pick(message->GetDescriptor()->field_count()))
            : fields[pick(fields.size())];
    if (field->is_repeated())
      changeList(*message, field);
    else
      changeField(*message, field);
  }

private:
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); }

  /// All messages and the texts in them: names, operators.
  void collect(Message &message) {
    messages.push_back(&message);
    const Reflection *reflection = message.GetReflection();
    std::vector<const FieldDescriptor *> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor *field : fields) {
      int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        bool isList = field->is_repeated();
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
          collect(isList ? *reflection->MutableRepeatedMessage(&message, field, i)
                         : *reflection->MutableMessage(&message, field));
        else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
                 field->type() == FieldDescriptor::TYPE_STRING)
          texts.push_back(isList ? reflection->GetRepeatedString(message, field, i)
                                 : reflection->GetString(message, field));
      }
    }
  }

  int64_t number(int64_t old) {
    static constexpr int64_t kNumbers[] = {
        0,  1,       -1,        2,         3,         4,         7,         16,
        17, 1 << 20, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1LL << 32, 1LL << 62};
    switch (pick(3)) {
    case 0:
      return kNumbers[pick(std::size(kNumbers))];
    case 1:
      return static_cast<int64_t>(static_cast<uint64_t>(old) + pick(3) - 1);
    default:
      return static_cast<int64_t>(static_cast<uint64_t>(-old) << pick(2));
    }
  }

  std::string text(const FieldDescriptor *field, std::string old) {
    if (field->type() == FieldDescriptor::TYPE_STRING && !texts.empty() && pick(4))
      return texts[pick(texts.size())];
    size_t size = old.size();
    old.resize(size + 8);
    old.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(old.data()), size, old.size()));
    return old;
  }

  void changeField(Message &message, const FieldDescriptor *field) {
    const Reflection *reflection = message.GetReflection();
    if (pick(6) == 0)
      return reflection->ClearField(&message, field);
    switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(
          &message, field, static_cast<int32_t>(number(reflection->GetInt32(message, field))));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, field, number(reflection->GetInt64(message, field)));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->SetFloat(&message, field, static_cast<float>(number(1)));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(
          &message, field,
          field->enum_type()->value(pick(field->enum_type()->value_count()))->number());
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(&message, field,
                                   text(field, reflection->GetString(message, field)));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      reflection->MutableMessage(&message, field);
      return;
    default: // No other types in onnx.proto's single fields.
      return;
    }
  }

  void changeList(Message &message, const FieldDescriptor *field) {
    const Reflection *reflection = message.GetReflection();
    int count = reflection->FieldSize(message, field);
    if (count && pick(5) == 0)
      return reflection->RemoveLast(&message, field);
    if (count > 1 && pick(5) == 0)
      return reflection->SwapElements(&message, field, static_cast<int>(pick(count)),
                                      static_cast<int>(pick(count)));
    bool isNew = count == 0 || pick(4) == 0;
    int i = isNew ? 0 : static_cast<int>(pick(count));
    switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      if (isNew)
        return reflection->AddInt64(&message, field, number(1));
      return reflection->SetRepeatedInt64(&message, field, i,
                                          number(reflection->GetRepeatedInt64(message, field, i)));
    case FieldDescriptor::CPPTYPE_INT32:
      if (isNew)
        return reflection->AddInt32(&message, field, 1);
      return reflection->SetRepeatedInt32(
          &message, field, i,
          static_cast<int32_t>(number(reflection->GetRepeatedInt32(message, field, i))));
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (isNew)
        return reflection->AddFloat(&message, field, 1);
      return reflection->SetRepeatedFloat(&message, field, i, static_cast<float>(number(1)));
    case FieldDescriptor::CPPTYPE_STRING:
      if (isNew)
        return reflection->AddString(&message, field, text(field, ""));
      return reflection->SetRepeatedString(
          &message, field, i, text(field, reflection->GetRepeatedString(message, field, i)));
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message *added = reflection->AddMessage(&message, field);
      // A copy of another of its kind, such as a node.
      if (count)
        added->CopyFrom(
            reflection->GetRepeatedMessage(message, field, static_cast<int>(pick(count))));
      return;
    }
    default: // Doubles and unsigned numbers occur in tensors alone, which bytes' mutations reach.
      return;
    }
  }

  std::mt19937 random;
  std::vector<Message *> messages;
  std::vector<std::string> texts;
};
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned seed) {
  google::protobuf::LogSilencer silencer;
  onnx::reflected::ModelProto model;
  if (seed % 8 == 0 || !model.ParseFromArray(data, static_cast<int>(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  ModelMutator(seed).mutate(model);
  std::string bytes = model.SerializeAsString();
  if (bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
