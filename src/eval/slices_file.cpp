#include "eval/slices_file.h"

#include <simdjson.h>

#include <cmath>

#include "base/json_writer.h"
#include "base/stream.h"

namespace crosstail::eval {
namespace {

namespace dom = simdjson::dom;

TailPart part_of(std::string_view name) {
  for (const TailPart part : {TailPart::Head, TailPart::Torso, TailPart::Tail})
    if (tail_part_name(part) == name) return part;
  return TailPart::None;
}

bool read_view(dom::element element, SliceView& view) {
  std::string_view name, description;
  dom::object edges;
  dom::array remarks;
  if (element["name"].get(name) != simdjson::SUCCESS ||
      element["description"].get(description) != simdjson::SUCCESS ||
      element["low_is_tail"].get(view.low_is_tail) != simdjson::SUCCESS ||
      element["by_language"].get(view.by_language) != simdjson::SUCCESS ||
      element["edges"].get(edges) != simdjson::SUCCESS ||
      element["remarks"].get(remarks) != simdjson::SUCCESS)
    return false;
  view.name = name;
  view.description = description;
  for (const auto& [language, pair] : edges) {
    double low = 0, high = 0;
    if (pair.at(0).get(low) != simdjson::SUCCESS || pair.at(1).get(high) != simdjson::SUCCESS)
      return false;
    view.edges.push_back({std::string(language), {low, high}});
  }
  for (const dom::element remark : remarks) {
    std::string_view text;
    if (remark.get(text) != simdjson::SUCCESS) return false;
    view.remarks.emplace_back(text);
  }
  return true;
}

bool read_header(dom::element row, SlicesFile& out) {
  std::string_view format;
  std::int64_t version = 0;
  dom::array views;
  if (row["format"].get(format) != simdjson::SUCCESS || format != "crosstail-slices" ||
      row["version"].get(version) != simdjson::SUCCESS || version != 1 ||
      row["views"].get(views) != simdjson::SUCCESS)
    return false;
  for (const dom::element element : views)
    if (!read_view(element, out.views.emplace_back())) return false;
  return true;
}

bool read_row(dom::element row, SlicesFile& out) {
  std::string_view id;
  if (row["_id"].get(id) != simdjson::SUCCESS) return false;
  auto& entries = out.entries[std::string(id)];
  entries.resize(out.views.size());
  for (std::size_t v = 0; v < out.views.size(); ++v) {
    std::string_view part;
    if (row[out.views[v].name].get(entries[v].value) != simdjson::SUCCESS) continue;
    if (row[out.views[v].name + "_part"].get(part) == simdjson::SUCCESS)
      entries[v].part = part_of(part);
  }
  return true;
}

}  // namespace

std::string slices_text(const SlicesFile& slices, const std::vector<std::string>& ids) {
  std::string out;
  {
    JsonWriter json(out);
    json.begin_object().member("format", "crosstail-slices").member("version", 1);
    json.key("views").begin_array();
    for (const SliceView& view : slices.views) {
      json.begin_object().member("name", view.name).member("description", view.description);
      json.member("low_is_tail", view.low_is_tail).member("by_language", view.by_language);
      json.key("edges").begin_object();
      for (const auto& [language, edge] : view.edges)
        json.key(language).begin_array().value(edge.first).value(edge.second).end_array();
      json.end_object().key("remarks").begin_array();
      for (const auto& remark : view.remarks) json.value(remark);
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  out += '\n';
  for (const std::string& id : ids) {
    const auto found = slices.entries.find(id);
    if (found == slices.entries.end()) continue;
    JsonWriter json(out);
    json.begin_object().member("_id", id);
    for (std::size_t v = 0; v < slices.views.size(); ++v) {
      const SliceEntry& entry = found->second[v];
      if (std::isnan(entry.value)) continue;
      json.member(slices.views[v].name, entry.value);
      if (entry.part != TailPart::None)
        json.member(slices.views[v].name + "_part", tail_part_name(entry.part));
    }
    json.end_object();
    out += '\n';
  }
  return out;
}

Result<SlicesFile> read_slices(const std::filesystem::path& path) {
  CT_TRY(auto lines, open_lines(path));
  dom::parser parser;
  SlicesFile out;
  std::string_view line;
  while (true) {
    CT_TRY(const bool more, lines.next(line));
    if (!more) break;
    dom::element row;
    const bool parsed = parser.parse(line.data(), line.size()).get(row) == simdjson::SUCCESS;
    const bool header = lines.number() == 1;
    if (!parsed || !(header ? read_header(row, out) : read_row(row, out)))
      return Error{
          ErrorCode::Corrupt,
          lines.name() + ":" + std::to_string(lines.number()) + ": expected " +
              (header ? "the header of a slices file (format crosstail-slices, version 1): "
                        "make one with `crosstail slice`"
                      : "{\"_id\": …, \"density\": …, \"density_part\": …}")};
  }
  if (out.views.empty()) return Error{ErrorCode::Corrupt, path.string() + ": no views in it"};
  return out;
}

}  // namespace crosstail::eval
