#pragma once
/// The step direction of Muon (Jordan et al., 2024, "Muon: An optimizer for hidden layers in neural
/// networks"): the momentum's matrix with all its singular values brought near 1.

#include <cstddef>

#include "nn/aligned_buffer.h"
#include "nn/kept.h"

namespace crosstail::train {

/// Of one thread.
template <class Real>
struct OrthogonalScratch {
  nn::AlignedBuffer<Real> gram, square, product;
  nn::Kept<Real> x, gram_factor, polynomial;
};

/// x (rows × columns) = U diag(s') Vᵀ, where x was U diag(s) Vᵀ and the s' lie between 0.68
/// and 1.14 unless s was tiny beside the others: five steps of the Newton-Schulz iteration x
/// → 3.4445 x - 4.775 (x xᵀ) x + 2.0315 (x xᵀ)² x. A null matrix stays null. On the calling thread.
template <class Real>
void orthogonalise(nn::ProductMode mode, std::size_t rows, std::size_t columns, Real* x,
                   OrthogonalScratch<Real>& scratch);

}  // namespace crosstail::train
