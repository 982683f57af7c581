#!/usr/bin/env python3
"""Texts of one Debian package, as lines LANGUAGE <tab> KIND <tab> ENGLISH <tab> TEXT.

usage: extract.py PACKAGE.deb OUT.tsv.gz [HELD_OUT.txt]     a package, read as it is, nothing is unpacked to disk
       extract.py --lists LISTS_DIR OUT.tsv.gz              apt's package descriptions and AppStream metadata
       extract.py --held-out OUT.txt PACKAGE.deb...         titles, sentences and index entries of the help's guide/ pages

KIND is `label` (a message, a title, a word), `prose` (a paragraph) or `page` (paragraphs that follow one another). ENGLISH is the
original that TEXT translates, or empty. Formats: gettext .mo, Mozilla .ftl and .properties, MediaWiki's JSON, LibreOffice's help,
manual pages, HTML, DocBook, Mallard, CLDR, dict and fortune files. Only Python's standard library is needed.
"""
import bz2, collections, gzip, html, io, json, os, re, struct, subprocess, sys, tarfile, zipfile

LANGUAGES = set("ar bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sv ta th tr uk vi zh".split())
SAME = {"no": "nb", "nn": "", "iw": "he", "in": "id", "c": "en", "cmn": "zh"}
ISO3 = dict(ara="ar", bul="bg", ces="cs", dan="da", deu="de", ell="el", eng="en", fin="fi", fra="fr", hin="hi", hrv="hr", hun="hu", ind="id", ita="it",
            jpn="ja", nld="nl", nor="nb", pol="pl", por="pt", rom="ro", rus="ru", spa="es", srp="sr", swe="sv", tur="tr", slk="sk", slv="sl")
spaces, tag = re.compile(r"\s+"), re.compile(r"<[^<>]*>")


def language_of(name):
    """The language of a locale's name as systems write it (pt_BR, zh-hans, sr@latin, C), or empty."""
    first = re.split(r"[-_.@]", name.lower())[0]
    first = SAME.get(first, first)
    return first if first in LANGUAGES else ""


def clean(text):
    return spaces.sub(" ", html.unescape(tag.sub(" ", text.replace("\u00ad", "")))).strip()


# ---- messages

def message(text):
    """A message without its accelerator and markup."""
    text = text.split("|")[-1] if re.match(r"^[A-Za-z ]+\|\S", text) else text
    text = re.sub(r"^[a-z ]{2,20}\^", "", text)
    text = re.sub(r"\(\s*[_&~]\w\s*\)", "", text)
    text = re.sub(r"(?<![\w&])[_~&](?=\w)|(?<=\w)[_&~](?=\w\w)(?!\w*_)", "", text)
    return clean(text)


def mo(data, language):
    if len(data) < 28: return
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    _, _, count, originals, translations = struct.unpack(order + "5I", data[:20])
    for i in range(min(count, 200000)):
        n, at = struct.unpack_from(order + "2I", data, originals + 8 * i)
        m, to = struct.unpack_from(order + "2I", data, translations + 8 * i)
        if not n: continue
        original = data[at:at + n].split(b"\x04")[-1].split(b"\0")[0].decode("utf-8", "replace")
        translation = data[to:to + m].split(b"\0")[0].decode("utf-8", "replace")
        if "\n\n" in translation or len(translation) > 1500: continue
        a, b = message(original), message(translation)
        if a and b: yield language, "prose" if len(b) > 160 else "label", a, b


def fluent(text):
    """key -> value of a .ftl file; terms and variables lose their braces."""
    values, key = {}, None
    for line in text.splitlines():
        m = re.match(r"^([a-zA-Z][\w-]*)\s*=\s*(.*)$", line)
        part = re.match(r"^\s+\.([\w-]+)\s*=\s*(.*)$", line)
        if m: key = top = m.group(1); values[key] = m.group(2)
        elif part and key: key = top + "." + part.group(1); values[key] = part.group(2)
        elif line.startswith((" ", "\t")) and key: values[key] += " " + line.strip()
        else: key = None
    for key, value in values.items():
        if "->" in value or key.endswith("accesskey") or key.endswith("style"): continue
        value = re.sub(r"\{\s*-[\w-]+(\([^)]*\))?\s*\}", "Firefox", value)
        value = re.sub(r"\{\s*\$?([\w-]+)[^{}]*\}", r"\1", value)
        if "{" not in value: yield key, clean(value)


def properties(text):
    for line in text.splitlines():
        m = re.match(r"^([\w.-]+)\s*=\s*(.*)$", line)
        if m and not m.group(1).lower().endswith(("key", "url")): yield m.group(1), clean(re.sub(r"\\u([0-9a-fA-F]{4})", lambda c: chr(int(c.group(1), 16)), m.group(2)).replace("\\n", " "))


def mozilla(data):
    """(path, key) -> value of a language pack."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        for name in pack.namelist():
            if not name.endswith((".ftl", ".properties")): continue
            text = pack.read(name).decode("utf-8", "replace")
            for key, value in (fluent if name.endswith(".ftl") else properties)(text):
                found[(name.split("/")[-1], key)] = value
    return found


# ---- documents

def blocks(text):
    """Paragraphs and headings of HTML, DocBook or Mallard."""
    text = re.sub(r"<(script|style|pre|programlisting|screen|code|head|nav|comment|info|bookinfo|articleinfo)\b.*?</\1>", " ", text, flags=re.S | re.I)
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"&(kde|kate|konqueror|kstars|kmail|[a-z]{3,12});", lambda m: html.unescape(m.group(0)) if html.unescape(m.group(0)) != m.group(0) else m.group(1).capitalize(), text)
    for m in re.finditer(r"<(p|h[1-6]|li|dd|dt|td|para|title|simpara|term|desc)\b[^>]*>((?:(?!<(?:p|h[1-6]|li|dd|dt|td|para|title|simpara|ul|ol|dl|table|itemizedlist)\b).)*?)</\1>", text, re.S | re.I):
        body = clean(m.group(2))
        if body: yield ("label" if m.group(1).lower() in ("h1", "h2", "h3", "h4", "h5", "h6", "title", "term", "dt", "td") or len(body) < 40 else "prose"), body


def manual(text):
    """Paragraphs of a manual page."""
    if ".so " in text[:20]: return
    paragraph, literal = [], False
    for line in text.splitlines() + [".PP"]:
        if line.startswith((".nf", ".EX", ".TS", ".Bd")): literal = True
        elif line.startswith((".fi", ".EE", ".TE", ".Ed")): literal = False
        if literal or line.startswith(("'", '.\\"')): continue
        if line.startswith((".SH", ".SS", ".Sh", ".Ss", ".PP", ".P", ".LP", ".TP", ".IP", ".TH", ".sp", ".br", ".RS", ".RE", ".Pp", ".It", ".HP")) or not line.strip():
            body = spaces.sub(" ", " ".join(paragraph)).strip(); paragraph = []
            if body: yield ("prose" if len(body) >= 40 else "label"), body
            continue
        m = re.match(r"^\.(B|I|BR|IR|RB|RI|BI|IB|SM|Nm|Fl|Ar|Xr|Pa|Em|Sy|Cm|Nd)\b\s*(.*)$", line)
        if m: line = re.sub(r"(?<!\\)\"", "", m.group(2)) if m.group(1) in ("B", "I", "SM", "Nm", "Em", "Sy", "Nd") else re.sub(r"\"([^\"]*)\"|(\S+)\s*", lambda g: (g.group(1) or g.group(2) or ""), m.group(2))
        elif line.startswith("."): continue
        line = re.sub(r"\\f[A-Z]|\\f\([A-Z]{2}|\\f\[[^\]]*\]|\\s[-+]?\d|\\[&|^/,c]", "", line)
        line = re.sub(r"\\\((..)|\\\[([^\]]*)\]", lambda g: {"aq": "'", "dq": '"', "em": "—", "en": "–", "bu": "•", "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "Fo": "«", "Fc": "»"}.get(g.group(1) or g.group(2), ""), line)
        paragraph.append(line.replace("\\-", "-").replace("\\ ", " ").replace("\\e", "\\").replace("\\~", " "))


def document(items, language):
    """Items and, besides, paragraphs that follow one another as one text."""
    run = []
    for kind, body in list(items) + [("label", "")]:
        if body: yield language, kind, "", body
        if kind == "prose": run.append(body)
        if sum(map(len, run)) > 700 or (kind == "label" and run):
            joined = " ".join(run)
            if len(run) > 1 and len(joined) > 300: yield language, "page", "", joined[:1400]
            run = []


def help_page(text):
    """Title, and segments by id, of one page of LibreOffice's help."""
    title = re.search(r"<title>(.*?)</title>", text, re.S)
    begin, end = text.find('id="DisplayArea"'), text.find('<div id="SearchFrame"')
    found = {}
    for m in re.finditer(r'<(p|h[1-6])\b[^>]*?\bid="([^"]+)"[^>]*>(.*?)</\1>', text[begin:end if end > 0 else None], re.S):
        body = spaces.sub(" ", html.unescape(re.sub(r"<[^>]+>", "", m.group(3)))).strip()
        if body: found.setdefault(m.group(2), body)
    return (clean(title.group(1)) if title else ""), found


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?。！？।])\s+", text) if s]


def normal(text):
    return re.sub(r"\W+", "", text).casefold()


def files(package):
    """(path, bytes) of the plain files of a package."""
    reader = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=reader.stdout, mode="r|") as tar:
        for member in tar:
            if member.isfile() and member.size < 30 << 20 and wanted(member.name): yield member.name[1:], tar.extractfile(member).read()
    if reader.wait() != 0: sys.exit(f"{package}: damaged; remove it and run again")


WANTED = re.compile(r"\.mo$|\.xpi$|\.html?(\.gz)?$|\.page$|\.docbook$|/i18n/(.*/)?[a-z-]+\.json$|/man/[^/]+/man\d/.*\.gz$|/man/man\d/.*\.gz$|\.utf8$|/cldr/common/(main|annotations|annotationsDerived|subdivisions)/\w+\.xml$|"
                    r"/dictd/[^/]+\.(dict\.dz|index)$|/fortunes/[^.]+$|/help/[^/]+/bookmarks\.js$|tutorial-.*\.html$")


def wanted(name):
    return bool(WANTED.search(name)) and "/rust/html/std/arch" not in name and "changelog" not in name and "/_sources/" not in name


def dictionary(data, index, name):
    """Headwords with their first translations; definitions of English dictionaries."""
    digits = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
    number = lambda text: int("".join(f"{digits[c]:06b}" for c in text) or "0", 2)
    data, m = gzip.decompress(data), re.match(r"freedict-(\w{3})-(\w{3})", name)
    places = {tuple(map(number, line.split("\t")[1:3])) for line in index.decode("utf-8", "replace").split("\n") if not line.startswith("00") and line.count("\t") >= 2}
    for at, length in sorted(places):
        lines = data[at:at + length].decode("utf-8", "replace").strip().split("\n")
        lines = [l.replace("~", " ") for l in lines]
        head = clean(re.sub(r"/[^/]*/|<[^>]*>|\\.*", " ", lines[0]))
        body = spaces.sub(" ", " ".join(lines[1:])).strip()
        if len(head) > 60 or not head or not body: continue
        if m:
            a, b = ISO3.get(m.group(1), ""), ISO3.get(m.group(2), "")
            word = re.sub(r"^\s*\d+\.?\s*|<[^>]*>|\([^)]*\)|\[[^\]]*\]", "", next((l for l in lines[1:] if l.strip() and '"' not in l), ""))
            word = re.split(r"[,;]", word)[0].strip()
            for example in re.findall(r'"([^"]{25,300})"', body): yield "en", "prose", "", example
            if not word or len(word) > 60: continue
            if a == "en" and b: yield b, "label", head, word
            elif b == "en" and a: yield a, "label", word, head
        elif 30 < len(body) < 1500:
            yield "en", "prose", "", f"{head}: " + re.sub(r"\[[^\]]*\]|[{}\\]", "", body)


# ---- which reader for which file

def texts_of(package, held):
    own = os.path.basename(package).split("_")[0]
    by_suffix = next((l for l in (language_of("-".join(own.split("-")[i:])) for i in range(1, len(own.split("-")))) if l and l != "en"), "")
    help_pages, aligned, dictionaries = collections.defaultdict(dict), collections.defaultdict(dict), collections.defaultdict(lambda: [b"", b""])
    for path, data in files(package):
        name, parts = path.split("/")[-1], path.split("/")
        try:
            if name.endswith(".mo"):
                language = language_of(parts[parts.index("LC_MESSAGES") - 1]) if "LC_MESSAGES" in parts else language_of(re.sub(r"^(admin-network|admin|continents-cities)-", "", name))
                if language and language != "en": yield from mo(data, language)
            elif name.endswith(".xpi"):
                for key, value in mozilla(data).items(): yield by_suffix or "en", "moz", "\x01".join(key), value
            elif name.endswith(".json"):
                language = language_of(name[:-5])
                if language and not re.search(r"-(formal|latn|x-|hyphen|cyrl)|^(zh|sr|de|es|pt)-(?!hans|hant|br|ec)", name):
                    for key, value in json.loads(data).items():
                        if isinstance(value, str): aligned[language][("/".join(parts[:-1]), key)] = wiki(value)
            elif "/libreoffice/help/" in path:
                if name.endswith(".html") and "/text/" in path and "/guide/" not in path:
                    help_pages[path.split("/help/")[1].split("/")[0]][path.split("/text/")[1]] = help_page(data.decode("utf-8", "replace"))
            elif "/man/" in path:
                section = parts[parts.index("man") + 1]
                language = "en" if re.match(r"man\d", section) else language_of(section)
                if language: yield from document(manual(gzip.decompress(data).decode("utf-8", "replace")), language)
            elif name.endswith((".html", ".htm", ".html.gz", ".page", ".docbook", ".utf8")):
                if name.endswith(".gz"): data = gzip.decompress(data)
                language = language_of_document(parts, name, data, by_suffix)
                if language: yield from document(blocks(data.decode("utf-8", "replace")), language)
            elif name.endswith(".xml"):
                language = language_of(name[:-4])
                if language and (len(name) < 8 or name in ("zh_Hant.xml",)):
                    for m in re.finditer(r'<(\w+) (?:cp|type)="([^"]+)"(?: type="(\w+)")?[^>]*>([^<]+)</\1>', data.decode("utf-8")):
                        if "alt=" in m.group(0): continue
                        for i, part in enumerate(m.group(4).split(" | ")): aligned[language + name[2:-4]][(parts[-2], m.group(1), m.group(2), m.group(3), "" if m.group(3) or m.group(1) != "annotation" else f"{language}{i}")] = clean(part)
            elif name.endswith(".dict.dz"):
                dictionaries[name[:-8]][0] = data
            elif name.endswith(".index"):
                dictionaries[name[:-6]][1] = data
            elif "/fortunes/" in path and by_suffix != "zh":
                for joke in data.decode("utf-8", "replace").split("\n%\n"):
                    body = clean(re.sub(r"\x1b\[[0-9;]*m", "", joke))
                    if 30 < len(body) < 900: yield {"br": "pt"}.get(own.split("-")[-1], by_suffix or "en"), "prose", "", body
        except (ValueError, OSError, struct.error, UnicodeError, zipfile.BadZipFile, EOFError) as error:
            print(f"{package}: {path}: {error}", file=sys.stderr)
    for name, (data, index) in dictionaries.items():
        if data and index: yield from dictionary(data, index, name)
    for language, pages in help_pages.items():
        yield from from_help(language, pages, held)
    for language, values in aligned.items():
        for key, value in values.items():
            if value: yield language[:2], "prose" if len(value) > 160 else "label", "" if language == "en" else aligned["en"].get(key, ""), value


def wiki(value):
    value = re.sub(r"\{\{(PLURAL|GENDER|GRAMMAR)[^}|]*\|([^}|]*)[^}]*\}\}", r"\2", value)
    value = re.sub(r"\[\[[^]|]*\|([^]]*)\]\]|\[\[([^]]*)\]\]|\[\S+ ([^]]*)\]", lambda m: m.group(1) or m.group(2) or m.group(3) or "", value)
    value = clean(re.sub(r"'''?|\{\{[^}]*\}\}|__\w+__", "", value))
    return value if len(value) < 900 else ""


def language_of_document(parts, name, data, by_suffix):
    pieces = name.split(".")
    if name.endswith(".utf8"): return language_of(pieces[1])
    if "help" in parts and parts.index("help") + 1 < len(parts): return language_of(parts[parts.index("help") + 1])
    if "HTML" in parts: return language_of(parts[parts.index("HTML") + 1])
    for piece in pieces[1:-1]:
        if language_of(piece): return language_of(piece)
    for part in parts[4:-1]:
        if re.fullmatch(r"[a-z]{2}([-_][A-Za-z]{2,4})?", part) and language_of(part): return language_of(part)
    stated = re.search(rb'<html[^>]*\blang="([\w-]+)"', data[:3000])
    if stated: return language_of(stated.group(1).decode())
    return by_suffix or "en"


def from_help(language, pages, held):
    """Segments carry page and id, by which collect.py finds the English one."""
    tag_ = language_of(language)
    if not tag_: return
    for page, (title, segments) in pages.items():
        kept = {k: s for k, s in segments.items() if normal(s) not in held and not any(normal(p) in held for p in sentences(s) if len(p) > 25)}
        if title and normal(title) not in held: yield tag_, "help", f"{page}\x01title", title
        for key, body in kept.items(): yield tag_, "help", f"{page}\x01{key}", body
        joined = " ".join(kept.values())
        if len(joined) > 200: yield tag_, "page", "", joined[:1200]


def held_out(packages):
    """Everything a guide page says, in any language: the test sets titles and index-entries are made of these pages."""
    for package in packages:
        for path, data in files(package):
            if "/guide/" in path and "/text/" in path and path.endswith(".html"):
                title, segments = help_page(data.decode("utf-8", "replace"))
                yield title
                for body in segments.values():
                    yield body
                    yield from (s for s in sentences(body) if len(s) > 25)
            elif path.endswith("bookmarks.js"):
                for url, entry in re.findall(r'url:"[^/]*/([^"?]*)\?[^"]*", app:"\w+", text:"([^"]*)"', data.decode("utf-8", "replace")):
                    if "/guide/" in url: yield re.sub(r"^-- ", "", clean(entry)); yield spaces.sub(" ", re.sub(r"^-- ", "", clean(entry)).replace(" -- ", ", "))


def from_lists(folder):
    """Descriptions by md5, and AppStream's, whose paragraphs stand in the same order in all languages."""
    helper = "/usr/lib/apt/apt-helper"
    english, others = {}, {}
    for name in sorted(os.listdir(folder)):
        m = re.search(r"bookworm_main_i18n_Translation-([A-Za-z_%0-9]+)", name)
        if not m: continue
        text = subprocess.run([helper, "cat-file", f"{folder}/{name}"], capture_output=True).stdout.decode("utf-8", "replace")
        language = language_of(m.group(1).replace("%5f", "_"))
        if not language: continue
        rows = english if language == "en" else others.setdefault(name, (language, {}))[1]
        for stanza in text.split("\n\n"):
            key, body = re.search(r"^Description-md5: (\S+)", stanza, re.M), re.search(r"^Description-(?!md5)[A-Za-z_]+: (.*)((?:\n .*)*)", stanza, re.M)
            if key and body:
                rows[key.group(1)] = (body.group(1).strip(), [spaces.sub(" ", x).strip() for x in re.split(r"\n \.\s*(?=\n|$)", body.group(2)) if x.strip()])
    for title, paragraphs in english.values():
        yield "en", "label", "", title
        for p in paragraphs: yield "en", "prose", "", p
        if len(" ".join(paragraphs)) > 300: yield "en", "page", "", " ".join(paragraphs)[:1400]
    for language, rows in others.values():
        for key, (title, paragraphs) in rows.items():
            original = english.get(key, ("", []))
            if title != original[0]: yield language, "label", original[0], title
            same = len(original[1]) == len(paragraphs)
            for i, p in enumerate(paragraphs):
                if not same or p != original[1][i]: yield language, "prose", original[1][i] if same else "", p
            if len(" ".join(paragraphs)) > 300: yield language, "page", "", " ".join(paragraphs)[:1400]
    for name in sorted(os.listdir(folder)):
        if "dep11_Components" not in name: continue
        text = subprocess.run([helper, "cat-file", f"{folder}/{name}"], capture_output=True).stdout.decode("utf-8", "replace")
        for part in text.split("\n---\n"):
            m = re.search(r"^Description:\n((?:  .*\n|\n)+)", part, re.M)
            if not m: continue
            for one in re.finditer(r"^  ([\w@-]+): (.*(?:\n(?:    .*|))*)", m.group(1), re.M):
                language = language_of(one.group(1))
                body = re.sub(r"\\n|\\\n\s*|\\t", " ", one.group(2)).replace('\\"', '"')
                if language: yield from document(((kind, re.sub(r"\\ ", " ", x)) for kind, x in blocks(body)), language)


def write(rows, out):
    with gzip.open(out + ".part", "wt", encoding="utf-8", compresslevel=1) as f:
        for language, kind, english, text in rows:
            if language and text and len(text) < 2000: f.write("\t".join((language, kind, english.replace("\t", " ").replace("\n", " "), text.replace("\t", " ").replace("\n", " "))) + "\n")
    os.replace(out + ".part", out)


if __name__ == "__main__":
    if len(sys.argv) < 3: sys.exit(__doc__)
    if sys.argv[1] == "--lists": write(from_lists(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "--held-out":
        found = sorted({n for n in map(normal, held_out(sys.argv[3:])) if n})
        with open(sys.argv[2] + ".part", "w", encoding="utf-8") as f: f.write("\n".join(found) + "\n")
        os.replace(sys.argv[2] + ".part", sys.argv[2])
    else:
        held = set(open(sys.argv[3], encoding="utf-8").read().split("\n")) - {""} if len(sys.argv) > 3 else set()
        write(texts_of(sys.argv[1], held), sys.argv[2])
