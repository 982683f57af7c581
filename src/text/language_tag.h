#pragma once
/// Language tags: the one place that parses them and decides whether two mean the same language.
///
/// Read are BCP 47 tags (RFC 5646), ISO 639-1, 639-2 (both code sets) and 639-3 codes, POSIX locale
/// names (`pt_BR.UTF-8`, `sr@latin`), the withdrawn codes that the web still uses (iw, in, ji, jw,
/// mo, sh, scc, scr), and English names ("Portuguese"). The codes of CLD2 and of fastText's lid.176
/// have functions of their own, because they use some codes in another meaning.
///
/// A language is named by its ISO 639-3 code; where a two-letter code exists, by the three-letter
/// code of that. So a code of one member of a macro-language that people write with the
/// macro-language's code becomes the macro-language's: cmn = zho, arb = ara, nob = nor, zsm = msa,
/// pes = fas, swh = swa, azj = aze, ekk = est, lvs = lav, als = sqi, khk = mon, uzn = uzb, npi =
/// nep, ory = ori, kmr = kur, plt = mlg, pbu = pus, ydd = yid, gaz = orm, gug = grn; fil = tgl. All
/// other members stay languages of their own (arz, ary, apc; yue, wuu, nan; ind; nno; ckb; azb),
/// and so do bos, hrv, srp and hbs (Serbo-Croatian). This is also how WebFAQ names its languages.
/// Thread-safe: pure functions over tables.

#include <optional>
#include <string>
#include <string_view>

namespace crosstail::text {

struct LanguageTag {
  std::string language;  ///< ISO 639-3, as above: "por"
  std::string script;    ///< ISO 15924: "Latn"; empty if the tag states none (and Chinese excepted:
                         ///< its region tells it: CN, SG: Hans; TW, HK, MO: Hant)
  std::string region;    ///< ISO 3166-1 or UN M.49: "BR", "419"; empty if the tag states none
};

/// Empty for what names no language: "", "und", "mul", "zxx", "x-default", unassigned codes.
std::optional<LanguageTag> parse_language_tag(std::string_view tag);

/// The language alone: "pt_BR" gives "por"; empty where parse_language_tag() is.
std::string language_code(std::string_view tag);

/// The shortest code, as web pages write it: "por" gives "pt", "arz" stays. Empty if unknown.
std::string short_language_code(std::string_view tag);

/// English name of the language ("Portuguese"), or its code if no name is known, or `tag` itself.
std::string language_name(std::string_view tag);

/// What must be equal besides the language.
enum class TagDetail { Language, Script, Region };

/// True if both tags mean the same language (and script, and region, if asked; a part that one of
/// them does not state equals anything). Tags that name no language are the same only if they are
/// equal byte for byte.
bool same_language(std::string_view a, std::string_view b, TagDetail detail = TagDetail::Language);

/// A label of fastText's lid.176 with or without "__label__": als is Alemannic (gsw) there, bh is
/// Bhojpuri (bho), eml is Emilian (egl). Empty if unknown.
std::string language_of_fasttext_label(std::string_view label);

/// A code that CLD2's LanguageCode() returns: sr-ME is Serbian, zzb and the like are jokes, un and
/// xx-* mean unknown. Empty if unknown.
std::string language_of_cld2_code(std::string_view code);

}  // namespace crosstail::text
