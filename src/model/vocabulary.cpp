#include "model/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/file.h"
#include "text/tokenizer_json.h"
#include "text/utf8.h"

namespace crosstail::model {
namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";
/// A part of what is left goes at a time, so that counts follow what takes a piece's place.
constexpr std::size_t kRoundShare = 8;

/// Cuts a piece into those that are left.
class Cutter {
 public:
  Cutter(const text::TokenizerSpec& spec, const std::vector<bool>& left)
      : spec_(spec), left_(left) {
    ids_.reserve(spec.pieces.size());
    for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) {
      if (spec.pieces[id].empty() || (!spec.matched.empty() && !spec.matched[id])) continue;
      ids_.emplace(spec.pieces[id], id);
      longest_ = std::max(longest_, spec.pieces[id].size());
    }
  }

  /// The pieces that `piece` falls into; none if it cannot be written with those left.
  std::vector<std::uint32_t> cut(std::uint32_t piece) const {
    const std::string& text = spec_.pieces[piece];
    return spec_.meta.kind == text::SubwordKind::WordPiece ? longest_match(text) : best_path(text);
  }

 private:
  /// The id of a piece that is left, or kNoId.
  std::uint32_t find(std::string_view text) const {
    const auto found = ids_.find(text);
    return found != ids_.end() && left_[found->second] ? found->second : text::UnigramModel::kNoId;
  }

  /// Viterbi: the path with the largest sum of scores.
  std::vector<std::uint32_t> best_path(std::string_view text) const {
    struct Step {
      double score = -std::numeric_limits<double>::infinity();
      std::size_t from = 0;
      std::uint32_t id = text::UnigramModel::kNoId;
    };
    std::vector<Step> best(text.size() + 1);
    best[0].score = 0;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      if (std::isinf(best[begin].score)) continue;
      const std::size_t last = std::min(text.size(), begin + longest_);
      for (std::size_t end = begin + 1; end <= last; ++end) {
        const std::uint32_t id = find(text.substr(begin, end - begin));
        if (id == text::UnigramModel::kNoId) continue;
        const double score = best[begin].score + spec_.scores[id];
        if (score > best[end].score) best[end] = {score, begin, id};
      }
    }
    std::vector<std::uint32_t> path;
    if (std::isinf(best.back().score)) return path;
    for (std::size_t at = text.size(); at > 0; at = best[at].from) path.push_back(best[at].id);
    return path;
  }

  std::vector<std::uint32_t> longest_match(std::string_view text) const {
    const std::string& mark = spec_.meta.continuation;
    std::vector<std::uint32_t> path;
    bool inside = !mark.empty() && text.starts_with(mark) && text.size() > mark.size();
    if (inside) text.remove_prefix(mark.size());
    while (!text.empty()) {
      std::size_t size = text.size();
      std::uint32_t id = text::UnigramModel::kNoId;
      for (; size > 0 && id == text::UnigramModel::kNoId; --size)
        id = find((inside ? mark : std::string()) + std::string(text.substr(0, size)));
      if (id == text::UnigramModel::kNoId) return {};
      path.push_back(id);
      text.remove_prefix(size + 1);
      inside = true;
    }
    return path;
  }

  const text::TokenizerSpec& spec_;
  const std::vector<bool>& left_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::size_t longest_ = 0;
};

/// Ids that may go, the rarest first; of equals the later one.
std::vector<std::uint32_t> rarest(const std::vector<bool>& left, const std::vector<bool>& required,
                                  const std::vector<double>& counts, std::size_t number) {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 0; id < left.size(); ++id)
    if (left[id] && !required[id]) ids.push_back(id);
  std::sort(ids.begin(), ids.end(), [&](std::uint32_t a, std::uint32_t b) {
    return counts[a] != counts[b] ? counts[a] < counts[b] : a > b;
  });
  ids.resize(std::min(number, ids.size()));
  return ids;
}

}  // namespace

void PieceCounts::add(const std::string& language, std::span<const std::uint32_t> ids) {
  const bool known = languages_.contains(language) || languages_.size() < kMaxLanguages;
  Language& to = languages_[known ? language : "other"];
  if (to.counts.empty()) to.counts.resize(pieces_);
  for (const std::uint32_t id : ids)
    if (id < pieces_) ++to.counts[id];
  to.tokens += ids.size();
}

std::vector<double> PieceCounts::weighted(double balance) const {
  std::uint64_t most = 0;
  for (const auto& [name, language] : languages_) most = std::max(most, language.tokens);
  std::vector<double> sum(pieces_);
  for (const auto& [name, language] : languages_) {
    if (language.tokens == 0) continue;
    const double ratio = static_cast<double>(most) / static_cast<double>(language.tokens);
    const double weight = std::pow(ratio, balance);
    for (std::size_t id = 0; id < pieces_; ++id)
      sum[id] += weight * static_cast<double>(language.counts[id]);
  }
  return sum;
}

std::uint64_t PieceCounts::tokens() const {
  std::uint64_t sum = 0;
  for (const auto& [name, language] : languages_) sum += language.tokens;
  return sum;
}

std::vector<std::string> PieceCounts::languages() const {
  std::vector<std::string> names;
  for (const auto& [name, language] : languages_) names.push_back(name);
  return names;
}

void PieceCounts::drop(std::span<const std::string> languages) {
  for (const auto& language : languages) languages_.erase(language);
}

std::map<std::string, double> PieceCounts::share_kept(std::span<const std::uint32_t> kept) const {
  std::map<std::string, double> shares;
  for (const auto& [name, language] : languages_) {
    std::uint64_t stays = 0;
    for (const std::uint32_t id : kept) stays += language.counts[id];
    shares[name] = language.tokens == 0
                       ? 1.0
                       : static_cast<double>(stays) / static_cast<double>(language.tokens);
  }
  return shares;
}

std::vector<bool> required_pieces(const text::TokenizerSpec& spec, std::uint32_t pad_id) {
  std::vector<bool> required(spec.pieces.size());
  const auto keep = [&](std::uint32_t id) {
    if (id < required.size()) required[id] = true;
  };
  for (std::uint32_t id = 0; id <= pad_id && id < required.size(); ++id) keep(id);
  for (const auto& token : spec.meta.added) keep(token.id);
  for (const auto* frame : {&spec.meta.single, &spec.meta.pair})
    for (const auto& item : *frame)
      if (item.kind == text::FrameItem::Kind::Special) keep(item.id);
  for (const std::uint32_t id : spec.meta.byte_ids) keep(id);
  keep(spec.meta.unknown_id);
  const std::string& mark = spec.meta.continuation;
  for (std::uint32_t id = 0; id < required.size(); ++id) {
    std::string_view piece = spec.pieces[id];
    if (!mark.empty() && piece.starts_with(mark) && piece.size() > mark.size())
      piece.remove_prefix(mark.size());
    if (piece == kSpaceSymbol || text::count_code_points(piece) == 1) keep(id);
  }
  return required;
}

Status mix_prior(const text::TokenizerSpec& spec, double prior, bool unseen,
                 std::vector<double>& counts) {
  if (prior == 0) return {};
  if (spec.meta.kind != text::SubwordKind::Unigram)
    return Error{ErrorCode::Unsupported,
                 "--prior: the tokenizer's pieces have no probabilities; only Unigram's have"};
  counts.resize(spec.pieces.size());
  std::vector<bool> open(counts.size(), unseen);  // to those that no text has
  for (std::size_t id = 0; id < open.size(); ++id)
    if (spec.pieces[id].empty() || (!spec.matched.empty() && !spec.matched[id])) open[id] = false;
  for (const auto& token : spec.meta.added)
    if (token.id < open.size()) open[token.id] = false;
  if (spec.meta.unknown_id < open.size()) open[spec.meta.unknown_id] = false;
  const auto counted = [&](std::size_t id) { return counts[id] > 0 || open[id]; };
  double seen = 0, likely = 0;
  for (std::size_t id = 0; id < counts.size(); ++id) {
    seen += counts[id];
    if (counted(id)) likely += std::exp(spec.scores[id]);
  }
  for (std::size_t id = 0; id < counts.size(); ++id)
    if (counted(id))
      counts[id] = (1 - prior) * counts[id] / seen + prior * std::exp(spec.scores[id]) / likely;
  return {};
}

Result<std::vector<std::uint32_t>> choose_pieces(const text::TokenizerSpec& spec,
                                                 std::vector<double> counts, std::uint32_t pad_id,
                                                 std::size_t size) {
  if (spec.meta.kind == text::SubwordKind::Bpe)
    return Error{ErrorCode::Unsupported,
                 "the tokenizer's model is BPE, whose merges build upon one another; Unigram and "
                 "WordPiece can be trimmed"};
  const std::size_t all = spec.pieces.size();
  counts.resize(all);
  const std::vector<bool> required = required_pieces(spec, pad_id);
  const auto needed = static_cast<std::size_t>(std::count(required.begin(), required.end(), true));
  if (size != 0 && size < needed)
    return Error{ErrorCode::InvalidArgument, std::to_string(size) +
                                                 " pieces are too few: special tokens and single "
                                                 "characters alone are " +
                                                 std::to_string(needed)};
  std::vector<bool> left(all, true);
  // What no text has goes at once; nothing has to take its place.
  for (std::size_t id = 0; id < all; ++id)
    if (counts[id] <= 0 && !required[id]) left[id] = false;
  auto number = static_cast<std::size_t>(std::count(left.begin(), left.end(), true));
  const Cutter cutter(spec, left);
  while (size != 0 && number > size) {
    const std::size_t go = std::min(number - size, std::max<std::size_t>(number / kRoundShare, 1));
    const auto ids = rarest(left, required, counts, go);
    for (const std::uint32_t id : ids) left[id] = false;
    for (const std::uint32_t id : ids)
      for (const std::uint32_t part : cutter.cut(id)) counts[part] += counts[id];
    number -= ids.size();
  }
  std::vector<std::uint32_t> kept;
  for (std::uint32_t id = 0; id < all; ++id)
    if (left[id]) kept.push_back(id);
  return kept;
}

Result<text::TokenizerSpec> read_trimmable(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes.ok() && bytes.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::Unsupported,
                 path +
                     ": is not there; a vocabulary is trimmed in tokenizer.json (transformers "
                     "writes one with save_pretrained)"};
  if (!bytes.ok()) return bytes.error();
  auto spec = text::read_tokenizer_json(*bytes);
  if (!spec.ok()) return spec.error().at(path);
  return spec;
}

}  // namespace crosstail::model
