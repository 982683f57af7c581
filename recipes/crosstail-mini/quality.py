#!/usr/bin/env python3
"""How much of the teacher's retrieval a small model keeps: MRR@10 with nothing attached and with `mean` at its best α.

usage: quality.py CROSSTAIL TEACHER STUDENT SETS WORK [SET...]

SETS holds xquad, titles and index-entries as shared/tools/parallel/beir_sets.py writes them. Indexes and runs are kept in WORK and
used again. The macro average is over languages (pt and pt-BR are one); the interval of the ratio is a bootstrap over clusters of
queries that share their relevant passage (2,000 resamples, 95%). Then each language's ratio, the worst first.
"""
import collections, json, os, random, subprocess, sys

ALPHAS = "0.1:0.9:0.1"


def call(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def runs(crosstail, model, sets, name, work):
    """Folder of runs, one for each setting."""
    index, queries, out = f"{work}/{'titles' if name == 'index-entries' else name}", f"{work}/queries-{name}", f"{work}/runs-{name}"
    lengths = ["--max-length", "256", "--question-max-length", "64"]
    folder = f"{sets}/{name}"
    os.makedirs(work, exist_ok=True)
    if not os.path.exists(f"{index}/manifest.json"):
        call(crosstail, "index", f"{folder}/corpus.jsonl", "-o", index, "--model", model, "--questions", f"{folder}/annotations.jsonl", "--keep-parts", "question", *lengths,
             *([] if name == "xquad" else ["--passage-from", "text"]))
    if not os.path.exists(f"{queries}-vectors/passages.npy"):
        call(crosstail, "index", f"{folder}/queries.jsonl", "-o", queries, "--model", model, "--passage-prompt", "query", "--max-length", "64", "--passage-from", "text")
        call(crosstail, "index", "export", queries, "-o", f"{queries}-vectors")
    if not os.path.exists(f"{out}/done"):
        for fusion in (["none"], ["mean", "--sweep", f"alpha={ALPHAS}"]):
            call(crosstail, "search", index, "--queries", f"{folder}/queries.jsonl", "--query-vectors", f"{queries}-vectors/passages.npy",
                 "--leave-out", "language,group" if name == "xquad" else "language", "--format", "trec", "-k", "10", "--quiet", "--center", "none", "--fusion", *fusion,
                 "-o", f"{out}/{fusion[0]}" if len(fusion) > 1 else f"{out}-none.trec")
        open(f"{out}/done", "w").close()
    return [f"{out}-none.trec"], [f"{out}/mean/{f}" for f in sorted(os.listdir(f"{out}/mean")) if f.endswith(".trec")]


def reciprocal_ranks(run, relevant):
    ranks = dict.fromkeys(relevant, 0.0)
    for line in open(run, encoding="utf-8"):
        query, _, passage, rank = line.split()[:4]
        if relevant.get(query) == passage: ranks[query] = 1 / int(rank) if int(rank) <= 10 else 0.0
    return ranks


def macro(sums):
    return 100 * sum(total / count for total, count in sums.values()) / len(sums)


def compare(teacher, student, queries, relevant, resamples=2000):
    """(teacher, student, ratio, low, high, ratio by language)."""
    clusters = collections.defaultdict(list)
    for query, language in queries.items(): clusters[relevant[query]].append((language, teacher[query], student[query]))
    cells = [collections.Counter() for _ in clusters]
    for cell, found in zip(cells, clusters.values()):
        for language, a, b in found: cell[language, 0] += a; cell[language, 1] += b; cell[language, 2] += 1
    languages = sorted(set(queries.values()))

    def averages(some):
        total = collections.Counter()
        for cell in some:
            for key, value in cell.items(): total[key] += value
        return [{l: (total[l, side], total[l, 2]) for l in languages if total[l, 2]} for side in (0, 1)]

    whole, draw = averages(cells), random.Random(1)
    ratios = sorted(macro(b) / macro(a) for a, b in (averages(draw.choices(cells, k=len(cells))) for _ in range(resamples)))
    by_language = {l: whole[1][l][0] / whole[0][l][0] if whole[0][l][0] else 1.0 for l in languages}
    return macro(whole[0]), macro(whole[1]), macro(whole[1]) / macro(whole[0]), ratios[int(0.025 * resamples)], ratios[int(0.975 * resamples)], by_language


def main(crosstail, teacher, student, sets, work, *names):
    print("| set | setting | teacher | student | ratio | 95% interval | languages under 80% |\n|---|---|---|---|---|---|---|")
    for name in names or ("xquad", "titles", "index-entries"):
        relevant = dict(line.split("\t")[:2] for line in open(f"{sets}/{name}/qrels/test.tsv") if not line.startswith("query-id"))
        queries = {q["_id"]: q["lang"].split("-")[0] for q in map(json.loads, open(f"{sets}/{name}/queries.jsonl", encoding="utf-8")) if q["_id"] in relevant}
        made = {side: runs(crosstail, model, sets, name, f"{work}/{side}") for side, model in (("teacher", teacher), ("student", student))}
        for at, setting in enumerate(("none", "mean")):
            best = {}
            for side, found in made.items():
                ranked = [(reciprocal_ranks(run, relevant), run) for run in found[at]]
                best[side] = max(ranked, key=lambda r: macro_of(r[0], queries))
            a, b, ratio, low, high, languages = compare(best["teacher"][0], best["student"][0], queries, relevant)
            weak = " ".join(f"{l} {100 * r:.0f}" for l, r in sorted(languages.items(), key=lambda x: x[1]) if r < 0.8)
            chosen = setting if at == 0 else " / ".join(os.path.basename(best[s][1])[:-5] for s in ("teacher", "student"))
            print(f"| {name} | {chosen} | {a:.1f} | {b:.1f} | {100 * ratio:.1f}% | [{100 * low:.1f}, {100 * high:.1f}] | {weak or 'none'} |", flush=True)


def macro_of(ranks, queries):
    by = collections.defaultdict(list)
    for query, language in queries.items(): by[language].append(ranks[query])
    return sum(sum(v) / len(v) for v in by.values()) / len(by)


if __name__ == "__main__":
    if len(sys.argv) < 6: sys.exit(__doc__)
    main(*sys.argv[1:])
