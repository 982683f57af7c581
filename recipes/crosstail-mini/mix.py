#!/usr/bin/env python3
"""From collect.py's rows to those that the student sees: the languages of the model, each with as much as the others, more of what
teaches most.

usage: mix.py ROWS_DIR OUT_DIR LANGUAGE,LANGUAGE,…

Of each file of rows and for each language: so many short texts, so many paragraphs, a share of the translations. Where a language has
few paragraphs, several of its texts are joined to what looks like one (100 to 250 tokens); and of every language some rows of words
drawn from its texts, rare ones as often as common ones, so that the student meets the whole vocabulary. The teacher says what all of
these mean. Every draw is by a hash: the same on every run; files that are there stay.
"""
import glob, gzip, hashlib, json, os, re, sys

SHORT, LONG, WORDS, TRANSLATED, ENGLISH = 300, 500, 40, 0.3, 3  # a file and language; English so many times as much
JOINED = 300  # paragraphs, joined ones included, that a language has at least
UNSPACED = {"zh": 3, "ja": 3, "th": 6}  # letters that stand for a word
STOPS, FULL_STOPS = ".!?。।؟…:;", {"zh": "。", "ja": "。", "hi": "।", "th": ""}
CHARACTERS = {"zh": (120, 300), "ja": (130, 330), "ko": (160, 400), "th": (250, 650)}


def number(*parts):
    return int.from_bytes(hashlib.blake2b("\t".join(parts).encode(), digest_size=8).digest(), "big")


def joined(language, texts, seed):
    """A paragraph of texts that the seed draws."""
    low, high = CHARACTERS.get(language, (350, 900))
    length, out = low + number(seed) % (high - low), ""
    for i in range(40):
        if out: out += " " if out[-1] in STOPS else FULL_STOPS.get(language, ".") + " "
        out += texts[number(seed, str(i)) % len(texts)]
        if len(out) >= length: break
    return out


def words(language, texts):
    """Its distinct words."""
    found = set()
    for text in texts:
        for word in re.findall(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]+[^\W\d_]*)*", text):
            n = UNSPACED.get(language)
            found.update(word[i:i + n] for i in range(0, len(word), n)) if n else found.add(word)
    return sorted(found)


def mixed(path, languages):
    short, long, translated = {l: [] for l in languages}, {l: [] for l in languages}, []
    with gzip.open(path, "rt", encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            if row.get("language") not in short: continue
            if "pos" in row:
                if number("translated", row["question"]) % 1000 < 1000 * TRANSLATED: translated.append(row)
                continue
            (long if len(row["question"]) > (110 if row["language"] in CHARACTERS else 220) else short)[row["language"]].append(row["question"])
    rows = [(number(json.dumps(row)), row) for row in translated]
    for language in languages:
        times = ENGLISH if language == "en" else 1
        put = lambda text: rows.append((number(language, text), {"question": text, "language": language}))
        texts = [q.split(": ", 1)[1] for q in short[language] + long[language]]
        for text in short[language][:SHORT * times] + long[language][:LONG * times]: put(text)
        rest = [t for t in texts if 15 < len(t) < 400]
        for i in range(max(0, JOINED - len(long[language])) if rest else 0): put("passage: " + joined(language, rest, f"{path.rsplit('/', 1)[1]} {language} {i}"))
        drawn = sorted(words(language, texts), key=lambda w: number("word", w))
        for i in range(WORDS * times):
            some = drawn[i * 12:i * 12 + 1 + number("row", language, str(i)) % 12]
            if some: put(("query: ", "passage: ")[i % 4 == 0] + ("" if language in ("zh", "ja") else " ").join(some))
    return [row for _, row in sorted(rows, key=lambda r: r[0])]


def main(folder, out, languages):
    os.makedirs(out, exist_ok=True)
    for path in sorted(glob.glob(f"{folder}/rows-*.jsonl.gz")):
        to = f"{out}/{os.path.basename(path)}"
        if os.path.exists(to): continue
        rows = mixed(path, languages.split(","))
        with gzip.GzipFile(to + ".part", "wb", compresslevel=4, mtime=0) as f:
            f.writelines((json.dumps(row, ensure_ascii=False) + "\n").encode() for row in rows)
        os.rename(to + ".part", to)


if __name__ == "__main__":
    if len(sys.argv) != 4: sys.exit(__doc__)
    main(*sys.argv[1:])
