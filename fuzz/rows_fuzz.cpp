/// JSON lines, CSV and TSV of hostile bytes. The first byte chooses the columns: 1 by number, 2 by
/// name, else those of the header. A row without a problem is an object with the fields asked for.

#include <simdjson.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "data/rows.h"

namespace {

using crosstail::data::ColumnMap;

void require(bool fact) {
  if (!fact) std::abort();
}

void read_rows(const std::string& path, const ColumnMap& columns, bool is_json) {
  auto rows = crosstail::data::RowReader::open(path, columns);
  if (!rows.ok()) return;
  simdjson::dom::parser parser;
  crosstail::data::Row row;
  std::uint64_t last = 0;
  while (true) {
    const auto more = rows->next(row);
    if (!more.ok() || !*more) return;
    require(row.line > last);
    last = row.line;
    if (!row.problem.empty() || is_json) continue;
    simdjson::dom::object object;
    require(parser.parse(row.json.data(), row.json.size()).get(object) == simdjson::SUCCESS);
    for (const auto& [field, column] : columns.fields) {
      std::string_view value;
      require(object[field].get(value) == simdjson::SUCCESS);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto columns = ColumnMap::parse(data[0] == '1'   ? "id=1,text=2"
                                        : data[0] == '2' ? "id=ID,text=Question"
                                                         : "");
  require(columns.ok());
  const int file = memfd_create("fuzz", 0);
  if (file < 0 || write(file, data + 1, size - 1) != static_cast<ssize_t>(size - 1)) std::abort();
  // What begins with a brace, after a byte order mark and blanks, is handed on as it is.
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t start = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
  const std::size_t begin = text.find_first_not_of(" \t\r\n", start);
  const bool is_json = begin != std::string_view::npos && text[begin] == '{';
  read_rows("/proc/self/fd/" + std::to_string(file), *columns, is_json);
  close(file);
  return 0;
}
