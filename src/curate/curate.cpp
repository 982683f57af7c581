#include "curate/curate.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json_writer.h"
#include "base/pool.h"
#include "base/progress.h"
#include "curate/evaluate.h"
#include "curate/outputs.h"
#include "curate/spill.h"
#include "data/rows.h"
#include "text/language_tag.h"

namespace crosstail::curate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockRows = 1024;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kDroppedBytes = std::size_t{1} << 20;
constexpr double kLargeComponent = 0.5;
constexpr std::size_t kLargestSites = 20, kExamples = 2;

/// A block of rows on its way through the threads.
struct Block : WorkItem {
  std::size_t file = 0;
  std::string rows;
  struct Place {
    std::size_t begin, length;
    std::uint64_t line;
    bool malformed;
  };
  std::vector<Place> places;
  Evaluated result;
};

/// Evaluators wait here between blocks.
class EvaluatorPool {
 public:
  EvaluatorPool(const CurateOptions& options, const text::LanguageIdentifier* identifier)
      : options_(options), identifier_(identifier) {}

  void evaluate(Block& block) {
    auto evaluator = take();
    for (const auto& place : block.places) {
      const auto row = std::string_view(block.rows).substr(place.begin, place.length);
      if (place.malformed)
        Evaluator::malformed(row, place.line, block.result);
      else
        evaluator->evaluate(row, place.line, block.result);
    }
    block.rows = {};
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(evaluator));
  }

 private:
  std::unique_ptr<Evaluator> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Evaluator>(options_, identifier_);
    auto evaluator = std::move(free_.back());
    free_.pop_back();
    return evaluator;
  }
  const CurateOptions& options_;
  const text::LanguageIdentifier* identifier_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Evaluator>> free_;
};

/// Numbers for names, in order of first appearance. Many sites have many names: 64-bit hashes stand
/// for them, and the names lie in one string.
class NameTable {
 public:
  std::uint32_t number(const std::string& name) {
    bool is_new = false;
    const std::uint32_t number = index_.find_or_add(xxh3(name), &is_new);
    if (is_new) {
      begins_.push_back(names_.size());
      names_ += name;
    }
    return number;
  }
  [[nodiscard]] std::string name(std::uint32_t number) const {
    const std::size_t end = number + 1 < begins_.size() ? begins_[number + 1] : names_.size();
    return names_.substr(begins_[number], end - begins_[number]);
  }
  [[nodiscard]] std::size_t size() const { return begins_.size(); }

 private:
  HashIndex index_;
  std::vector<std::size_t> begins_;
  std::string names_;
};

/// A file of dropped pairs, or nothing.
class DroppedFile {
 public:
  Status open(const std::string& path) {
    if (path.empty()) return {};
    CT_TRY(file_, OutputFile::create(path + ".part"));
    path_ = path;
    return {};
  }
  Status add(Reason reason, const std::string& file, std::uint64_t line, std::string_view members) {
    if (path_.empty()) return {};
    JsonWriter(pending_)
        .begin_object()
        .member("reason", name_of(reason))
        .member("file", file)
        .member("line", line)
        .end_object();
    pending_.pop_back();
    pending_ += members;
    pending_ += "}\n";
    if (pending_.size() < kDroppedBytes) return {};
    CT_CHECK(file_.write(pending_));
    pending_.clear();
    return {};
  }
  Status finish() {
    if (path_.empty()) return {};
    CT_CHECK(file_.write(pending_));
    CT_CHECK(file_.sync());
    CT_CHECK(file_.close());
    return commit_rename(path_ + ".part", path_);
  }

 private:
  std::string path_, pending_;
  OutputFile file_;
};

Status check(const CurateOptions& options) {
  const auto bad = [](std::string message) {
    return Error{ErrorCode::InvalidArgument, std::move(message)};
  };
  if (options.inputs.empty()) return bad("no input: give at least one file of FAQ pairs");
  if (options.output.empty()) return bad("no output: give a directory with -o");
  if (options.dev_share < 0 || options.test_share < 0 ||
      options.dev_share + options.test_share >= 1)
    return bad("the shares of dev and test must be at least 0 and leave something to train");
  for (const auto& language : options.languages)
    if (text::language_code(language).empty())
      return bad("'" + language + "' is no language: expected a code such as de, deu or pt-BR");
  return {};
}

class Run {
 public:
  explicit Run(const CurateOptions& options) : options_(options) {}

  Result<DataCard> run() {
    CT_CHECK(check(options_));
    CT_CHECK(prepare_folders());
    auto card = passes();
    std::error_code ignored;
    fs::remove_all(work_, ignored);
    if (!card.ok()) fs::remove_all(building_, ignored);
    return card;
  }

 private:
  Status prepare_folders();
  Result<DataCard> passes();
  Status read_all();
  Status take_block(const Block& block);
  Status take_pair(const Verdict& v, const Block& block);
  Status drop_repeat(Reason reason, const SpilledPair& pair, std::string_view segments);
  Status write_all(const std::vector<Repeat>& repeats);
  void count_pair(const SpilledPair& pair, Split split, std::string_view segments);
  void add_example(const SpilledPair& pair, std::string_view segments, LanguageCard& language);
  std::string note() const;
  void finish_card();
  Status put_in_place();
  Status write_report() const;

  const CurateOptions& options_;
  fs::path target_, building_, work_;
  std::optional<text::LanguageIdentifier> identifier_;
  NameTable languages_, licenses_, sites_;
  Components components_;
  std::optional<PairSpill> pairs_;
  std::optional<KeySpill> keys_;
  DroppedFile dropped_;
  DataCard card_;
  std::uint64_t spilled_ = 0;
  data::FaqParser example_parser_;
  std::vector<std::uint64_t> site_pairs_, component_pairs_;
};

Status Run::prepare_folders() {
  target_ = fs::path(options_.output).lexically_normal();
  if (!target_.has_filename()) target_ = target_.parent_path();
  building_ = target_.string() + ".part";
  work_ = building_ / ".work";
  std::error_code error;
  if (fs::exists(target_, error) && !fs::is_empty(target_, error) &&
      !fs::exists(target_ / "card.json", error))
    return Error{ErrorCode::InvalidArgument,
                 target_.string() +
                     ": exists and is no data set of ours (it has no card.json); "
                     "give another directory or remove it"};
  fs::remove_all(building_, error);
  fs::create_directories(work_, error);
  if (error) return system_error(work_.string(), "make the folder", error.value());
  return {};
}

Result<DataCard> Run::passes() {
  if (options_.identify) {
    if (options_.language_model.empty()) {
      identifier_ = text::LanguageIdentifier::embedded();
    } else {
      CT_TRY(identifier_, text::LanguageIdentifier::with_model(options_.language_model));
    }
  }
  CT_TRY(pairs_, PairSpill::create(work_ / "pairs"));
  CT_TRY(keys_, KeySpill::create(work_));
  CT_CHECK(dropped_.open(options_.dropped));
  CT_CHECK(read_all());
  CT_CHECK(pairs_->rewind());
  std::vector<Repeat> repeats(options_.keep_duplicates ? spilled_ : 0, Repeat::No);
  if (!options_.keep_duplicates || options_.link_duplicates) {
    CT_TRY(auto found,
           keys_->find_repeats(spilled_, options_.link_duplicates ? &components_ : nullptr));
    if (!options_.keep_duplicates) repeats = std::move(found);
  }
  CT_CHECK(write_all(repeats));
  finish_card();
  CT_CHECK(dropped_.finish());
  CT_CHECK(put_in_place());
  CT_CHECK(write_report());
  return std::move(card_);
}

Status Run::read_all() {
  EvaluatorPool evaluators(options_, identifier_ ? &*identifier_ : nullptr);
  Progress progress("curate", "pairs");
  std::size_t file = 0;
  std::optional<data::RowReader> reader;
  OrderedStages stages;
  stages.read = [&]() -> Result<std::unique_ptr<WorkItem>> {
    auto block = std::make_unique<Block>();
    while (block->places.empty() && file < options_.inputs.size()) {
      if (!reader) {
        CT_TRY(reader, data::RowReader::open(options_.inputs[file], options_.columns));
      }
      block->file = file;
      data::Row row;
      bool more = true;
      while (more && block->places.size() < kBlockRows && block->rows.size() < kBlockBytes) {
        CT_TRY(more, reader->next(row));
        if (!more) break;
        const auto text = row.problem.empty() ? row.json : row.problem;
        block->places.push_back({block->rows.size(), text.size(), row.line, !row.problem.empty()});
        block->rows += text;
      }
      if (!more) {
        reader.reset();
        ++file;
      }
    }
    if (block->places.empty()) return std::unique_ptr<WorkItem>();
    return std::unique_ptr<WorkItem>(std::move(block));
  };
  stages.work = [&](WorkItem& item) { evaluators.evaluate(static_cast<Block&>(item)); };
  stages.write = [&](WorkItem& item) {
    Status status = take_block(static_cast<Block&>(item));
    progress.update(card_.rows);
    return status;
  };
  stages.weight = [](const WorkItem& item) {
    return static_cast<const Block&>(item).rows.size() + kBlockRows;
  };
  OrderedOptions ordered;
  ordered.threads = options_.threads;
  return run_ordered(stages, ordered);
}

Status Run::take_block(const Block& block) {
  const std::string& file = options_.inputs[block.file];
  for (const Verdict& v : block.result.verdicts) {
    ++card_.rows;
    if (v.reason == Reason::Kept) {
      CT_CHECK(take_pair(v, block));
      continue;
    }
    card_.dropped.add(name_of(v.reason));
    if (v.reason == Reason::Malformed) {
      const std::string& problem = block.result.names[v.problem];
      if (options_.strict)
        return Error{ErrorCode::Corrupt,
                     file + ":" + std::to_string(v.line) + ": " + problem +
                         "; without --strict such rows are dropped and counted"};
      std::string member = ",\"problem\":";
      append_json_string(member, problem);
      CT_CHECK(dropped_.add(v.reason, file, v.line, member));
      continue;
    }
    CT_CHECK(dropped_.add(v.reason, file, v.line,
                          std::string_view(block.result.bytes).substr(v.begin, v.segments[3])));
  }
  return {};
}

Status Run::take_pair(const Verdict& v, const Block& block) {
  const Evaluated& from = block.result;
  SpilledPair pair;
  pair.segments = v.segments;
  pair.line = v.line;
  pair.file = static_cast<std::uint32_t>(block.file);
  pair.language = languages_.number(from.names[v.language]);
  pair.license = licenses_.number(from.names[v.license]);
  pair.site = sites_.number(from.names[v.site]);
  pair.question_length = v.question_length;
  pair.answer_length = v.answer_length;
  pair.type = static_cast<std::uint32_t>(v.type);
  if (options_.split_by != SplitBy::None) {
    pair.node = components_.node(v.node);
    for (std::uint32_t i = 0; i < v.links; ++i)
      components_.link(pair.node, components_.node(from.links[v.first_link + i]));
  } else {
    pair.node = components_.node(0);
  }
  std::size_t length = 0;
  for (const auto segment : v.segments) length += segment;
  CT_CHECK(pairs_->add(pair, std::string_view(from.bytes).substr(v.begin, length)));
  return keys_->add({v.key, spilled_++, pair.site, pair.node});
}

Status Run::drop_repeat(Reason reason, const SpilledPair& pair, std::string_view segments) {
  card_.dropped.add(name_of(reason));
  return dropped_.add(reason, options_.inputs[pair.file], pair.line,
                      segments.substr(segments.size() - pair.segments[3]));
}

Status Run::write_all(const std::vector<Repeat>& repeats) {
  Outputs outputs(building_, options_.format);
  const SplitShares shares{options_.dev_share, options_.test_share, options_.seed};
  site_pairs_.assign(sites_.size(), 0);
  component_pairs_.assign(components_.size(), 0);
  SpilledPair pair;
  std::string_view segments;
  for (std::uint64_t number = 0;; ++number) {
    if (interrupt_requested())
      return Error{ErrorCode::Interrupted, "interrupted: nothing was put in place"};
    CT_TRY(const bool more, pairs_->next(pair, segments));
    if (!more) break;
    if (repeats[number] != Repeat::No) {
      CT_CHECK(drop_repeat(repeats[number] == Repeat::SameSite ? Reason::DuplicateSameSite
                                                               : Reason::DuplicateOtherSite,
                           pair, segments));
      continue;
    }
    const Split split = options_.split_by == SplitBy::None
                            ? Split::All
                            : side_of(components_.smallest(pair.node), shares);
    count_pair(pair, split, segments);
    CT_CHECK(outputs.add(languages_.name(pair.language), split, segments, pair.segments));
  }
  return outputs.finish();
}

void Run::count_pair(const SpilledPair& pair, Split split, std::string_view segments) {
  ++card_.kept;
  ++site_pairs_[pair.site];
  ++component_pairs_[components_.find(pair.node)];
  ++card_.licenses[licenses_.name(pair.license)];
  LanguageCard& language = card_.languages[languages_.name(pair.language)];
  ++language.pairs;
  ++language.splits[static_cast<std::size_t>(split)];
  ++language.types[pair.type];
  language.question_lengths.add(pair.question_length);
  language.answer_lengths.add(pair.answer_length);
  if (language.examples.size() < kExamples) add_example(pair, segments, language);
}

/// Question and answer, where the format's first segment holds both.
void Run::add_example(const SpilledPair& pair, std::string_view segments, LanguageCard& language) {
  std::string record(segments.substr(0, pair.segments[0]));
  if (options_.format == Format::Jsonl) record += '}';
  data::FaqRow row;
  if (!example_parser_.parse(record, row).ok()) return;
  language.examples.push_back({row.record.question, row.record.answer});
}

std::string Run::note() const {
  if (options_.split_by == SplitBy::None || card_.largest_component <= kLargeComponent) return {};
  std::string text = "One component holds more than half of the pairs, so the split is lopsided.";
  if (options_.link_duplicates)
    text += " If sites are joined by boilerplate pairs, use --no-link-duplicates.";
  if (options_.split_by == SplitBy::Site)
    text +=
        " For a collection of few sites use --split-by page (all language versions of a page stay "
        "together).";
  return text;
}

void Run::finish_card() {
  std::uint64_t largest = 0;
  for (const auto pairs : component_pairs_) {
    largest = std::max(largest, pairs);
    card_.components += pairs != 0;
  }
  if (card_.kept != 0)
    card_.largest_component = static_cast<double>(largest) / static_cast<double>(card_.kept);
  for (std::uint32_t site = 0; site < sites_.size(); ++site) {
    if (site_pairs_[site] == 0) continue;
    ++card_.sites;
    card_.largest_sites.emplace_back(sites_.name(site), site_pairs_[site]);
  }
  const auto larger = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  auto& sites = card_.largest_sites;
  const std::size_t shown = std::min(sites.size(), kLargestSites);
  std::partial_sort(sites.begin(), sites.begin() + static_cast<std::ptrdiff_t>(shown), sites.end(),
                    larger);
  sites.resize(shown);
  card_.note = note();
}

Status Run::put_in_place() {
  CT_CHECK(write_file_atomic(building_ / "card.md", card_markdown(card_, options_)));
  CT_CHECK(write_file_atomic(building_ / "card.json", card_json(card_, options_)));
  std::error_code error;
  fs::remove_all(work_, error);
  const fs::path old = target_.string() + ".old";
  fs::remove_all(old, error);
  if (fs::exists(target_, error)) {
    fs::rename(target_, old, error);
    if (error) return system_error(target_.string(), "move aside", error.value());
  }
  CT_CHECK(commit_rename(building_, target_));
  fs::remove_all(old, error);
  return {};
}

Status Run::write_report() const {
  if (options_.report.empty()) return {};
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().key("inputs").begin_array();
  for (const auto& input : options_.inputs) json.value(input);
  json.end_array().key("rows").begin_object();
  json.member("in", card_.rows).member("kept", card_.kept);
  json.key("dropped").begin_object().member("total", card_.rows - card_.kept);
  for (const auto& [reason, count] : card_.dropped.all()) json.member(reason, count);
  json.end_object().end_object();
  json.key("languages").begin_object();
  for (const auto& [code, language] : card_.languages) json.member(code, language.pairs);
  json.end_object().member("sites", card_.sites).member("components", card_.components);
  json.member("largest_component", card_.largest_component).end_object();
  out += '\n';
  return write_file_atomic(options_.report, out);
}

}  // namespace

Result<DataCard> curate(const CurateOptions& options) {
  return Run(options).run();
}

}  // namespace crosstail::curate
