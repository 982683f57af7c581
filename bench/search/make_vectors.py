#!/usr/bin/env python3
"""Vectors that resemble an encoder's: unit length, a large common direction, clusters of related
rows, falling spectrum. For use where no real ones are at hand.

Usage: make_vectors.py ROWS QUERIES DIM OUT_DIR   writes OUT_DIR/rows.npy and queries.npy (f32)
"""
import pathlib
import sys

import numpy as np

rows, queries, dim = map(int, sys.argv[1:4])
out = pathlib.Path(sys.argv[4])
out.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(1)
spectrum = (1 / np.sqrt(1 + np.arange(dim))).astype(np.float32)
spectrum /= np.linalg.norm(spectrum)
common = random.standard_normal(dim).astype(np.float32)
common /= np.linalg.norm(common)
centres = random.standard_normal((rows // 50 + 1, dim)).astype(np.float32)


def draw(count):
    near = centres[random.integers(0, len(centres), count)]
    own = random.standard_normal((count, dim)).astype(np.float32)
    vectors = 0.85 * common + 0.5 * (0.75 * near + 0.65 * own) * spectrum
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


np.save(out / "rows.npy", draw(rows))
np.save(out / "queries.npy", draw(queries))
