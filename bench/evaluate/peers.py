"""The same work by peers and by ours, from the same files: peers.py score|permute|ties BUILD [ROUNDS [PEER…]]

score    reads and scores a run of 10,000 queries × 1,000 hits (nDCG@10, MAP, MRR); files from make_run.py in the folder $INPUT
permute  10,000 permutations of paired differences, 10,000 queries: ranx for 2 runs, ours for 10 against a baseline
ties     what each makes of equal scores, a missing query and identical runs
BUILD is the folder of `crosstail` and `bench_evaluate`. Rounds of peer and ours take turns, every one a process of its own
(ranx first gets a round for its compiler's cache). Median (range) of CPU seconds (user and system, all threads) and of wall seconds.
Needs `pip install ranx pytrec_eval-terrier ir_measures`.
"""
import os
import statistics
import subprocess
import sys
import time

SCORE = {
    "pytrec_eval": """
import pytrec_eval
with open(qrels) as f: q = pytrec_eval.parse_qrel(f)
with open(run) as f: r = pytrec_eval.parse_run(f)
start = now()
scores = pytrec_eval.RelevanceEvaluator(q, {'ndcg_cut_10', 'map', 'recip_rank'}).evaluate(r)
inner = now() - start
print(f"ndcg@10 {sum(s['ndcg_cut_10'] for s in scores.values()) / len(scores):.4f}, from memory {inner:.2f} s")
""",
    "ir_measures": """
import ir_measures
from ir_measures import nDCG, AP, RR
q, r = list(ir_measures.read_trec_qrels(qrels)), ir_measures.read_trec_run(run)
scores = ir_measures.calc_aggregate([nDCG@10, AP, RR], q, r)
print(f"ndcg@10 {scores[nDCG@10]:.4f}")
""",
    "ranx": """
from ranx import Qrels, Run, evaluate
q, r = Qrels.from_file(qrels, kind='trec'), Run.from_file(run, kind='trec')
start = now()
scores = evaluate(q, r, ['ndcg@10', 'map', 'mrr'])
print(f"ndcg@10 {scores['ndcg@10']:.4f}, from memory {now() - start:.2f} s")
""",
}

PERMUTE = {
    "ranx": """
import numpy as np
from ranx.statistical_tests.fisher_randomization_test import fisher_randomization_test as test
random = np.random.default_rng(1)
a = random.random(10000)
b = a + random.normal(0.002, 0.3, 10000)
test(a, b, 10)
start = now()
p, _ = test(a, b, 10000)
print(f"p {p:.4f}; the test alone {now() - start:.2f} s for 1 comparison")
""",
}

TIES = """
import os, tempfile
import pytrec_eval
from ranx import Qrels, Run, evaluate, compare
qrels = {'q1': {'a': 1}, 'q2': {'b': 1}}
for name, hits in [('a first', {'a': 1.0, 'z': 1.0}), ('z first', {'z': 1.0, 'a': 1.0})]:
    run = {'q1': hits, 'q2': {'b': 1.0}}
    own = pytrec_eval.RelevanceEvaluator(qrels, {'recip_rank'}).evaluate(run)
    print(f"ties, {name}: ranx {evaluate(Qrels(qrels), Run(run), 'mrr'):.2f}, pytrec_eval {sum(s['recip_rank'] for s in own.values()) / 2:.2f}")
short = {'q1': {'a': 1.0}}
own = pytrec_eval.RelevanceEvaluator(qrels, {'recip_rank'}).evaluate(short)
print('missing query: pytrec_eval', {q: s['recip_rank'] for q, s in own.items()})
try:
    print('missing query: ranx', evaluate(Qrels(qrels), Run(short), 'mrr'))
except Exception as problem:
    print('missing query: ranx', type(problem).__name__, str(problem)[:80])
run = {'q1': {'a': 1.0}, 'q2': {'b': 1.0}}
for test in ('student', 'fisher'):
    out = compare(Qrels(qrels), [Run(run, name='x'), Run(run, name='y')], ['mrr'], stat_test=test)
    print('identical runs: ranx', test, 'p =', [c['mrr']['p_value'] for c in out.comparisons.values()])
"""


def timed(command):
    before, start = os.times(), time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, time.perf_counter() - start, out.strip().splitlines()[-1]


def table(jobs, rounds, ours, warm):
    results = {name: [] for name in jobs}
    for name in warm & set(jobs):
        timed(jobs[name])
    for _ in range(rounds):
        for name, command in jobs.items():
            results[name].append(timed(command))
    base = {i: statistics.median(row[i] for row in results[ours]) for i in (0, 1)}
    print(f"{'':22} CPU s: median (range)   wall s: median (range)  to ours: CPU   wall   last line")
    for name, rows in results.items():
        cells = []
        for i in (0, 1):
            values = sorted(row[i] for row in rows)
            cells.append(f"{statistics.median(values):8.2f} ({values[0]:.2f}-{values[-1]:.2f})")
        ratios = [statistics.median(row[i] for row in rows) / base[i] for i in (0, 1)]
        print(f"{name:22} {cells[0]:23} {cells[1]:23} {ratios[0]:8.1f}x {ratios[1]:5.1f}x   {rows[-1][2]}")


def main(what, build, rounds=5, *peers):
    folder = os.environ.get("INPUT", ".")
    run, qrels = f"{folder}/run.trec", f"{folder}/qrels.trec"
    head = f"from time import perf_counter as now\nrun, qrels = {run!r}, {qrels!r}\n"
    python = lambda code: [sys.executable, "-c", head + code]
    if what == "ties":
        print(subprocess.run(python(TIES), check=True, capture_output=True, text=True).stdout)
        return
    chosen = SCORE if what == "score" else PERMUTE
    jobs = {name: python(code) for name, code in chosen.items() if not peers or name in peers}
    bench = f"{build}/bench_evaluate"
    if what == "score":
        jobs["crosstail: scores"] = [bench, "score", run, qrels, "1"]
        jobs["crosstail evaluate"] = [f"{build}/crosstail", "evaluate", "--qrels", qrels, "--run", f"run={run}",
                                      "--measures", "ndcg@10,map,mrr"]
        ours = "crosstail: scores"
    else:
        jobs["crosstail, 10 runs"] = [bench, "permute", "1"]
        ours = "crosstail, 10 runs"
    table(jobs, int(rounds), ours, {"ranx"})


if __name__ == "__main__":
    main(*sys.argv[1:])
