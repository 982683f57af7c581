#!/usr/bin/env python3
"""What grouping, fusing and writing cost beside encoding, in processor time.

Usage: overhead.py CROSSTAIL MODEL SET [ROUNDS=5]
SET has corpus.jsonl and annotations.jsonl. Every round builds the index with the model, and once more from
the vectors of the first round (`index export`), which is everything but encoding.
"""
import os
import statistics
import subprocess
import sys
import tempfile

crosstail, model, data = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5


def cpu_of(words):
    process = subprocess.Popen([crosstail, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"crosstail {' '.join(words)}: {error}")
    return used.ru_utime + used.ru_stime


with tempfile.TemporaryDirectory() as folder:
    kept = ["--keep-parts", "total", "--vectors", "bf16"]
    questions = os.path.join(data, "annotations.jsonl")
    encoding = ["index", os.path.join(data, "corpus.jsonl"), "--questions", questions, "--model", model,
                "--threads", "1"]
    cpu_of([*encoding, "-o", folder + "/all"])
    cpu_of(["index", "export", folder + "/all", "-o", folder + "/x"])
    given = ["index", folder + "/x/passages.jsonl", "--passage-vectors", folder + "/x/passages.npy",
             "--questions", folder + "/x/questions.jsonl", "--question-vectors", folder + "/x/questions.npy"]
    whole, fusing = [], []
    for _ in range(rounds):
        whole.append(cpu_of([*encoding, *kept, "-o", folder + "/a"]))
        fusing.append(cpu_of([*given, *kept, "-o", folder + "/b"]))
    shares = sorted(f / (w - f) for w, f in zip(whole, fusing))
    print(f"with the model   {statistics.median(whole):8.2f} CPU s [{min(whole):.2f}, {max(whole):.2f}]")
    print(f"from its vectors {statistics.median(fusing):8.2f} CPU s [{min(fusing):.2f}, {max(fusing):.2f}]")
    print(f"on top of encoding {100 * statistics.median(shares):.2f}% "
          f"[{100 * shares[0]:.2f}, {100 * shares[-1]:.2f}]")
