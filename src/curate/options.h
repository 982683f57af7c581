#pragma once
/// What `crosstail curate` can be told.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/rows.h"

namespace crosstail::curate {

/// Which pairs are kept. Default: language-aware. The other two are papers.md §2, exactly.
enum class Preset : std::uint8_t { Default, WebFaqV1, WebFaqV2 };
enum class SplitBy : std::uint8_t { Site, Page, Group, None };
enum class Format : std::uint8_t { Jsonl, WebFaq, Beir, Tevatron, SentenceTransformers };

Result<Preset> parse_preset(std::string_view name);
Result<SplitBy> parse_split_by(std::string_view name);
Result<Format> parse_format(std::string_view name);
std::string_view name_of(Preset preset);
std::string_view name_of(SplitBy split_by);
std::string_view name_of(Format format);

struct CurateOptions {
  std::vector<std::string> inputs;  ///< JSON lines, CSV or TSV; "-" is standard input
  std::string output;               ///< a directory
  data::ColumnMap columns;

  Preset preset = Preset::Default;
  bool identify = true;                ///< false: languages as stated by the pages
  std::string language_model;          ///< fastText's lid.176, or empty
  bool language_hints = true;          ///< use address, hreflang and html lang as evidence
  double min_confidence = -1;          ///< of the language; < 0: the preset's
  std::vector<std::string> languages;  ///< keep only these, if any
  bool clean = true;
  bool keep_duplicates = false;

  SplitBy split_by = SplitBy::Site;
  double dev_share = 0.05, test_share = 0.05;
  std::uint64_t seed = 0;
  bool link_duplicates = true;  ///< pages or sites that share a duplicate pair stay together

  Format format = Format::Jsonl;
  std::string report, dropped;  ///< files, or empty
  bool strict = false;          ///< stop at the first malformed row
  std::size_t threads = 1;
};

}  // namespace crosstail::curate
