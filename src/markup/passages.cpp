#include "markup/passages.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "markup/folded_text.h"
#include "markup/main_content.h"
#include "markup/text_blocks.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

/// Blocks [begin, end) of the page under one heading, or several joined.
struct Section {
  std::size_t begin = 0, end = 0;
  std::size_t characters = 0;  ///< with a line end between blocks
  std::vector<std::string> headings;
};

/// Characters of a heading that passages below it repeat: a page of many sections under one endless
/// heading must not grow with the product of both.
constexpr std::size_t kMaxHeading = 300;

std::string shortened(std::string heading) {
  if (heading.size() <= kMaxHeading) return heading;
  std::size_t end = 0;
  for (std::size_t count = 0; count < kMaxHeading && end < heading.size(); ++count) {
    text::next_code_point(heading, end);
  }
  heading.resize(end);
  return heading;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

class PassageBuilder {
 public:
  PassageBuilder(const std::vector<TextBlock>& blocks, const PassageOptions& options)
      : blocks_(blocks), options_(options) {
    lengths_.reserve(blocks.size());
    for (const TextBlock& block : blocks) {
      lengths_.push_back(text::count_code_points(block.text));
    }
  }

  std::vector<Passage> build() {
    for (const Section& section : joined(sections())) {
      if (section.characters > options_.max_characters) {
        split(section);
      } else {
        add(section, section.begin, section.end);
      }
    }
    return std::move(passages_);
  }

 private:
  [[nodiscard]] std::size_t characters(std::size_t begin, std::size_t end) const {
    std::size_t sum = end - begin - 1;
    for (std::size_t i = begin; i < end; ++i) sum += lengths_[i];
    return sum;
  }

  [[nodiscard]] std::vector<Section> sections() const {
    std::vector<Section> found;
    std::vector<std::pair<int, std::string>> path;  // levels and texts of the headings above
    for (std::size_t begin = 0; begin < blocks_.size();) {
      if (const int level = blocks_[begin].level; level > 0) {
        while (!path.empty() && path.back().first >= level) path.pop_back();
        path.emplace_back(level, shortened(one_line(blocks_[begin].text)));
      }
      std::size_t end = begin + 1;
      while (end < blocks_.size() && blocks_[end].level == 0) ++end;
      Section section{begin, end, characters(begin, end), {}};
      for (const auto& [level, text] : path) section.headings.push_back(text);
      found.push_back(std::move(section));
      begin = end;
    }
    return found;
  }

  [[nodiscard]] std::vector<Section> joined(std::vector<Section> sections) const {
    std::vector<Section> result;
    for (Section& section : sections) {
      const bool join = !result.empty() && result.back().characters < options_.min_characters;
      if (join) {
        result.back().end = section.end;
        result.back().characters += 1 + section.characters;
      } else {
        result.push_back(std::move(section));
      }
    }
    if (result.size() < 2 || result.back().characters >= options_.min_characters) return result;
    Section& before = result[result.size() - 2];
    const std::size_t together = before.characters + 1 + result.back().characters;
    if (together <= options_.max_characters) {
      before.end = result.back().end;
      before.characters = together;
      result.pop_back();
    }
    return result;
  }

  void split(const Section& section) {
    const std::size_t most = options_.max_characters;
    const std::size_t pieces = (section.characters + most - 1) / most;
    const std::size_t wanted = section.characters / pieces;
    std::size_t begin = section.begin;
    std::size_t length = 0;
    for (std::size_t i = section.begin; i < section.end; ++i) {
      const bool full = length > 0 && (length >= wanted || length + 1 + lengths_[i] > most);
      // A heading stays with the paragraph behind it.
      const bool only_headings = length > 0 && blocks_[i - 1].level > 0 && length < wanted;
      if (full && !only_headings) {
        add(section, begin, i);
        begin = i;
        length = 0;
      }
      length += lengths_[i] + (length > 0 ? 1 : 0);
    }
    add(section, begin, section.end);
  }

  void add(const Section& section, std::size_t begin, std::size_t end) {
    Passage passage;
    passage.headings = section.headings;
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) passage.text += '\n';
      passage.text += blocks_[i].text;
    }
    std::string anchor = blocks_[begin].anchor;
    if (anchor.empty()) anchor = "section-" + std::to_string(passages_.size() + 1);
    passage.anchor = unique(std::move(anchor));
    passages_.push_back(std::move(passage));
  }

  std::string unique(std::string anchor) {
    if (taken_.insert(anchor).second) return anchor;
    // Counting on from the last number keeps a page of equal ids linear.
    std::size_t& number = repeats_[anchor];
    if (number == 0) number = 1;
    while (true) {
      std::string numbered = anchor + "-" + std::to_string(++number);
      if (taken_.insert(numbered).second) return numbered;
    }
  }

  const std::vector<TextBlock>& blocks_;
  const PassageOptions& options_;
  std::vector<std::size_t> lengths_;
  std::vector<Passage> passages_;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::size_t> repeats_;
};

void read_title_and_language(const HtmlTree& tree, PagePassages& page) {
  bool had_title = false;
  bool had_html = false;
  for (NodeId id = 0; id != kNoNode && !(had_title && had_html); id = tree.next_in_order(id, 0)) {
    const HtmlNode& node = tree.nodes[id];
    if (node.is(HtmlTag::Html) && !had_html) {
      had_html = true;
      const std::string_view* lang = tree.attribute(id, "lang");
      if (lang != nullptr) page.language = std::string(trim_unicode_space(*lang));
    } else if (node.is(HtmlTag::Title)) {
      had_title = true;
      FoldedText title;
      for (NodeId text = node.first_child; text != kNoNode; text = tree.nodes[text].next_sibling) {
        title.text(tree.nodes[text].text, TextSpace::Fold);
      }
      page.title = one_line(title.take());
    }
  }
}

}  // namespace

PagePassages find_passages(const HtmlTree& tree, const PassageOptions& options) {
  PagePassages page;
  read_title_and_language(tree, page);
  const std::vector<TextBlock> blocks = read_text_blocks(tree, find_main_content(tree));
  page.passages = PassageBuilder(blocks, options).build();
  return page;
}

}  // namespace crosstail::markup
