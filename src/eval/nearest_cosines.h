#pragma once
/// For each of many vectors, the cosines to its nearest neighbours among others that are allowed.
/// Exact, by brute force, in f32; serves density, margin and neighbour accuracy.

#include <cstdint>
#include <functional>
#include <vector>

#include "base/pool.h"
#include "eval/long_tail.h"

namespace crosstail::eval {

struct Neighbour {
  float cosine;
  std::uint32_t row;
};

/// Whether row `b` may be a neighbour of row `a`. Called from several threads at once.
using Allowed = std::function<bool(std::size_t a, std::size_t b)>;

/// Up to k neighbours of every row of `from`, best first; ties go to the smaller row. `dim`s must
/// be equal. The result does not depend on threads.
std::vector<std::vector<Neighbour>> nearest_cosines(VectorRows from, VectorRows among,
                                                    std::size_t k, const Allowed& allowed,
                                                    Pool* pool = nullptr);

/// Copies with length 1; zero vectors stay.
std::vector<float> normalised_rows(VectorRows rows);

}  // namespace crosstail::eval
