#pragma once
/// The embedded language profile: a small linear model over hashed character n-grams that says
/// which of about seventy languages a short text is in, where the script alone does not. It needs
/// no file at run time (524 KiB in the binary). Trained from Debian's translations of LibreOffice
/// and Firefox by tools/train-language-profile; the file's format is
/// docs/formats/language-profile.md.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

/// Letters and marks in lower case, everything else a single space: what the profile reads.
/// `valid` is UTF-8; at most `max_bytes` of it are looked at.
std::string profile_text(std::string_view valid, std::size_t max_bytes);

/// Immutable and thread-safe.
class LanguageProfile {
 public:
  /// The profile in the binary.
  static const LanguageProfile& embedded();
  /// Reads the format; `bytes` is borrowed. Fails with Corrupt, naming the offset.
  static Result<LanguageProfile> read(std::string_view bytes);

  /// ISO 639-3 codes.
  [[nodiscard]] const std::vector<std::string>& languages() const { return languages_; }

  /// Probability of each language for a text made by profile_text().
  void predict(std::string_view profile_text, std::span<float> probabilities) const;

 private:
  static constexpr std::size_t kDim = 16;
  std::vector<std::string> languages_;
  std::vector<float> scale_, bias_, output_;
  const std::int8_t* rows_ = nullptr;
  std::uint32_t row_count_ = 0;
  int min_n_ = 0, max_n_ = 0;
};

}  // namespace crosstail::text
