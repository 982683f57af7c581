#!/usr/bin/env python3
"""Training rows out of the texts of many packages, and a manifest of where they come from.

usage: collect.py TEXTS_DIR HELD_OUT.txt DEBS_DIR ROWS_DIR

Every text is taken once, checked for being in its language's script, cut off at a number for each language and kind (so that
English and German do not drown Hindi and Thai), and given a role: `query: ` before what is short, `passage: ` before paragraphs,
each now and then the other way round, and sentences out of paragraphs as queries too. A row is a text whose vector the student
learns from the teacher's, or an English text with up to four translations, which all meet the teacher's vector of the English one.
Rows stand in the order of a hash: shuffled, and the same on every run. No text of HELD_OUT.txt, nor a translation of one, is used.
"""
import collections, glob, gzip, hashlib, json, os, re, subprocess, sys

from extract import normal, sentences

LIMITS = {"label": 60000, "prose": 130000, "page": 25000}
ENGLISH = {"label": 120000, "prose": 320000, "page": 90000}
ALIGNED_SHARE = 0.5  # of the texts with a known original: the rest learn the teacher's vector of themselves
TRANSLATIONS, BUCKETS = 4, 64
SCRIPTS = {"ar": "\u0600-\u06ff", "fa": "\u0600-\u06ff", "he": "\u0590-\u05ff", "hi": "\u0900-\u097f", "th": "\u0e00-\u0e7f", "el": "\u0370-\u03ff\u1f00-\u1fff",
           "ru": "\u0400-\u04ff", "uk": "\u0400-\u04ff", "bg": "\u0400-\u04ff", "ta": "\u0b80-\u0bff", "bn": "\u0980-\u09ff", "ko": "\uac00-\ud7af",
           "ja": "\u3040-\u30ff\u4e00-\u9fff", "zh": "\u4e00-\u9fff"}
SCRIPTS = {language: re.compile(f"[{letters}]") for language, letters in SCRIPTS.items()}
# Vowel signs of Hindi, Bengali, Tamil and Thai, and marks of Arabic and Hebrew, are no letters to Python.
letters = re.compile("[^\\W\\d_]|[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0b82\u0bbe-\u0bcd\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")


def number(*parts):
    return int.from_bytes(hashlib.blake2b("\t".join(parts).encode(), digest_size=8).digest(), "big")


def usable(language, kind, text):
    found = len(letters.findall(text))
    if found < (1 if language in ("zh", "ja", "ko") else 3) or found < 0.55 * len(text.replace(" ", "")): return False
    if language in SCRIPTS: return sum(map(bool, map(SCRIPTS[language].match, letters.findall(text)))) >= 0.4 * found
    if kind != "label" or len(text) > 60: return sum(c > "\u036f" for c in letters.findall(text)) < 0.3 * found or language == "sr"
    return True


def keyed(path):
    """English texts that `help` and `moz` records refer to."""
    with gzip.open(path, "rt", encoding="utf-8") as f:
        return {english: text for language, kind, english, text in (line.rstrip("\n").split("\t") for line in f) if kind in ("help", "moz")}


def records(folder, held):
    """(package, language, kind, English, text) of all packages, those left out that must be."""
    keys = {"libreoffice-help": "libreoffice-help-en-us", "firefox": "firefox-esr-l10n-en-gb", "thunderbird": "thunderbird-l10n-en-gb"}
    keys = {prefix: keyed(f"{folder}/{name}.tsv.gz") for prefix, name in keys.items() if os.path.exists(f"{folder}/{name}.tsv.gz")}
    for path in sorted(glob.glob(f"{folder}/*.tsv.gz")):
        package = os.path.basename(path)[:-7]
        originals = next((found for prefix, found in keys.items() if package.startswith(prefix)), {})
        with gzip.open(path, "rt", encoding="utf-8") as f:
            for line in f:
                language, kind, english, text = line.rstrip("\n").split("\t")
                if kind in ("help", "moz"):
                    english = "" if language == "en" else originals.get(english, "")
                    kind = "prose" if len(text) > (70 if SCRIPTS.get(language) else 90) else "label"
                if language != "en" and text == english: continue
                if normal(text) in held or (english and normal(english) in held): continue
                if usable(language, kind, text): yield package, language, kind, english, text


def roles(language, kind, text, key):
    """(prompt, text) pairs that a text is learnt in."""
    chance = key % 100
    if kind == "label": return [("query: " if chance < 85 else "passage: ", text)]
    if kind == "page": return [("passage: ", text)]
    if len(text) < (60 if language in ("zh", "ja", "ko") else 130): return [("query: " if chance < 55 else "passage: ", text)]
    parts = [s for s in sentences(text) if 20 < len(s) < 250]
    if chance < 30 and parts: return [("query: ", parts[key // 100 % len(parts)])]
    return [("passage: ", text)]


def main(folder, held_path, debs, out):
    held = set(open(held_path, encoding="utf-8").read().split("\n")) - {""}
    part = out + ".part"
    os.makedirs(part, exist_ok=True)
    languages = {}
    for package, language, kind, english, text in records(folder, held):
        if language not in languages: languages[language] = gzip.open(f"{part}/{language}.tsv.gz", "wt", encoding="utf-8", compresslevel=1)
        languages[language].write("\t".join((package, kind, english, text)) + "\n")
    for f in languages.values(): f.close()
    buckets = [open(f"{part}/bucket-{i:02}", "w", encoding="utf-8") for i in range(BUCKETS)]
    put = lambda key, row: buckets[key % BUCKETS].write(f"{key:016x}\t{json.dumps(row, ensure_ascii=False)}\n")
    aligned, counts, packages = collections.defaultdict(list), collections.defaultdict(collections.Counter), collections.Counter()
    for language in sorted(languages):
        kinds, seen = collections.defaultdict(list), set()
        with gzip.open(f"{part}/{language}.tsv.gz", "rt", encoding="utf-8") as f:
            for line in f:
                package, kind, english, text = line.rstrip("\n").split("\t")
                key = number(language, text)
                if key not in seen: seen.add(key); kinds[kind].append((key, package, english, text))
        os.remove(f"{part}/{language}.tsv.gz")
        for kind, found in kinds.items():
            for key, package, english, text in sorted(found)[:(ENGLISH if language == "en" else LIMITS)[kind]]:
                packages[package] += 1
                counts[language][kind] += 1
                if english and len(text) < 400 and number("aligned", text) % 1000 < 1000 * ALIGNED_SHARE:
                    aligned[english].append((key, language, text))
                    continue
                for prompt, body in roles(language, kind, text, key): put(key, {"question": prompt + body, "language": language})
    for english, found in aligned.items():
        found.sort()
        for i in range(0, len(found), TRANSLATIONS):
            some = found[i:i + TRANSLATIONS]
            key = number("row", english, str(i))
            prompt = "query: " if len(english) < 130 and key % 100 < 80 else "passage: "
            put(key, {"question": prompt + english, "pos": [prompt + text for _, _, text in some], "language": some[0][1]})
            for _, language, _ in some: counts[language]["aligned"] += 1
    rows = 0
    for i, bucket in enumerate(buckets):
        bucket.close()
        lines = sorted(open(bucket.name, encoding="utf-8"))
        rows += len(lines)
        with gzip.GzipFile(f"{part}/rows-{i:02}.jsonl.gz", "wb", compresslevel=6, mtime=0) as f: f.writelines(line.split("\t", 1)[1].encode() for line in lines)
        os.remove(bucket.name)
    manifest = {"rows": rows, "languages": {l: dict(sorted(c.items()), all=sum(c[k] for k in LIMITS)) for l, c in sorted(counts.items())}, "packages": []}
    for path in sorted(glob.glob(f"{debs}/*.deb")):
        name, version = subprocess.run(["dpkg-deb", "-f", path, "Package", "Version"], capture_output=True, text=True, check=True).stdout.split("\n")[:2]
        name, version = name.split(": ")[1], version.split(": ")[1]
        manifest["packages"].append({"package": name, "version": version, "texts": packages[name], "sha256": hashlib.sha256(open(path, "rb").read()).hexdigest(), "licence": licences(path)})
    manifest["packages"].append({"package": "apt lists (descriptions, AppStream)", "texts": packages["lists"]})
    with open(f"{part}/manifest.json", "w", encoding="utf-8") as f: json.dump(manifest, f, indent=1, ensure_ascii=False)
    if os.path.exists(out): os.rename(out, out + ".old")
    os.rename(part, out)
    print("rows", rows, "texts", sum(c["all"] for c in manifest["languages"].values()), "languages", len(counts))
    for language, c in manifest["languages"].items(): print(language, *(f"{k} {v}" for k, v in c.items()), sep="\t")


def licences(path):
    """Short names in the package's copyright file, where it is machine-readable."""
    tar = subprocess.run(f"dpkg-deb --fsys-tarfile '{path}' | tar -xO --wildcards './usr/share/doc/*/copyright' 2>/dev/null", shell=True, capture_output=True).stdout
    return sorted(set(re.findall(r"^License: *(\S[^\n]{0,60})", tar.decode("utf-8", "replace"), re.M)))[:20]


if __name__ == "__main__":
    if len(sys.argv) != 5: sys.exit(__doc__)
    main(*sys.argv[1:])
