#pragma once
/// The normal, Student's t and chi-square distributions, as far as tests and intervals need them.

namespace crosstail::eval {

double normal_cdf(double x);
/// 0 < p < 1.
double normal_quantile(double p);
/// P(T <= x) with `df` > 0 degrees of freedom.
double student_cdf(double x, double df);
/// 0 < p < 1.
double student_quantile(double p, double df);

/// P(X >= x) with `df` > 0 degrees of freedom.
double chi_square_tail(double x, double df);

}  // namespace crosstail::eval
