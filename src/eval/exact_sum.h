#pragma once
/// Sums of doubles with the rounding errors carried along (Neumaier 1974): the same to the last bit
/// or nearly so in any order, so that means do not depend on the order of queries.

#include <cmath>

namespace crosstail::eval {

class ExactSum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    carry_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  [[nodiscard]] double total() const { return sum_ + carry_; }

 private:
  double sum_ = 0, carry_ = 0;
};

}  // namespace crosstail::eval
