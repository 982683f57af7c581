#!/usr/bin/env python3
"""The fusion table of design.md (§3), made by the program beside the published one.

usage: run.py CROSSTAIL MODEL SETS WORK

SETS holds xquad, titles and index-entries as shared/tools/parallel/beir_sets.py writes them; MODEL is multilingual-e5-small.
Indexes and vectors are kept in WORK and used again. Passages are cut at 256 tokens, questions and queries at 64. Then `tune` is
run on half of the clusters (queries of one passage) and its choice is held against the best single column on the other half.
Exit code 1 where a cell is off by more than 0.5, or tune by more than 0.5 below.
"""
import hashlib, json, os, subprocess, sys

PUBLISHED = {
    "xquad": [83.2, 84.3, 64.3, 4.7, 81.3, 85.1, 74.9, 77.0, 83.8, 71.2],
    "titles": [15.3, 30.3, 55.7, 28.8, 47.8, 37.4, 77.4, 80.2, 66.7, 78.0],
    "index-entries": [7.6, 18.6, 15.2, 12.5, 26.0, 14.9, 28.2, 32.0, 24.2, 31.1],
}
OWN = "own"  # stands for --centroid-from the index itself, --centroid-shrink 0
COLUMNS = [
    ("none", ["--fusion", "none", "--center", "none"]),
    ("none, query centred", ["--fusion", "none", "--center", "language", OWN]),
    ("English question only", ["--fusion", "questions-only", "--languages-attached", "en"]),
    ("sum .01", ["--fusion", "sum", "--alpha", "0.01"]),
    ("sum .01 centred", ["--fusion", "sum", "--alpha", "0.01", "--center", "language", OWN]),
    ("mean .3", ["--fusion", "mean", "--alpha", "0.3"]),
    ("mean .9", ["--fusion", "mean", "--alpha", "0.9"]),
    ("mean .9 centred", ["--fusion", "mean", "--alpha", "0.9", "--center", "language", OWN]),
    ("max .95", ["--fusion", "max", "--beta", "0.95"]),
    ("max 1 centred", ["--fusion", "max", "--beta", "1", "--center", "language", OWN]),
]


def call(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def prepare(crosstail, model, folder, work, name):
    """Index of the set, and its queries' vectors (an index of queries, exported)."""
    kept = "titles" if name == "index-entries" else name  # the same corpus and annotations
    index, queries = f"{work}/{kept}", f"{work}/queries-{name}"
    lengths = ["--max-length", "256", "--question-max-length", "64"]
    if not os.path.exists(f"{index}/manifest.json"):
        call(crosstail, "index", f"{folder}/corpus.jsonl", "-o", index, "--model", model, "--questions", f"{folder}/annotations.jsonl",
             "--keep-parts", "question", *lengths, *([] if name == "xquad" else ["--passage-from", "text"]))
    if not os.path.exists(f"{queries}-vectors/passages.npy"):
        call(crosstail, "index", f"{folder}/queries.jsonl", "-o", queries, "--model", model, "--passage-prompt", "query", "--max-length", "64", "--passage-from", "text")
        call(crosstail, "index", "export", queries, "-o", f"{queries}-vectors")
    return index, f"{queries}-vectors/passages.npy"


def half(query_file, vectors, qrels, side, out):
    """Queries of one side of a split by passage, with their vectors."""
    import numpy as np
    relevant = dict(line.split("\t")[:2] for line in open(qrels))
    rows = [(i, line) for i, line in enumerate(open(query_file, encoding="utf-8"))
            if int(hashlib.md5(relevant[json.loads(line)["_id"]].encode()).hexdigest(), 16) % 2 == side]
    open(f"{out}.jsonl", "w", encoding="utf-8").writelines(line for _, line in rows)
    np.save(f"{out}.npy", np.load(vectors)[[i for i, _ in rows]])
    return f"{out}.jsonl", f"{out}.npy"


def mrr(crosstail, index, queries, vectors, qrels, leave_out, setting, work):
    own = ["--centroid-from", index, "--centroid-shrink", "0"] if OWN in setting else []
    center = "language" if "language" in setting else "none"
    words = [word for word in setting if word != OWN]
    if "--centroid-shrink" in words:  # `own` says it
        at = words.index("--centroid-shrink"); del words[at:at + 2]
    table = call(crosstail, "search", index, "--queries", queries, "--query-vectors", vectors, "--leave-out", leave_out, "--qrels", qrels,
                 "--format", "trec", "-k", "10", "--quiet", "-o", f"{work}/runs", "--sweep", f"center={center}", *words, *own)
    return 100 * float(table.split("\n")[1].split("\t")[1])


def main(crosstail, model, sets, work):
    os.makedirs(work, exist_ok=True)
    good = True
    print("| set | " + " | ".join(name for name, _ in COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 1))
    for name, published in PUBLISHED.items():
        folder = f"{sets}/{name}"; queries, qrels = f"{folder}/queries.jsonl", f"{folder}/qrels/test.tsv"
        index, vectors = prepare(crosstail, model, folder, work, name)
        leave_out = "language,group" if name == "xquad" else "language"
        made = [mrr(crosstail, index, queries, vectors, qrels, leave_out, setting, work) for _, setting in COLUMNS]
        good &= all(abs(a - b) <= 0.5 for a, b in zip(made, published))
        print(f"| {name}: ours | " + " | ".join(f"{value:.1f}" for value in made) + " |")
        print(f"| {name}: published | " + " | ".join(f"{value:.1f}" for value in published) + " |", flush=True)
        dev, test = (half(queries, vectors, qrels, side, f"{work}/{name}-{side}") for side in (0, 1))
        curve = call(crosstail, "tune", index, "--queries", dev[0], "--query-vectors", dev[1], "--qrels", qrels, "--leave-out", leave_out,
                     "--centroid-from", index, "--centroid-shrink", "0", "--dry-run", "--quiet").strip().split("\n")
        chosen = curve[-1].split("\t")[2].split()
        tuned = mrr(crosstail, index, *test, qrels, leave_out, chosen + ([OWN] if "--center" in chosen else []), work)
        best, column = max((mrr(crosstail, index, *test, qrels, leave_out, setting, work), label) for label, setting in COLUMNS)
        good &= tuned >= best - 0.5
        print(f"tune on the other half chose {' '.join(chosen)}: {tuned:.1f}; best single column there: {best:.1f} ({column})", flush=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    if len(sys.argv) != 5: sys.exit(__doc__)
    main(*sys.argv[1:])
