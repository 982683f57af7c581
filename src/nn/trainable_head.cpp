#include "nn/trainable_head.h"

#include "nn/row_kernels.h"
#include "nn/training_product.h"

namespace crosstail::nn {

template <class Real>
TrainableHead<Real>::TrainableHead(std::vector<DenseShape> layers, std::size_t depth,
                                   std::uint64_t first_site, Parameters<Real>& parameters)
    : layers_(std::move(layers)), first_site_(first_site), parameters_(parameters) {
  for (const auto& layer : layers_) {
    const std::size_t weight = parameters.add(layer.weight, layer.out, layer.in, depth, true);
    const std::size_t bias =
        layer.bias.empty() ? 0 : parameters.add(layer.bias, layer.out, 1, depth, false);
    offsets_.push_back({weight, bias});
  }
}

template <class Real>
RowDropout TrainableHead<Real>::dropout_of(std::size_t layer, const DropoutKey& dropout,
                                           std::span<const std::uint64_t> text_numbers,
                                           std::vector<std::uint64_t>& keys) const {
  if (!layers_[layer].dropout || dropout.hidden_rate <= 0) return {};
  keys.clear();
  for (const auto text : text_numbers)
    keys.push_back(row_key(dropout, first_site_ + layer, text, 0));
  return {keys.data(), dropout.hidden_rate};
}

template <class Real>
std::vector<Real> TrainableHead<Real>::forward(std::vector<Real> x,
                                               std::span<const std::uint64_t> text_numbers,
                                               const DropoutKey& dropout,
                                               HeadTape<Real>* tape) const {
  if (tape != nullptr) *tape = {{}, {}, {text_numbers.begin(), text_numbers.end()}, dropout};
  std::vector<std::uint64_t> keys;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const auto& layer = layers_[l];
    const std::size_t rows = x.size() / layer.in;
    drop_rows(rows, layer.in, dropout_of(l, dropout, text_numbers, keys), x.data());
    std::vector<Real> sums(rows * layer.out), y(rows * layer.out);
    multiply<Real>(Transpose::No, Transpose::Yes, rows, layer.out, layer.in, x.data(),
                   parameters_.value(offsets_[l].weight), sums.data());
    const std::vector<Real> none(layer.out, Real(0));
    bias_activation(layer.activation, rows, layer.out,
                    layer.bias.empty() ? none.data() : parameters_.value(offsets_[l].bias),
                    sums.data(), y.data());
    if (tape != nullptr) {
      tape->inputs.push_back(std::move(x));
      tape->sums.push_back(std::move(sums));
    }
    x = std::move(y);
  }
  return x;
}

template <class Real>
std::vector<Real> TrainableHead<Real>::backward(const HeadTape<Real>& tape,
                                                std::vector<Real> gradient) const {
  std::vector<std::uint64_t> keys;
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const auto& layer = layers_[l];
    const std::size_t rows = gradient.size() / layer.out;
    activation_backward<Real>(
        layer.activation, rows, layer.out, tape.sums[l].data(), gradient.data(), nullptr,
        layer.bias.empty() ? nullptr : parameters_.gradient(offsets_[l].bias));
    multiply<Real>(Transpose::Yes, Transpose::No, layer.out, layer.in, rows, gradient.data(),
                   tape.inputs[l].data(), parameters_.gradient(offsets_[l].weight), true);
    std::vector<Real> below(rows * layer.in);
    multiply<Real>(Transpose::No, Transpose::No, rows, layer.in, layer.out, gradient.data(),
                   parameters_.value(offsets_[l].weight), below.data());
    drop_rows(rows, layer.in, dropout_of(l, tape.dropout, tape.text_numbers, keys), below.data());
    gradient = std::move(below);
  }
  return gradient;
}

template class TrainableHead<float>;
template class TrainableHead<double>;

}  // namespace crosstail::nn
