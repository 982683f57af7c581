#!/usr/bin/env python3
"""extruct (pip install extruct) on the pages of a folder, beside `bench_structured FOLDER --pairs`.

    peer.py make JSONLD_PAGES OUT    pages with the same FAQ in Microdata and in RDFa instead of JSON-LD
    peer.py compare FOLDER BENCH     pairs of both, differences, and pages/s as a ratio
"""
import glob, html, json, os, re, subprocess, sys, time, warnings

warnings.filterwarnings("ignore")
SCRIPT = re.compile(r"<script[^>]*ld\+json[^>]*>(.*?)</script>", re.S | re.I)


def stated(page):
    """Pairs of FAQPages in JSON-LD, as literals."""
    for script in SCRIPT.findall(page):
        try:
            data = json.loads(script)
        except ValueError:
            continue
        nodes = data.get("@graph", [data]) if isinstance(data, dict) else data
        for node in nodes:
            if isinstance(node, dict) and node.get("@type") == "FAQPage":
                for q in node["mainEntity"]:
                    yield q["name"], q["acceptedAnswer"]["text"]


def microdata(pairs):
    for q, a in pairs:
        yield ('<details itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">'
               f'<summary><h3 itemprop="name"><span>{html.escape(q)}</span></h3></summary><div itemscope '
               'itemprop="acceptedAnswer" itemtype="https://schema.org/Answer"><div itemprop="text">'
               f'{html.escape(a)}</div></div></details>')


def rdfa(pairs):
    for q, a in pairs:
        yield ('<section property="mainEntity" typeof="Question"><h3 property="name"><span>'
               f'{html.escape(q)}</span></h3><div property="acceptedAnswer" typeof="Answer"><div '
               f'property="text">{html.escape(a)}</div></div></section>')


def make(source, out):
    kinds = {"microdata": (microdata, '<div itemscope itemtype="https://schema.org/FAQPage">'),
             "rdfa": (rdfa, '<div vocab="https://schema.org/" typeof="FAQPage">')}
    for kind in kinds:
        os.makedirs(f"{out}/{kind}", exist_ok=True)
    for i, path in enumerate(sorted(glob.glob(f"{source}/**/*.html", recursive=True))):
        page = open(path, encoding="utf-8").read()
        pairs = list(stated(page))
        plain = SCRIPT.sub("", page)
        for kind, (write, opening) in kinds.items():
            block = opening + "\n".join(write(pairs)) + "</div></body>"
            with open(f"{out}/{kind}/{i:04}.html", "w", encoding="utf-8") as f:
                f.write(plain.replace("</body>", block, 1))


def text(value):
    value = value.get("@value", "") if isinstance(value, dict) else value
    return " ".join(str(value).split())


def microdata_pairs(items):
    """Walks extruct's Microdata: every Question, wherever it is."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        if not isinstance(item, dict):
            continue
        types = item.get("type", "")
        properties = item.get("properties", {})
        if re.search(r"schema\.org/question/?$", str(types), re.I):
            answers = properties.get("acceptedAnswer", [])
            for answer in answers if isinstance(answers, list) else [answers]:
                a = answer.get("properties", {}).get("text", "") if isinstance(answer, dict) else answer
                a = a if not isinstance(a, list) else "\n".join(map(str, a))
                yield text(str(properties.get("name", ""))), text(a)
        stack.extend(reversed(list(properties.values())))


def rdfa_pairs(nodes):
    by_id = {n.get("@id"): n for n in nodes}
    term = lambda n, name: [v for p in ("http", "https") for v in n.get(f"{p}://schema.org/{name}", [])]
    for node in nodes:
        if any(t.lower().endswith("schema.org/question") for t in node.get("@type", [])):
            for answer in term(node, "acceptedAnswer"):
                target = by_id.get(answer.get("@id"), answer)
                for name in term(node, "name"):
                    for a in term(target, "text") or [target]:
                        yield text(name), text(a)


def peer_pairs(page):
    import extruct
    data = extruct.extract(page, base_url="https://site.example/", errors="ignore",
                           syntaxes=["microdata", "rdfa"])
    found = [("microdata", *p) for p in microdata_pairs(data.get("microdata", []))]
    found += [("rdfa", *p) for p in rdfa_pairs(data.get("rdfa", []))]
    return found


def compare(folder, bench):
    lines = subprocess.run([bench, folder, "--pairs"], capture_output=True, check=True).stdout
    ours = {}
    for line in lines.decode().splitlines():
        record = json.loads(line)
        ours[record["page"]] = [(k, text(q), text(a)) for k, _, q, a in record["pairs"]]
    same = missing = extra = 0
    seconds = time.process_time()
    peers = {name: peer_pairs(open(f"{folder}/{name}", "rb").read()) for name in ours}
    seconds = time.process_time() - seconds
    for name, mine in ours.items():
        # White space inside answers is the peer's own; so is the order of RDFa's nodes.
        key = lambda p: (p[0], "".join(p[1].split()), "".join(p[2].split()))
        a, b = {key(p) for p in mine}, {key(p) for p in peers[name] if p[1] and p[2]}
        same += len(a & b)
        missing += len(b - a)
        extra += len(a - b)
        for p in sorted(b - a)[:3]:
            print(f"{name}: only extruct: {p}"[:300])
        for p in sorted(a - b)[:3]:
            print(f"{name}: only ours:    {p}"[:300])
    print(f"{len(ours)} pages: {same} pairs the same, {extra} only ours, {missing} only extruct's")
    print(f"extruct {len(ours) / seconds:.1f} pages/s (process time)")
    print(subprocess.run([bench, folder], capture_output=True, check=True).stdout.decode())


if __name__ == "__main__":
    {"make": make, "compare": compare}[sys.argv[1]](*sys.argv[2:])
