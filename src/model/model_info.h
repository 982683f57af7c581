#pragma once
/// ModelInfo of any model, and as text and JSON.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "model/encoder.h"

namespace crosstail::model {

/// Opens the model, whatever its task. Fails as Encoder::open does.
Result<ModelInfo> model_info(const std::filesystem::path& path, const ModelOptions& options);

/// Aligned lines for a person, and one JSON object; both end in a line end.
std::string info_text(const ModelInfo& info);
std::string info_json(const ModelInfo& info);

}  // namespace crosstail::model
