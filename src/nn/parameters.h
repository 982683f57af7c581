#pragma once
/// The numbers that learn: every tensor of a model in one array, named as Hugging Face names it,
/// and their gradients. The word table is apart, as a batch touches few of its rows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/aligned_buffer.h"

namespace crosstail::nn {

struct Parameter {
  std::string name;                   ///< "encoder.layer.0.attention.self.query.weight"
  std::size_t rows = 0, columns = 1;  ///< columns 1: a vector of `rows` numbers
  std::size_t offset = 0;             ///< of its first number in Parameters::values
  /// 0: embeddings, 1 … layers: a layer, layers + 1: head. Rates and freezing go by this.
  std::size_t depth = 0;
  bool decays = true;  ///< biases and LayerNorm do not
  [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// Gradients of single rows of a table: those that the batch touched, in order of first touch.
template <class Real>
class RowGradients {
 public:
  void resize(std::size_t table_rows, std::size_t columns) {
    slot_.assign(table_rows, -1);
    columns_ = columns;
    clear();
  }
  void clear() {
    for (const auto row : rows_) slot_[row] = -1;
    rows_.clear();
    values_.clear();
  }
  /// The gradient of `row`, zeros at first touch; valid until the next call.
  Real* touch(std::uint32_t row) {
    if (slot_[row] < 0) {
      slot_[row] = static_cast<std::int32_t>(rows_.size());
      rows_.push_back(row);
      values_.resize(values_.size() + columns_, Real(0));
    }
    return values_.data() + static_cast<std::size_t>(slot_[row]) * columns_;
  }
  /// Null if the batch did not touch `row`.
  [[nodiscard]] const Real* find(std::size_t row) const {
    return slot_[row] < 0 ? nullptr
                          : values_.data() + static_cast<std::size_t>(slot_[row]) * columns_;
  }
  [[nodiscard]] const std::vector<std::uint32_t>& rows() const { return rows_; }
  [[nodiscard]] std::vector<Real>& values() { return values_; }
  [[nodiscard]] const std::vector<Real>& values() const { return values_; }

 private:
  std::vector<std::int32_t> slot_;  ///< table row → place in rows_, or -1
  std::vector<std::uint32_t> rows_;
  std::vector<Real> values_;
  std::size_t columns_ = 0;
};

/// Not thread-safe while it changes. list[0] is the word table when there is one (word_rows > 0):
/// it comes first in `values` and has no place in `gradients`.
template <class Real>
struct Parameters {
  std::vector<Parameter> list;
  AlignedBuffer<Real> values;     ///< the word table, then all else
  AlignedBuffer<Real> gradients;  ///< of all else: offset - first_dense
  RowGradients<Real> word_gradients;
  std::size_t first_dense = 0;  ///< offset of what follows the word table

  /// Appends a tensor and returns its offset.
  std::size_t add(std::string name, std::size_t rows, std::size_t columns, std::size_t depth,
                  bool decays);
  /// Allocates values and gradients (zeros) once all are added; `word_table`: list[0] is it.
  void allocate(bool word_table);
  void clear_gradients();
  [[nodiscard]] const Parameter* find(std::string_view name) const;
  [[nodiscard]] Real* value(std::size_t offset) { return values.data() + offset; }
  [[nodiscard]] const Real* value(std::size_t offset) const { return values.data() + offset; }
  [[nodiscard]] Real* gradient(std::size_t offset) {
    return gradients.data() + (offset - first_dense);
  }
  [[nodiscard]] const Real* gradient(std::size_t offset) const {
    return gradients.data() + (offset - first_dense);
  }
  [[nodiscard]] bool is_word_table(const Parameter& p) const { return p.offset < first_dense; }
};

}  // namespace crosstail::nn
