#include "base/journaled_output.h"

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>

#include "base/json_writer.h"

namespace crosstail {
namespace {

struct Journal {
  std::string fingerprint, state;
  bool complete = false;
  std::vector<std::pair<std::string, std::uint64_t>> outputs;  ///< path, length
};

Result<Journal> read_journal(const std::filesystem::path& path) {
  CT_TRY(const std::string text, read_file(path));
  const Error damaged{
      ErrorCode::Corrupt,
      path.string() + ": not a journal of ours; delete it and start without --resume"};
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text).get(root) != simdjson::SUCCESS) return damaged;
  Journal journal;
  std::string_view fingerprint, state;
  simdjson::dom::array outputs;
  if (root["fingerprint"].get(fingerprint) != simdjson::SUCCESS ||
      root["state"].get(state) != simdjson::SUCCESS ||
      root["complete"].get(journal.complete) != simdjson::SUCCESS ||
      root["outputs"].get(outputs) != simdjson::SUCCESS)
    return damaged;
  for (const auto output : outputs) {
    std::string_view name;
    std::uint64_t length = 0;
    if (output["path"].get(name) != simdjson::SUCCESS ||
        output["length"].get(length) != simdjson::SUCCESS)
      return damaged;
    journal.outputs.emplace_back(name, length);
  }
  journal.fingerprint = fingerprint;
  journal.state = state;
  return journal;
}

std::string part_name(const std::string& path) {
  return path + ".part";
}

/// Standard output, a pipe or a device is written as it is: there is nothing to rename.
bool is_direct(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return path == "-" ||
         (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status));
}

Status check_journal(const Journal& journal, const std::filesystem::path& path,
                     const std::vector<std::string>& outputs, const std::string& fingerprint) {
  if (journal.fingerprint != fingerprint)
    return Error{ErrorCode::InvalidArgument,
                 path.string() + ": the run to resume was started with\n  " + journal.fingerprint +
                     "\nand this one has\n  " + fingerprint +
                     "\ngive the same inputs and options, or leave --resume out to start again"};
  bool same = journal.outputs.size() == outputs.size();
  for (std::size_t i = 0; same && i < outputs.size(); ++i)
    same = journal.outputs[i].first == outputs[i];
  if (!same)
    return Error{ErrorCode::InvalidArgument,
                 path.string() +
                     ": the run to resume had other output files; give the same, or leave "
                     "--resume out to start again"};
  return {};
}

}  // namespace

Result<JournaledOutputs> JournaledOutputs::open(const std::vector<std::string>& paths,
                                                JournaledOptions options) {
  JournaledOutputs result;
  result.options_ = std::move(options);
  for (const auto& path : paths) {
    Output output;
    output.path = path;
    output.direct = is_direct(path);
    output.compression = compression_for_name(path);
    if (!output.direct && result.journal_path_.empty()) result.journal_path_ = path + ".journal";
    result.outputs_.push_back(std::move(output));
  }
  std::optional<Journal> journal;
  if (result.options_.resume && result.resumable() &&
      std::filesystem::exists(result.journal_path_)) {
    CT_TRY(journal, read_journal(result.journal_path_));
    CT_CHECK(check_journal(*journal, result.journal_path_, paths, result.options_.fingerprint));
    result.state_ = result.last_state_ = journal->state;
    result.complete_ = journal->complete;
  }
  if (result.complete_) {
    CT_CHECK(result.put_in_place());
    return result;
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Output& output = result.outputs_[i];
    if (paths[i] == "-") {
      output.file = OutputFile::standard_output();
    } else if (output.direct) {
      CT_TRY(output.file, OutputFile::create(paths[i]));
    } else if (journal) {
      CT_TRY(output.file, OutputFile::reopen(part_name(paths[i]), journal->outputs[i].second));
    } else {
      CT_TRY(output.file, OutputFile::create(part_name(paths[i])));
    }
  }
  // A journal of an earlier run must not outlive the outputs it speaks of.
  if (!journal && result.resumable()) {
    std::error_code ignored;
    std::filesystem::remove(result.journal_path_, ignored);
  }
  result.last_sync_ = std::chrono::steady_clock::now();
  return result;
}

void JournaledOutputs::append(std::size_t index, std::string_view bytes) {
  outputs_[index].pending += bytes;
}

void JournaledOutputs::set_head(std::size_t index, std::string bytes) {
  outputs_[index].head = std::move(bytes);
}

/// A kill after this and before the journal says so leaves a head that the resumed run writes
/// again.
Status JournaledOutputs::write_heads() {
  for (auto& output : outputs_) {
    if (output.head.empty() || output.direct) continue;
    const std::string path = part_name(output.path);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return system_error(path, "open for writing", errno);
    std::size_t done = 0;
    while (done < output.head.size()) {
      const auto wrote = ::pwrite(fd, output.head.data() + done, output.head.size() - done,
                                  static_cast<off_t>(done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) break;
      done += static_cast<std::size_t>(wrote);
    }
    const int saved = errno;
    ::close(fd);
    if (done < output.head.size()) return system_error(path, "write", saved);
  }
  return {};
}

Status JournaledOutputs::flush_frames() {
  for (auto& output : outputs_) {
    if (output.pending.empty()) continue;
    CT_CHECK(output.compression == Compression::None
                 ? output.file.write(output.pending)
                 : output.file.write(compress_frame(output.pending, output.compression)));
    output.pending.clear();
  }
  return {};
}

Status JournaledOutputs::boundary(const std::function<std::string()>& state) {
  bool due = false;
  for (const auto& output : outputs_) due = due || output.pending.size() >= options_.frame_bytes;
  if (!due) return {};
  CT_CHECK(flush_frames());
  last_state_ = state();
  const auto now = std::chrono::steady_clock::now();
  if (now - last_sync_ < options_.sync_every) return {};
  last_sync_ = now;
  return write_journal(*last_state_, false);
}

Status JournaledOutputs::suspend() {
  if (!last_state_) return {};
  return write_journal(*last_state_, false);
}

Status JournaledOutputs::write_journal(const std::string& state, bool complete) {
  if (!resumable()) return {};
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.member("fingerprint", options_.fingerprint).member("complete", complete);
  json.member("state", state).key("outputs").begin_array();
  for (auto& output : outputs_) {
    if (!output.direct) CT_CHECK(output.file.sync());
    json.begin_object();
    json.member("path", output.path).member("length", output.file.size());
    json.end_object();
  }
  json.end_array().end_object();
  return write_file_atomic(journal_path_, text);
}

Status JournaledOutputs::put_in_place() {
  for (auto& output : outputs_) {
    if (output.direct || !std::filesystem::exists(part_name(output.path))) continue;
    CT_CHECK(commit_rename(part_name(output.path), output.path));
  }
  if (resumable()) {
    std::error_code ignored;
    std::filesystem::remove(journal_path_, ignored);
  }
  return {};
}

Status JournaledOutputs::commit(const std::string& final_state) {
  CT_CHECK(flush_frames());
  CT_CHECK(write_heads());
  // A kill between here and the removal of the journal must find its way back.
  CT_CHECK(write_journal(final_state, true));
  for (auto& output : outputs_) CT_CHECK(output.file.close());
  return put_in_place();
}

void JournaledOutputs::discard() {
  std::error_code ignored;
  for (auto& output : outputs_)
    if (!output.direct) std::filesystem::remove(part_name(output.path), ignored);
  if (resumable()) std::filesystem::remove(journal_path_, ignored);
}

}  // namespace crosstail
