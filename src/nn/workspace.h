#pragma once
/// Memory that a computation reuses from call to call.

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace crosstail::nn {

/// One per thread at a time. Grows to the largest batch it has seen and stays there.
class Workspace {
 public:
  /// At least `bytes` bytes aligned to 64, valid until the next call; what they hold is undefined.
  std::byte* reserve(std::size_t bytes) {
    if (bytes > size_) {
      const std::size_t rounded = (bytes + 4095) / 4096 * 4096;
      memory_.reset(static_cast<std::byte*>(std::aligned_alloc(4096, rounded)));
      size_ = memory_ == nullptr ? 0 : rounded;
    }
    return memory_.get();
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t size_ = 0;
};

}  // namespace crosstail::nn
