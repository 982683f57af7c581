#pragma once
/// Language identification of short texts. Four kinds of evidence are added up as log-odds: the
/// script (which alone decides many languages and limits the others), the embedded language
/// profile, CLD2, and, if a file is given, fastText's lid.176 model; then a prior for how common a
/// language is on the web, and hints from outside the text.
///
/// CLD2 and fastText know some languages apart only by chance (Bosnian, Croatian, Serbian in Latin
/// letters; Danish and Norwegian; Indonesian and Malay): CLD2's vote for one counts for all of such
/// a group. Measured in docs/curate.md.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crosstail::text {

/// Something outside the text that names its language: a URL segment, hreflang, html lang.
struct LanguageHint {
  std::string language;  ///< ISO 639-3 (language_tag.h)
  float weight = 1;      ///< added to the language's log-odds; 1 to 2 is usual
};

struct LanguageGuess {
  std::string language;  ///< ISO 639-3; empty if the text has no letters or nothing is known of it
  float confidence = 0;  ///< 0…1
};

/// Immutable and thread-safe once made.
class LanguageIdentifier {
 public:
  /// Without a model file: script, profile and CLD2.
  static LanguageIdentifier embedded();
  /// With fastText's lid.176 (.bin or .ftz). Fails as FastTextModel::open() does, and with
  /// InvalidArgument when fewer than ten labels of the model are languages.
  static Result<LanguageIdentifier> with_model(const std::filesystem::path& fasttext_model);

  LanguageIdentifier(LanguageIdentifier&&) noexcept;
  LanguageIdentifier& operator=(LanguageIdentifier&&) noexcept;
  ~LanguageIdentifier();

  /// `valid` is UTF-8; the first 256 bytes are looked at (a question and the start of an answer).
  [[nodiscard]] LanguageGuess identify(std::string_view valid,
                                       std::span<const LanguageHint> hints = {}) const;

  /// fastText's own answer and probability for the whole text, and nothing else: what WebFAQ's
  /// thresholds were made for. Empty without a model.
  [[nodiscard]] LanguageGuess model_alone(std::string_view valid) const;
  [[nodiscard]] bool has_model() const;

 private:
  struct State;
  explicit LanguageIdentifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::text
