"""A real experiment without a model: BM25 over character 4-grams on XQuAD-R, as `docs/evaluate.md` tells it.

usage: xquad_bm25.py SET OUT   (SET from tools/parallel/beir_sets.py xquad; needs numpy and scipy)
Question in one of ten languages -> English paragraph. The query's own language is left out of the attached questions in
every system, its own group too, except in `upper`. Writes a run and its .meta.json for each system:
text, text+english (question in the passage's language), text+others (questions in other languages), upper.
"""
import json
import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict

import numpy as np

K1, B = 0.9, 0.4


def grams(text):
    out = Counter()
    for word in re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()):
        padded = f"_{word}_"
        out.update(padded[i:i + 4] for i in range(max(1, len(padded) - 3)))
    return out


def normal(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c)[0] in "LMN")


def rows(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def main(source, out):
    os.makedirs(out, exist_ok=True)
    corpus, queries, attached = (rows(f"{source}/{n}.jsonl") for n in ("corpus", "queries", "annotations"))
    qrels = dict(line.split("\t")[:2] for line in open(f"{source}/qrels/test.tsv").read().splitlines()[1:])
    place = {c["_id"]: i for i, c in enumerate(corpus)}
    terms, texts = {}, [grams(c["text"]) for c in corpus]
    questions = defaultdict(list)
    for a in attached:
        questions[a["passage_id"]].append((a["lang"], a["group"], grams(a["text"]), normal(a["text"])))
    for counts in texts + [q[2] for list_ in questions.values() for q in list_]:
        for term in counts:
            terms.setdefault(term, len(terms))
    n = len(corpus)

    def matrix(use):
        tf = np.zeros((len(terms), n), dtype=np.float32)
        for i, c in enumerate(corpus):
            for counts in [texts[i]] + [q[2] for q in questions[c["_id"]] if use(q[0])]:
                for term, k in counts.items():
                    tf[terms[term], i] += k
        return tf

    systems = {
        "text": (lambda own: lambda lang: False, True, False),
        "text+english": (lambda own: lambda lang: lang == "en", True, False),
        "text+others": (lambda own: lambda lang: lang != own, True, True),
        "upper": (lambda own: lambda lang: lang != own, False, True),
    }
    for name, (chooser, leave_group, other) in systems.items():
        run, leaks, built = [], {}, {}
        for q in queries:
            key = q["lang"] if other else ""
            if key not in built:
                built = {key: matrix(chooser(q["lang"]))}
                length = built[key].sum(axis=0)
            tf, size = built[key], length
            ids = [terms[t] for t in grams(q["text"]) if t in terms]
            part = tf[ids]
            own = place[qrels[q["_id"]]]
            use = chooser(q["lang"])
            counted = [a for a in questions[corpus[own]["_id"]] if use(a[0]) and not (leave_group and a[1] == q["group"])]
            group = [a[2] for a in questions[corpus[own]["_id"]] if a[1] == q["group"] and use(a[0])]
            if leave_group and group:
                part, size = part.copy(), size.copy()
                for counts in group:
                    size[own] -= sum(counts.values())
                    part[:, own] -= [counts.get(t, 0) for t in grams(q["text"]) if t in terms]
            found = {"same-text": any(a[3] == normal(q["text"]) for a in counted), "same-group": any(a[1] == q["group"] for a in counted)}
            if any(found.values()):
                leaks[q["_id"]] = {grade: [corpus[own]["_id"]] for grade, leaks_so in found.items() if leaks_so}
            df = (part > 0).sum(axis=1)
            idf = np.log(1 + (n - df + 0.5) / (df + 0.5))
            norm = part + K1 * (1 - B + B * size / size.mean())
            scores = (idf[:, None] * part * (K1 + 1) / norm).sum(axis=0) if ids else np.zeros(n)
            for rank, i in enumerate(sorted(range(n), key=lambda i: (-scores[i], i))[:100], 1):
                run.append(f"{q['_id']} Q0 {corpus[i]['_id']} {rank} {scores[i]:.6f} {name}\n")
        with open(f"{out}/{name}.trec", "w") as f:
            f.writelines(run)
        meta = {"format": "crosstail-run-meta", "version": 1, "system": "bm25", "passage_from": "text", "fusion": "none",
                "leave_out": ["language"] + (["group"] if leave_group else []), "other_languages": other,
                "passages": n, "passages_with_questions": n, "leaks_checked": ["same-text", "same-group"], "leaks": leaks}
        with open(f"{out}/{name}.trec.meta.json", "w") as f:
            json.dump(meta, f, indent=1)
        print(name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
