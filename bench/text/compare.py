#!/usr/bin/env python3
"""`bench_text` beside its peers in one run: MB/s of CPU time (median of 5, low to high) and ratios.

    compare.py BENCH_TEXT FOLDER_OF_HTML

Peers (pip install selectolax trafilatura charset-normalizer lxml_html_clean): selectolax (lexbor) renders a literal
and reads metadata, charset-normalizer detects and decodes, trafilatura finds the main content.
"""
import glob, json, os, subprocess, sys, time

import charset_normalizer
import trafilatura
from selectolax.lexbor import LexborHTMLParser

SENTENCE = "You can return any item within thirty days, unworn and in its own box, and we pay for it. "
LITERAL = (f'<p class="answer">{SENTENCE}<a href="https://example.org/returns">Read more</a> &amp; '
           "<strong>call us</strong>.</p>\n") * 5


def literal(_):
    return LexborHTMLParser(LITERAL).body.text(separator="\n", strip=True)


def metadata(page):
    tree = LexborHTMLParser(page)
    title = tree.css_first("title")
    return (title and title.text(), [(n.attributes.get("name"), n.attributes.get("content")) for n in
            tree.css("meta")], [n.attributes.get("href") for n in tree.css("link[hreflang]")])


PEERS = {
    "literal, html": ("selectolax", literal, lambda page: len(LITERAL)),
    "charset": ("charset-normalizer", lambda page: str(charset_normalizer.from_bytes(page).best()), len),
    "metadata": ("selectolax", metadata, len),
    "passages": ("trafilatura", lambda page: trafilatura.extract(page, include_tables=True), len),
}


def rate(work, size, pages):
    """MB/s of CPU time, one pass over as many pages as fit in two seconds."""
    begin, done = time.process_time(), 0
    for page in pages:
        work(page)
        done += size(page)
        if time.process_time() - begin > 2:
            break
    return done / (time.process_time() - begin) / 1e6


def main():
    bench, folder = sys.argv[1:]
    pages = [open(p, "rb").read() for p in sorted(glob.glob(os.path.join(folder, "**/*.html"), recursive=True))]
    lines = subprocess.run([bench, folder], capture_output=True, text=True, check=True).stdout
    for ours in map(json.loads, lines.splitlines()):
        text = f'{ours["what"]:16} {ours["median"]:9.1f} MB/s ({ours["low"]:.1f} to {ours["high"]:.1f})'
        if ours["what"] in PEERS:
            name, work, size = PEERS[ours["what"]]
            rates = sorted(rate(work, size, pages) for _ in range(5))
            text += (f'; {name} {rates[2]:.2f} ({rates[0]:.2f} to {rates[4]:.2f}); '
                     f'ratio {ours["median"] / rates[2]:.0f}')
        print(text)


main()
