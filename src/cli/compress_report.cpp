#include "cli/compress_report.h"

#include <chrono>
#include <cstdio>

namespace crosstail::cli {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return fs::file_size(path, ignored);
  std::uint64_t sum = 0;
  for (fs::recursive_directory_iterator at(path, ignored), end; at != end; at.increment(ignored))
    if (at->is_regular_file(ignored)) sum += at->file_size(ignored);
  return sum;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%%", 100 * share);
  return text;
}

void append_language(std::string& out, const std::string& name, const model::Agreement& a) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-10s %6zu  %.5f  %.5f  %8s  %8s\n", name.c_str(), a.texts,
                a.mean_cosine, a.worst_cosine, percent(a.nearest_same).c_str(),
                percent(a.neighbours_shared).c_str());
  out += line;
}

void write_agreement(JsonWriter& json, const model::Agreement& a) {
  json.begin_object()
      .member("texts", std::uint64_t{a.texts})
      .member("mean_cosine", a.mean_cosine)
      .member("worst_cosine", a.worst_cosine)
      .member("nearest_same", a.nearest_same)
      .member("neighbours_shared", a.neighbours_shared)
      .end_object();
}

}  // namespace

Status CompressReport::add(const std::string& name, const fs::path& path) {
  model::ModelOptions options;
  options.threads = threads_;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) options.precision = nn::Precision::F32;
  CT_TRY(const auto encoder, model::Encoder::open(path, options));
  model::EncodeRequest request;
  CT_TRY(request.prompt_text, encoder.prompt(prompt_));
  request.normalise = true;
  const std::vector<std::string_view> views(texts_.begin(), texts_.end());
  std::vector<float> vectors(views.size() * encoder.dim());
  const auto begin = std::chrono::steady_clock::now();
  CT_TRY(const auto stats, encoder.encode(views, request, vectors.data()));
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  CompressStep step;
  step.name = name;
  step.precision = encoder.info().precision;
  step.bytes = bytes_of(path);
  step.texts_per_second = static_cast<double>(stats.texts) / std::max(spent.count(), 1e-9);
  if (steps_.empty())
    source_ = std::move(vectors);
  else
    step.lost = model::compare_vectors(source_, vectors, encoder.dim(), texts_, languages_);
  steps_.push_back(std::move(step));
  return {};
}

std::string CompressReport::text() const {
  std::string out =
      "step              MB   texts/s  mean cos.  worst cos.  nearest same  10 shared\n";
  for (const auto& step : steps_) {
    const auto& all = step.lost.all;
    const bool source = &step == &steps_.front();
    char line[200];
    std::snprintf(line, sizeof line, "%-12s %7.1f %9.1f    %.5f     %.5f       %7s    %7s  %s\n",
                  step.name.c_str(), static_cast<double>(step.bytes) / 1e6, step.texts_per_second,
                  source ? 1.0 : all.mean_cosine, all.worst_cosine,
                  percent(source ? 1 : all.nearest_same).c_str(),
                  percent(source ? 1 : all.neighbours_shared).c_str(), step.precision.c_str());
    out += line;
  }
  for (const auto& step : steps_) {
    if (step.lost.by_language.empty()) continue;
    out += "\n" + step.name +
           "     texts     mean    worst   nearest    shared (same language, against the source)\n";
    for (const auto& [language, lost] : step.lost.by_language)
      append_language(out, language.empty() ? "-" : language, lost);
  }
  return out;
}

void CompressReport::write(JsonWriter& json) const {
  json.key("steps").begin_array();
  for (const auto& step : steps_) {
    json.begin_object().member("step", std::string_view(step.name));
    json.member("precision", std::string_view(step.precision)).member("bytes", step.bytes);
    json.member("texts_per_second", step.texts_per_second);
    if (&step != &steps_.front()) {
      json.key("all");
      write_agreement(json, step.lost.all);
      json.key("languages").begin_object();
      for (const auto& [language, lost] : step.lost.by_language) {
        json.key(language);
        write_agreement(json, lost);
      }
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace crosstail::cli
