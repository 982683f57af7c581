/// The modes before the body: "initial" to "after head" (§13.2.6.4.1–6).

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

/// End tags that the modes before the body do not ignore.
constexpr HtmlTagSet kImplyingEnds = {Head, Body, Html, Br};
constexpr HtmlTagSet kHeadElements = {Base,     Basefont, Bgsound, Link,     Meta,
                                      Noframes, Script,   Style,   Template, Title};
constexpr HtmlTagSet kNoscriptElements = {Basefont, Bgsound, Link, Meta, Noframes, Style};

}  // namespace

/// "Anything else" of a mode before the body: one step towards it; the token is then looked at
/// again.
void TreeBuilder::leave_head_mode() {
  switch (mode_) {
    case Mode::Initial:
      tree_.quirks = true;
      mode_ = Mode::BeforeHtml;
      return;
    case Mode::BeforeHtml: {
      const NodeId html = make_element(Html);
      attach(html, {0, kNoNode});
      push(html);
      mode_ = Mode::BeforeHead;
      return;
    }
    case Mode::BeforeHead:
      head_ = insert(Head);
      mode_ = Mode::InHead;
      return;
    case Mode::InHeadNoscript:
      pop();
      mode_ = Mode::InHead;
      return;
    case Mode::InHead:
      pop();
      mode_ = Mode::AfterHead;
      return;
    default:
      insert(Body);
      mode_ = Mode::InBody;
      return;
  }
}

/// Leading white space belongs to the mode; the first other character leads on to the body.
void TreeBuilder::head_text(Mode mode, std::string_view part) {
  const char* const begin = part.data();
  const char* const rest = skip_space(begin, begin + part.size());
  const auto space = static_cast<std::size_t>(rest - begin);
  if (mode == Mode::InHead || mode == Mode::InHeadNoscript || mode == Mode::AfterHead)
    insert_text(part.substr(0, space));
  part.remove_prefix(space);
  if (part.empty()) return;
  while (mode_ <= Mode::AfterHead) leave_head_mode();
  text(mode_, part);
}

void TreeBuilder::head_start(Mode mode) {
  switch (mode) {
    case Mode::BeforeHtml:
      if (token_.tag != Html) break;
      attach(make_element(HtmlSpace::Html), {0, kNoNode});
      push(static_cast<NodeId>(nodes_.size() - 1));
      mode_ = Mode::BeforeHead;
      return;
    case Mode::BeforeHead:
      if (token_.tag == Html) return body_html_start();
      if (token_.tag != Head) break;
      head_ = insert();
      mode_ = Mode::InHead;
      return;
    case Mode::InHead:
      if (in_head_start()) return;
      break;
    case Mode::InHeadNoscript:
      if (token_.tag == Html) return body_html_start();
      if (token_.tag == Head || token_.tag == Noscript) return;
      if (!kNoscriptElements.has(token_.tag)) break;
      in_head_start();
      return;
    case Mode::AfterHead:
      if (after_head_start()) return;
      break;
    default:
      break;
  }
  leave_head_mode();
  start_tag(mode_);
}

/// False for "anything else".
bool TreeBuilder::in_head_start() {
  switch (token_.tag) {
    case Html:
      body_html_start();
      return true;
    case Base:
    case Basefont:
    case Bgsound:
    case Link:
    case Meta:
      insert_void();
      return true;
    case Title:
      insert_raw(HtmlContentModel::Rcdata);
      return true;
    case Noscript:
      if (limits_.scripting) {
        insert_raw(HtmlContentModel::RawText);
      } else {
        insert();
        mode_ = Mode::InHeadNoscript;
      }
      return true;
    case Noframes:
    case Style:
      insert_raw(HtmlContentModel::RawText);
      return true;
    case Script:
      insert_raw(HtmlContentModel::ScriptData);
      return true;
    case Template:
      insert();
      push_marker();
      frameset_ok_ = false;
      mode_ = Mode::InTemplate;
      template_modes_.push_back(Mode::InTemplate);
      return true;
    case Head:
      return true;
    default:
      return false;
  }
}

bool TreeBuilder::after_head_start() {
  switch (token_.tag) {
    case Html:
      body_html_start();
      return true;
    case Body:
      insert();
      frameset_ok_ = false;
      mode_ = Mode::InBody;
      return true;
    case Frameset:
      insert();
      mode_ = Mode::InFrameset;
      return true;
    case Head:
      return true;
    default:
      break;
  }
  if (!kHeadElements.has(token_.tag)) return false;
  push(head_);
  in_head_start();
  remove_open(head_);
  return true;
}

void TreeBuilder::head_end(Mode mode) {
  if (token_.tag == Template && (mode == Mode::InHead || mode == Mode::AfterHead))
    return template_end();
  if (mode == Mode::InHead && token_.tag == Head) return leave_head_mode();
  if (mode == Mode::InHeadNoscript && token_.tag == Noscript) return leave_head_mode();
  if (mode == Mode::InHeadNoscript && token_.tag != Br) return;
  if (mode != Mode::Initial && !kImplyingEnds.has(token_.tag)) return;
  if (token_.tag == Head && mode > Mode::InHead) return;
  leave_head_mode();
  end_tag(mode_);
}

/// `</template>` in any mode.
void TreeBuilder::template_end() {
  if (!has_open(Template)) return;
  imply_end_tags_thoroughly();
  pop_until(Template);
  clear_to_marker();
  if (!template_modes_.empty()) template_modes_.pop_back();
  reset_mode();
}

}  // namespace crosstail::markup
