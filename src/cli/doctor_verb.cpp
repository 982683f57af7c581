/// `crosstail doctor`: what this machine has, what will be used of it, and how fast it is.

#include <cstdio>

#include "base/json_writer.h"
#include "base/log.h"
#include "cli/doctor.h"
#include "cli/verbs.h"

namespace crosstail::cli {
namespace {

class DoctorVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"doctor", "what this machine has, and how fast it is", "[--json] [--seconds N]",
            "Looks at processor, memory, disk, models and libraries, then measures for five "
            "seconds how "
            "fast\n"
            "memory is read, texts are encoded and vectors are searched. Advice goes to stderr.",
            "  crosstail doctor\n  crosstail doctor --seconds 0 --json"};
  }

  void declare(OptionTable& options) override {
    options.flag(json_, "json", "print JSON")
        .real(seconds_, "seconds", "N", "length of the self-test; 0: none");
  }

  Result<int> run() override {
    if (!(seconds_ >= 0 && seconds_ <= 3600))
      return Error{ErrorCode::InvalidArgument, "--seconds: expected 0 to 3600"};
    auto findings = look_around();
    if (seconds_ > 0) {
      auto rates = self_test(seconds_);
      findings.insert(findings.end(), rates.begin(), rates.end());
    }
    const std::string text = json_ ? as_json(findings) : as_text(findings);
    std::fwrite(text.data(), 1, text.size(), stdout);
    for (const auto& finding : findings)
      if (!finding.advice.empty())
        log(LogLevel::Warning, "advice",
            finding.section + ", " + finding.name + " (" + finding.value + "): " + finding.advice);
    return kDone;
  }

 private:
  static std::string as_text(const std::vector<Finding>& findings) {
    std::string text = "crosstail " CROSSTAIL_VERSION "\n", section;
    for (const auto& finding : findings) {
      if (finding.section != section) text += "\n" + finding.section + "\n";
      section = finding.section;
      std::string line = "  " + finding.name;
      // "×" is two bytes and one column.
      const std::size_t extra = line.find("×") == std::string::npos ? 0 : 1;
      line.resize(std::max<std::size_t>(line.size() + 2, 44 + extra), ' ');
      text += line + finding.value + "\n";
    }
    return text;
  }

  static std::string as_json(const std::vector<Finding>& findings) {
    std::string text;
    JsonWriter json(text, 2);
    json.begin_object().member("crosstail", CROSSTAIL_VERSION).key("findings").begin_array();
    for (const auto& finding : findings) {
      json.begin_object().member("section", finding.section).member("name", finding.name);
      json.member("value", finding.value);
      if (!finding.advice.empty()) json.member("advice", finding.advice);
      json.end_object();
    }
    json.end_array().end_object();
    return text + "\n";
  }

  bool json_ = false;
  double seconds_ = 5;
};

}  // namespace

std::unique_ptr<Verb> doctor_verb() {
  return std::make_unique<DoctorVerb>();
}

}  // namespace crosstail::cli
