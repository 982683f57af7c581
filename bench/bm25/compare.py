#!/usr/bin/env python3
"""BM25 beside bm25s (numba) and tantivy: k = 100, one core, in one run, CPU time.

usage: compare.py HELP_DIR MODEL_DIR BENCH_BM25 [WORK_DIR]

HELP_DIR holds Debian's libreoffice-help-* unpacked (usr/share/libreoffice/help): its paragraphs are
the 200,000 passages, its page titles the queries. MODEL_DIR holds the tokenizer whose ids are our
terms. Peers analyse with what they have: bm25s its own words, and our ids; tantivy its default
analyser. Query time includes analysis for tantivy and us, not for bm25s.
"""
import collections, html, json, os, random, re, statistics, subprocess, sys, tempfile, time

LANGUAGES = "en-US de fr es it ru zh-CN ja ko hi tr fi pl hu".split()
segment = re.compile(r'<(p|h[1-6])\b[^>]*?\bid="[^"]+"[^>]*>(.*?)</\1>', re.S)
title = re.compile(r"<title>(.*?)</title>", re.S)
clean = lambda s: re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", s))).strip()


def make_inputs(help_dir, work):
    paragraphs, titles = [], []
    for language in LANGUAGES:
        seen, own = set(), set()
        for root, _, files in sorted(os.walk(f"{help_dir}/{language}/text")):
            for name in sorted(files):
                text = open(os.path.join(root, name), encoding="utf-8").read()
                match = title.search(text)
                if match: own.add(clean(match.group(1)))
                begin = text.find('id="DisplayArea"')
                for match in segment.finditer(text[begin:]):
                    paragraph = clean(match.group(2))
                    if len(paragraph) >= 30 and paragraph not in seen:
                        seen.add(paragraph); paragraphs.append((language, paragraph))
        titles += [(language, t) for t in sorted(own) if len(t) >= 4]
    random.Random(1).shuffle(paragraphs); random.Random(2).shuffle(titles)
    paragraphs = paragraphs[:200000]; titles = titles[:2000]
    open(f"{work}/documents.txt", "w").write("".join(p + "\n" for _, p in paragraphs))
    open(f"{work}/queries.txt", "w").write("".join(t + "\n" for _, t in titles))
    json.dump([[l for l, _ in paragraphs], [l for l, _ in titles]], open(f"{work}/languages.json", "w"))


def median_rate(count, run, rounds=5):
    rates = []
    for _ in range(rounds):
        start = time.process_time(); run(); rates.append(count / (time.process_time() - start))
    return statistics.median(rates), min(rates), max(rates)


def found_by_language(hits, languages):
    """Share of the queries of each language that found anything in a passage of that language."""
    documents, queries = languages; found = collections.Counter(); asked = collections.Counter(queries)
    for q, rows in hits.items():
        if any(documents[r] == queries[q] for r in rows): found[queries[q]] += 1
    return {l: round(found[l] / asked[l], 2) for l in ("zh-CN", "ja", "ko", "de") if asked[l]}


def main(help_dir, model, binary, work):
    os.makedirs(work, exist_ok=True)
    if not os.path.exists(f"{work}/languages.json"): make_inputs(help_dir, work)
    documents = open(f"{work}/documents.txt").read().split("\n")[:-1]
    queries = open(f"{work}/queries.txt").read().split("\n")[:-1]
    languages = json.load(open(f"{work}/languages.json"))
    print(f"{len(documents)} passages of {len(set(languages[0]))} languages, {len(queries)} queries")
    results = {}
    for kind in ("ids", "words"):
        out = json.loads(subprocess.check_output([binary, model, f"{work}/documents.txt", f"{work}/queries.txt", f"{work}/ours-{kind}", kind]))
        hits = collections.defaultdict(list)
        for line in open(f"{work}/ours-{kind}.tsv"):
            q, row, _ = line.split("\t"); hits[int(q)].append(int(row))
        results[f"crosstail {kind}"] = (out["queries_per_s"], out["queries_per_s_min"], out["queries_per_s_max"], out["build_docs_per_s"], found_by_language(hits, languages))
        print(kind, out, flush=True)

    import bm25s, numpy as np
    from tokenizers import Tokenizer
    for name in ("words", "our ids"):
        start = time.process_time()
        if name == "words":
            corpus = bm25s.tokenize(documents, stopwords=None, show_progress=False)
            asked = bm25s.tokenize(queries, stopwords=None, show_progress=False, return_ids=False)
        else:
            tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json"); tokenizer.no_truncation()
            corpus = [[str(i) for i in e.ids] for e in tokenizer.encode_batch(documents, add_special_tokens=False)]
            asked = [[str(i) for i in e.ids] for e in tokenizer.encode_batch(queries, add_special_tokens=False)]
        analysis = time.process_time() - start
        start = time.process_time()
        index = bm25s.BM25(method="lucene", k1=0.9, b=0.4, backend="numba"); index.index(corpus, show_progress=False)
        build = len(documents) / (time.process_time() - start)
        index.retrieve(asked[:8], k=100, n_threads=1, show_progress=False)
        kept = {}
        def ask(): kept["rows"] = index.retrieve(asked, k=100, n_threads=1, show_progress=False, return_as="tuple")
        rate = median_rate(len(queries), ask)
        rows, scores = kept["rows"].documents, kept["rows"].scores
        hits = {q: [int(r) for r, s in zip(rows[q], scores[q]) if s > 0] for q in range(len(queries))}
        results[f"bm25s {name}"] = (*rate, build, found_by_language(hits, languages))
        print("bm25s", name, "analysis docs/s", round(len(documents) / analysis), flush=True)

    import tantivy
    schema = tantivy.SchemaBuilder(); schema.add_text_field("body"); schema.add_integer_field("row", stored=True, fast=True)
    with tempfile.TemporaryDirectory() as folder:
        index = tantivy.Index(schema.build(), path=folder); start = time.process_time()
        writer = index.writer(heap_size=1 << 28, num_threads=1)
        for row, text in enumerate(documents): writer.add_document(tantivy.Document(body=text, row=row))
        writer.commit(); writer.wait_merging_threads(); build = len(documents) / (time.process_time() - start)
        index.reload(); searcher = index.searcher()
        plain = [re.sub(r"[^\w\s]", " ", q) for q in queries]
        kept = {}
        def ask():
            for q, text in enumerate(plain):
                kept[q] = searcher.search(index.parse_query(text, ["body"]), 100, count=False).hits if text.strip() else []
        rate = median_rate(len(queries), ask)
        hits = {q: [searcher.doc(a)["row"][0] for _, a in kept[q]] for q in kept}
        results["tantivy"] = (*rate, build, found_by_language(hits, languages))

    ours = results["crosstail ids"][0]
    print("| system | queries/s (median of 5, spread) | ours (ids) is | docs/s | finds its own language |\n|---|---|---|---|---|")
    for name, (rate, least, most, build, found) in results.items():
        print(f"| {name} | {rate:.0f} ({least:.0f}–{most:.0f}) | {ours / rate:.2f}× | {build:.0f} | {found} |")


if __name__ == "__main__":
    if len(sys.argv) < 4: sys.exit(__doc__)
    main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) > 4 else "bm25-work")
