#include "model/tokenizer_rewrite.h"

#include <simdjson.h>

#include <functional>

#include "base/json_writer.h"

namespace crosstail::model {
namespace {

namespace dom = simdjson::dom;

Error corrupt(std::string what) {
  return {ErrorCode::Corrupt, std::move(what)};
}

/// Writes a value again. `member` may take over a member of an object: it is asked with the key and
/// value and says whether it has written (or left out) the member itself. simdjson bounds the
/// depth.
class Copy {
 public:
  using Member = std::function<Result<bool>(std::string_view, dom::element, JsonWriter&)>;
  Copy(std::string& out, Member member) : json_(out, 2), member_(std::move(member)) {}

  Status value(dom::element element) {
    switch (element.type()) {
      case dom::element_type::ARRAY:
        return array(element);
      case dom::element_type::OBJECT:
        return object(element);
      case dom::element_type::STRING:
        json_.value(std::string_view(element.get_string()));
        return {};
      case dom::element_type::INT64:
        json_.value(std::int64_t(element.get_int64()));
        return {};
      case dom::element_type::UINT64:
        json_.value(std::uint64_t(element.get_uint64()));
        return {};
      case dom::element_type::DOUBLE:
        json_.value(double(element.get_double()));
        return {};
      case dom::element_type::BOOL:
        json_.value(bool(element.get_bool()));
        return {};
      default:
        json_.null();
        return {};
    }
  }

 private:
  Status array(dom::element element) {
    json_.begin_array();
    for (const dom::element item : dom::array(element.get_array())) CT_CHECK(value(item));
    json_.end_array();
    return {};
  }
  Status object(dom::element element) {
    json_.begin_object();
    for (const auto& [key, item] : dom::object(element.get_object())) {
      CT_TRY(const bool written, member_(key, item, json_));
      if (written) continue;
      json_.key(key);
      CT_CHECK(value(item));
    }
    json_.end_object();
    return {};
  }

  JsonWriter json_;
  Member member_;
};

Result<std::string> rewrite(std::string_view text, Copy::Member member) {
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root))
    return corrupt(std::string("is not valid JSON: ") + simdjson::error_message(error));
  if (!root.is_object()) return corrupt("expected an object");
  std::string out;
  CT_CHECK(Copy(out, std::move(member)).value(root));
  return out + "\n";
}

/// The new id of one that must be there.
Result<std::uint64_t> kept_id(dom::element value, std::string_view key, const IdMap& ids) {
  std::uint64_t old = 0;
  if (value.get(old) != simdjson::SUCCESS) return corrupt(std::string(key) + ": expected an id");
  const std::uint32_t id = ids(old);
  if (id == IdMap::kGone)
    return corrupt(std::string(key) + ": the id " + std::to_string(old) +
                   " is no piece of the vocabulary");
  return std::uint64_t{id};
}

/// [["piece", score], …] by position, or {"piece": id, …}.
Result<bool> write_vocabulary(dom::element value, const IdMap& ids, JsonWriter& json) {
  if (dom::object pieces; value.get(pieces) == simdjson::SUCCESS) {
    json.key("vocab").begin_object();
    for (const auto& [piece, old] : pieces) {
      std::uint64_t number = 0;
      if (old.get(number) != simdjson::SUCCESS)
        return corrupt("model.vocab: the id of a piece is no number");
      if (ids(number) != IdMap::kGone) json.member(piece, std::uint64_t{ids(number)});
    }
    json.end_object();
    return true;
  }
  dom::array pieces;
  if (value.get(pieces) != simdjson::SUCCESS)
    return corrupt("model.vocab: expected an array of [piece, score] or an object");
  json.key("vocab").begin_array();
  std::uint64_t old = 0;
  for (const dom::element entry : pieces) {
    if (ids(old++) == IdMap::kGone) continue;
    std::string_view piece;
    double score = 0;
    if (entry.at(0).get(piece) != simdjson::SUCCESS || entry.at(1).get(score) != simdjson::SUCCESS)
      return corrupt("model.vocab: entry " + std::to_string(old - 1) + " is not [piece, score]");
    json.begin_array().value(piece).value(score).end_array();
  }
  json.end_array();
  return true;
}

/// An added token's object with its new id.
Status write_added(dom::element entry, const IdMap& ids, JsonWriter& json) {
  dom::object token;
  if (entry.get(token) != simdjson::SUCCESS) return corrupt("added_tokens: expected objects");
  json.begin_object();
  for (const auto& [key, value] : token) {
    std::string_view text;
    bool flag = false;
    if (key == "id") {
      CT_TRY(const std::uint64_t id, kept_id(value, "added_tokens", ids));
      json.member("id", id);
    } else if (value.get(text) == simdjson::SUCCESS) {
      json.member(key, text);
    } else if (value.get(flag) == simdjson::SUCCESS) {
      json.member(key, flag);
    } else {
      return corrupt("added_tokens: " + std::string(key) + ": expected a text or a truth value");
    }
  }
  json.end_object();
  return {};
}

/// "ids": [0, 2] of a template, "cls": ["<s>", 0] of the others: numbers are ids, texts stay.
Result<bool> write_post_ids(std::string_view key, dom::element value, const IdMap& ids,
                            JsonWriter& json) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return false;
  json.key(key).begin_array();
  for (const dom::element item : items) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) {
      json.value(text);
      continue;
    }
    CT_TRY(const std::uint64_t id, kept_id(item, key, ids));
    json.value(id);
  }
  json.end_array();
  return true;
}

bool is_layer_count(std::string_view key) {
  return key == "num_hidden_layers" || key == "n_layers";
}

}  // namespace

IdMap::IdMap(std::span<const std::uint32_t> kept, std::size_t old_size)
    : to_new_(old_size, kGone), size_(kept.size()) {
  std::uint32_t next = 0;
  for (const std::uint32_t old : kept)
    if (old < old_size) to_new_[old] = next++;
}

Result<std::string> rewrite_tokenizer_json(std::string_view text, const IdMap& ids) {
  return rewrite(text,
                 [&](std::string_view key, dom::element value, JsonWriter& json) -> Result<bool> {
                   if (key == "vocab") return write_vocabulary(value, ids, json);
                   if (key == "ids" || key == "sep" || key == "cls")
                     return write_post_ids(key, value, ids, json);
                   if (key == "unk_id" || key == "pad_id") {
                     if (value.is_null()) return false;
                     CT_TRY(const std::uint64_t id, kept_id(value, key, ids));
                     json.member(key, id);
                     return true;
                   }
                   dom::array tokens;
                   if (key != "added_tokens" || value.get(tokens) != simdjson::SUCCESS)
                     return false;
                   json.key(key).begin_array();
                   for (const dom::element token : tokens) CT_CHECK(write_added(token, ids, json));
                   json.end_array();
                   return true;
                 });
}

std::string rewrite_vocab_txt(std::string_view text, const IdMap& ids) {
  std::string out;
  for (std::uint64_t id = 0; !text.empty(); ++id) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (ids(id) != IdMap::kGone) out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out;
}

Result<std::string> rewrite_tokenizer_config(std::string_view text, const IdMap& ids) {
  return rewrite(
      text, [&](std::string_view key, dom::element value, JsonWriter& json) -> Result<bool> {
        std::string_view name;
        if (key == "tokenizer_class" && value.get(name) == simdjson::SUCCESS &&
            name.starts_with("XLMRobertaTokenizer")) {
          json.member(key, "PreTrainedTokenizerFast");
          return true;
        }
        dom::object tokens;
        if (key != "added_tokens_decoder" || value.get(tokens) != simdjson::SUCCESS) return false;
        json.key(key).begin_object();
        for (const auto& [old, token] : tokens) {
          std::uint64_t number = 0;
          for (const char digit : old) {
            if (digit < '0' || digit > '9' || number > 0xFFFFFFFF)
              return corrupt("added_tokens_decoder: \"" + std::string(old) + "\" is no id");
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
          }
          if (ids(number) == IdMap::kGone) continue;
          dom::object fields;
          if (token.get(fields) != simdjson::SUCCESS)
            return corrupt("added_tokens_decoder." + std::string(old) + ": expected an object");
          json.key(std::to_string(ids(number))).begin_object();
          for (const auto& [field, part] : fields) {
            std::string_view content;
            bool flag = false;
            if (part.get(content) == simdjson::SUCCESS) json.member(field, content);
            if (part.get(flag) == simdjson::SUCCESS) json.member(field, flag);
          }
          json.end_object();
        }
        json.end_object();
        return true;
      });
}

Result<std::string> rewrite_added_tokens(std::string_view text, const IdMap& ids) {
  return rewrite(text,
                 [&](std::string_view key, dom::element value, JsonWriter& json) -> Result<bool> {
                   CT_TRY(const std::uint64_t id, kept_id(value, key, ids));
                   json.member(key, id);
                   return true;
                 });
}

Result<std::string> rewrite_config(std::string_view text, const IdMap* ids, std::size_t layers) {
  return rewrite(text,
                 [&](std::string_view key, dom::element value, JsonWriter& json) -> Result<bool> {
                   if (layers > 0 && is_layer_count(key)) {
                     json.member(key, std::uint64_t{layers});
                     return true;
                   }
                   if (key == "torch_dtype" || key == "dtype") {
                     json.member(key, "float32");
                     return true;
                   }
                   if (ids == nullptr) return false;
                   if (key == "vocab_size") {
                     json.member(key, std::uint64_t{ids->size()});
                     return true;
                   }
                   std::uint64_t old = 0;
                   if (!key.ends_with("_token_id") || value.get(old) != simdjson::SUCCESS)
                     return false;
                   // An id that is no piece was never used (BERT's configuration names XLM-R's
                   // padding so).
                   if ((*ids)(old) != IdMap::kGone) json.member(key, std::uint64_t{(*ids)(old)});
                   return true;
                 });
}

}  // namespace crosstail::model
