#!/usr/bin/env python3
"""What fine-tuning on FAQ pairs brings on pages that it never saw: rows out of real pages, split by page with all languages of a page
on one side; rate and steps chosen on a third part; the gain on the test part with its interval.

usage: faq.py CROSSTAIL MODEL_DIR DATA WORK [--rates 2e-5,5e-5,1e-4] [--steps 48] [--batch 32]

DATA holds faq-pages/ (a tar of FAQPage pages, 855 of them, five in 15 languages) and faq-aligned/ (bitcoin.org's texts in 28
languages). A pair of the latter is a heading and its text. MODEL_DIR: Hugging Face or sentence-transformers layout (of a converted
model: `crosstail model convert --to huggingface`). WORK is made; what is there is used again.
"""
import argparse, collections, glob, hashlib, html, json, os, re, subprocess, tarfile

ONE_LANGUAGE_PAGES = 80  # of the pages that are there in English only, which are all alike: one of each breach


def number(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def part(group):
    return ("train", "train", "train", "train", "train", "choose", "choose", "test", "test", "test")[number("part " + group) % 10]


def yaml_texts(path):
    """(page, key, text) of a file of two levels whose values are quoted or folded."""
    page = key = None
    with open(path, encoding="utf-8") as f:
        for line in f:
            new = re.match(r"( {2}| {4})([\w-]+):(?: (.*))?$", line.rstrip("\n"))
            if new and len(new[1]) == 2: page, key = new[2], None
            elif new:
                key, value = new[2], (new[3] or "").strip()
                if value.startswith('"') and value.endswith('"') and len(value) > 1: yield page, key, re.sub(r'\\(.)', r"\1", value[1:-1])
                elif value and value[0] not in ">|\"'": yield page, key, value
                if value[:1] in (">", "|"): yield page, key, None
            elif key and line.strip(): yield page, key, line.strip()


def plain(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", text))).strip()


def aligned_pairs(folder):
    """A heading `key` and the texts keytxt, keytext, keytxt1 … of its page."""
    for path in sorted(glob.glob(f"{folder}/*/*.yml")):
        language = os.path.basename(path)[:-4].split("_")[0]
        texts = collections.defaultdict(str)
        for page, key, text in yaml_texts(path):
            if text: texts[page, key] += (" " if texts[page, key] else "") + text
        for (page, key), heading in list(texts.items()):
            body = " ".join(texts[page, key + end] for end in ("txt", "text", *(f"txt{i}" for i in range(1, 9))) if (page, key + end) in texts)
            if body and len(plain(heading)) > 3 and len(plain(body)) > 30: yield "bitcoin.org " + page, key, language, plain(heading), plain(body)


def page_pairs(crosstail, folder, work):
    if not os.path.exists(f"{work}/faq.jsonl"):
        for path in glob.glob(f"{folder}/*.tar.zst"):
            os.makedirs(f"{work}/site", exist_ok=True)
            subprocess.run(["tar", "--zstd", "-xf", path, "-C", f"{work}/site"], check=True)
        subprocess.run([crosstail, "extract", f"{work}/site", "-o", f"{work}/faq.jsonl", "--quiet"], check=True)
    rows, languages = [], collections.defaultdict(set)
    for line in open(f"{work}/faq.jsonl", encoding="utf-8"):
        row = json.loads(line)
        language, page = row["language"].split("-")[0], re.sub(r"^[^/]*/([a-z]{2}(-[a-z]+)?/)?", "", row["url"])
        languages[page].add(language)
        rows.append((page, str(row["position"]), language, row["question"], row["answer"]))
    alone = sorted((p for p in languages if len(languages[p]) == 1), key=number)[ONE_LANGUAGE_PAGES:]
    alone = set(alone)
    for page, key, language, question, answer in rows:
        if page not in alone: yield "xposedornot " + page, key, language, question, answer


def write_rows(o):
    """Rows of the three parts; `train` takes rows of split train and measures on those of split dev."""
    seen, parts = set(), collections.defaultdict(list)
    for page, key, language, question, answer in [*page_pairs(o.crosstail, f"{o.data}/faq-pages", o.work), *aligned_pairs(f"{o.data}/faq-aligned")]:
        if (language, question) in seen or (language, answer) in seen: continue
        seen.update(((language, question), (language, answer)))
        # No batch holds two rows of a group: a question and its translations. Measures are clustered by page.
        group = f"{page} {key}" if part(page) == "train" else page
        parts[part(page)].append({"question": question, "answer": answer, "language": language, "group": group})
    for name in ("choose", "test"):
        with open(f"{o.work}/{name}.jsonl", "w", encoding="utf-8") as f:
            for split, found in (("train", parts["train"]), ("dev", parts[name])):
                for row in sorted(found, key=lambda r: number(r["language"] + r["question"])): f.write(json.dumps({**row, "split": split}, ensure_ascii=False) + "\n")
    for name, found in parts.items():
        print(f"{name}: {len(found)} pairs of {len({r['group'] for r in found})} {'facts' if name == 'train' else 'pages'} in {len({r['language'] for r in found})} languages")


def trained(o, rows, name, rate, steps, every):
    """The result's folder."""
    out = f"{o.work}/{name}"
    if not os.path.exists(f"{out}/training/metrics.jsonl"):
        subprocess.run([o.crosstail, "train", rows, "--dev", rows, "--model", o.model, "-o", out, "--learning-rate", str(rate), "--steps", str(steps), "--evaluate-every", str(every),
                        "--batch-size", str(o.batch), "--question-length", "48", "--passage-length", "128", "--dev-rows", str(o.dev_rows), "--checkpoint-every", "0", "--quiet"], check=True)
    return out


def measures(out):
    return {row["step"]: row["dev"] for row in map(json.loads, open(f"{out}/training/metrics.jsonl")) if "dev" in row}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ("crosstail", "model", "data", "work"): p.add_argument(name)
    p.add_argument("--rates", default="2e-5,5e-5,1e-4")
    for name, value in (("steps", 48), ("batch", 32), ("dev-rows", 300)): p.add_argument("--" + name, type=int, default=value)
    o = p.parse_args()
    os.makedirs(o.work, exist_ok=True)
    write_rows(o)
    found = []
    for rate in o.rates.split(","):
        steps = measures(trained(o, f"{o.work}/choose.jsonl", f"rate-{rate}", rate, o.steps, o.steps // 3))
        print(f"rate {rate}: MRR@10 on the part to choose by", ", ".join(f"{100 * m:.1f} after {s}" for s, m in sorted(steps.items())), flush=True)
        found += [(m, rate, s) for s, m in steps.items() if s > 0]
    _, rate, steps = max(found)
    out = trained(o, f"{o.work}/test.jsonl", "tuned", rate, steps, 0)
    print(f"chosen: rate {rate}, {steps} steps; on the test part:", flush=True)
    t = f"{out}/training"
    subprocess.run([o.crosstail, "evaluate", "--qrels", f"{t}/dev.qrels", "--queries", f"{t}/dev-queries.jsonl", "--run", f"before={t}/before.run", "--run", f"after={t}/after.run"], check=True)


if __name__ == "__main__":
    main()
