"""Runs of an encoder with attached questions, one file a setting, as `docs/evaluate.md` tells it: dense_runs.py VECTORS SET OUT

VECTORS: a folder with corpus.npy, queries.npy and annotations.npy from `crosstail encode`; SET: from tools/parallel/beir_sets.py.
Every query leaves out attached questions of its own language, group and text. Fusion as in the documentation: `mean` (renormalised)
and the plain `sum`; `centred` takes the mean of all attached questions from queries, and each language's mean (shrunk) from the
attached ones. Needs numpy.
"""
import json
import os
import sys
import unicodedata
from collections import defaultdict

import numpy as np

SHRINK = 100
# name, fusion, alpha, language of the attached questions that count (None: every other), centred
SYSTEMS = [("text", "none", 0, None, False), ("text-centred", "none", 0, None, True), ("english", "mean", 0.3, "en", False)]
SYSTEMS += [(f"mean-{alpha}", "mean", alpha, None, False) for alpha in (0.1, 0.2, 0.3, 0.5, 0.7)]
SYSTEMS += [("mean-0.3-centred", "mean", 0.3, None, True), ("sum-0.01", "sum", 0.01, None, False)]


def normal(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c)[0] in "LMN")


def fuse(fusion, alpha, passages, sums, number):
    """Rows of passages with the sums of their questions; those without any keep theirs."""
    fused, has = passages.astype(np.float64), number > 0
    if fusion == "mean":
        fused[has] = (1 - alpha) * fused[has] + alpha * sums[has] / number[has, None]
        fused[has] /= np.linalg.norm(fused[has], axis=1, keepdims=True)
    elif fusion == "sum":
        fused[has] = (1 - alpha) * fused[has] + alpha * sums[has]
    return fused


def main(vectors, source, out):
    os.makedirs(out, exist_ok=True)
    rows = {n: [json.loads(line) for line in open(f"{source}/{n}.jsonl", encoding="utf-8")] for n in ("corpus", "queries", "annotations")}
    passages, queries, questions = (np.load(f"{vectors}/{n}.npy") for n in ("corpus", "queries", "annotations"))
    place = {r["_id"]: i for i, r in enumerate(rows["corpus"])}
    code = lambda row: row["lang"].replace("_", "-").split("-")[0]
    language = np.array([code(a) for a in rows["annotations"]])
    passage = np.array([place[a["passage_id"]] for a in rows["annotations"]])
    by_group, by_text = defaultdict(list), defaultdict(list)
    for i, a in enumerate(rows["annotations"]):
        by_group[a["group"]].append(i)
        by_text[normal(a["text"])].append(i)
    center = questions.mean(0)
    centers = {l: (questions[language == l].sum(0) + SHRINK * center) / ((language == l).sum() + SHRINK) for l in set(language)}
    shifted = questions - np.stack([centers[l] for l in language])
    files = {s[0]: open(f"{out}/{s[0]}.trec", "w") for s in SYSTEMS}
    for own in sorted({code(q) for q in rows["queries"]}):
        mine = [i for i, q in enumerate(rows["queries"]) if code(q) == own]
        for name, fusion, alpha, only, centred in SYSTEMS:
            counts = (language != own) & ((language == only) if only else True)
            parts = shifted if centred else questions
            sums = np.zeros((len(place), questions.shape[1]))
            np.add.at(sums, passage[counts], parts[counts])
            number = np.bincount(passage[counts], minlength=len(place))
            asked = (queries[mine] - center if centred else queries[mine]).astype(np.float64)
            scores = asked @ fuse(fusion, alpha, passages, sums, number).T
            for row, i in enumerate(mine):
                q = rows["queries"][i]
                left_out = set(by_text[normal(q["text"])]) | (set(by_group[q["group"]]) if q.get("group") else set())
                skip = np.array([j for j in left_out if counts[j]], dtype=int)
                for p in set(passage[skip]):
                    of = skip[passage[skip] == p]
                    changed = fuse(fusion, alpha, passages[[p]], (sums[p] - parts[of].sum(0))[None], number[[p]] - len(of))
                    scores[row, p] = asked[row] @ changed[0]
                for rank, p in enumerate(np.argsort(-scores[row], kind="stable")[:100], 1):
                    files[name].write(f"{q['_id']} Q0 {rows['corpus'][p]['_id']} {rank} {scores[row, p]:.6f} {name}\n")
    for name, fusion, alpha, only, centred in SYSTEMS:
        files[name].close()
        meta = {"format": "crosstail-run-meta", "version": 1, "system": "dense", "fusion": fusion,
                "center": "language" if centred else "none", "leave_out": ["language", "group", "text"],
                "other_languages": fusion != "none" and only is None, "leaks_checked": ["same-text", "same-group"], "leaks": {}}
        if fusion != "none":
            meta["alpha"] = alpha
        json.dump(meta, open(f"{out}/{name}.trec.meta.json", "w"))


if __name__ == "__main__":
    main(*sys.argv[1:])
