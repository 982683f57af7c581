#!/usr/bin/env python3
"""Makes the inputs of the extract benchmarks out of the shared data.

usage: make_inputs.py SHARED OUT [--megabytes 400]

  OUT/pages.warc.gz   the real pages of faq-pages, again and again, as a crawler writes them: request,
                      response and metadata records, one gzip member each
  OUT/pages.warc      the same, plain
  OUT/pages.arc.gz    the pages alone, as ARC
  OUT/quads.nq        the Web Data Commons sample again and again, each time under other page URLs
  OUT/quads.nq.gz     the same in one gzip member, as Web Data Commons has it

`--megabytes` is the uncompressed size of each. Only the standard library and the `zstd` program.
"""

import argparse
import gzip
import io
import pathlib
import subprocess
import tarfile
import uuid
import zlib

SERVER_HEADERS = (
    "HTTP/1.1 200 OK\r\n"
    "Date: Tue, 10 Dec 2024 10:00:01 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "X-Crawler-Transfer-Encoding: chunked\r\n"
    "Connection: keep-alive\r\n"
    "Server: GitHub.com\r\n"
    "Strict-Transport-Security: max-age=31556952\r\n"
    "Last-Modified: Mon, 09 Dec 2024 21:12:49 GMT\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "ETag: W/\"675760a1-c156\"\r\n"
    "Expires: Tue, 10 Dec 2024 10:10:01 GMT\r\n"
    "Cache-Control: max-age=600\r\n"
    "X-Crawler-Content-Encoding: gzip\r\n"
    "X-Proxy-Cache: MISS\r\n"
    "X-GitHub-Request-Id: 4F2A:3C1B:1A2B3C4:1B2C3D4:67580F71\r\n"
    "Vary: Accept-Encoding\r\n"
    "Content-Length: {length}\r\n\r\n"
)
REQUEST = (
    "GET {path} HTTP/1.1\r\nUser-Agent: CCBot/2.0 (https://commoncrawl.org/faq/)\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: br,gzip\r\nHost: {host}\r\n\r\n"
)


def read_pages(shared):
    packed = shared / "data/faq-pages/xposedornot.tar.zst"
    tar = subprocess.run(["zstd", "-dcq", packed], check=True, capture_output=True).stdout
    pages = []
    with tarfile.open(fileobj=io.BytesIO(tar)) as files:
        for member in files:
            if member.isfile() and member.name.endswith(".html"):
                pages.append((member.name.lstrip("./"), files.extractfile(member).read()))
    return pages


def warc_record(kind, url, content_type, block):
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Date: 2024-12-10T10:00:01Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, kind + url)}>\r\n"
        f"Content-Length: {len(block)}\r\nContent-Type: {content_type}\r\n"
        f"WARC-IP-Address: 185.199.108.153\r\nWARC-Target-URI: {url}\r\n"
    )
    return head.encode() + b"\r\n" + block + b"\r\n\r\n"


def records(url, body):
    host, _, path = url.split("://", 1)[1].partition("/")
    request = REQUEST.format(path="/" + path, host=host).encode()
    response = SERVER_HEADERS.format(length=len(body)).encode() + body
    yield warc_record("request", url, "application/http; msgtype=request", request)
    yield warc_record("response", url, "application/http; msgtype=response", response)
    yield warc_record("metadata", url, "application/warc-fields",
                      b"fetchTimeMs: 112\r\ncharset-detected: UTF-8\r\n\r\n")


def member(block):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(block) + packer.flush()


def make_archives(pages, out, size):
    info = warc_record("warcinfo", "", "application/warc-fields", b"software: make_inputs\r\n\r\n")
    with open(out / "pages.warc.gz", "wb") as packed, open(out / "pages.warc", "wb") as plain, \
            open(out / "pages.arc.gz", "wb") as arc:
        packed.write(member(info))
        plain.write(info)
        arc.write(member(b"filedesc://pages.arc.gz 0.0.0.0 20241210100001 text/plain 76\n"
                         b"1 0 make_inputs\n"
                         b"URL IP-address Archive-date Content-type Archive-length\n\n"))
        turn = written = 0
        while written < size:
            for name, body in pages:
                url = f"https://site{turn}.example/{name}"
                for record in records(url, body):
                    packed.write(member(record))
                    plain.write(record)
                    written += len(record)
                http = SERVER_HEADERS.format(length=len(body)).encode() + body
                line = f"{url} 185.199.108.153 20241210100001 text/html {len(http)}\n".encode()
                arc.write(member(line + http + b"\n"))
            turn += 1


def make_quads(shared, out, size):
    with gzip.open(shared / "data/webfaq-sample/FAQPage_sample.nq.gz") as packed:
        lines = packed.read().splitlines(keepends=True)
    with open(out / "quads.nq", "wb") as plain, gzip.open(out / "quads.nq.gz", "wb", 6) as packed:
        turn = written = 0
        while written < size:
            page = f"?turn={turn}>   .\n".encode()
            block = b"".join(line.rpartition(b">")[0] + page for line in lines)
            plain.write(block)
            packed.write(block)
            written += len(block)
            turn += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=400)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    size = options.megabytes * 1000 * 1000
    make_archives(read_pages(options.shared), options.out, size)
    make_quads(options.shared, options.out, size)


if __name__ == "__main__":
    main()
