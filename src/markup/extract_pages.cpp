#include "markup/extract_pages.h"

#include "base/file.h"

namespace crosstail::markup {
namespace {

void count_archive(const ArchiveCounts& counts, Counters& out) {
  out.add("archives.records", counts.records);
  out.add("inputs.bytes", counts.bytes);
  out.add("records.dropped.not-html", counts.not_html);
  out.add("records.dropped.no-payload", counts.no_payload);
  out.add("records.dropped.record-too-large", counts.record_too_large);
  out.add("records.dropped.body-too-large", counts.body_too_large);
  out.add("records.dropped.body-damaged", counts.body_damaged);
  for (std::size_t i = 0; i < counts.by_type.size(); ++i)
    out.add("archives.by-type", name(static_cast<RecordType>(i)), counts.by_type[i]);
}

void count_quads(const NQuadsCounts& counts, Counters& out) {
  out.add("inputs.bytes", counts.bytes);
  out.add("quads.lines", counts.lines);
  out.add("quads.kept", counts.kept);
  out.add("quads.dropped.other-vocabulary", counts.irrelevant);
  out.add("quads.dropped.blank-or-comment", counts.blank);
  out.add("quads.dropped.bad-line", counts.bad);
  out.add("quads.dropped.over-limit", counts.over_limit);
  out.add("repairs.odd-iri", counts.odd_iris);
  out.add("repairs.literal", counts.repaired);
  out.add("limits.page-quads", counts.pages_limited);
}

std::string page_url(const ExtractOptions& options, const InputFile& file) {
  if (options.base_url.empty() || file.path == "-") return file.name;
  const bool slash = options.base_url.back() == '/' || options.base_url.back() == '=';
  return options.base_url + (slash ? "" : "/") + file.name;
}

std::string at_byte(const std::string& path, std::uint64_t offset) {
  return path + ": byte " + std::to_string(offset);
}

}  // namespace

/// A PageReader for the time of one piece.
class PieceWorker::Lease {
 public:
  explicit Lease(PieceWorker& worker) : worker_(worker) {
    const std::lock_guard lock(worker.mutex_);
    if (!worker.idle_.empty()) {
      reader_ = std::move(worker.idle_.back());
      worker.idle_.pop_back();
    } else {
      reader_ = std::make_unique<PageReader>(
          PageReader::Options{worker.options_.limits, !worker.options_.passages.empty()});
    }
  }
  ~Lease() {
    const std::lock_guard lock(worker_.mutex_);
    worker_.idle_.push_back(std::move(reader_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  PageReader& operator*() { return *reader_; }

 private:
  PieceWorker& worker_;
  std::unique_ptr<PageReader> reader_;
};

/// Takes what an archive or an N-Quads file yields, page by page.
class PieceWorker::Visitor : public ArchiveVisitor, public NQuadsVisitor {
 public:
  Visitor(const ExtractOptions& options, const InputFile& file, PageReader& reader,
          ExtractPiece& piece)
      : options_(options),
        file_(file),
        reader_(reader),
        piece_(piece),
        url_(page_url(options, file)) {}

  void page(const ArchivePage& found) override {
    const PageBytes page{found.url.empty() ? std::string_view(url_) : found.url, found.body,
                         found.content_type, found.content_language, found.date};
    if (found.truncated)
      piece_.damage.push_back(
          {at_byte(file_.path, found.offset),
           "the page's transfer or content coding ends too early; kept what came"});
    add_page(page, page.url, reader_.read(page, piece_.lines.counters), options_.records,
             piece_.lines);
  }

  void damage(const ArchiveDamage& found) override {
    piece_.damage.push_back({at_byte(file_.path, found.offset), found.message});
  }

  void page(const NQuadsPage& found, const Graph& graph) override {
    reading_.faq.clear();
    read_faq(graph, "nquads", reading_.faq);
    drop_duplicates(reading_.faq);
    const PageBytes page{found.url.empty() ? std::string_view(url_) : found.url, {}, {}, {}, {}};
    add_page(page, page.url, reading_, options_.records, piece_.lines);
  }

  void bad_line(std::uint64_t offset, std::string_view line) override {
    constexpr std::size_t kShown = 200;
    if (options_.records.dropped)
      append_drop(
          {"line", "bad-line", url_, "byte " + std::to_string(offset), line.substr(0, kShown)},
          piece_.lines);
  }

 private:
  const ExtractOptions& options_;
  const InputFile& file_;
  PageReader& reader_;
  ExtractPiece& piece_;
  std::string url_;
  PageReading reading_;
};

void PieceWorker::work(ExtractPiece& piece) {
  Lease reader(*this);
  if (piece.archive) {
    Visitor visitor(options_, piece.files[0], *reader, piece);
    piece.archive->read(visitor);
    count_archive(piece.archive->counts(), piece.lines.counters);
  } else if (piece.quads) {
    Visitor visitor(options_, piece.files[0], *reader, piece);
    piece.quads->read(visitor);
    count_quads(piece.quads->counts(), piece.lines.counters);
  } else if (piece.source) {
    piece.lines.counters.add("inputs.files");
    read_streamed_page(piece.files[0], *piece.source, piece, *reader);
  } else if (!piece.last_of_file) {
    thread_local FileReader files;
    for (const InputFile& file : piece.files) read_file(file, files, piece, *reader);
  }
  // Counted at its end, so that a file resumed in the middle counts once.
  if (piece.last_of_file) piece.lines.counters.add("inputs.files");
}

void PieceWorker::work_again(ExtractPiece& piece, ArchiveJoin& join) {
  piece.clear_result();
  Lease reader(*this);
  Visitor visitor(options_, piece.files[0], *reader, piece);
  join.read(*piece.archive, visitor);
  count_archive(piece.archive->counts(), piece.lines.counters);
}

void PieceWorker::read_file(const InputFile& file, FileReader& files, ExtractPiece& piece,
                            PageReader& reader) {
  piece.lines.counters.add("inputs.files");
  auto bytes = files.read(file.path, SIZE_MAX);
  if (!bytes.ok()) {
    piece.damage.push_back({file.path, bytes.error().message});
    drop_file(file, "unreadable", piece);
    return;
  }
  read_bytes(file, *bytes, piece, reader);
}

void PieceWorker::drop_file(const InputFile& file, std::string_view reason, ExtractPiece& piece) {
  const std::string url = page_url(options_, file);
  add_drop({.what = "file", .reason = reason, .url = url}, options_.records, piece.lines);
  // Whoever names a file expects it to be read; in a folder, others lie beside it.
  if (file.asked_for && reason == "unknown-kind")
    piece.damage.push_back({file.path, "neither HTML, WARC, ARC nor N-Quads"});
}

void PieceWorker::read_bytes(const InputFile& file, std::string_view bytes, ExtractPiece& piece,
                             PageReader& reader) {
  constexpr std::size_t kHead = std::size_t{64} << 10;
  const Compression compression = detect_compression(bytes);
  const ContentKind kind = compression == Compression::None
                               ? recognise(bytes.substr(0, kHead))
                               : recognise(decompressed_head(bytes, kHead));
  Visitor visitor(options_, file, reader, piece);
  switch (kind) {
    case ContentKind::Warc:
    case ContentKind::Arc:
      return read_archive_whole(file, bytes, visitor, piece);
    case ContentKind::NQuads:
      return read_quads_whole(file, bytes, visitor, piece);
    case ContentKind::Empty:
    case ContentKind::Unknown:
      piece.lines.counters.add("inputs.bytes", bytes.size());
      return drop_file(file, kind == ContentKind::Empty ? "empty" : "unknown-kind", piece);
    case ContentKind::Html:
      break;
  }
  if (compression == Compression::None) return add_html(file, bytes, piece, reader);
  const auto source = decompress(memory_source(bytes), compression, file.path);
  read_streamed_page(file, *source, piece, reader);
}

void PieceWorker::read_streamed_page(const InputFile& file, ByteSource& source, ExtractPiece& piece,
                                     PageReader& reader) {
  // One byte more than a page may have tells that there is more.
  std::string html(options_.limits.max_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < html.size()) {
    auto count = source.read(html.data() + size, html.size() - size);
    if (!count.ok()) {
      piece.damage.push_back({file.path, count.error().message});
      break;
    }
    if (*count == 0) break;
    size += *count;
  }
  html.resize(size);
  if (recognise(std::string_view(html).substr(0, 65536)) != ContentKind::Html) {
    piece.lines.counters.add("inputs.bytes", size);
    return drop_file(file, size == 0 ? "empty" : "unknown-kind", piece);
  }
  add_html(file, html, piece, reader);
}

void PieceWorker::add_html(const InputFile& file, std::string_view html, ExtractPiece& piece,
                           PageReader& reader) {
  piece.lines.counters.add("inputs.bytes", html.size());
  const std::string url = page_url(options_, file);
  const PageBytes page{url, html, {}, {}, {}};
  add_page(page, file.name, reader.read(page, piece.lines.counters), options_.records, piece.lines);
}

void PieceWorker::read_archive_whole(const InputFile& file, std::string_view raw, Visitor& visitor,
                                     ExtractPiece& piece) {
  const ArchiveLimits limits{options_.max_record_bytes, options_.limits.max_bytes};
  auto chunker = ArchiveChunker::open(memory_source(raw), limits);
  ArchiveJoin join;
  while (chunker.ok()) {
    auto chunk = chunker->next();
    if (!chunk.ok()) {
      piece.damage.push_back({file.path, chunk.error().message});
      return;
    }
    if (!*chunk) return;
    join.read(**chunk, visitor);
    count_archive((*chunk)->counts(), piece.lines.counters);
    join.leave(**chunk);
  }
  piece.damage.push_back({file.path, chunker.error().message});
}

void PieceWorker::read_quads_whole(const InputFile& file, std::string_view raw, Visitor& visitor,
                                   ExtractPiece& piece) {
  auto source = memory_source(raw);
  const Compression compression = detect_compression(raw);
  if (compression != Compression::None)
    source = decompress(std::move(source), compression, file.path);
  auto chunker =
      NQuadsChunker::open(std::move(source), {.max_page_bytes = options_.max_record_bytes});
  while (chunker.ok()) {
    auto chunk = chunker->next();
    if (!chunk.ok()) {
      piece.damage.push_back({file.path, chunk.error().message});
      return;
    }
    if (!*chunk) return;
    (*chunk)->read(visitor);
    count_quads((*chunk)->counts(), piece.lines.counters);
  }
  piece.damage.push_back({file.path, chunker.error().message});
}

}  // namespace crosstail::markup
