#pragma once
/// `config.json` of the BERT family. A field that changes what is computed and that is not
/// implemented is an error with its name and value, never passed over.

#include <filesystem>

#include "base/result.h"
#include "model/description.h"
#include "model/json_file.h"

namespace crosstail::model {

/// Family, sizes, activation, task, labels. Without limits and pooling, which other files say.
/// Fails with Unsupported or Corrupt: file, field, value.
Result<ModelDescription> read_config(const JsonFile& config);

}  // namespace crosstail::model
