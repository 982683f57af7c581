// nearest MODEL QUESTION PASSAGE…: which passage answers the question?
#include <cstdio>
#include <string_view>
#include <vector>

#include "index/exact_search.h"
#include "model/encoder.h"

int main(int argc, char** argv) {
  using namespace crosstail;
  if (argc < 4) return 2;
  const auto encoder = model::Encoder::open(argv[1]);
  if (!encoder.ok()) return std::fprintf(stderr, "%s\n", encoder.error().message.c_str()), 1;
  const std::vector<std::string_view> texts(argv + 2, argv + argc);  // the question is the first
  std::vector<float> vectors(texts.size() * encoder->dim());
  if (!encoder->encode(texts, {}, vectors.data()).ok()) return 1;
  const std::span<const float> question(vectors.data(), encoder->dim());
  const index::ViewRows passages({reinterpret_cast<const std::byte*>(&vectors[encoder->dim()]), texts.size() - 1,
                                  encoder->dim(), encoder->dim() * sizeof(float), index::VectorType::F32});
  const auto hits = index::ExactSearch(passages).search({question, 3});
  if (!hits.ok()) return 1;
  for (const auto& hit : (*hits)[0]) std::printf("%.4f  %s\n", static_cast<double>(hit.score), argv[3 + hit.row]);
}
