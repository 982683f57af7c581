// Attention of one head over one text. Included inside an instruction set's namespace; see
// kernels.inl.
//
// Keys and values are brought into panels once; then tiles of kRowTile queries × kKeyBlock keys are
// computed, with the running maximum and sum of Milakov and Gimelshein (2018) and Dao et al. (2022)
// when a text has more than one block of keys. What a query gets depends on its text alone.

template <bool kBf16>
inline constexpr std::size_t kBytes = kBf16 ? 2 : 4;

/// Rows `from` … of a head's columns into 16-step columns, zero where there is nothing.
template <bool kBf16>
CT_TARGET void pack_keys(const Attend& at, std::size_t steps, std::byte* panels) {
  const std::size_t row_bytes = at.width * kBytes<kBf16>;
  const std::size_t padded = (at.tokens + 31) / 32 * 32;
  alignas(64) std::byte few[16 * 64];
  for (std::size_t t = 0; t < padded; t += kLanes, panels += steps * 64)
    for (std::size_t s = 0; s < steps; s += kLanes) {
      const std::size_t some = std::min(kLanes, steps - s);
      const std::byte* rows = at.k + t * at.stride * kBytes<kBf16> + s * 4;
      std::size_t stride = at.stride * kBytes<kBf16>;
      if (t + kLanes > at.tokens || (s + kLanes) * 4 > row_bytes) {
        std::memset(few, 0, sizeof few);
        const std::size_t have =
            row_bytes > s * 4 ? std::min<std::size_t>(64, row_bytes - s * 4) : 0;
        for (std::size_t r = 0; r < kLanes && t + r < at.tokens; ++r)
          std::memcpy(few + r * 64, rows + r * stride, have);
        rows = few;
        stride = 64;
      }
      alignas(64) std::int32_t columns[16 * 16];
      transpose16(rows, stride, columns);
      std::memcpy(panels + s * 64, columns, some * 64);
    }
}

/// Keys `begin` … `end` of the values: panels of 16 columns, a step being a key (f32) or two
/// (bf16).
template <bool kBf16>
CT_TARGET void pack_values(const Attend& at, std::size_t begin, std::size_t end,
                           std::byte* panels) {
  const std::size_t row = at.stride * kBytes<kBf16>;
  for (std::size_t c = 0; c < at.width; c += kLanes) {
    const std::size_t have = std::min(kLanes, at.width - c) * kBytes<kBf16>;
    const std::byte* from = at.v + begin * row + c * kBytes<kBf16>;
    const bool whole = have == kLanes * kBytes<kBf16>;
    if constexpr (kBf16) {
      const std::size_t padded = (end - begin + 31) / 32 * 32;
      for (std::size_t t = begin; t < begin + padded; t += 2, panels += 64, from += 2 * row) {
        auto* pairs = reinterpret_cast<std::int32_t*>(panels);
        if (whole && t + 1 < end) {
          store_interleaved(pairs, reinterpret_cast<const std::uint16_t*>(from),
                            reinterpret_cast<const std::uint16_t*>(from + row));
          continue;
        }
        std::uint16_t even[kLanes] = {}, odd[kLanes] = {};
        if (t < end) std::memcpy(even, from, have);
        if (t + 1 < end) std::memcpy(odd, from + row, have);
        store_interleaved(pairs, even, odd);
      }
    } else {
      for (std::size_t t = begin; t < end; ++t, panels += 64, from += row) {
        auto* values = reinterpret_cast<float*>(panels);
        if (whole) {
          store(values, load(reinterpret_cast<const float*>(from)));
        } else {
          std::memset(values, 0, 64);
          std::memcpy(values, from, have);
        }
      }
    }
  }
}

/// exp2(factor · (score - largest)) for one query over one block of keys.
template <bool kBf16>
CT_LANES float softmax_row(const float* scores, std::size_t keys, float factor, float most,
                           std::byte* weights) {
  Floats total = zero_floats();
  const std::size_t padded = kBf16 ? (keys + 31) / 32 * 32 : keys;
  for (std::size_t s = 0; s < padded; s += kLanes) {
    const Floats x = (load(scores + s) - all(most)) * all(factor);
    Floats e = kBf16 ? rough_exp2_of(x) : exp2_of(x);
    if (s + kLanes > keys) e = first(e, keys > s ? keys - s : 0);
    total = total + e;
    if constexpr (kBf16)
      store_bf16(reinterpret_cast<std::uint16_t*>(weights) + s, e);
    else
      store(reinterpret_cast<float*>(weights) + s, e);
  }
  return sum(total);
}

CT_LANES float largest_score(const float* scores, std::size_t keys) {
  Floats most = all(-3.4e38F);
  std::size_t s = 0;
  for (; s + kLanes <= keys; s += kLanes) most = larger(load(scores + s), most);
  float result = largest(most);
  for (; s < keys; ++s) result = scores[s] > result ? scores[s] : result;
  return result;
}

/// One query's row of the result.
template <bool kBf16>
CT_LANES void store_context(const Attend& at, std::size_t row, const float* sums, float scale) {
  const bool as_bf16 = kBf16 && !at.out_f32;
  for (std::size_t c = 0; c < at.width; c += kLanes) {
    const std::size_t have = std::min(kLanes, at.width - c), to = row * at.out_stride + c;
    const Floats y = load(sums + c) * all(scale);
    if (as_bf16) {
      auto* out = static_cast<std::uint16_t*>(at.out) + to;
      if (have == kLanes) {
        store_bf16(out, y);
        continue;
      }
      std::uint16_t lanes[kLanes];
      store_bf16(lanes, y);
      std::memcpy(out, lanes, have * 2);
    } else {
      float* out = static_cast<float*>(at.out) + to;
      if (have == kLanes) {
        store(out, y);
        continue;
      }
      float lanes[kLanes];
      store(lanes, y);
      std::memcpy(out, lanes, have * 4);
    }
  }
}

/// A tile of up to kRowTile queries against all keys.
template <bool kBf16>
struct Tile {
  const Attend& at;
  const AttendScratch& scratch;
  void (*product)(const PanelProduct&);
  std::size_t query = 0, rows = 0;
  float most[kRowTile], total[kRowTile];
};

template <bool kBf16>
CT_TARGET void load_queries(Tile<kBf16>& tile) {
  const auto& at = tile.at;
  const std::size_t row = tile.scratch.width_steps * 4, have = at.width * kBytes<kBf16>;
  for (std::size_t r = 0; r < tile.rows; ++r) {
    std::byte* to = tile.scratch.queries + r * row;
    const std::byte* from = at.q + (tile.query + r) * at.stride * kBytes<kBf16>;
    if (have % 64 == 0) {
      for (std::size_t i = 0; i < have; i += 64)
        store(reinterpret_cast<float*>(to + i), load(reinterpret_cast<const float*>(from + i)));
    } else {
      std::memcpy(to, from, have);
    }
    if (have < row) std::memset(to + have, 0, row - have);
    tile.most[r] = -3.4e38F;
    tile.total[r] = 0;
  }
}

/// Keys `begin` … `end`: scores, weights, weighted sum of values onto scratch.sums.
template <bool kBf16>
CT_TARGET void attend_block(Tile<kBf16>& tile, std::size_t begin, std::size_t end) {
  const auto& at = tile.at;
  const auto& s = tile.scratch;
  const std::size_t keys = end - begin, key_steps = kBf16 ? (keys + 31) / 32 * 16 : keys;
  const std::size_t width = s.width_panels * kLanes;
  tile.product({s.queries, s.width_steps * 4, tile.rows,
                s.keys + begin / kLanes * s.width_steps * 64, (keys + 31) / 32 * 2, s.width_steps,
                s.scores, kScoreStride});
  const float factor = 1.44269504F / std::sqrt(static_cast<float>(at.width));
  float keep[kRowTile];
  for (std::size_t r = 0; r < tile.rows; ++r) {
    const float* scores = s.scores + r * kScoreStride;
    const float most = std::max(tile.most[r], largest_score(scores, keys));
    keep[r] = begin == 0 ? 0.0F : std::exp2((tile.most[r] - most) * factor);
    tile.most[r] = most;
    tile.total[r] =
        tile.total[r] * keep[r] + softmax_row<kBf16>(scores, keys, factor, most,
                                                     s.weights + r * kScoreStride * kBytes<kBf16>);
  }
  tile.product({s.weights, kScoreStride * kBytes<kBf16>, tile.rows,
                s.values + begin * s.value_bytes_per_key, s.width_panels, key_steps,
                begin == 0 ? s.sums : s.block_sums, width});
  if (begin == 0) return;
  for (std::size_t r = 0; r < tile.rows; ++r)
    for (std::size_t c = r * width; c < (r + 1) * width; c += kLanes)
      store(s.sums + c, fma(load(s.sums + c), all(keep[r]), load(s.block_sums + c)));
}

template <bool kBf16>
CT_TARGET void attend(const Attend& at, const Kernels& kernels) {
  const AttendScratch scratch = attend_layout(at.tokens, at.width, kBf16, at.scratch);
  pack_keys<kBf16>(at, scratch.width_steps, scratch.keys);
  for (std::size_t k = 0; k < at.tokens; k += kKeyBlock)
    pack_values<kBf16>(at, k, std::min(at.tokens, k + kKeyBlock),
                       scratch.values + k * scratch.value_bytes_per_key);
  Tile<kBf16> tile{at, scratch, kBf16 ? kernels.product_bf16 : kernels.product_f32};
  const std::size_t width = scratch.width_panels * kLanes;
  for (tile.query = 0; tile.query < at.tokens; tile.query += kRowTile) {
    tile.rows = std::min(kRowTile, at.tokens - tile.query);
    load_queries(tile);
    for (std::size_t k = 0; k < at.tokens; k += kKeyBlock)
      attend_block(tile, k, std::min(at.tokens, k + kKeyBlock));
    for (std::size_t r = 0; r < tile.rows; ++r)
      store_context<kBf16>(at, tile.query + r, scratch.sums + r * width, 1.0F / tile.total[r]);
  }
}
