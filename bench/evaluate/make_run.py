"""A run and qrels of any size, in TREC's format: make_run.py QUERIES HITS OUT_DIR [SEED]

Hits come in rank order as systems write them; one to five of 100 judged passages are relevant.
"""
import random
import sys


def main(queries, hits, out, seed=7):
    random.seed(seed)
    with open(f"{out}/run.trec", "w") as run, open(f"{out}/qrels.trec", "w") as qrels:
        for q in range(queries):
            docs = random.sample(range(8_000_000), hits)
            score = 30 + random.random()
            lines = []
            for rank, doc in enumerate(docs, 1):
                score -= random.random() * 0.02
                lines.append(f"q{q} Q0 doc{doc} {rank} {score:.6f} bench\n")
            run.write("".join(lines))
            judged = random.sample(docs, min(50, hits)) + random.sample(range(8_000_000, 9_000_000), 50)
            relevant = set(random.sample(judged, random.randint(1, 5)))
            qrels.write("".join(f"q{q} 0 doc{d} {int(d in relevant)}\n" for d in judged))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4], *map(int, sys.argv[4:5]))
