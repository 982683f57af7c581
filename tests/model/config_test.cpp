#include "model/config.h"

#include <gtest/gtest.h>

#include "model/layout.h"
#include "model/tiny_model.h"

namespace crosstail::model {
namespace {

using testing::TemporaryFolder;
using testing::TinyFamily;
using testing::TinyModel;

Result<ModelDescription> with(const std::string& from, const std::string& to,
                              TinyFamily family = TinyFamily::Bert, std::size_t labels = 0) {
  std::string text = TinyModel(family, labels).config();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  CT_TRY(const JsonFile file, JsonFile::parse(text, "config.json"));
  return read_config(file);
}

std::string failure(const std::string& from, const std::string& to) {
  auto result = with(from, to);
  return result.ok() ? "" : result.error().message;
}

TEST(Config, ReadsSizesOfEachFamily) {
  auto distil = with("{", "{", TinyFamily::DistilBert);
  ASSERT_TRUE(distil.ok()) << distil.error().message;
  EXPECT_EQ(distil->family, Family::DistilBert);
  EXPECT_EQ(distil->shape.hidden, 8u);
  EXPECT_EQ(distil->shape.intermediate, 12u);
  EXPECT_EQ(distil->shape.types, 0u);
  auto roberta = with("{", "{", TinyFamily::Roberta);
  ASSERT_TRUE(roberta.ok());
  EXPECT_EQ(roberta->pad_id, 1u);
  EXPECT_EQ(position_limit(*roberta), 14u);
}

TEST(Config, FieldsThatChangeTheComputationAreErrorsWithTheirNameAndValue) {
  EXPECT_NE(failure("{", R"({"position_embedding_type":"relative_key",)")
                .find(R"(position_embedding_type = "relative_key" is not supported)"),
            std::string::npos);
  EXPECT_NE(failure("{", R"({"is_decoder":true,)").find("is_decoder = true"), std::string::npos);
  EXPECT_NE(failure("{", R"({"add_cross_attention":true,)").find("add_cross_attention"),
            std::string::npos);
  EXPECT_NE(failure("{", R"({"quantization_config":{"bits":4},)").find("quantization_config"),
            std::string::npos);
  EXPECT_NE(failure("{", R"({"pruned_heads":{"0":[1]},)").find("pruned_heads"), std::string::npos);
  EXPECT_NE(failure("\"gelu\"", "\"quick_gelu\"").find(R"(hidden_act = "quick_gelu")"),
            std::string::npos);
  EXPECT_NE(failure("\"bert\"", "\"mpnet\"").find(R"(model_type = "mpnet")"), std::string::npos);
  EXPECT_NE(failure("{", R"({"embedding_size":4,)").find("embedding_size = 4"), std::string::npos);
}

TEST(Config, ValuesOutOfRangeAreErrors) {
  EXPECT_NE(failure("\"hidden_size\":8", "\"hidden_size\":0").find("hidden_size"),
            std::string::npos);
  EXPECT_NE(failure("\"hidden_size\":8", "\"hidden_size\":9").find("divide"), std::string::npos);
  EXPECT_NE(failure("1e-12", "-1").find("layer_norm_eps"), std::string::npos);
  EXPECT_NE(failure("\"hidden_size\":8", "\"hidden_size\":\"8\"").find("hidden_size"),
            std::string::npos);
  EXPECT_NE(failure("16", "").find("not valid JSON"), std::string::npos);
}

TEST(Config, LabelsDecideTheTaskAndTheScores) {
  auto one = with("{", "{", TinyFamily::Bert, 1), three = with("{", "{", TinyFamily::Bert, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->task, Task::CrossEncoder);
  EXPECT_EQ(one->label_activation, LabelActivation::Sigmoid);
  EXPECT_EQ(three->task, Task::Classifier);
  EXPECT_EQ(three->label_activation, LabelActivation::Softmax);
  auto many = with("{", R"({"problem_type":"multi_label_classification",)", TinyFamily::Bert, 3);
  EXPECT_EQ(many->label_activation, LabelActivation::Sigmoid);
  auto identity =
      with("{", R"({"sbert_ce_default_activation_function":"torch.nn.modules.linear.Identity",)",
           TinyFamily::Bert, 1);
  EXPECT_EQ(identity->label_activation, LabelActivation::Identity);
  auto gap = with("\"1\":", "\"7\":", TinyFamily::Bert, 3);
  ASSERT_FALSE(gap.ok());
  EXPECT_NE(gap.error().message.find("id2label"), std::string::npos);
}

std::string layout_failure(const std::string& modules, const std::string& pooling) {
  const TemporaryFolder folder;
  TinyModel().write(folder.path());
  TinyModel::write_file(folder / "modules.json", modules);
  TinyModel::write_file(folder / "1_Pooling/config.json", pooling);
  auto result = read_layout(folder.path());
  return result.ok() ? "" : result.error().message;
}

std::string module_list(const std::string& type, const std::string& path = "1_Pooling") {
  return R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},
             {"idx":1,"path":")" +
         path + R"(","type":"sentence_transformers.models.)" + type + "\"}]";
}

TEST(Layout, ModulesThatAreNotImplementedAreNamed) {
  EXPECT_EQ(layout_failure(module_list("Pooling"), R"({"pooling_mode":"mean"})"), "");
  EXPECT_NE(layout_failure(module_list("LSTM"), "{}").find("module type LSTM"), std::string::npos);
  EXPECT_NE(layout_failure(module_list("Pooling"), R"({"pooling_mode":"attention"})")
                .find(R"(pooling_mode = "attention")"),
            std::string::npos);
  EXPECT_NE(layout_failure(module_list("Pooling"), R"({"embedding_dimension":9})").find("is 9"),
            std::string::npos);
  EXPECT_NE(layout_failure(module_list("Pooling", "../elsewhere"), "{}").find("leads out"),
            std::string::npos);
  EXPECT_NE(layout_failure(module_list("Pooling", "2_Pooling"), "{}").find("2_Pooling"),
            std::string::npos);
  EXPECT_NE(layout_failure("[]", "{}").find("no modules"), std::string::npos);
}

TEST(Layout, DescriptionsSurviveTheWayThroughAConvertedModel) {
  const TemporaryFolder folder;
  TinyModel(TinyFamily::Roberta).write(folder.path());
  TinyModel::write_file(folder / "modules.json", module_list("Pooling"));
  TinyModel::write_file(folder / "1_Pooling/config.json", R"({"pooling_mode":["max","cls"]})");
  TinyModel::write_file(folder / "config_sentence_transformers.json",
                        R"({"prompts":{"q\"1":"ask: "},"default_prompt_name":"q\"1"})");
  auto read = read_layout(folder.path());
  ASSERT_TRUE(read.ok()) << read.error().message;
  limit_length(*read, 12);
  auto back = description_from_json(to_json(*read), "test");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(*read));
  EXPECT_EQ(back->outputs(), 16u);
  EXPECT_EQ(back->max_length, 12u);
  EXPECT_EQ(back->prompts.at("q\"1"), "ask: ");
}

}  // namespace
}  // namespace crosstail::model
