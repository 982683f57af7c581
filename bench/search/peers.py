#!/usr/bin/env python3
"""The peers' exact and approximate search over the same .npy files, in bench_search's lines.

Usage: peers.py ROWS.npy QUERIES.npy THREADS [NAME_PART]
Needs faiss-cpu and hnswlib.
"""
import os
import resource
import statistics
import sys
import time

import faiss
import hnswlib
import numpy as np

rows, queries = np.load(sys.argv[1]), np.load(sys.argv[2])
threads = int(sys.argv[3])
wanted = sys.argv[4] if len(sys.argv) > 4 else ""
suffix = f", {threads} thread" + ("s" if threads > 1 else "")
faiss.omp_set_num_threads(threads)
HITS = 100
RUNS = int(os.environ.get("RUNS", 5))
EFFORTS = [int(e) for e in os.environ.get(
    "EFFORTS", "10,20,40,60,80,120,160,240,320,480,640,960,1280,1920,2560").split(",")]


def measure(name, work, unit, body, runs=5):
    if wanted not in name:
        return
    body()
    rates = []
    for _ in range(runs):
        begin = time.perf_counter()
        body()
        rates.append(work / (time.perf_counter() - begin))
    rates.sort()
    print(f"{name + suffix:<34} {statistics.median(rates):10.1f} {unit:<10} [{rates[0]:.1f}, {rates[-1]:.1f}]",
          flush=True)


def exact():
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    measure("faiss IndexFlatIP batch", len(queries), "queries/s", lambda: flat.search(queries, HITS))

    def singles():
        for q in range(20):
            flat.search(queries[q:q + 1], HITS)
    measure("faiss IndexFlatIP single", 20, "queries/s", singles)
    if "SQ bf16" in wanted:
        bf16 = faiss.IndexScalarQuantizer(rows.shape[1], faiss.ScalarQuantizer.QT_bf16,
                                          faiss.METRIC_INNER_PRODUCT)
        bf16.add(rows)
        measure("faiss SQ bf16 batch", len(queries) // 5, "queries/s",
                lambda: bf16.search(queries[::5], HITS))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def approximate():
    """With HNSW_FILE in the environment: builds and writes it, or, where it is there, asks it."""
    kept = os.environ.get("HNSW_FILE", "")
    truth = faiss.IndexFlatIP(rows.shape[1])
    truth.add(rows)
    _, expected = truth.search(queries, 10)
    del truth
    before = int(open("/proc/self/statm").read().split()[1]) * 4096
    index = hnswlib.Index(space="ip", dim=rows.shape[1])
    begin, used = time.perf_counter(), cpu()
    if os.path.exists(kept):
        index.load_index(kept)
    else:
        index.init_index(max_elements=len(rows), M=16, ef_construction=100, random_seed=1)
        index.add_items(rows, num_threads=threads)
    memory = int(open("/proc/self/statm").read().split()[1]) * 4096 - before
    print(f"hnswlib M16 efC100: built in {cpu() - used:.1f} CPU s ({time.perf_counter() - begin:.1f} s), "
          f"{memory / 2**20:.0f} MiB", flush=True)
    if kept and not os.path.exists(kept):
        index.save_index(kept)
        return
    index.set_num_threads(threads)
    for effort in EFFORTS:
        index.set_ef(effort)
        rates = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            found, _ = index.knn_query(queries, k=10, num_threads=threads)
            rates.append(len(queries) / (time.perf_counter() - begin))
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, expected)])
        rates.sort()
        print(f"hnswlib ef {effort:<5}{suffix} recall@10 {recall:.4f} {statistics.median(rates):10.1f} queries/s "
              f"[{rates[0]:.1f}, {rates[-1]:.1f}]", flush=True)


if "hnswlib" in wanted:
    approximate()
else:
    exact()
