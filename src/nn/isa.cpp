#include "nn/isa.h"

#include <algorithm>
#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace crosstail::nn {

namespace {

#if defined(__x86_64__)
bool has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25;
  if ((d & (kBf16 | kTile | kInt8)) != (kBf16 | kTile | kInt8)) return false;
  // Linux hands out the 8 KB of tile state only on request (Documentation/arch/x86/xstate.rst).
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool has_avx512_bf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 5)) != 0;
}

Isa detect() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::Portable;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return Isa::Avx2;
  if (!has_avx512_bf16() || !__builtin_cpu_supports("avx512vnni")) return Isa::Avx512;
  return has_amx() ? Isa::Amx : Isa::Avx512Bf16;
}
#else
Isa detect() {
  return Isa::Portable;
}
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::Portable:
      return "portable";
    case Isa::Avx2:
      return "avx2";
    case Isa::Avx512:
      return "avx512";
    case Isa::Avx512Bf16:
      return "avx512-bf16";
    case Isa::Amx:
      return "amx";
  }
  return "";
}

std::optional<Isa> isa_from(std::string_view name) {
  for (const auto isa : kAllIsas)
    if (name_of(isa) == name) return isa;
  return std::nullopt;
}

Isa best_isa() {
  static const Isa isa = detect();
  return isa;
}

Isa default_isa() {
  static const Isa isa = [] {
    const char* name = std::getenv("CROSSTAIL_ISA");
    const auto asked = name == nullptr ? std::nullopt : isa_from(name);
    return asked ? std::min(*asked, best_isa()) : best_isa();
  }();
  return isa;
}

}  // namespace crosstail::nn
