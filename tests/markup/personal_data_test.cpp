#include "markup/personal_data.h"

#include <gtest/gtest.h>

namespace crosstail::markup {
namespace {

std::string masked(std::string text) {
  MaskCounts counts;
  mask_personal(text, counts);
  return text;
}

TEST(MaskPersonal, ReplacesAddresses) {
  EXPECT_EQ(masked("Write to jane.doe+faq@mail.example.org."), "Write to [email].");
  EXPECT_EQ(masked("<a@b.co>, (c_d@e-f.info)"), "<[email]>, ([email])");
  EXPECT_EQ(masked("日本info@例え.jp"), "[email]");
}

TEST(MaskPersonal, LeavesOtherAtSigns) {
  for (const char* text :
       {"@crosstail", "a @ b", "user@localhost", "5 apples @ 3.50", "@", "a@b.1"})
    EXPECT_EQ(masked(text), text);
}

TEST(MaskPersonal, ReplacesTelephoneNumbers) {
  EXPECT_EQ(masked("Call +49 30 1234567 now"), "Call [phone] now");
  EXPECT_EQ(masked("Call +49 (0) 30 1234-567."), "Call [phone].");
  EXPECT_EQ(masked("(030) 123 45 67"), "[phone]");
  EXPECT_EQ(masked("1-800-555-0199"), "[phone]");
  EXPECT_EQ(masked("555-123-4567, 0049301234567"), "[phone], [phone]");
  EXPECT_EQ(masked("Tel: 01 23 45 67 89"), "Tel: [phone]");
}

TEST(MaskPersonal, LeavesOtherNumbers) {
  for (const char* text :
       {"2024-01-31", "01.02.2024", "31/12/2023", "1,000,000", "192.168.0.1", "version 4.18.0-305",
        "12:30", "1234567890", "$5,000.00", "ISBN 978-3-16-148410-0", "100 000 000", "3.14159265",
        "100%", "0.123456789", "2020/2021", "#1234567"})
    EXPECT_EQ(masked(text), text);
}

TEST(MaskPersonal, Counts) {
  MaskCounts counts;
  std::string text = "a@b.de, c@d.fr, +33 1 23 45 67 89";
  mask_personal(text, counts);
  EXPECT_EQ(counts.emails, 2u);
  EXPECT_EQ(counts.phones, 1u);
}

TEST(MaskPersonal, TakesLinearTimeOnManyAtSigns) {
  std::string text(2'000'000, '@');
  text += std::string(2'000'000, 'a');
  const std::string before = text;
  EXPECT_EQ(masked(text), before);
}

}  // namespace
}  // namespace crosstail::markup
