#!/usr/bin/env python3
"""What people use today for the jobs of `crosstail extract`, one core each. Prints one JSON line.

usage: peers.py JOB INPUT
  html-jsonld  folder of pages: selectolax + orjson, JSON-LD only
  html-all     folder of pages: extruct, JSON-LD + Microdata + RDFa
  warc         gzip WARC: fastwarc + selectolax + orjson
  nquads       N-Quads: pyoxigraph, then a join in dictionaries
"""
import gzip
import json
import os
import resource
import sys
import time


def pages(folder):
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            with open(os.path.join(root, name), "rb") as file:
                yield file.read()


def walk(value, found):
    """Every Question with an accepted answer in a JSON-LD value."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            kind = node.get("@type")
            if kind == "Question" or (isinstance(kind, list) and "Question" in kind):
                answers = node.get("acceptedAnswer") or []
                for answer in answers if isinstance(answers, list) else [answers]:
                    text = answer.get("text") if isinstance(answer, dict) else answer
                    if text and node.get("name"):
                        found.append((node["name"], text))
            stack.extend(node.values())


def plain(html):
    from selectolax.lexbor import LexborHTMLParser
    return LexborHTMLParser(html).text() if "<" in html else html


def jsonld_pairs(page):
    import orjson
    from selectolax.lexbor import LexborHTMLParser
    found = []
    for script in LexborHTMLParser(page).css('script[type="application/ld+json"]'):
        try:
            walk(orjson.loads(script.text()), found)
        except orjson.JSONDecodeError:
            pass
    return [(question, plain(answer)) for question, answer in found]


def html_jsonld(folder):
    count = size = pairs = 0
    for page in pages(folder):
        count, size = count + 1, size + len(page)
        pairs += len(jsonld_pairs(page))
    return count, size, pairs


def html_all(folder):
    import extruct
    count = size = pairs = 0
    for page in pages(folder):
        count, size = count + 1, size + len(page)
        found = []
        try:
            data = extruct.extract(page, syntaxes=["json-ld", "microdata", "rdfa"], uniform=True)
            walk(data.get("json-ld", []), found)
            walk(data.get("microdata", []), found)
            walk(data.get("rdfa", []), found)
        except Exception:  # a broken script costs extruct the page
            pass
        pairs += len(found)
    return count, size, pairs


def warc(path):
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    count = pairs = 0
    with open(path, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
            body = record.reader.read()
            count += 1
            pairs += len(jsonld_pairs(body))
    return count, os.path.getsize(path), pairs


def nquads(path):
    import pyoxigraph
    opener = gzip.open if path.endswith(".gz") else open
    names, texts, answers, size = {}, {}, [], os.path.getsize(path)
    with opener(path, "rb") as file:
        for quad in pyoxigraph.parse(file, pyoxigraph.RdfFormat.N_QUADS, lenient=True):
            term = quad.predicate.value.rsplit("/", 1)[-1].lower()
            key = (quad.graph_name.value, quad.subject.value)
            if term == "name":
                names[key] = quad.object.value
            elif term == "text":
                texts[key] = quad.object.value
            elif term == "acceptedanswer":
                answers.append((key, (quad.graph_name.value, quad.object.value)))
    pairs = sum(1 for question, answer in answers if question in names and answer in texts)
    return len({key[0] for key, _ in answers}), size, pairs


def main():
    job, path = sys.argv[1:]
    run = {"html-jsonld": html_jsonld, "html-all": html_all, "warc": warc, "nquads": nquads}[job]
    start = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    count, size, pairs = run(path)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"pages": count, "bytes": size, "pairs": pairs, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
