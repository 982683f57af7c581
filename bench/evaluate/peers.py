"""Reads and scores the same run with ranx, pytrec_eval and ir_measures, and with ours: peers.py BENCH_EVALUATE RUN QRELS [ROUNDS]

Median and range of CPU seconds (user and system, all threads) and of wall seconds, end to end from files: nDCG@10, MAP and
MRR. Every round of every peer is a process of its own, except that ranx also gets one warm-up (its compiler).
Needs `pip install ranx pytrec_eval-terrier ir_measures`.
"""
import os
import statistics
import subprocess
import sys
import time

PEERS = {
    "pytrec_eval": """
import pytrec_eval
with open(qrels) as f: q = pytrec_eval.parse_qrel(f)
with open(run) as f: r = pytrec_eval.parse_run(f)
start = now()
scores = pytrec_eval.RelevanceEvaluator(q, {'ndcg_cut_10', 'map', 'recip_rank'}).evaluate(r)
inner = now() - start
print(sum(s['ndcg_cut_10'] for s in scores.values()) / len(scores), inner)
""",
    "ir_measures": """
import ir_measures
from ir_measures import nDCG, AP, RR
start = now()
scores = ir_measures.calc_aggregate([nDCG@10, AP, RR], ir_measures.read_trec_qrels(qrels), ir_measures.read_trec_run(run))
print(scores[nDCG@10], now() - start)
""",
    "ranx": """
from ranx import Qrels, Run, evaluate
q, r = Qrels.from_file(qrels, kind='trec'), Run.from_file(run, kind='trec')
start = now()
scores = evaluate(q, r, ['ndcg@10', 'map', 'mrr'])
print(scores['ndcg@10'], now() - start)
""",
}


def timed(command):
    before, start = os.times(), time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, time.perf_counter() - start, out.strip().splitlines()[-1]


def main(bench, run, qrels, rounds=5):
    rounds, results = int(rounds), {}
    for name, code in PEERS.items():
        head = f"from time import perf_counter as now\nrun, qrels = {run!r}, {qrels!r}\n"
        results[name] = [timed([sys.executable, "-c", head + code]) for _ in range(rounds + (name == "ranx"))][-rounds:]
    results["crosstail"] = [timed([bench, "score", run, qrels, "1"]) for _ in range(rounds)]
    ours = statistics.median(cpu for cpu, _, _ in results["crosstail"])
    print("end to end        CPU s: median (range)    wall s: median   ratio of CPU to ours   last line")
    for name, rows in results.items():
        cpu, wall = sorted(r[0] for r in rows), sorted(r[1] for r in rows)
        print(f"{name:14} {statistics.median(cpu):12.2f} ({cpu[0]:.2f}-{cpu[-1]:.2f}) {statistics.median(wall):12.2f} "
              f"{statistics.median(cpu) / ours:14.1f}x   {rows[-1][2]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
