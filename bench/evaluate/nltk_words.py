"""Compares our tokens with NLTK's word_tokenize: nltk_words.py BENCH_EVALUATE PUNKT_PARENT [TEXTS.txt…]

PUNKT_PARENT holds tokenizers/punkt_tab/english (NLTK's data folder). Texts are lines of the files
given, and 20,000 random ones of the characters that the rules look at. Needs `pip install nltk`.
"""
import os
import random
import subprocess
import sys
import time

PIECES = list("abcXYZ019 .,:;?!'\"`()[]{}<>-–—@#$%&*«»“”‘’„\t\n") + [
    " ", " ", " ", ". ", ".) ", "...", " . . . ", "--", "''", "``", "'s ", "n't ", "'ll ", "I'm ", "cannot ", "gonna ", "wanna ",
    " 'tis ", "d'ye ", "more'n ", "Mr. ", "U.S. ", "e.g. ", "J. ", "etc. ", "No. 5 ", "3.14", "1,000", "ﬀ", "é", "東京", "٣", "Ł.",
    " ", "\u3000", "ſ", "The ", "he ", "Dr. Smith ", "p.m. ", "Inc. said ", "İ", "can", "not", "lemme", "–", "²", "i.e. ", "ß. ", "a.b. C"]


def main(bench, data, *files):
    os.environ["NLTK_DATA"] = data
    import nltk
    nltk.data.path = [data]
    random.seed(1)
    texts = [line.rstrip("\n") for f in files for line in open(f, encoding="utf-8")]
    texts += ["".join(random.choices(PIECES, k=random.randint(1, 40))) for _ in range(20000)]
    texts = [t for t in texts if "␤" not in t and "\r" not in t and "\x00" not in t]
    start = time.process_time()
    theirs = [nltk.word_tokenize(t) for t in texts]
    middle = time.process_time()
    print(f"NLTK {nltk.__version__}: {middle - start:.2f} CPU s for {len(texts)} texts")
    start = os.times()
    ours = subprocess.run([bench, "words", f"{data}/tokenizers/punkt_tab/english"], check=True, capture_output=True,
                          input="".join(t.replace("\n", "␤") + "\n" for t in texts).encode()).stdout.decode().split("\n")[:-1]
    end = os.times()
    print(f"ours: {end.children_user + end.children_system - start.children_user - start.children_system:.2f} CPU s")
    bad = [(t, a, b) for t, a, b in zip(texts, theirs, ours) if "\t".join(a) != b]
    for t, a, b in bad[:20]:
        print(repr(t), "\n  NLTK:", a, "\n  ours:", b.split("\t"))
    print(f"{len(bad)} of {len(texts)} differ")
    return bool(bad) or len(ours) != len(texts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
