#pragma once
/// The inner loops, one set for each Isa. Everything here works on sixteen numbers at a time, in
/// the same order in every set, and on each row (token) by itself, so that a row's result depends
/// neither on the other rows nor on who computes which columns.

#include <cstddef>
#include <cstdint>

#include "nn/activation.h"
#include "nn/isa.h"
#include "nn/precision.h"

namespace crosstail::nn {

inline constexpr std::size_t kLanes = 16;         ///< columns of a panel (packed_matrix.h)
inline constexpr std::size_t kColumnGroup = 64;   ///< activations' columns are padded to this
inline constexpr std::size_t kRowTile = 32;       ///< rows of inputs and scratch are padded to this
inline constexpr std::size_t kProductPanels = 2;  ///< panels of a block of columns: 32 columns
inline constexpr std::size_t kMostBlockRows = 64;  ///< Kernels::block_rows is at most this

/// c = a b, sums only. Inner dimension in steps of 4 bytes: 1 f32, 2 bf16 or 4 int8 (a unsigned, b
/// signed).
struct PanelProduct {
  const std::byte* a = nullptr;  ///< rows × steps, readable up to a multiple of kRowTile rows
  std::size_t a_stride = 0;      ///< bytes from row to row
  std::size_t rows = 0;
  const std::byte* b = nullptr;  ///< panels × steps × 16 steps, 64-byte aligned
  std::size_t panels = 0;
  std::size_t steps = 0;     ///< bf16 and int8: a multiple of 16
  void* c = nullptr;         ///< f32, or int32 for int8; rows padded to kRowTile are writable
  std::size_t c_stride = 0;  ///< numbers from row to row
};

/// What follows a product: out = f(scale · sum + bias), on one block of columns.
struct Finish {
  enum class To { F32, Bf16, AddF32 };
  const void* sums = nullptr;  ///< f32, or int32 if scale is not null
  std::size_t sums_stride = 0;
  std::size_t rows = 0, panels = 0;
  const float* bias = nullptr;
  const float* scale = nullptr;               ///< int8: per column
  const std::int32_t* column_sums = nullptr;  ///< int8: per column, of the weights
  const float* row_scale = nullptr;           ///< int8: per row
  const std::int32_t* row_zero = nullptr;     ///< int8: per row
  Activation activation = Activation::Identity;
  bool rough = false;  ///< GELU to 1.6e-4 instead of 1e-7: enough for bf16 and int8
  To to = To::F32;
  void* out = nullptr;
  std::size_t out_stride = 0;  ///< numbers from row to row
};

/// x = LayerNorm(x) in place; for bf16 also a rounded copy.
struct Norm {
  float* x = nullptr;
  std::size_t stride = 0, rows = 0, columns = 0;
  const float* gamma = nullptr;  ///< zero after `columns`, up to a multiple of kColumnGroup
  const float* beta = nullptr;
  float epsilon = 0;
  std::uint16_t* bf16 = nullptr;  ///< or null
  std::size_t bf16_stride = 0;
};

/// q = round(x / scale) + zero, 0 … 255, with each row's own range (0 included).
struct Quantise {
  const float* x = nullptr;
  std::size_t stride = 0, rows = 0, columns = 0;  ///< columns: a multiple of kColumnGroup
  std::uint8_t* q = nullptr;
  std::size_t q_stride = 0;
  float* scale = nullptr;
  std::int32_t* zero = nullptr;
};

/// One head of one text. qkv: f32 or bf16, a row holding all queries, then keys, then values.
struct Attend {
  const std::byte* q = nullptr;
  const std::byte* k = nullptr;
  const std::byte* v = nullptr;
  std::size_t stride = 0;  ///< numbers from row to row
  std::size_t tokens = 0, width = 0;
  void* out = nullptr;         ///< this head's columns; type as qkv, or f32 if out_f32
  std::size_t out_stride = 0;  ///< numbers
  bool out_f32 = false;
  std::byte* scratch = nullptr;  ///< attend_layout().bytes, 64-byte aligned
};

/// Keys that a tile of queries meets at a time, and numbers from row to row of such a tile: 64
/// bytes more, so that rows do not fall into the same few cache sets.
inline constexpr std::size_t kKeyBlock = 512, kScoreStride = kKeyBlock + 32;

/// Where attend_* keep what, in Attend::scratch.
struct AttendScratch {
  std::size_t width_steps = 0, width_panels = 0, value_bytes_per_key = 0;
  std::byte *keys = nullptr, *values = nullptr, *queries = nullptr, *weights = nullptr;
  float *scores = nullptr, *sums = nullptr, *block_sums = nullptr;
  std::size_t bytes = 0;  ///< all of it
};
AttendScratch attend_layout(std::size_t tokens, std::size_t width, bool bf16, std::byte* scratch);

struct Kernels {
  void (*product_f32)(const PanelProduct&) = nullptr;
  void (*product_bf16)(const PanelProduct&) = nullptr;
  void (*product_int8)(const PanelProduct&) = nullptr;
  void (*finish)(const Finish&) = nullptr;
  void (*norm)(const Norm&) = nullptr;
  void (*quantise)(const Quantise&) = nullptr;
  void (*attend_f32)(const Attend&, const Kernels&) = nullptr;
  void (*attend_bf16)(const Attend&, const Kernels&) = nullptr;
  /// row += table[at] for f32, bf16, or int8 with one scale; `columns` a multiple of 16.
  void (*add_f32)(const float* table, std::size_t columns, float* row) = nullptr;
  void (*add_bf16)(const std::uint16_t* table, std::size_t columns, float* row) = nullptr;
  void (*add_int8)(const std::int8_t* table, float scale, std::size_t columns,
                   float* row) = nullptr;
  bool native_bf16 = false;  ///< bf16 products are faster than f32 ones
  /// Rows that suit one call of product_f32, and of the other two; ≤ kMostBlockRows.
  std::size_t f32_block_rows = 0, narrow_block_rows = 0;
  [[nodiscard]] std::size_t block_rows(Precision precision) const {
    return precision == Precision::F32 ? f32_block_rows : narrow_block_rows;
  }
  /// Around every use of product_*, on each thread (AMX's tile configuration); may be null.
  void (*enter)() = nullptr;
  void (*leave)() = nullptr;
};

/// isa must not be above best_isa().
const Kernels& kernels_for(Isa isa);

const Kernels& portable_kernels();
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
const Kernels& avx512_bf16_kernels();
const Kernels& amx_kernels();

/// Kernels::enter and leave.
class KernelScope {
 public:
  explicit KernelScope(const Kernels& kernels) : kernels_(kernels) {
    if (kernels_.enter != nullptr) kernels_.enter();
  }
  ~KernelScope() {
    if (kernels_.leave != nullptr) kernels_.leave();
  }
  KernelScope(const KernelScope&) = delete;
  KernelScope& operator=(const KernelScope&) = delete;

 private:
  const Kernels& kernels_;
};

}  // namespace crosstail::nn
