#pragma once
/// One pair on its way through `curate`: cleaned, filtered, its language told, and turned into the
/// keys and bytes that the later steps need.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "curate/filters.h"
#include "curate/options.h"
#include "curate/question_type.h"
#include "data/faq_reader.h"
#include "text/language_id.h"

namespace crosstail::curate {

/// 128 bits that stand for what must not occur twice, and 64 that tell an exact repetition from one
/// that is the same only in its normal form.
struct PairKey {
  std::uint64_t high = 0, low = 0, identity = 0;
};

/// What remains of a pair. Ranges are places in `Evaluated::bytes`.
struct Verdict {
  Reason reason = Reason::Malformed;
  std::uint64_t line = 0;  ///< in its file
  QuestionType type = QuestionType::Unknown;
  std::uint32_t language = 0;  ///< index in `Evaluated::names`
  std::uint32_t license = 0;   ///< the same
  std::uint32_t site = 0;      ///< the same
  PairKey key;
  std::uint64_t node = 0;                   ///< what stays on one side of a split (hash)
  std::uint32_t first_link = 0, links = 0;  ///< in `Evaluated::links`: nodes to keep it with
  std::uint32_t question_length = 0, answer_length = 0;  ///< code points
  std::uint64_t begin = 0;                               ///< of the segments in `bytes`
  std::array<std::uint32_t, 4> segments{};               ///< lengths; outputs.h says what each is
  std::uint32_t problem = 0;                             ///< of a malformed row: index in `names`
};

/// The verdicts of a block of rows.
struct Evaluated {
  std::vector<Verdict> verdicts;
  std::string bytes;
  std::vector<std::uint64_t> links;
  std::vector<std::string> names;
};

/// One a thread; reuses its memory. `identifier` is borrowed, null without identification.
class Evaluator {
 public:
  Evaluator(const CurateOptions& options, const text::LanguageIdentifier* identifier);

  /// Adds the verdict on one row to `out`.
  void evaluate(std::string_view json, std::uint64_t line, Evaluated& out);
  /// The same for a row that is no record.
  static void malformed(std::string_view problem, std::uint64_t line, Evaluated& out);

 private:
  Reason judge(Verdict& verdict);
  Reason identify();
  void read_page();
  [[nodiscard]] std::vector<text::LanguageHint> hints() const;
  void make_key(Verdict& verdict);
  void make_links(Verdict& verdict, Evaluated& out);
  static std::uint32_t name(std::string_view text, std::uint32_t& last, Evaluated& out);

  const CurateOptions& options_;
  const text::LanguageIdentifier* identifier_;
  double min_confidence_;
  std::vector<std::string> wanted_;  ///< --languages as ISO 639-3
  data::FaqParser parser_;
  data::FaqRow row_;
  std::string language_;
  float confidence_ = 0;
  std::string scratch_;
  PairForms forms_;
  /// Of the page last seen: its rows follow each other.
  std::string page_url_, page_site_, page_key_, page_language_;
  std::uint32_t last_language_ = 0, last_license_ = 0, last_site_ = 0;  ///< in `Evaluated::names`
  std::string stated_tag_, stated_code_;                                ///< the last tag parsed
};

}  // namespace crosstail::curate
