#include "text/language_id.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "base/file.h"
#include "support/lid_model.h"
#include "support/shared.h"
#include "text/fasttext_model.h"
#include "text/language_profile.h"
#include "text/language_tag.h"
#include "text/script.h"

namespace crosstail::text {
namespace {

using testing::lid_model;

TEST(Script, OneScriptCarriesATextWithForeignNames) {
  EXPECT_EQ(dominant_script("What is Bitcoin?"), Script::Latin);
  EXPECT_EQ(dominant_script("Was ist μ-Recht?"), Script::Latin);
  EXPECT_EQ(dominant_script("Что такое Bitcoin?"), Script::Cyrillic);
  EXPECT_EQ(dominant_script("什么是 Bitcoin Core？"), Script::Han);
  EXPECT_EQ(dominant_script("ビットコインとは何ですか"), Script::Japanese);
  EXPECT_EQ(dominant_script("東京都の人口"), Script::Japanese);
  EXPECT_EQ(dominant_script("12:30, 50% …"), Script::None);
}

TEST(LanguageId, ScriptsOfOneLanguageDecide) {
  const auto id = LanguageIdentifier::embedded();
  EXPECT_EQ(id.identify("Τι είναι το Bitcoin;").language, "ell");
  EXPECT_EQ(id.identify("비트코인이란 무엇입니까?").language, "kor");
  EXPECT_EQ(id.identify("บิตคอยน์คืออะไร").language, "tha");
  EXPECT_EQ(id.identify("பிட்காயின் என்றால் என்ன?").language, "tam");
  EXPECT_EQ(id.identify("什么是比特币？").language, "zho");
  EXPECT_EQ(id.identify("ビットコインとは何ですか？").language, "jpn");
}

TEST(LanguageId, PlainQuestionsOfManyLanguages) {
  const auto id = LanguageIdentifier::embedded();
  const std::pair<const char*, const char*> questions[] = {
      {"eng", "How can I change my password if I have forgotten the old one?"},
      {"deu", "Wie kann ich mein Passwort ändern, wenn ich das alte vergessen habe?"},
      {"fra", "Comment puis-je changer mon mot de passe si j'ai oublié l'ancien ?"},
      {"spa", "¿Cómo puedo cambiar mi contraseña si he olvidado la anterior?"},
      {"por", "Como posso mudar a minha senha se esqueci a antiga?"},
      {"ita", "Come posso cambiare la mia password se ho dimenticato quella vecchia?"},
      {"nld", "Hoe kan ik mijn wachtwoord wijzigen als ik het oude ben vergeten?"},
      {"pol", "Jak mogę zmienić hasło, jeśli zapomniałem starego?"},
      {"ces", "Jak mohu změnit své heslo, pokud jsem zapomněl to staré?"},
      {"hun", "Hogyan változtathatom meg a jelszavamat, ha elfelejtettem a régit?"},
      {"fin", "Miten voin vaihtaa salasanani, jos olen unohtanut vanhan?"},
      {"swe", "Hur kan jag ändra mitt lösenord om jag har glömt det gamla?"},
      {"tur", "Eski şifremi unuttuysam şifremi nasıl değiştirebilirim?"},
      {"vie", "Làm thế nào để tôi thay đổi mật khẩu nếu tôi quên mật khẩu cũ?"},
      {"rus", "Как я могу изменить пароль, если забыл старый?"},
      {"ukr", "Як я можу змінити пароль, якщо забув старий?"},
      {"ara", "كيف يمكنني تغيير كلمة المرور إذا نسيت القديمة؟"},
      // clang-format off
      {"fas", "اگر رمز عبور قدیمی را فراموش کرده‌ام چگونه می‌توانم آن را تغییر دهم؟"},
      // clang-format on
      {"hin", "अगर मैं पुराना पासवर्ड भूल गया हूँ तो मैं उसे कैसे बदल सकता हूँ?"},
      {"heb", "איך אני יכול לשנות את הסיסמה שלי אם שכחתי את הישנה?"},
  };
  for (const auto& [language, question] : questions)
    EXPECT_EQ(id.identify(question).language, language) << question;
}

TEST(LanguageId, NothingIsSaidOfTextsWithoutLetters) {
  const auto id = LanguageIdentifier::embedded();
  for (const char* text : {"", "12345", "…?!", "🙂🙂"}) {
    EXPECT_EQ(id.identify(text).language, "") << text;
    EXPECT_EQ(id.identify(text).confidence, 0) << text;
  }
}

TEST(LanguageId, HintsAreEvidenceAndNoMore) {
  const auto id = LanguageIdentifier::embedded();
  const auto plain = id.identify("Er det gratis?");
  const LanguageHint same[] = {{plain.language, 2}};
  const LanguageHint other[] = {{plain.language == "dan" ? "nor" : "dan", 2}};
  EXPECT_GT(id.identify("Er det gratis?", same).confidence, plain.confidence);
  const auto swayed = id.identify("Er det gratis?", other);
  EXPECT_TRUE(swayed.language != plain.language || swayed.confidence < plain.confidence);
  // A hint does not outweigh a clear text.
  const LanguageHint wrong[] = {{"fra", 2}};
  EXPECT_EQ(id.identify("Wie kann ich mein Passwort ändern?", wrong).language, "deu");
}

TEST(LanguageProfile, TheEmbeddedOneIsWhole) {
  const auto& profile = LanguageProfile::embedded();
  ASSERT_GE(profile.languages().size(), 60U);
  for (const auto& language : profile.languages()) EXPECT_EQ(language_code(language), language);
}

TEST(LanguageProfile, DamageIsNamed) {
  EXPECT_FALSE(LanguageProfile::read(""));
  EXPECT_FALSE(LanguageProfile::read("CTLP"));
  auto bytes = read_file(CROSSTAIL_SOURCE_DIR "/src/text/language_profile.bin");
  ASSERT_TRUE(bytes);
  ASSERT_TRUE(LanguageProfile::read(*bytes));
  (*bytes)[bytes->size() / 2] ^= 1;
  const auto damaged = LanguageProfile::read(*bytes);
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message.find("checksum"), std::string::npos);
  EXPECT_FALSE(LanguageProfile::read(std::string_view(*bytes).substr(0, 1000)));
}

TEST(FastTextModel, WhatIsNoModelIsAnErrorThatNamesThePlace) {
  const auto path = std::filesystem::temp_directory_path() / "crosstail-no-model.ftz";
  std::ofstream(path) << "this is not a model";
  const auto model = FastTextModel::open(path);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::Corrupt);
  EXPECT_NE(model.error().message.find("offset"), std::string::npos);
  EXPECT_FALSE(FastTextModel::open("/nonexistent/lid.176.ftz"));
  std::filesystem::remove(path);
}

TEST(FastTextModel, TruncatedModelsAreRefused) {
  const auto path = lid_model();
  if (!path) GTEST_SKIP() << testing::kNoLidModel;
  const auto bytes = read_file(*path);
  ASSERT_TRUE(bytes);
  const auto cut = std::filesystem::temp_directory_path() / "crosstail-cut-model.ftz";
  for (std::size_t size = 0; size < bytes->size(); size += bytes->size() / 40 + 1) {
    std::ofstream(cut, std::ios::binary) << bytes->substr(0, size);
    EXPECT_FALSE(FastTextModel::open(cut)) << size;
  }
  std::filesystem::remove(cut);
}

TEST(FastTextModel, ProbabilitiesEqualFastTexts) {
  const auto path = lid_model();
  if (!path) GTEST_SKIP() << testing::kNoLidModel;
  const auto model = FastTextModel::open(*path);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->labels().size(), 176U);
  // Label and probability as `fasttext predict-prob lid.176.ftz - 1` (version 0.9.2) prints them.
  const std::tuple<const char*, const char*, float> expected[] = {
#include "fasttext_expected.inc"
  };
  for (const auto& [text, label, probability] : expected) {
    std::vector<float> p(model->labels().size());
    model->predict(text, p);
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    EXPECT_EQ(model->labels()[static_cast<std::size_t>(best)], label) << text;
    EXPECT_NEAR(p[static_cast<std::size_t>(best)], probability, 2e-4) << text;
  }
}

/// One of bitcoin.org's questions.
struct Row {
  std::string language, question, answer;
};

std::vector<Row> bitcoin_rows();

double share_right(const LanguageIdentifier& id, bool with_answer) {
  std::size_t right = 0;
  const auto rows = bitcoin_rows();
  for (const auto& row : rows)
    right += id.identify(with_answer ? row.question + " " + row.answer : row.question).language ==
             row.language;
  return 100.0 * static_cast<double>(right) / static_cast<double>(rows.size());
}

std::string without_tags(std::string_view html) {
  std::string out;
  bool tag = false;
  for (const char c : html) {
    if (c == '<') tag = true;
    if (!tag) out += c;
    if (c == '>') tag = false;
  }
  return out;
}

/// Reads the `faq:` block of the site's YAML: lines `    key: "value"`; `keytxt…` answer `key`.
std::vector<Row> bitcoin_rows() {
  std::vector<Row> rows;
  const auto folder = *testing::shared_dir() / "data/faq-aligned/bitcoin.org";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path());
    std::string line, key, language = language_code(file.path().stem().string());
    bool inside = false;
    std::vector<std::pair<std::string, std::string>> values;
    while (std::getline(in, line)) {
      if (line.starts_with("  faq:"))
        inside = true;
      else if (inside && line.size() > 2 && line[2] != ' ' && line.starts_with("  "))
        inside = false;
      const auto colon = line.find(": \"");
      if (!inside || !line.starts_with("    ") || colon == std::string::npos) continue;
      const auto end = line.rfind('"');
      if (end <= colon + 2) continue;
      values.emplace_back(line.substr(4, colon - 4),
                          without_tags(line.substr(colon + 3, end - colon - 3)));
    }
    for (const auto& [name, text] : values) {
      std::string answer;
      for (const auto& [other, body] : values)
        if (other.starts_with(name + "txt")) answer += body + " ";
      if (!answer.empty()) rows.push_back({language, text, answer});
    }
  }
  return rows;
}

TEST(LanguageId, BitcoinOrgWithoutAModel) {
  CROSSTAIL_NEEDS_SHARED();
  ASSERT_GE(bitcoin_rows().size(), 1200U);
  const auto id = LanguageIdentifier::embedded();
  EXPECT_GE(share_right(id, false), 92.0);
  EXPECT_GE(share_right(id, true), 98.8);
}

TEST(LanguageId, BitcoinOrgWithFastTextsModel) {
  CROSSTAIL_NEEDS_SHARED();
  const auto path = lid_model();
  if (!path) GTEST_SKIP() << testing::kNoLidModel;
  const auto id = LanguageIdentifier::with_model(*path);
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_GE(share_right(*id, false), 96.0);
  EXPECT_GE(share_right(*id, true), 99.5);
}

TEST(LanguageId, NoLanguageOfBitcoinOrgUnder80WithTheModel) {
  CROSSTAIL_NEEDS_SHARED();
  const auto path = lid_model();
  if (!path) GTEST_SKIP() << testing::kNoLidModel;
  const auto id = LanguageIdentifier::with_model(*path);
  ASSERT_TRUE(id);
  std::map<std::string, std::pair<int, int>> by_language;
  for (const auto& row : bitcoin_rows()) {
    auto& [right, all] = by_language[row.language];
    ++all;
    right += id->identify(row.question).language == row.language;
  }
  for (const auto& [language, counts] : by_language)
    EXPECT_GE(counts.first, 0.8 * counts.second) << language;
}

}  // namespace
}  // namespace crosstail::text
