#!/usr/bin/env python3
"""Training beside sentence-transformers on torch: steps of in-batch contrastive learning on the same
shapes, forward, backward, clipping and AdamW included.

usage: compare.py MODEL_DIR BENCH_TRAIN [--precision f32|bf16] [--ours f32|f32x3|bf16] [--steps 5]
                  [--batch 64] [--question 32] [--passage 128] [--threads 2]

Needs torch and sentence-transformers in the Python that runs it. Each side runs in a process of its
own, one after the other; prints the median step, tokens a second, peak memory, and the ratios.
"""
import argparse
import json
import resource
import statistics
import subprocess
import sys
import time


def peer(o):
    import torch
    from sentence_transformers import SentenceTransformer
    try:
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    except ImportError:
        from sentence_transformers.losses import MultipleNegativesRankingLoss

    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    model = SentenceTransformer(o.model, device="cpu")
    model.train()
    loss = MultipleNegativesRankingLoss(model, scale=20.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    vocabulary = model[0].auto_model.config.vocab_size

    def texts(length):
        ids = torch.randint(5, vocabulary, (o.batch, length))
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    features = [texts(o.question), texts(o.passage)]
    for step in range(o.steps + 1):
        start, cpu = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=o.precision == "bf16"):
            value = loss([dict(f) for f in features], None)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds = time.perf_counter() - start
        if step > 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            cpu = time.process_time() - cpu
            print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak, "loss": value.item()}), flush=True)


def summary(name, lines, tokens):
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    seconds = [r["seconds"] for r in rows]
    median = statistics.median(seconds)
    peak = max(r["peak_mb"] for r in rows)
    cpu = statistics.median(r["cpu_seconds"] for r in rows)
    print(f"{name:36} {median:7.2f} s a step ({min(seconds):.2f} to {max(seconds):.2f}), "
          f"{tokens / median:7.0f} tokens/s, {cpu:.2f} s of processor time, {peak} MB")
    return median, cpu, peak


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("model")
    p.add_argument("bench")
    p.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    p.add_argument("--ours", default="")
    for name, value in (("batch", 64), ("question", 32), ("passage", 128), ("steps", 5), ("threads", 2)):
        p.add_argument("--" + name, type=int, default=value)
    p.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    o = p.parse_args()
    if o.peer:
        return peer(o)
    tokens = o.batch * (o.question + o.passage)
    shapes = ["--batch", o.batch, "--question", o.question, "--passage", o.passage, "--steps", o.steps,
              "--threads", o.threads]
    shapes = [str(s) for s in shapes]
    ours = o.ours or o.precision
    mine = subprocess.run([o.bench, o.model, "--mode", ours] + shapes, capture_output=True, text=True)
    if mine.returncode != 0:
        sys.exit(mine.stderr)
    theirs = subprocess.run([sys.executable, __file__, o.model, o.bench, "--precision", o.precision,
                             "--peer"] + shapes, capture_output=True, text=True)
    if theirs.returncode != 0:
        sys.exit(theirs.stderr)
    wall, cpu, small = summary(f"crosstail {ours}", mine.stdout.splitlines(), tokens)
    their_wall, their_cpu, large = summary(f"sentence-transformers {o.precision}", theirs.stdout.splitlines(), tokens)
    print(f"ratio: {their_wall / wall:.2f} x tokens/s ({their_cpu / cpu:.2f} x by processor time), "
          f"{small / large:.2f} x memory")


if __name__ == "__main__":
    main()
