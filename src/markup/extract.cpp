#include "markup/extract.h"

#include <chrono>

#include "base/journaled_output.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "markup/extract_pages.h"
#include "markup/extract_pieces.h"

namespace crosstail::markup {
namespace {

/// Everything that decides the outputs' bytes, as text: a resume must agree with it.
std::string fingerprint(const ExtractOptions& options) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("inputs").begin_array();
  for (const auto& input : options.inputs) json.value(input);
  json.end_array();
  json.member("base-url", options.base_url).member("passages", !options.passages.empty());
  json.member("keep-author", options.records.keep_author);
  json.member("mask-personal", options.records.mask_personal);
  json.member("max-page-bytes", std::uint64_t{options.limits.max_bytes});
  json.member("max-record-bytes", options.max_record_bytes);
  json.member("max-depth", std::uint64_t{options.limits.tree.max_depth});
  json.member("max-nodes", std::uint64_t{options.limits.tree.max_nodes});
  json.member("max-attributes", std::uint64_t{options.limits.tree.tokens.max_attributes});
  json.member("max-json-depth", std::uint64_t{options.limits.jsonld.max_depth});
  json.member("max-json-values", std::uint64_t{options.limits.jsonld.max_values});
  json.member("max-page-milliseconds", options.limits.tree.max_milliseconds);
  json.member("shard", options.shard_index).member("shards", options.shard_count).end_object();
  return text;
}

/// The outputs of one run and what the ordered stage knows.
class Extraction {
 public:
  Extraction(const ExtractOptions& options, const ExtractProgress& progress)
      : options_(options), progress_(progress), worker_(options) {}

  Result<ExtractSummary> run() {
    const auto start = std::chrono::steady_clock::now();
    CT_CHECK(open_outputs());
    if (!outputs_.already_complete()) {
      PieceReader reader(options_, position_);
      const Status status = run_ordered(
          stages(reader), {.threads = options_.threads, .max_in_flight_bytes = kMaxInFlight});
      if (!status.ok()) {
        // Whatever stopped the run, what was finished before can be resumed.
        if (const Status saved = outputs_.suspend(); !saved.ok())
          return Error{status.error().code,
                       status.error().message + "; and " + saved.error().message};
        return status.error();
      }
      CT_CHECK(outputs_.commit(state()));
    }
    ExtractSummary summary{std::move(counters_)};
    summary.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return summary;
  }

 private:
  static constexpr std::size_t kMaxInFlight = std::size_t{32} << 20;

  Status open_outputs() {
    std::vector<std::string> paths = {options_.output};
    if (!options_.passages.empty()) {
      passages_ = paths.size();
      paths.push_back(options_.passages);
    }
    if (!options_.dropped.empty()) {
      dropped_ = paths.size();
      paths.push_back(options_.dropped);
    }
    CT_TRY(outputs_, JournaledOutputs::open(
                         paths, {.fingerprint = fingerprint(options_), .resume = options_.resume}));
    if (outputs_.resumed_state()) CT_CHECK(restore(*outputs_.resumed_state()));
    return {};
  }

  /// The journal's state: the position on its first line, then the counters.
  Status restore(std::string_view state) {
    const auto line = std::min(state.find('\n'), state.size());
    CT_TRY(position_, ExtractPosition::from_text(state.substr(0, line)));
    CT_TRY(counters_, Counters::from_lines(state.substr(std::min(line + 1, state.size()))));
    join_ = std::make_unique<ArchiveJoin>(ArchivePosition{position_.offset, position_.skip});
    resumed_file_ = position_.files;
    return {};
  }

  [[nodiscard]] std::string state() const {
    return position_.to_text() + "\n" + counters_.to_lines();
  }

  OrderedStages stages(PieceReader& reader) {
    OrderedStages stages;
    stages.read = [&reader]() -> Result<std::unique_ptr<WorkItem>> {
      CT_TRY(std::unique_ptr<ExtractPiece> piece, reader.next());
      return std::unique_ptr<WorkItem>(std::move(piece));
    };
    stages.work = [this](WorkItem& item) { worker_.work(static_cast<ExtractPiece&>(item)); };
    stages.write = [this](WorkItem& item) { return write(static_cast<ExtractPiece&>(item)); };
    stages.weight = [](const WorkItem& item) {
      return static_cast<const ExtractPiece&>(item).bytes;
    };
    return stages;
  }

  Status write(ExtractPiece& piece) {
    if (piece.archive && !join_archive(piece)) return {};
    for (const DamagedPlace& damage : piece.damage) {
      piece.lines.counters.add("damage.places");
      log(LogLevel::Warning, "damage",
          damage.message.compare(0, damage.place.size(), damage.place) == 0
              ? damage.message
              : damage.place + ": " + damage.message);
    }
    outputs_.append(0, piece.lines.pairs);
    if (passages_ != 0) outputs_.append(passages_, piece.lines.passages);
    if (dropped_ != 0) outputs_.append(dropped_, piece.lines.dropped);
    counters_.merge(piece.lines.counters);
    position_.files = piece.files_after;
    position_.offset = position_.skip = 0;
    if (piece.archive) {
      position_.offset = join_->position().offset;
      position_.skip = join_->position().skip;
    } else if (piece.quads) {
      position_.offset = piece.quads->end().offset;
    }
    if (progress_) progress_(counters_);
    return outputs_.boundary([this] { return state(); });
  }

  /// Makes the chunk's result what reading front to back gives; false if it was written before.
  bool join_archive(ExtractPiece& piece) {
    const bool resumed = resumed_file_ && *resumed_file_ == piece.files_before;
    if (piece.first_of_file && !resumed) join_ = std::make_unique<ArchiveJoin>();
    if (!join_->follows(*piece.archive)) worker_.work_again(piece, *join_);
    join_->leave(*piece.archive);
    return !piece.archive->written();
  }

  const ExtractOptions& options_;
  const ExtractProgress& progress_;
  PieceWorker worker_;
  JournaledOutputs outputs_;
  std::size_t passages_ = 0, dropped_ = 0;  ///< indices of outputs; 0: not asked for
  ExtractPosition position_;
  Counters counters_;
  std::unique_ptr<ArchiveJoin> join_ = std::make_unique<ArchiveJoin>();
  std::optional<std::uint64_t> resumed_file_;
};

}  // namespace

Result<ExtractSummary> extract(const ExtractOptions& options, const ExtractProgress& progress) {
  return Extraction(options, progress).run();
}

std::string report_json(const ExtractSummary& summary) {
  std::string text;
  JsonWriter json(text, 2);
  summary.counters.write(json);
  return text + "\n";
}

}  // namespace crosstail::markup
