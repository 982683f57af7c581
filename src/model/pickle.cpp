#include "model/pickle.h"

#include <array>
#include <cstring>
#include <string_view>
#include <unordered_map>

namespace crosstail::model {
namespace {

enum class Kind : std::uint8_t {
  None,
  Number,
  Text,
  Tuple,
  List,
  Dict,
  OrderedDict,  ///< the class collections.OrderedDict
  Rebuild,      ///< the function torch._utils._rebuild_tensor_v2
  Parameter,    ///< the function torch._utils._rebuild_parameter
  StorageType,  ///< number: its DType
  Storage,      ///< text: its key; number: its DType; size: elements
  Tensor
};

using Handle = std::uint32_t;

/// A value in the arena; tuples, lists and dictionaries (key, value, key, value…) hold handles, so
/// shared and cyclic values need no care.
struct Value {
  Kind kind = Kind::None;
  std::int64_t number = 0;
  std::uint64_t size = 0;
  std::string text;
  std::vector<Handle> items;
};

struct Global {
  std::string_view name;
  Kind kind;
  DType dtype = DType::F32;
};

constexpr std::array<Global, 13> kGlobals = {{
    {"collections OrderedDict", Kind::OrderedDict},
    {"torch._utils _rebuild_tensor_v2", Kind::Rebuild},
    {"torch._utils _rebuild_parameter", Kind::Parameter},
    {"torch DoubleStorage", Kind::StorageType, DType::F64},
    {"torch FloatStorage", Kind::StorageType, DType::F32},
    {"torch HalfStorage", Kind::StorageType, DType::F16},
    {"torch BFloat16Storage", Kind::StorageType, DType::BF16},
    {"torch LongStorage", Kind::StorageType, DType::I64},
    {"torch IntStorage", Kind::StorageType, DType::I32},
    {"torch ShortStorage", Kind::StorageType, DType::I16},
    {"torch CharStorage", Kind::StorageType, DType::I8},
    {"torch ByteStorage", Kind::StorageType, DType::U8},
    {"torch BoolStorage", Kind::StorageType, DType::Bool},
}};

class Interpreter {
 public:
  explicit Interpreter(std::span<const std::byte> bytes)
      : bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

  Status run() {
    while (!stopped_) {
      opcode_at_ = at_;
      const auto opcode = number<std::uint8_t>();
      CT_CHECK(step(opcode));
      if (!problem_.empty())
        return Error{ErrorCode::Corrupt,
                     "pickle, byte " + std::to_string(opcode_at_) + ": " + problem_};
    }
    return {};
  }

  [[nodiscard]] Result<std::vector<PickledTensor>> tensors() const;

 private:
  // Reading. After a problem everything reads as zero and run() ends.
  void fail(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - at_) {
      fail("the pickle ends inside a value");
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  template <class T>
  T number() {
    T value{};
    const auto raw = take(sizeof(T));
    if (!raw.empty()) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const auto end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) {
      fail("a line without an end");
      return {};
    }
    const auto text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  // The stack of handles, and the marks in it.
  void push(Value value) {
    values_.push_back(std::move(value));
    stack_.push_back(static_cast<Handle>(values_.size() - 1));
  }
  void push_text(std::string_view text) { push({Kind::Text, 0, 0, std::string(text), {}}); }
  void push_number(std::int64_t n) { push({Kind::Number, n, 0, {}, {}}); }
  Handle pop() {
    if (stack_.size() <= floor()) {
      fail("takes a value from an empty stack");
      return 0;
    }
    const Handle top = stack_.back();
    stack_.pop_back();
    return top;
  }
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<Handle> pop_to_mark() {
    if (marks_.empty()) {
      fail("takes values without a mark");
      return {};
    }
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Handle> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  void push_tuple(std::size_t count) {
    std::vector<Handle> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push({Kind::Tuple, 0, 0, {}, std::move(items)});
  }
  void append_to(Kind kind, const std::vector<Handle>& items) {
    if (stack_.size() <= floor() || values_[stack_.back()].kind != kind ||
        (kind == Kind::Dict && items.size() % 2 != 0))
      return fail(kind == Kind::Dict ? "sets items of what is no dictionary"
                                     : "appends to what is no list");
    auto& target = values_[stack_.back()].items;
    target.insert(target.end(), items.begin(), items.end());
  }
  void memoize(std::uint32_t index) {
    if (stack_.size() <= floor()) return fail("memoizes nothing");
    memo_[index] = stack_.back();
  }
  void recall(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) return fail("recalls what was not memoized");
    stack_.push_back(found->second);
  }

  Status step(std::uint8_t opcode);
  bool step_container(char opcode);
  bool step_scalar(char opcode);
  Status global(std::string_view module, std::string_view name);
  Status call();
  void rebuild_tensor(const Value& arguments);
  void persistent();
  [[nodiscard]] bool sizes(Handle handle, std::vector<std::size_t>& out) const;
  void long_number(std::size_t size);

  std::string_view bytes_;
  std::size_t at_ = 0, opcode_at_ = 0;
  bool stopped_ = false;
  std::string problem_;
  std::vector<Value> values_{Value{}};  // handle 0: None
  std::vector<Handle> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Handle> memo_;
  std::vector<PickledTensor> tensors_;  // Value::number of a Tensor is its place here
};

void Interpreter::long_number(std::size_t size) {
  const auto raw = take(size);
  if (size > 8) return fail("a whole number of more than 64 bits");
  std::uint64_t n =
      raw.empty() || (static_cast<unsigned char>(raw.back()) & 0x80U) == 0 ? 0 : ~std::uint64_t{0};
  if (!raw.empty()) std::memcpy(&n, raw.data(), raw.size());
  push_number(static_cast<std::int64_t>(n));
}

/// True if the opcode was one of these.
bool Interpreter::step_scalar(char opcode) {
  switch (opcode) {
    case 'N':
      push({});
      return true;
    case '\x88':  // NEWTRUE
    case '\x89':  // NEWFALSE
      push_number(opcode == '\x88' ? 1 : 0);
      return true;
    case 'J':
      push_number(number<std::int32_t>());
      return true;
    case 'K':
      push_number(number<std::uint8_t>());
      return true;
    case 'M':
      push_number(number<std::uint16_t>());
      return true;
    case '\x8a':  // LONG1
      long_number(number<std::uint8_t>());
      return true;
    case 'G':  // BINFLOAT: only ever beside the tensors
      take(8);
      push({});
      return true;
    case 'X':
    case 'T':
    case 'B':
      push_text(take(number<std::uint32_t>()));
      return true;
    case '\x8c':  // SHORT_BINUNICODE
    case 'U':
    case 'C':
      push_text(take(number<std::uint8_t>()));
      return true;
    case '\x8d':  // BINUNICODE8
      push_text(take(number<std::uint64_t>()));
      return true;
    default:
      return false;
  }
}

bool Interpreter::step_container(char opcode) {
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case ')':
      push_tuple(0);
      return true;
    case 't':
      push({Kind::Tuple, 0, 0, {}, pop_to_mark()});
      return true;
    case '\x85':
    case '\x86':
    case '\x87':
      push_tuple(static_cast<std::size_t>(opcode - '\x85') + 1);
      return true;
    case ']':
      push({Kind::List, 0, 0, {}, {}});
      return true;
    case '}':
      push({Kind::Dict, 0, 0, {}, {}});
      return true;
    case 'a':
      append_to(Kind::List, {pop()});
      return true;
    case 'e':
      append_to(Kind::List, pop_to_mark());
      return true;
    case 's': {
      const Handle value = pop(), key = pop();
      append_to(Kind::Dict, {key, value});
      return true;
    }
    case 'u':
      append_to(Kind::Dict, pop_to_mark());
      return true;
    case 'b':  // BUILD: attributes of the dictionary (_metadata), of no use here
    case '0':  // POP
      pop();
      return true;
    default:
      return false;
  }
}

Status Interpreter::step(std::uint8_t code) {
  const char opcode = static_cast<char>(code);
  if (step_scalar(opcode) || step_container(opcode)) return {};
  switch (opcode) {
    case '\x80':  // PROTO
      if (number<std::uint8_t>() > 5) fail("a protocol beyond 5");
      return {};
    case '\x95':  // FRAME
      take(8);
      return {};
    case 'q':
      memoize(number<std::uint8_t>());
      return {};
    case 'r':
      memoize(number<std::uint32_t>());
      return {};
    case '\x94':  // MEMOIZE
      memoize(static_cast<std::uint32_t>(memo_.size()));
      return {};
    case 'h':
      recall(number<std::uint8_t>());
      return {};
    case 'j':
      recall(number<std::uint32_t>());
      return {};
    case 'c': {
      const auto module = line();
      return global(module, line());
    }
    case '\x93': {  // STACK_GLOBAL
      const Handle name = pop(), module = pop();
      return global(std::string(values_[module].text), std::string(values_[name].text));
    }
    case 'Q':
      persistent();
      return {};
    case 'R':
      return call();
    case '.':
      stopped_ = true;
      return {};
    default:
      if (!problem_.empty()) return {};
      return Error{ErrorCode::Unsupported,
                   "pickle, byte " + std::to_string(opcode_at_) + ": opcode " +
                       std::to_string(code) +
                       " is not one that a state dict needs; nothing was executed. Save the model "
                       "as safetensors"};
  }
}

Status Interpreter::global(std::string_view module, std::string_view name) {
  if (!problem_.empty()) return {};
  const std::string full = std::string(module) + " " + std::string(name);
  for (const Global& known : kGlobals) {
    if (known.name != full) continue;
    push({known.kind, static_cast<std::int64_t>(known.dtype), 0, {}, {}});
    return {};
  }
  return Error{ErrorCode::Unsupported,
               "pickle, byte " + std::to_string(opcode_at_) + ": asks for " + std::string(module) +
                   "." + std::string(name) +
                   ", which a state dict does not need; nothing was executed. Save the model as "
                   "safetensors"};
}

/// ('storage', torch.FloatStorage, '0', 'cpu', 1000)
void Interpreter::persistent() {
  const Value& id = values_[pop()];
  if (id.kind != Kind::Tuple || id.items.size() != 5 || values_[id.items[0]].text != "storage" ||
      values_[id.items[1]].kind != Kind::StorageType || values_[id.items[2]].kind != Kind::Text ||
      values_[id.items[4]].kind != Kind::Number || values_[id.items[4]].number < 0)
    return fail("a persistent id that is not ('storage', type, key, device, size)");
  push({Kind::Storage,
        values_[id.items[1]].number,
        static_cast<std::uint64_t>(values_[id.items[4]].number),
        values_[id.items[2]].text,
        {}});
}

Status Interpreter::call() {
  const Handle arguments = pop(), function = pop();
  if (!problem_.empty()) return {};
  const Value& f = values_[function];
  const Value& a = values_[arguments];
  if (a.kind != Kind::Tuple) {
    fail("calls with what is no tuple");
  } else if (f.kind == Kind::OrderedDict && a.items.empty()) {
    push({Kind::Dict, 0, 0, {}, {}});
  } else if (f.kind == Kind::Rebuild) {
    rebuild_tensor(a);
  } else if (f.kind == Kind::Parameter && !a.items.empty() &&
             values_[a.items[0]].kind == Kind::Tensor) {
    stack_.push_back(a.items[0]);
  } else {
    fail("a call that a state dict does not need; nothing was executed");
  }
  return {};
}

bool Interpreter::sizes(Handle handle, std::vector<std::size_t>& out) const {
  const Value& tuple = values_[handle];
  if (tuple.kind != Kind::Tuple || tuple.items.size() > 8) return false;
  for (const Handle item : tuple.items) {
    if (values_[item].kind != Kind::Number || values_[item].number < 0) return false;
    out.push_back(static_cast<std::size_t>(values_[item].number));
  }
  return true;
}

/// _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, hooks[, metadata])
void Interpreter::rebuild_tensor(const Value& arguments) {
  PickledTensor tensor;
  const auto& items = arguments.items;
  if (items.size() < 6 || values_[items[0]].kind != Kind::Storage ||
      values_[items[1]].kind != Kind::Number || values_[items[1]].number < 0 ||
      !sizes(items[2], tensor.shape) || !sizes(items[3], tensor.strides) ||
      tensor.shape.size() != tensor.strides.size())
    return fail("_rebuild_tensor_v2 with arguments that are not a tensor's");
  const Value& storage = values_[items[0]];
  tensor.storage = storage.text;
  tensor.dtype = static_cast<DType>(storage.number);
  tensor.storage_size = storage.size;
  tensor.offset = static_cast<std::uint64_t>(values_[items[1]].number);
  tensors_.push_back(std::move(tensor));
  push({Kind::Tensor, static_cast<std::int64_t>(tensors_.size() - 1), 0, {}, {}});
}

Result<std::vector<PickledTensor>> Interpreter::tensors() const {
  if (stack_.empty() || values_[stack_.back()].kind != Kind::Dict)
    return Error{ErrorCode::Corrupt, "the pickle does not hold a dictionary of tensors"};
  const auto& items = values_[stack_.back()].items;
  std::vector<PickledTensor> found;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const Value &key = values_[items[i]], &value = values_[items[i + 1]];
    if (key.kind != Kind::Text || value.kind != Kind::Tensor) continue;
    found.push_back(tensors_[static_cast<std::size_t>(value.number)]);
    found.back().name = key.text;
  }
  return found;
}

}  // namespace

Result<std::vector<PickledTensor>> read_state_dict(std::span<const std::byte> pickle) {
  Interpreter interpreter(pickle);
  CT_CHECK(interpreter.run());
  return interpreter.tensors();
}

}  // namespace crosstail::model
