#include "model/pytorch_file.h"

#include <algorithm>
#include <cstring>

#include "model/pickle.h"
#include "model/zip_archive.h"

namespace crosstail::model {
namespace {

/// Protocol 2 and the long 0x1950a86a20f9469cfc6c: what torch.save wrote before 1.6.
constexpr std::string_view kOldMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_contiguous(const PickledTensor& tensor) {
  std::size_t expected = 1;
  for (std::size_t d = tensor.shape.size(); d-- > 0;) {
    if (tensor.shape[d] != 1 && tensor.strides[d] != expected) return false;
    expected *= tensor.shape[d];
  }
  return true;
}

Result<TensorView> view_of(const PickledTensor& tensor, const ZipMembers& members,
                           const std::string& folder) {
  const auto member = members.find(folder + "data/" + tensor.storage);
  if (member == members.end())
    return Error{ErrorCode::Corrupt, "the archive has no member data/" + tensor.storage};
  const auto count = element_count(tensor.shape);
  const std::uint64_t held = member->second.size() / size_of(tensor.dtype);
  if (!count || tensor.offset > held || *count > held - tensor.offset)
    return Error{ErrorCode::Corrupt, "shape " + shape_text(tensor.shape) + " from element " +
                                         std::to_string(tensor.offset) +
                                         " goes beyond its storage data/" + tensor.storage +
                                         " of " + std::to_string(held) + " elements"};
  if (*count > 0 && !is_contiguous(tensor))
    return Error{ErrorCode::Unsupported, "is stored transposed (strides " +
                                             shape_text(tensor.strides) +
                                             "); save the model as safetensors"};
  const std::size_t size = size_of(tensor.dtype);
  return TensorView{tensor.dtype, tensor.shape,
                    member->second.subspan(tensor.offset * size, *count * size)};
}

}  // namespace

Result<TensorMap> read_pytorch_file(std::span<const std::byte> file) {
  if (text_of(file).starts_with(kOldMagic))
    return Error{ErrorCode::Unsupported,
                 "is in PyTorch's format from before version 1.6; load and save it with a later "
                 "PyTorch, best as safetensors"};
  if (!is_zip(file))
    return Error{ErrorCode::Corrupt,
                 "is not a PyTorch file: expected a zip archive (a file of a hundred bytes of text "
                 "is a Git LFS pointer: fetch the file itself)"};
  CT_TRY(const ZipMembers members, read_zip(file));
  const auto pickle = std::find_if(members.begin(), members.end(), [](const auto& member) {
    return member.first == "data.pkl" || member.first.ends_with("/data.pkl");
  });
  if (pickle == members.end())
    return Error{ErrorCode::Corrupt, "is a zip archive without data.pkl: not a PyTorch file"};
  const std::string folder =
      pickle->first.substr(0, pickle->first.size() - std::strlen("data.pkl"));
  const auto order = members.find(folder + "byteorder");
  if (order != members.end() && text_of(order->second) != "little")
    return Error{ErrorCode::Unsupported, "byteorder \"" +
                                             std::string(text_of(order->second).substr(0, 20)) +
                                             "\"; only little-endian files are read"};
  CT_TRY(const auto tensors, read_state_dict(pickle->second));
  TensorMap views;
  for (const auto& tensor : tensors) {
    auto view = view_of(tensor, members, folder);
    if (!view.ok()) return view.error().at("tensor " + tensor.name);
    views.insert_or_assign(tensor.name, *std::move(view));
  }
  return views;
}

}  // namespace crosstail::model
