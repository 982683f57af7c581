#!/usr/bin/env python3
"""Parses the pages of a folder with selectolax (lexbor) and lxml (libxml2), runs bench_html on the
same pages, and prints the ratio. CPU seconds, one core, medians of 5 rounds with their spread.

Usage: compare.py build/release/bench_html FOLDER     (pip install selectolax lxml)
"""
import pathlib
import re
import statistics
import subprocess
import sys
import time

import lxml.html
from selectolax.lexbor import LexborHTMLParser

ROUNDS = 5


def rate(pages: list[bytes], parse) -> float:
    speeds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for page in pages:
            parse(page)
        speeds.append(len(pages) / (time.process_time() - begin))
    middle = statistics.median(speeds)
    print(f"  {middle:9.0f} pages/s [{min(speeds):.0f}, {max(speeds):.0f}]")
    return middle


def main() -> None:
    binary, folder = sys.argv[1:3]
    pages = [path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*.html"))]
    print("selectolax, tree")
    lexbor = rate(pages, LexborHTMLParser)
    print("lxml, tree")
    libxml2 = rate(pages, lxml.html.document_fromstring)
    report = subprocess.run([binary, folder], check=True, capture_output=True, text=True).stdout
    print(report, end="")
    ours = float(re.search(r"^tree .*?(\d+) pages/s", report, re.M).group(1))
    print(f"our tree is {ours / lexbor:.1f} times as fast as selectolax's, {ours / libxml2:.1f} as lxml's")


main()
