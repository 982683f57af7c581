#include "nn/training_product.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <unordered_map>

#include "nn/aligned_buffer.h"
#include "nn/bfloat16.h"
#include "nn/isa.h"

namespace crosstail::nn {
namespace {

using Shape = std::tuple<bool, bool, std::size_t, std::size_t, std::size_t, std::size_t,
                         std::size_t, std::size_t, bool>;

struct Primitive {
  dnnl::matmul run;
  dnnl::memory::desc a, b, c, scratch;
};

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::desc matrix(std::size_t rows, std::size_t columns, std::size_t stride, Transpose t,
                          dnnl::memory::data_type type) {
  const auto signed_of = [](std::size_t n) { return static_cast<dnnl::memory::dim>(n); };
  const auto row = t == Transpose::Yes ? 1 : signed_of(stride),
             column = t == Transpose::Yes ? signed_of(stride) : 1;
  return {{signed_of(rows), signed_of(columns)}, type, dnnl::memory::dims{row, column}};
}

/// Making one compiles code, so each shape is made once for all threads and never given up: there
/// are few, as callers work in tiles.
const Primitive& primitive(const MatrixProduct<float>& p, std::size_t a_stride,
                           std::size_t b_stride, std::size_t c_stride, bool add) {
  static std::mutex mutex;
  static std::map<Shape, Primitive> made;
  const Shape shape(p.transpose_a == Transpose::Yes, p.transpose_b == Transpose::Yes, p.m, p.n, p.k,
                    a_stride, b_stride, c_stride, add);
  const std::lock_guard lock(mutex);
  if (const auto found = made.find(shape); found != made.end()) return found->second;
  using Type = dnnl::memory::data_type;
  const auto a = matrix(p.m, p.k, a_stride, p.transpose_a, Type::bf16),
             b = matrix(p.k, p.n, b_stride, p.transpose_b, Type::bf16),
             c = matrix(p.m, p.n, c_stride, Transpose::No, Type::f32);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0F);
    attributes.set_post_ops(sum);
  }
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), attributes, engine());
  return made
      .emplace(shape, Primitive{dnnl::matmul(description), a, b, c, description.scratchpad_desc()})
      .first->second;
}

void bf16_product(const MatrixProduct<float>& p, const std::uint16_t* a, std::size_t a_stride,
                  const std::uint16_t* b, std::size_t b_stride, float* c, std::size_t c_stride,
                  bool add) {
  const Primitive& found = primitive(p, a_stride, b_stride, c_stride, add);
  thread_local AlignedBuffer<std::byte> scratch;
  thread_local dnnl::stream stream(engine());
  scratch.resize(found.scratch.get_size());
  // oneDNN's handles are not const; it only reads what the descriptions call source and weights.
  const auto handle = [](const std::uint16_t* data) {
    return const_cast<void*>(static_cast<const void*>(data));
  };
  found.run.execute(stream,
                    {{DNNL_ARG_SRC, dnnl::memory(found.a, engine(), handle(a))},
                     {DNNL_ARG_WEIGHTS, dnnl::memory(found.b, engine(), handle(b))},
                     {DNNL_ARG_DST, dnnl::memory(found.c, engine(), c)},
                     {DNNL_ARG_SCRATCHPAD, dnnl::memory(found.scratch, engine(), scratch.data())}});
}

void f32_product(const MatrixProduct<float>& p, const float* a, std::size_t a_stride,
                 const float* b, std::size_t b_stride, float* c, std::size_t c_stride, bool add) {
  const auto signed_of = [](std::size_t n) { return static_cast<dnnl_dim_t>(n); };
  dnnl_sgemm(p.transpose_a == Transpose::Yes ? 'T' : 'N',
             p.transpose_b == Transpose::Yes ? 'T' : 'N', signed_of(p.m), signed_of(p.n),
             signed_of(p.k), 1.0F, a, signed_of(a_stride), b, signed_of(b_stride),
             add ? 1.0F : 0.0F, c, signed_of(c_stride));
}

/// Without bf16 instructions oneDNN has only its reference: the factors are widened instead, which
/// gives the same products.
void widened_product(const MatrixProduct<float>& p, const std::uint16_t* a, std::size_t a_stride,
                     const std::uint16_t* b, std::size_t b_stride, float* c, std::size_t c_stride,
                     bool add) {
  thread_local AlignedBuffer<float> wide_a, wide_b;
  const auto widen = [](const std::uint16_t* from, std::size_t stride, std::size_t rows,
                        std::size_t columns, AlignedBuffer<float>& to) {
    to.resize(rows * columns);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < columns; ++i)
        to[r * columns + i] = from_bfloat16(from[r * stride + i]);
    return columns;
  };
  const bool ta = p.transpose_a == Transpose::Yes, tb = p.transpose_b == Transpose::Yes;
  const auto wide_a_stride = widen(a, a_stride, ta ? p.k : p.m, ta ? p.m : p.k, wide_a);
  const auto wide_b_stride = widen(b, b_stride, tb ? p.n : p.k, tb ? p.k : p.n, wide_b);
  f32_product(p, wide_a.data(), wide_a_stride, wide_b.data(), wide_b_stride, c, c_stride, add);
}

}  // namespace

std::string_view name_of(ProductMode mode) {
  switch (mode) {
    case ProductMode::F64:
      return "f64";
    case ProductMode::F32:
      return "f32";
    case ProductMode::F32x3:
      return "f32x3";
    case ProductMode::BF16:
      return "bf16";
  }
  return "";
}

void one_thread_for_products() {
  // Only a oneDNN that is built with OpenMP brings this function along.
  using SetThreads = void (*)(int);
  static const auto set_threads =
      reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  thread_local bool done = false;
  if (done) return;
  done = true;
  if (set_threads != nullptr) set_threads(1);
}

template <>
void multiply(const MatrixProduct<float>& p, const Operand<float>& a, const Operand<float>& b,
              float* c, std::size_t c_stride) {
  if (p.m == 0 || p.n == 0 || p.k == 0) return;
  one_thread_for_products();
  if (p.mode == ProductMode::F32 || p.mode == ProductMode::F64)
    return f32_product(p, a.full, a.stride, b.full, b.stride, c, c_stride, p.add);
  static const bool native = best_isa() >= Isa::Avx512Bf16;
  const auto product = native ? bf16_product : widened_product;
  product(p, a.high, a.stride, b.high, b.stride, c, c_stride, p.add);
  if (p.mode != ProductMode::F32x3) return;
  product(p, a.high, a.stride, b.low, b.stride, c, c_stride, true);
  product(p, a.low, a.stride, b.high, b.stride, c, c_stride, true);
}

template <>
void multiply(const MatrixProduct<double>& p, const Operand<double>& a, const Operand<double>& b,
              double* c, std::size_t c_stride) {
  const bool ta = p.transpose_a == Transpose::Yes, tb = p.transpose_b == Transpose::Yes;
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.n; ++j) {
      double sum = p.add ? c[i * c_stride + j] : 0;
      for (std::size_t k = 0; k < p.k; ++k)
        sum += a.full[ta ? k * a.stride + i : i * a.stride + k] *
               b.full[tb ? j * b.stride + k : k * b.stride + j];
      c[i * c_stride + j] = sum;
    }
}

template <class Real>
void multiply(Transpose ta, Transpose tb, std::size_t m, std::size_t n, std::size_t k,
              const Real* a, const Real* b, Real* c, bool add) {
  MatrixProduct<Real> product{ProductMode::F32, ta, tb, m, n, k, add};
  Operand<Real> left{a, nullptr, nullptr, ta == Transpose::Yes ? m : k};
  Operand<Real> right{b, nullptr, nullptr, tb == Transpose::Yes ? k : n};
  multiply(product, left, right, c, n);
}

template void multiply(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*,
                       const float*, float*, bool);
template void multiply(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*,
                       const double*, double*, bool);

}  // namespace crosstail::nn
