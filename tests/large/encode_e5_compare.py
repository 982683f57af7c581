"""Vectors of the three precisions against sentence-transformers, by language. Arguments: model, folder."""
import collections, json, os, sys

import numpy
from sentence_transformers import SentenceTransformer

model, folder = sys.argv[1:]
rows = [json.loads(line) for line in open(os.path.join(folder, "texts.jsonl"))]
reference = SentenceTransformer(model, device="cpu").encode(
    ["query: " + row["text"] for row in rows], batch_size=16, normalize_embeddings=True)
by_language = collections.defaultdict(list)
for i, row in enumerate(rows):
    by_language[row["lang"]].append(i)
failed = len(by_language) != 11
print(f"{len(rows)} texts in {len(by_language)} languages")
print("language  texts  f32 largest difference  bf16 worst cosine  int8 worst cosine")
for language, which in sorted(by_language.items()):
    cells = []
    for precision in ("f32", "bf16", "int8"):
        ours = numpy.load(os.path.join(folder, precision + ".npy"))[which].astype("f8")
        wanted = reference[which].astype("f8")
        if precision == "f32":
            cells.append(numpy.abs(ours - wanted).max())
            failed |= not cells[-1] <= 1e-5
        else:
            cosines = (ours * wanted).sum(1) / numpy.linalg.norm(ours, axis=1) / numpy.linalg.norm(wanted, axis=1)
            cells.append(cosines.min())
            failed |= not cells[-1] >= (0.999 if precision == "bf16" else 0.998)
    print(f"{language:8} {len(which):6} {cells[0]:23.2e} {cells[1]:18.6f} {cells[2]:18.6f}")
sys.exit("outside the limits" if failed else 0)
