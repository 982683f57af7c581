#pragma once
/// Working memory of TrainableEncoder. Private to nn.

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "nn/trainable_encoder.h"

namespace crosstail::nn {

/// Rows of products are rounded up to this, so that few shapes have code made for them.
inline constexpr std::size_t kRowRounding = 32;

constexpr std::size_t rounded_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

/// LayerNorm's epsilon as the decimal that config.json holds: 1e-5F widened is another number than
/// 1e-5.
template <class Real>
Real epsilon_of(const TransformerShape& shape) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", static_cast<double>(shape.epsilon));
  return static_cast<Real>(std::strtod(text, nullptr));
}

/// Places within a layer at which numbers are dropped out.
enum DropoutSite : std::uint64_t { kAttentionWeights, kAttentionOutput, kOuterOutput, kEmbedding };

constexpr std::uint64_t site_of(std::size_t layer, DropoutSite place) {
  return layer * 4 + place;
}

/// Of one thread: tiles of kTile rows.
template <class Real>
struct TileScratch {
  AlignedBuffer<Real> a, b, c, d;
  Kept<Real> factor;  ///< a tile as a product's factor
  std::vector<std::uint64_t> keys;
  AttentionScratch<Real> attention;
};

template <class Real>
struct TrainableEncoder<Real>::Work {
  /// A scratch for the calling thread, given back when it goes out of scope.
  class Lease {
   public:
    explicit Lease(Work& work) : work_(work) {
      const std::lock_guard lock(work_.mutex);
      if (work_.free.empty()) work_.free.push_back(std::make_unique<TileScratch<Real>>());
      scratch_ = std::move(work_.free.back());
      work_.free.pop_back();
    }
    ~Lease() {
      const std::lock_guard lock(work_.mutex);
      work_.free.push_back(std::move(scratch_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    TileScratch<Real>* operator->() { return scratch_.get(); }
    TileScratch<Real>& operator*() { return *scratch_; }

   private:
    Work& work_;
    std::unique_ptr<TileScratch<Real>> scratch_;
  };

  std::mutex mutex;
  std::vector<std::unique_ptr<TileScratch<Real>>> free;

  /// Which text a token belongs to, of the batch at hand.
  std::vector<std::uint32_t> text_of;

  Kept<Real> qkv, context;  ///< of a forward pass that keeps nothing

  // Of the way back through one layer: gradients of what the products gave, and the products'
  // inputs.
  Kept<Real> d_outer, d_inner, d_attention, d_qkv, activated, middle, input;
  AlignedBuffer<Real> d_context;
  AlignedBuffer<Real> sums;  ///< tiles × sums_size: column sums, one row a tile

  void find_texts(std::span<const std::int32_t> offsets) {
    text_of.resize(static_cast<std::size_t>(offsets.back()));
    for (std::size_t t = 0; t + 1 < offsets.size(); ++t)
      std::fill(text_of.begin() + offsets[t], text_of.begin() + offsets[t + 1],
                static_cast<std::uint32_t>(t));
  }

  /// Keys of the rows of a tile for one site.
  RowDropout row_dropout(TileScratch<Real>& scratch, const DropoutKey& key, std::uint64_t site,
                         std::span<const std::uint64_t> text_numbers,
                         std::span<const std::int32_t> offsets, std::size_t row,
                         std::size_t rows) const {
    if (key.hidden_rate <= 0) return {};
    scratch.keys.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t text = text_of[row + r];
      scratch.keys[r] =
          row_key(key, site, text_numbers[text], row + r - static_cast<std::size_t>(offsets[text]));
    }
    return {scratch.keys.data(), key.hidden_rate};
  }
};

/// A tile of plain numbers as a product's factor: as it is, or converted into `room`.
template <class Real>
Operand<Real> factor_of(ProductMode mode, const Real* x, std::size_t rows, std::size_t columns,
                        Kept<Real>& room) {
  if (mode == ProductMode::F64 || mode == ProductMode::F32) return {x, nullptr, nullptr, columns};
  room.resize(mode, TrainableEncoder<Real>::kTile, columns);
  room.put(0, rows, x);
  return room.operand(0);
}

/// Calls body(row, rows) for each tile.
template <class Body>
void for_tiles(Pool& pool, std::size_t tokens, std::size_t tile, const Body& body) {
  pool.parallel_for((tokens + tile - 1) / tile,
                    [&](std::size_t i) { body(i * tile, std::min(tile, tokens - i * tile)); });
}

}  // namespace crosstail::nn
