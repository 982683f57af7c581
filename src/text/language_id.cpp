#include "text/language_id.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "text/fasttext_model.h"
#include "text/language_profile.h"
#include "text/language_tag.h"
#include "text/script.h"

namespace crosstail::text {
namespace {

constexpr std::size_t kMaxBytes = 256;
constexpr std::size_t kMaxLanguages = 512;
/// CLD2 answers for short text too (kCLDFlagBestEffort in its implementation header).
constexpr int kBestEffort = 0x4000;

/// Weights of the log-odds, chosen on texts of Debian's translations and of XQuAD-R
/// (docs/curate.md).
constexpr float kProbabilityFloor = 1e-4F;  ///< no engine excludes a language for good
constexpr float kUnknownToEngine = 0.02F;   ///< probability where an engine lacks the language
constexpr float kCld2Alone = 3.0F;          ///< a reliable CLD2 vote, without a fastText model
constexpr float kCld2WithModel = 0.6F;
constexpr float kTemperature = 1.6F;  ///< the engines are not independent

struct LanguageFacts {
  std::string_view code;
  std::uint32_t scripts;
  float prior;
};

constexpr std::uint32_t kLatn = script_bit(Script::Latin);
constexpr std::uint32_t kCyrl = script_bit(Script::Cyrillic);
constexpr std::uint32_t kArab = script_bit(Script::Arabic);
constexpr std::uint32_t kDeva = script_bit(Script::Devanagari);
constexpr std::uint32_t kBeng = script_bit(Script::Bengali);
constexpr std::uint32_t kHebr = script_bit(Script::Hebrew);
constexpr std::uint32_t kTibt = script_bit(Script::Tibetan);
constexpr std::uint32_t kEthi = script_bit(Script::Ethiopic);
constexpr std::uint32_t kMong = script_bit(Script::Mongolian);
constexpr float kCommon = 0, kUsual = -0.5F, kRare = -1.7F, kRarer = -2, kRarest = -3;

/// Scripts (default: Latin) and how common a language is on the web, in four steps (default: the
/// last); the order of magnitude of W3Techs' survey of content languages.
constexpr LanguageFacts kFacts[] = {
    {"eng", kLatn, kCommon},         {"deu", kLatn, kCommon},
    {"fra", kLatn, kCommon},         {"spa", kLatn, kCommon},
    {"ita", kLatn, kCommon},         {"por", kLatn, kCommon},
    {"rus", kCyrl, kCommon},         {"pol", kLatn, kCommon},
    {"nld", kLatn, kCommon},         {"tur", kLatn, kCommon},
    {"ara", kArab, kCommon},         {"fas", kArab, kUsual},
    {"ces", kLatn, kUsual},          {"swe", kLatn, kUsual},
    {"hun", kLatn, kUsual},          {"ron", kLatn, kUsual},
    {"vie", kLatn, kUsual},          {"ind", kLatn, kUsual},
    {"dan", kLatn, kUsual},          {"fin", kLatn, kUsual},
    {"ukr", kCyrl, kUsual},          {"bul", kCyrl, kUsual},
    {"hin", kDeva, kUsual},          {"slk", kLatn, kUsual},
    {"hrv", kLatn, kUsual},          {"srp", kLatn | kCyrl, kUsual},
    {"slv", kLatn, kUsual},          {"lit", kLatn, kUsual},
    {"est", kLatn, kUsual},          {"lav", kLatn, kUsual},
    {"cat", kLatn, kUsual},          {"nor", kLatn, kUsual},
    {"ben", kBeng, kUsual},          {"heb", kHebr, kUsual},
    {"bos", kLatn, kRare},           {"afr", kLatn, kRare},
    {"glg", kLatn, kRare},           {"eus", kLatn, kRare},
    {"nep", kDeva, kRare},           {"mar", kDeva, kRare},
    {"bel", kCyrl, kRare},           {"mkd", kCyrl, kRare},
    {"msa", kLatn | kArab, kRare},   {"urd", kArab, kRare},
    {"isl", kLatn, kRare},           {"nno", kLatn, kRare},
    {"aze", kLatn | kCyrl, kRare},   {"kaz", kCyrl, kRarer},
    {"uzb", kLatn | kCyrl, kRarer},  {"sqi", kLatn, kRarer},
    {"swa", kLatn, kRarer},          {"tgl", kLatn, kRarer},
    {"mon", kCyrl | kMong, kRarer},  {"cym", kLatn, kRarer},
    {"gle", kLatn, kRarer},          {"kir", kCyrl, kRarest},
    {"tgk", kCyrl, kRarest},         {"tat", kCyrl, kRarest},
    {"bak", kCyrl, kRarest},         {"chv", kCyrl, kRarest},
    {"oss", kCyrl, kRarest},         {"che", kCyrl, kRarest},
    {"sah", kCyrl, kRarest},         {"ava", kCyrl, kRarest},
    {"abk", kCyrl, kRarest},         {"bxr", kCyrl, kRarest},
    {"kom", kCyrl, kRarest},         {"kpv", kCyrl, kRarest},
    {"krc", kCyrl, kRarest},         {"lez", kCyrl, kRarest},
    {"mhr", kCyrl, kRarest},         {"mrj", kCyrl, kRarest},
    {"myv", kCyrl, kRarest},         {"rue", kCyrl, kRarest},
    {"tyv", kCyrl, kRarest},         {"xal", kCyrl, kRarest},
    {"tuk", kLatn | kCyrl, kRarest}, {"pus", kArab, kRarest},
    {"uig", kArab | kCyrl, kRarest}, {"snd", kArab | kDeva, kRarest},
    {"ckb", kArab, kRarest},         {"kur", kLatn | kArab, kRarest},
    {"arz", kArab, kRarest},         {"kas", kArab | kDeva, kRarest},
    {"azb", kArab, kRarest},         {"pnb", kArab, kRarest},
    {"mzn", kArab, kRarest},         {"lrc", kArab, kRarest},
    {"san", kDeva, kRarest},         {"bho", kDeva, kRarest},
    {"mai", kDeva, kRarest},         {"gom", kDeva | kLatn, kRarest},
    {"new", kDeva, kRarest},         {"dty", kDeva, kRarest},
    {"raj", kDeva, kRarest},         {"asm", kBeng, kRarest},
    {"bpy", kBeng, kRarest},         {"yid", kHebr, kRarest},
    {"bod", kTibt, kRare},           {"dzo", kTibt, kRarest},
    {"amh", kEthi, kRare},           {"tir", kEthi, kRarest},
};

/// Scripts that one language owns (or owns nearly: Han without Kana is Chinese).
constexpr std::pair<Script, std::string_view> kScriptLanguage[] = {
    {Script::Greek, "ell"},    {Script::Armenian, "hye"}, {Script::Gurmukhi, "pan"},
    {Script::Gujarati, "guj"}, {Script::Oriya, "ori"},    {Script::Tamil, "tam"},
    {Script::Telugu, "tel"},   {Script::Kannada, "kan"},  {Script::Malayalam, "mal"},
    {Script::Sinhala, "sin"},  {Script::Thai, "tha"},     {Script::Lao, "lao"},
    {Script::Myanmar, "mya"},  {Script::Georgian, "kat"}, {Script::Hangul, "kor"},
    {Script::Khmer, "khm"},    {Script::Han, "zho"},      {Script::Japanese, "jpn"},
    {Script::Syriac, "syr"},   {Script::Thaana, "div"},   {Script::Cherokee, "chr"},
};
constexpr float kScriptConfidence = 0.99F;

constexpr std::string_view kGroups[][3] = {
    {"bos", "hrv", "srp"}, {"dan", "nno", "nor"}, {"ind", "msa", ""}};

std::string_view owner_of(Script script) {
  for (const auto& [owned, language] : kScriptLanguage)
    if (owned == script) return language;
  return {};
}

/// One language as all engines know it.
struct Known {
  std::string code;
  std::uint32_t scripts = kLatn;
  float prior = kRarest;
  int profile = -1, model = -1;  ///< index in the engine's labels, or -1
  int group = -1;                ///< in kGroups
};

}  // namespace

struct LanguageIdentifier::State {
  std::optional<FastTextModel> model;
  std::vector<Known> known;
  std::map<std::string, int, std::less<>> index;
  std::vector<int> of_cld2;  ///< CLD2's enum to `known`, or -1
  std::vector<std::string> model_codes;
  int serbo_croatian = -1;  ///< label of the model that stands for bos, hrv and srp

  int add(std::string_view code) {
    const auto found = index.find(code);
    if (found != index.end()) return found->second;
    if (known.size() == kMaxLanguages) return -1;
    Known entry;
    entry.code = code;
    for (const auto& facts : kFacts)
      if (facts.code == code) {
        entry.scripts = facts.scripts;
        entry.prior = facts.prior;
      }
    for (const auto& [script, owner] : kScriptLanguage)
      if (owner == code) entry.scripts = script_bit(script);
    for (int g = 0; g < 3; ++g)
      for (const auto& member : kGroups[g])
        if (member == code) entry.group = g;
    const int at = static_cast<int>(known.size());
    index.emplace(code, at);
    known.push_back(std::move(entry));
    return at;
  }

  void learn_engines();
  void vote_cld2(std::string_view text, std::span<float> votes) const;
  void vote_hints(std::span<const LanguageHint> hints, std::span<float> votes) const;
};

void LanguageIdentifier::State::learn_engines() {
  const auto& languages = LanguageProfile::embedded().languages();
  for (std::size_t i = 0; i < languages.size(); ++i)
    if (const int at = add(languages[i]); at >= 0)
      known[static_cast<std::size_t>(at)].profile = static_cast<int>(i);
  of_cld2.assign(CLD2::NUM_LANGUAGES, -1);
  for (int i = 0; i < CLD2::NUM_LANGUAGES; ++i) {
    const auto code = language_of_cld2_code(CLD2::LanguageCode(static_cast<CLD2::Language>(i)));
    if (!code.empty()) of_cld2[static_cast<std::size_t>(i)] = add(code);
  }
  if (!model) return;
  for (std::size_t i = 0; i < model->labels().size(); ++i) {
    model_codes.push_back(language_of_fasttext_label(model->labels()[i]));
    if (model_codes.back() == "hbs") {
      serbo_croatian = static_cast<int>(i);
      continue;
    }
    if (model_codes.back().empty()) continue;
    if (const int at = add(model_codes.back()); at >= 0)
      known[static_cast<std::size_t>(at)].model = static_cast<int>(i);
  }
}

void LanguageIdentifier::State::vote_cld2(std::string_view text, std::span<float> votes) const {
  CLD2::CLDHints hints{nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percent[3], text_bytes = 0;
  double scores[3];
  bool reliable = false;
  CLD2::ExtDetectLanguageSummary(text.data(), static_cast<int>(text.size()), true, &hints,
                                 kBestEffort, languages, percent, scores, nullptr, &text_bytes,
                                 &reliable);
  const float weight = (model ? kCld2WithModel : kCld2Alone) * (reliable ? 1.0F : 0.5F) / 100;
  for (int i = 0; i < 3; ++i) {
    const auto language = static_cast<std::size_t>(languages[i]);
    if (language >= of_cld2.size() || of_cld2[language] < 0) continue;
    const Known& voted = known[static_cast<std::size_t>(of_cld2[language])];
    const float vote = weight * static_cast<float>(percent[i]);
    if (voted.group < 0) {
      votes[static_cast<std::size_t>(of_cld2[language])] += vote;
      continue;
    }
    for (const auto& member : kGroups[voted.group])
      if (const auto found = index.find(member); found != index.end())
        votes[static_cast<std::size_t>(found->second)] += vote;
  }
}

void LanguageIdentifier::State::vote_hints(std::span<const LanguageHint> hints,
                                           std::span<float> votes) const {
  for (const auto& hint : hints)
    if (const auto found = index.find(hint.language); found != index.end())
      votes[static_cast<std::size_t>(found->second)] += hint.weight;
}

LanguageIdentifier::LanguageIdentifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
LanguageIdentifier::LanguageIdentifier(LanguageIdentifier&&) noexcept = default;
LanguageIdentifier& LanguageIdentifier::operator=(LanguageIdentifier&&) noexcept = default;
LanguageIdentifier::~LanguageIdentifier() = default;

LanguageIdentifier LanguageIdentifier::embedded() {
  auto state = std::make_unique<State>();
  state->learn_engines();
  return LanguageIdentifier(std::move(state));
}

Result<LanguageIdentifier> LanguageIdentifier::with_model(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  CT_TRY(state->model, FastTextModel::open(path));
  state->learn_engines();
  const auto languages = std::count_if(state->model_codes.begin(), state->model_codes.end(),
                                       [](const std::string& code) { return !code.empty(); });
  if (languages < 10)
    return Error{ErrorCode::InvalidArgument,
                 path.string() + ": only " + std::to_string(languages) +
                     " of its labels are language codes; use fastText's lid.176"};
  return LanguageIdentifier(std::move(state));
}

bool LanguageIdentifier::has_model() const {
  return state_->model.has_value();
}

LanguageGuess LanguageIdentifier::identify(std::string_view valid,
                                           std::span<const LanguageHint> hints) const {
  const State& s = *state_;
  std::string_view head = valid.substr(0, std::min(valid.size(), kMaxBytes));
  while (head.size() < valid.size() && !head.empty() &&
         (static_cast<unsigned char>(valid[head.size()]) & 0xC0U) == 0x80U)
    head.remove_suffix(1);
  const Script script = dominant_script(head);
  if (script == Script::None) return {};
  if (const auto owner = owner_of(script); !owner.empty())
    return {std::string(owner), kScriptConfidence};

  const std::string letters = profile_text(head, kMaxBytes);
  std::array<float, kMaxLanguages> votes{}, profile{};
  std::vector<float> model;
  LanguageProfile::embedded().predict(letters, profile);
  s.vote_cld2(letters, votes);
  if (s.model) {
    model.resize(s.model->labels().size());
    s.model->predict(head, model, kProbabilityFloor);
  }
  std::array<float, kMaxLanguages> scores{};
  const auto odds = [](const auto& engine, int at, float extra) {
    if (at < 0) return std::log(kUnknownToEngine);
    return std::log(engine[static_cast<std::size_t>(at)] + extra + kProbabilityFloor);
  };
  s.vote_hints(hints, votes);
  const float shared =
      s.serbo_croatian < 0 ? 0.0F : model[static_cast<std::size_t>(s.serbo_croatian)];
  int best = -1;
  for (std::size_t i = 0; i < s.known.size(); ++i) {
    const Known& k = s.known[i];
    scores[i] = -INFINITY;
    if ((k.scripts & script_bit(script)) == 0) continue;
    if (k.profile < 0 && (k.model < 0 || !s.model) && votes[i] <= 0) continue;
    scores[i] = k.prior + votes[i] + odds(profile, k.profile, 0);
    if (s.model) scores[i] += odds(model, k.model, k.group == 0 ? shared / 3 : 0);
    if (best < 0 || scores[i] > scores[static_cast<std::size_t>(best)]) best = static_cast<int>(i);
  }
  if (best < 0) return {};
  float total = 0;
  const float top = scores[static_cast<std::size_t>(best)];
  for (std::size_t i = 0; i < s.known.size(); ++i)
    if (scores[i] > top - 30) total += std::exp((scores[i] - top) / kTemperature);
  return {s.known[static_cast<std::size_t>(best)].code, 1 / total};
}

LanguageGuess LanguageIdentifier::model_alone(std::string_view valid) const {
  if (!state_->model) return {};
  std::vector<float> probabilities(state_->model->labels().size());
  state_->model->predict(valid, probabilities);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  return {state_->model_codes[static_cast<std::size_t>(best - probabilities.begin())], *best};
}

}  // namespace crosstail::text
