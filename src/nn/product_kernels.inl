// Products. Included inside an instruction set's namespace; see kernels.inl.
//
// A block of up to kMostRows rows × 16 or 32 columns stays in registers while the inner dimension
// runs by; each sum is one chain of additions in the order of the inner dimension, whatever the
// block's size.

template <class Step>
using Number =
    std::conditional_t<std::is_same_v<typename Step::Sum, Floats>, float, std::int32_t>;

struct Block {
  const std::byte* a;
  std::size_t a_stride;
  const std::byte* b;
  std::size_t steps;
  std::size_t c_stride;
};

template <class Step, std::size_t kPanels, std::size_t kRows>
CT_TARGET void product_block(const Block& block, Number<Step>* c) {
  typename Step::Sum acc[kRows][kPanels];
  const std::size_t panel = block.steps * 64, a_stride = block.a_stride;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (std::size_t p = 0; p < kPanels; ++p) acc[r][p] = Step::zero();
  const std::byte *a = block.a, *b = block.b;
  for (std::size_t s = block.steps; s > 0; --s, a += 4, b += 64) {
    typename Step::Weights weights[kPanels];
#pragma GCC unroll 4
    for (std::size_t p = 0; p < kPanels; ++p) weights[p] = Step::weights(b + p * panel);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto input = Step::input(a + r * a_stride);
#pragma GCC unroll 4
      for (std::size_t p = 0; p < kPanels; ++p) Step::add(acc[r][p], input, weights[p]);
    }
  }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (std::size_t p = 0; p < kPanels; ++p) store(c + r * block.c_stride + p * kLanes, acc[r][p]);
}

template <class Step, std::size_t kPanels, std::size_t... kRows>
CT_TARGET void product_rows(std::index_sequence<kRows...>, Block block, std::size_t rows,
                            Number<Step>* c) {
  using Function = void (*)(const Block&, Number<Step>*);
  static constexpr Function kFunctions[] = {product_block<Step, kPanels, kRows + 1>...};
  constexpr std::size_t kMost = sizeof...(kRows);
  // Blocks of nearly equal size: 15 rows are 8 + 7, never 14 + 1.
  for (std::size_t blocks = (rows + kMost - 1) / kMost; blocks > 0; --blocks) {
    const std::size_t some = (rows + blocks - 1) / blocks;
    kFunctions[some - 1](block, c);
    block.a += some * block.a_stride;
    c += some * block.c_stride;
    rows -= some;
  }
}

template <class Step>
CT_TARGET void product(const PanelProduct& product) {
  using Rows = std::make_index_sequence<kMostRows>;
  auto* c = static_cast<Number<Step>*>(product.c);
  Block block{product.a, product.a_stride, product.b, product.steps, product.c_stride};
  std::size_t panels = product.panels;
  for (; panels >= kMostPanels; panels -= kMostPanels) {
    product_rows<Step, kMostPanels>(Rows{}, block, product.rows, c);
    block.b += kMostPanels * product.steps * 64;
    c += kMostPanels * kLanes;
  }
  for (; panels > 0; --panels) {
    product_rows<Step, 1>(Rows{}, block, product.rows, c);
    block.b += product.steps * 64;
    c += kLanes;
  }
}
