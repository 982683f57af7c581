#!/usr/bin/env python3
"""The peers of bench_archives on the same files: fastwarc for archives, pyoxigraph for N-Quads.

usage: peers.py DIR [ROUNDS]

Prints uncompressed megabytes per second of processor time. Needs `pip install fastwarc pyoxigraph`.
"""

import gzip
import pathlib
import resource
import statistics
import sys

import pyoxigraph
from fastwarc.warc import ArchiveIterator, WarcRecordType


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def read_warc(path):
    pages = 0
    with open(path, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            pages += len(record.reader.read()) > 0
    return pages


def read_quads(path):
    opener = gzip.open if path.suffix == ".gz" else open
    pages = set()
    with opener(path, "rb") as file:
        for quad in pyoxigraph.parse(file, format=pyoxigraph.RdfFormat.N_QUADS, lenient=True):
            pages.add(quad.graph_name.value)
    return len(pages)


def main():
    folder = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    cases = [
        ("pages.warc", read_warc, "pages.warc"),
        ("pages.warc.gz", read_warc, "pages.warc"),
        ("quads.nq", read_quads, "quads.nq"),
        ("quads.nq.gz", read_quads, "quads.nq"),
    ]
    for name, read, plain in cases:
        size = (folder / plain).stat().st_size
        rates = []
        for _ in range(rounds):
            before = processor_seconds()
            pages = read(folder / name)
            rates.append(size / 1e6 / (processor_seconds() - before))
        print(f"{name:16} {statistics.median(rates):7.0f} MB/s "
              f"({min(rates):.0f} to {max(rates):.0f}), {pages} pages")


if __name__ == "__main__":
    main()
