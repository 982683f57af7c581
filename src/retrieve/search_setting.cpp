#include "retrieve/search_setting.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "index/records.h"

namespace crosstail::retrieve {
namespace {

constexpr std::array<std::string_view, 3> kSystems{"dense", "bm25", "hybrid"};
constexpr std::array<std::string_view, 3> kFields{"passages", "questions", "both"};

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

Error lacks(const data::Query& query, std::string_view field) {
  return {ErrorCode::Corrupt, "query `" + query.id + "` has no `" + std::string(field) +
                                  "`, which --leave-out " +
                                  (field == "lang" ? "language" : std::string(field)) + " needs"};
}

}  // namespace

std::vector<std::string> LeaveOut::names() const {
  std::vector<std::string> out;
  if (language) out.emplace_back("language");
  if (group) out.emplace_back("group");
  if (site) out.emplace_back("site");
  if (text) out.emplace_back("text");
  return out;
}

Result<LeaveOut> parse_leave_out(std::string_view text) {
  LeaveOut out;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    if (name == "language") {
      out.language = true;
    } else if (name == "group") {
      out.group = true;
    } else if (name == "site") {
      out.site = true;
    } else if (name == "text") {
      out.text = true;
    } else {
      return Error{ErrorCode::InvalidArgument,
                   "expected language, group, site or text, got \"" + std::string(name) + "\""};
    }
  }
  return out;
}

std::string_view name_of(System system) {
  return kSystems[static_cast<std::size_t>(system)];
}
std::string_view name_of(Bm25Fields fields) {
  return kFields[static_cast<std::size_t>(fields)];
}
std::optional<Bm25Fields> parse_bm25_fields(std::string_view name) {
  const auto found = std::find(kFields.begin(), kFields.end(), name);
  if (found == kFields.end()) return std::nullopt;
  return static_cast<Bm25Fields>(found - kFields.begin());
}

std::optional<CodeUse> parse_code_use(std::string_view name) {
  if (name == "never") return CodeUse::Never;
  if (name == "kept") return CodeUse::Kept;
  if (name == "auto") return CodeUse::WhenWorth;
  if (name == "always") return CodeUse::Always;
  return std::nullopt;
}

Result<index::QuestionFilter> filter_for(const data::Query& query, const SearchSetting& setting) {
  index::QuestionFilter filter = setting.questions;
  if (setting.leave_out.language) {
    if (query.language.empty()) return lacks(query, "lang");
    filter.without_language = query.language;
  }
  if (setting.leave_out.group) {
    if (const auto key = query.field(kGroupKeyField)) {
      std::from_chars(key->data(), key->data() + key->size(), filter.without_group);
    } else if (query.group.empty()) {
      return lacks(query, "group");
    } else {
      filter.without_group = index::group_key(query.group);
    }
  }
  if (setting.leave_out.site) {
    const auto site = query.field("site");
    if (!site || site->empty()) return lacks(query, "site");
    filter.without_site = index::site_key(*site);
  }
  if (setting.leave_out.text) {
    if (query.text.empty()) return lacks(query, "text");
    filter.without_text = index::text_key(query.text);
  }
  return filter;
}

std::string setting_name(const SearchSetting& setting) {
  const auto& fusion = setting.fusion;
  std::string out;
  if (setting.system != System::Dense) {
    out += std::string(name_of(setting.system)) + "-" + std::string(name_of(setting.fields));
    if (setting.words) out += "-words";
  }
  if (setting.system != System::Bm25) {
    if (!out.empty()) out += "-";
    out += name_of(fusion.mode);
    const bool has_alpha = fusion.mode == index::FusionMode::Sum ||
                           fusion.mode == index::FusionMode::Mean ||
                           fusion.mode == index::FusionMode::LanguageMean;
    if (has_alpha && !fusion.source_alpha) out += "-alpha" + shortest(fusion.alpha);
    if (has_alpha && fusion.source_alpha)
      for (std::size_t s = 0; s < index::kSources; ++s)
        out += "-" + std::string(name_of(static_cast<index::QuestionSource>(s))) +
               shortest((*fusion.source_alpha)[s]);
    if (fusion.mode == index::FusionMode::Max) out += "-beta" + shortest(fusion.beta);
    if (has_alpha && !fusion.renormalise && fusion.mode != index::FusionMode::Sum)
      out += "-no-renormalise";
    if (fusion.center != index::Centering::None)
      out += "-center-" + std::string(name_of(fusion.center)) +
             (fusion.strength == 1 ? std::string() : shortest(fusion.strength));
  }
  if (setting.system == System::Hybrid)
    out += setting.reciprocal_rank ? "-rrf" : "-weight" + shortest(setting.dense_weight);
  if (setting.recall > 0 && setting.system != System::Bm25)
    out += "-recall" + shortest(setting.recall);
  if (setting.questions.max_per_language > 0)
    out += "-max" + std::to_string(setting.questions.max_per_language);
  if (!setting.questions.languages.empty()) {
    out += "-languages";
    for (const auto& language : setting.questions.languages) out += "+" + language;
  }
  return out;
}

}  // namespace crosstail::retrieve
