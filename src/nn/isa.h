#pragma once
/// Which instructions the kernels use, decided when the program runs.

#include <array>
#include <optional>
#include <string_view>

namespace crosstail::nn {

/// Each includes those before it.
enum class Isa {
  Portable,    ///< C++ only (SSE2 on x86-64)
  Avx2,        ///< AVX2, FMA
  Avx512,      ///< AVX512 F, BW, DQ, VL
  Avx512Bf16,  ///< and BF16 products, VNNI int8 products (Zen 4, Sapphire Rapids)
  Amx,         ///< and AMX tiles, bf16 and int8 (Sapphire Rapids)
};

inline constexpr std::array kAllIsas = {Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Avx512Bf16,
                                        Isa::Amx};

/// "portable", "avx2", "avx512", "avx512-bf16", "amx".
std::string_view name_of(Isa isa);
std::optional<Isa> isa_from(std::string_view name);

/// The highest one that the processor and the operating system offer. For AMX, asks Linux for the
/// tile state (arch_prctl), which then holds for all threads of the process. Looked up once.
Isa best_isa();

/// What new encoders use: best_isa(), or a lower one if the environment's CROSSTAIL_ISA names it.
Isa default_isa();

}  // namespace crosstail::nn
