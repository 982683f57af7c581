#pragma once
/// Memory for numbers that starts at a cache line, so that no vector or tile load crosses one.

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace crosstail::nn {

/// Owns `size` numbers, aligned to 64 bytes. Growing does not keep what was there, and does not
/// clear it either. Movable, not copyable.
template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) { resize(size); }

  /// At least `size` numbers; their values are undefined after growing.
  void resize(std::size_t size) {
    if (size > capacity_) {
      data_.reset(static_cast<T*>(
          ::operator new (sizeof(T) * (size + kSlack), std::align_val_t{kAlignment})));
      capacity_ = size;
    }
    size_ = size;
  }
  void release() {
    data_.reset();
    size_ = capacity_ = 0;
  }

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<const T> span() const { return {data_.get(), size_}; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::size_t kAlignment = 64, kSlack = kAlignment / sizeof(T);
  struct Free {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace crosstail::nn
