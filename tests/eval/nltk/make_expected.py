"""Writes words.tsv and sentences.tsv beside this file: what NLTK makes of texts of our own.

usage: make_expected.py   (needs `pip install nltk`; no NLTK data)
words.tsv: text, then the tokens of NLTKWordTokenizer. sentences.tsv: text, then the sentences of Punkt with the small
parameters of punkt/ (ours, in NLTK's file format). Tabs and line breaks in texts are written as \\t and \\n.
"""
import os
import pathlib
import random
import sys

import nltk
from nltk.tokenize import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktSentenceTokenizer, load_punkt_params

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "bench" / "evaluate"))
from nltk_words import PIECES

here = pathlib.Path(__file__).parent
TEXTS = [
    "They paid $3.88 for 3,000 apples (or pears); \"cheap\", she said.", "I can't, won't and shouldn't've gone: it's o'clock.",
    "The dogs' owners'll say 'tis done.", "'Twas the '90s, y'all.", "Gimme that -- no, wanna bet?  Cannot be!", "He said ''quoted'' and ``quoted''.",
    "Ends with a quote.\"", "Ends with brackets.)]}", "Mail me at a@b.org; 50% off & more #1...", "«Guillemets» and “curly” ‘single’ „low“.",
    "An em—dash, an en–dash; a minus - and --.", "Stars * and ** too?!", "", " ", "'", "\"", ".", "..", "a.", "a.b.", "3.5:1, 2:30pm.", "x,y , z,",
    "The U.S.A. and the U.K.", "D'ye know more'n that?", "What'd he do? Lemme see.", "日本語の文。とても短い。", "Ünïcödé can not vs cannot.", "it's's 's", "n't N'T"]
STORIES = [
    "Dr. Brown met Mr. Green. They talked.", "He lives in the U.S. He likes it.", "See no. 5 for more. No. 7 is gone.", "J. S. Bach wrote it. He did.",
    "It cost 3.50. The rest was free.", "Really?! Yes. \"No.\" she said. (It rained.) Then sun.", "Wait... what? I said wait... He left.",
    "He came at 5 p.m. The door was shut.", "He came at 5 p.m. yesterday.", "One.\nTwo.\n\nThree", "“Quoted.” He said so. ’Tis.", "end.", "No end", "a.) b.) c.",
    "The e.g. case. E.g. this.", "In the year 1999. Nothing.", "Was it A. Nobody knows. B. knew.", "etc. Etc. and so on.", "x!!! y??? Z.", " lead. trail. "]


def shown(text):
    return text.replace("\t", "\\t").replace("\n", "\\n")


def main():
    random.seed(5)
    texts = TEXTS + ["".join(random.choices(PIECES, k=random.randint(1, 25))) for _ in range(400)]
    words = NLTKWordTokenizer()
    with open(here / "words.tsv", "w", encoding="utf-8") as out:
        out.writelines("\t".join([shown(t), *words.tokenize(t)]) + "\n" for t in texts)
    nltk.data.path.insert(0, str(here))
    os.environ["NLTK_DATA"] = str(here)
    punkt = PunktSentenceTokenizer()
    punkt._params = load_punkt_params(nltk.data.find("punkt", [str(here)]))
    stories = STORIES + ["".join(random.choices(PIECES, k=random.randint(10, 40))) for _ in range(400)]
    with open(here / "sentences.tsv", "w", encoding="utf-8") as out:
        out.writelines("\t".join([shown(t), *map(shown, punkt.tokenize(t))]) + "\n" for t in stories)
    print("NLTK", nltk.__version__)


if __name__ == "__main__":
    main()
