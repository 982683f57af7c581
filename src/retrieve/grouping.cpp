#include "retrieve/grouping.h"

#include <algorithm>
#include <unordered_set>

#include "text/language_tag.h"

namespace crosstail::retrieve {
namespace {

constexpr index::PassageNumber kNone = 0xffffffffU;

}  // namespace

Result<Grouping> Grouping::make(const index::IndexReader& index, const SearchSetting& setting) {
  Grouping made;
  if (!setting.group_by_doc && !setting.collapse_group) return made;
  if (setting.group_by_doc && setting.collapse_group)
    return Error{ErrorCode::InvalidArgument, "--group-by and --collapse exclude each other"};
  std::unordered_map<std::string, std::uint32_t> numbers;
  made.key_.resize(index.passages());
  for (index::PassageNumber p = 0; p < index.passages(); ++p) {
    CT_TRY(const auto fields, index.fields(p));
    // Ids and groups are different names: \1 keeps a passage without a group apart from them.
    std::string name(setting.group_by_doc ? fields.doc : fields.group);
    if (name.empty()) name = std::string("\1") + std::string(fields.id);
    const auto [found, fresh] =
        numbers.emplace(std::move(name), static_cast<std::uint32_t>(made.preferred_.size()));
    if (fresh) made.preferred_.push_back(kNone);
    made.key_[p] = found->second;
    index::PassageNumber& preferred = made.preferred_[found->second];
    if (setting.collapse_group && !setting.prefer_language.empty() && preferred == kNone &&
        !index.deleted(p) && text::same_language(fields.language, setting.prefer_language))
      preferred = p;
  }
  return made;
}

Ranking Grouping::grouped(const Ranking& hits, std::size_t k, const PassageMask& mask) const {
  Ranking out;
  std::unordered_set<std::uint32_t> seen;
  for (const RankedPassage& hit : hits) {
    if (out.size() == k) break;
    const std::uint32_t key = key_[hit.passage];
    if (!seen.insert(key).second) continue;
    const index::PassageNumber preferred = preferred_[key];
    out.push_back(
        {preferred != kNone && counts(mask, preferred) ? preferred : hit.passage, hit.score});
  }
  return out;
}

Result<PassageMask> passage_mask(const index::IndexReader& index, const SearchSetting& setting) {
  PassageMask mask;
  if (setting.languages.empty() && setting.sites.empty() && index.deleted_passages() == 0)
    return mask;
  mask.assign((index.passages() + 63) / 64, 0);
  std::unordered_map<std::string, bool> languages;
  std::unordered_set<std::uint64_t> sites;
  for (const auto& site : setting.sites) sites.insert(index::site_key(site));
  for (index::PassageNumber p = 0; p < index.passages(); ++p) {
    if (index.deleted(p)) continue;
    CT_TRY(const auto fields, index.fields(p));
    if (!setting.languages.empty()) {
      const auto [found, fresh] = languages.emplace(std::string(fields.language), false);
      if (fresh)
        found->second = std::any_of(setting.languages.begin(), setting.languages.end(),
                                    [&](const std::string& wanted) {
                                      return text::same_language(wanted, fields.language);
                                    });
      if (!found->second) continue;
    }
    if (!sites.empty() && sites.count(index::site_key(fields.site)) == 0) continue;
    mask[p / 64] |= std::uint64_t{1} << (p % 64);
  }
  return mask;
}

}  // namespace crosstail::retrieve
