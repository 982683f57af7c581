/// Rates of `curate` and of language identification. `bench/curate/run` puts the peers beside them.
///
///     bench_curate pairs N           generated pairs a second, one thread, without identification
///     bench_curate generate N FILE   only writes the pairs
///     bench_curate languages FILE [MODEL]   identifies the lines of FILE; CLD2 alone as a baseline

#include <cstdio>  // which CLD2's header needs

#include <cld2/public/compact_lang_det.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "curate/curate.h"
#include "text/language_id.h"

namespace {

using namespace crosstail;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Pairs as sites have them: 50 a site, a page of 10, one in ten repeated somewhere, in letters of
/// four scripts.
void generate(std::size_t count, const std::string& path) {
  const std::vector<std::vector<std::string>> words = {
      {"what", "is", "the", "price", "of", "shipping", "order", "return", "account", "how", "can",
       "change", "refund", "delivery", "time"},
      {"wie", "kann", "ich", "meine", "bestellung", "ändern", "lieferung", "rückgabe", "konto",
       "was", "kostet", "der", "versand"},
      {"как", "можно", "изменить", "заказ", "доставка", "возврат", "сколько", "стоит", "аккаунт"},
      {"如何", "更改", "订单", "退款", "运费", "账户", "多少", "时间", "配送", "可以"}};
  std::ofstream out(path);
  std::mt19937_64 random(1);
  std::string text;
  const auto sentence = [&](const std::vector<std::string>& from, std::size_t length,
                            std::uint64_t salt) {
    std::string s;
    for (std::size_t i = 0; i < length; ++i)
      s += (i == 0 ? "" : " ") + from[random() % from.size()];
    return s + " " + std::to_string(salt);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const bool repeat = random() % 10 == 0 && i > 0;
    const std::uint64_t salt = repeat ? random() % i : i;
    std::mt19937_64 keep = random;
    random.seed(salt * 2654435761U + 7);
    const auto& language = words[salt % words.size()];
    const std::string question = sentence(language, 8, salt) + "?";
    const std::string answer = sentence(language, 30, salt) + ".";
    random = keep;
    const std::string site = "https://site-" + std::to_string(i / 50) + ".example";
    JsonWriter(text)
        .begin_object()
        .member("url", site + "/faq/" + std::to_string(i / 10))
        .member("origin", site)
        .member("language", "en")
        .member("question", question)
        .member("answer", answer)
        .end_object();
    text += '\n';
    if (text.size() > (1U << 20)) {
      out << text;
      text.clear();
    }
  }
  out << text;
}

int measure_pairs(std::size_t count) {
  const std::string input = "/tmp/crosstail-bench-pairs.jsonl",
                    output = "/tmp/crosstail-bench-data";
  generate(count, input);
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    curate::CurateOptions options;
    options.inputs = {input};
    options.output = output;
    options.identify = false;
    const double start = cpu_seconds();
    const auto card = curate::curate(options);
    const double seconds = cpu_seconds() - start;
    if (!card) {
      std::fprintf(stderr, "%s\n", card.error().message.c_str());
      return 1;
    }
    rates.push_back(static_cast<double>(card->rows) / seconds);
    if (round == 0)
      std::printf("rows %llu kept %llu\n", static_cast<unsigned long long>(card->rows),
                  static_cast<unsigned long long>(card->kept));
    if (count > 5'000'000) break;
  }
  std::sort(rates.begin(), rates.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "curate without identification: %.0f pairs/s of one core (median; %.0f to %.0f), %ld MB\n",
      rates[rates.size() / 2], rates.front(), rates.back(), usage.ru_maxrss / 1024);
  return 0;
}

template <class Identify>
void measure_texts(const char* name, const std::vector<std::string>& texts,
                   const Identify& identify) {
  std::vector<double> rates;
  for (int round = 0; round < 7; ++round) {
    const double start = cpu_seconds();
    for (const auto& text : texts) identify(text);
    rates.push_back(static_cast<double>(texts.size()) / (cpu_seconds() - start));
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%s: %.0f texts/s of one core (median; %.0f to %.0f)\n", name, rates[3],
              rates.front(), rates.back());
}

int measure_languages(const std::string& path, const char* model) {
  std::vector<std::string> texts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) texts.push_back(line);
  const auto embedded = text::LanguageIdentifier::embedded();
  measure_texts("ours, embedded", texts,
                [&](const std::string& t) { return embedded.identify(t).confidence; });
  if (model != nullptr) {
    const auto with_model = text::LanguageIdentifier::with_model(model);
    if (!with_model) {
      std::fprintf(stderr, "%s\n", with_model.error().message.c_str());
      return 1;
    }
    measure_texts("ours, with lid.176", texts,
                  [&](const std::string& t) { return with_model->identify(t).confidence; });
    measure_texts("ours, lid.176 alone", texts,
                  [&](const std::string& t) { return with_model->model_alone(t).confidence; });
  }
  measure_texts("CLD2 alone", texts, [](const std::string& t) {
    bool reliable = false;
    return CLD2::DetectLanguage(t.data(), static_cast<int>(t.size()), true, &reliable);
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  const auto is = [&](const char* name, int least) {
    return argc >= least && std::strcmp(argv[1], name) == 0;
  };
  if (is("pairs", 3)) return measure_pairs(std::strtoull(argv[2], nullptr, 10));
  if (is("generate", 4)) return generate(std::strtoull(argv[2], nullptr, 10), argv[3]), 0;
  if (is("languages", 3)) return measure_languages(argv[2], argc > 3 ? argv[3] : nullptr);
  std::fputs("usage: bench_curate pairs N | generate N FILE | languages FILE [MODEL]\n", stderr);
  return 2;
}
