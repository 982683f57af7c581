#pragma once
/// The files behind the INPUTs of a command, in an order that never changes: INPUTs as given,
/// folders by name, depth first. Memory is that of the folders on the way down, not of the whole
/// tree.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::markup {

struct InputFile {
  std::string path;  ///< as to be opened; "-" for standard input
  std::string name;  ///< relative to the INPUT it was found under; an INPUT's own file name; "-"
  bool asked_for = true;  ///< the INPUT itself, not found in a folder
};

/// Symbolic links to files are followed, links to folders are not (they could go round). Not
/// thread-safe.
class InputWalk {
 public:
  explicit InputWalk(std::vector<std::string> inputs);
  /// Nothing at the end. Fails with NotFound for an INPUT that is not there, Io for a folder that
  /// cannot be read.
  Result<std::optional<InputFile>> next();

 private:
  struct Level {
    std::filesystem::path folder;
    std::string prefix;                                 ///< "de/", relative to the INPUT
    std::vector<std::pair<std::string, bool>> entries;  ///< name, is a folder; sorted backwards
  };
  Status enter(const std::filesystem::path& folder, std::string prefix);
  std::vector<std::string> inputs_;
  std::size_t next_input_ = 0;
  std::vector<Level> levels_;
};

enum class ContentKind : std::uint8_t { Empty, Unknown, Html, Warc, Arc, NQuads };

/// What a file is, by its first (decompressed) bytes and nothing else; a few kilobytes are enough.
ContentKind recognise(std::string_view first_bytes);
std::string_view name(ContentKind kind);

}  // namespace crosstail::markup
