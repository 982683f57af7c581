#!/usr/bin/env python3
"""Tokenizers beside their peers: the same ids, and how fast, in one run.

usage: compare.py BENCH_TOKENIZER MODEL_DIR XQUAD_R_DIR [ROUNDS]

Needs the PyPI packages tokenizers and sentencepiece, and the program zstd. MODEL_DIR holds
tokenizer.json and, for the second comparison, sentencepiece.bpe.model of the same pieces, such
as ../shared/tools/models/e5_to_hf.py writes. The texts are all paragraphs and questions of
XQuAD-R. Times are CPU seconds (user and system) of one thread; each figure is the median of the
rounds with the lowest and highest, and rounds of peer and ours alternate. Our side starts every
round with an empty word cache; tokenizers keeps its own from round to round.
"""
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

os.environ['TOKENIZERS_PARALLELISM'] = 'false'
os.environ['RAYON_NUM_THREADS'] = '1'
LANGUAGES = 'ar de el en es hi ru th tr vi zh'.split()


def texts_of(folder, language):
    raw = subprocess.run(['zstd', '-dc', f'{folder}/{language}.json.zst'], capture_output=True,
                         check=True).stdout
    for article in json.loads(raw)['data']:
        for paragraph in article['paragraphs']:
            yield paragraph['context']
            yield from (qa['question'] for qa in paragraph['qas'])


def write(path, texts):
    with open(path, 'wb') as f:
        for text in texts:
            raw = text.encode('utf-8')
            f.write(struct.pack('<I', len(raw)) + raw)


def ours(program, mode, model, path):
    out = subprocess.run([program, mode, model, path], capture_output=True, check=True).stdout
    return out.decode().split('\n')[:-1]


def our_rounds(program, model, path):
    rows = [line.split() for line in ours(program, 'speed', model, path)]
    return [int(tokens) / float(seconds) for tokens, seconds in rows]


def rate(encode_all):
    start = time.process_time()
    count = encode_all()
    return count / (time.process_time() - start)


def show(name, rates):
    print(f'  {name:22} {statistics.median(rates) / 1e6:7.3f} M tokens/s '
          f'({min(rates) / 1e6:.3f} to {max(rates) / 1e6:.3f})')
    return statistics.median(rates)


def compare(program, name, model, path, texts, peer_ids, peer_rate, rounds):
    print(f'{name}: {len(texts)} texts')
    lines = ours(program, 'ids', model, path)
    wrong = sum(list(map(int, line.split())) != ids for line, ids in zip(lines, peer_ids()))
    print(f'  texts with other ids: {wrong}')
    peer, own = [], []
    for _ in range(rounds):
        peer.append(peer_rate())
        own += our_rounds(program, model, path)
    ratio = show('ours', own) / show(name, peer)
    print(f'  ratio {ratio:.1f}')
    return wrong


def main(program, model, xquad, rounds=5):
    import sentencepiece
    import tokenizers
    texts = [text for language in LANGUAGES for text in texts_of(xquad, language)]
    json_tokenizer = tokenizers.Tokenizer.from_file(f'{model}/tokenizer.json')
    library = sentencepiece.SentencePieceProcessor(
        model_file=f'{model}/sentencepiece.bpe.model')

    def fairseq(ids):
        return [0] + [i + 1 if i else 3 for i in ids] + [2]

    with tempfile.TemporaryDirectory() as scratch:
        path = f'{scratch}/texts'
        write(path, texts)
        only_model = f'{scratch}/model'
        os.mkdir(only_model)
        shutil.copy(f'{model}/sentencepiece.bpe.model', only_model)
        with open(f'{only_model}/tokenizer_config.json', 'w') as f:
            json.dump({'tokenizer_class': 'XLMRobertaTokenizer'}, f)
        wrong = compare(
            program, f'tokenizers {tokenizers.__version__}', model, path, texts,
            lambda: (json_tokenizer.encode(t).ids for t in texts),
            lambda: rate(lambda: sum(len(e.ids) for e in json_tokenizer.encode_batch_fast(texts))),
            rounds)
        wrong += compare(
            program, f'sentencepiece {sentencepiece.__version__}', only_model, path, texts,
            lambda: (fairseq(library.encode(t)) for t in texts),
            lambda: rate(lambda: sum(len(ids) + 2 for ids in library.encode(texts, num_threads=1))),
            rounds)
        print('per language, tokenizer.json:')
        for language in LANGUAGES:
            write(path, texts_of(xquad, language))
            show(language, our_rounds(program, model, path))
    loading = subprocess.run([program, 'load', model], capture_output=True, check=True).stdout
    print('loading (CPU seconds):', loading.decode().strip().split('\n')[-1])
    return 1 if wrong else 0


if __name__ == '__main__':
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:4], *map(int, sys.argv[4:])))
