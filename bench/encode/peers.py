#!/usr/bin/env python3
"""Our encoder beside CTranslate2, ONNX Runtime and sentence-transformers, in one run.

    peers.py --model DIR --crosstail BINARY --texts FILE [--threads 2] [--rounds 5] [--length 128]
             [--peers ct2,ort,st] [--clock wall|cpu] [--query] [--accuracy FILE ...]

DIR: multilingual-e5-small or another encoder that pools by mean, as a sentence-transformers directory.
FILE: a text a line; for p128 take passages of more than 128 tokens (they are cut there) and
--length 128. Prints texts/s, median of the rounds and their spread, and ours over the best peer.
--query: milliseconds of one short text instead. --accuracy: smallest cosine to
sentence-transformers' f32 vectors over each file of texts (one a language).

Clock: cpu divides processor seconds by the threads, for machines that others use too; peers whose
threads spin while they wait lose by it.
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--crosstail")
parser.add_argument("--texts")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--length", type=int, default=128)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--peers", default="ct2,ort,st")
parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
parser.add_argument("--query", action="store_true")
parser.add_argument("--accuracy", nargs="*", default=[])
parser.add_argument("--work", default=None, help="where converted models are kept")
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)
os.environ["CT2_USE_EXPERIMENTAL_PACKED_GEMM"] = "1"

import numpy as np  # noqa: E402  (after the thread settings)
import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

torch.set_num_threads(args.threads)
work = args.work or tempfile.mkdtemp()
os.makedirs(work, exist_ok=True)
reference = SentenceTransformer(args.model, device="cpu")
reference.max_seq_length = args.length
tokenizer = reference.tokenizer


def processor_seconds():
    mine, children = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def clock():
    return processor_seconds() / args.threads if args.clock == "cpu" else time.perf_counter()


def batches(texts):
    """Sorted by length, as every peer's own encode does; (ids, mask) and the original places."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    for i in range(0, len(order), args.batch):
        places = order[i:i + args.batch]
        yield places, tokenizer([texts[p] for p in places], padding=True, truncation=True,
                                max_length=args.length, return_tensors="np")


def mean_and_normalise(states, mask):
    mask = mask[:, :, None].astype(np.float32)
    mean = (states * mask).sum(1) / mask.sum(1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def gather(texts, states_of):
    out = np.zeros((len(texts), reference.get_embedding_dimension()), np.float32)
    for places, batch in batches(texts):
        out[places] = mean_and_normalise(states_of(batch), batch["attention_mask"])
    return out


def sentence_transformers(bf16):
    def encode(texts):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return reference.encode(texts, batch_size=args.batch, normalize_embeddings=True).astype(np.float32)
    return encode


def ctranslate2_encoder(kind):
    import ctranslate2
    path = os.path.join(work, "ct2-" + kind)
    if not os.path.exists(path):
        ctranslate2.converters.TransformersConverter(args.model).convert(path, quantization=kind)
    encoder = ctranslate2.Encoder(path, compute_type=kind, intra_threads=args.threads, inter_threads=1)

    def states(batch):
        lengths = batch["attention_mask"].sum(1).astype(np.int32)
        ids = ctranslate2.StorageView.from_array(np.ascontiguousarray(batch["input_ids"].astype(np.int32)))
        result = encoder.forward_batch(ids, ctranslate2.StorageView.from_array(lengths))
        return np.array(result.last_hidden_state)
    return lambda texts: gather(texts, states)


def onnx_encoder(int8):
    import onnxruntime
    path = os.path.join(work, "model.onnx")
    if not os.path.exists(path):
        from transformers import AutoModel
        sample = tokenizer(["a b", "c"], padding=True, return_tensors="pt")
        axes = {0: "batch", 1: "tokens"}

        class States(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = AutoModel.from_pretrained(args.model, attn_implementation="eager").eval()

            def forward(self, input_ids, attention_mask):
                return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        torch.onnx.export(States(), (sample["input_ids"], sample["attention_mask"]), path, opset_version=17,
                          input_names=["input_ids", "attention_mask"], output_names=["states"],
                          dynamic_axes={"input_ids": axes, "attention_mask": axes, "states": axes}, dynamo=False)
    if int8:
        small = os.path.join(work, "model-int8.onnx")
        if not os.path.exists(small):
            from onnxruntime.quantization import QuantType, quantize_dynamic
            quantize_dynamic(path, small, weight_type=QuantType.QInt8, per_channel=True)
        path = small
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def states(batch):
        return session.run(None, {k: batch[k].astype(np.int64) for k in ("input_ids", "attention_mask")})[0]
    return lambda texts: gather(texts, states)


def ours(precision):
    def encode(texts):
        with tempfile.TemporaryDirectory() as folder:
            source, out = os.path.join(folder, "texts.txt"), os.path.join(folder, "vectors.npy")
            with open(source, "w") as file:
                file.write("".join(" ".join(t.split()) + "\n" for t in texts))
            subprocess.run([args.crosstail, "encode", "--model", args.model, source, "-o", out,
                            "--precision", precision, "--max-length", str(args.length),
                            "--threads", str(args.threads), "--prompt-text", ""],
                           check=True, stderr=subprocess.DEVNULL)
            return np.load(out)
    return encode


def systems():
    wanted = args.peers.split(",")
    groups = {"f32": {}, "bf16": {}, "int8": {}}
    if "st" in wanted:
        groups["f32"]["sentence-transformers"] = sentence_transformers(False)
        groups["bf16"]["sentence-transformers autocast"] = sentence_transformers(True)
    if "ct2" in wanted:
        groups["f32"]["CTranslate2"] = ctranslate2_encoder("float32")
        groups["int8"]["CTranslate2"] = ctranslate2_encoder("int8")
    if "ort" in wanted:
        groups["f32"]["ONNX Runtime"] = onnx_encoder(False)
        groups["int8"]["ONNX Runtime"] = onnx_encoder(True)
    if args.crosstail:
        for precision in groups:
            groups[precision]["crosstail"] = ours(precision)
    return groups


def seconds(encode, texts, name):
    """One run; ours is a program, so its start (one text) is taken off."""
    start = clock()
    encode(texts)
    spent = clock() - start
    if name == "crosstail":
        start = clock()
        encode(texts[:1])
        spent -= clock() - start
    return spent


def show(value, values, unit):
    return f"{value:9.2f} {unit} [{min(values):.2f}, {max(values):.2f}]"


def compare(groups, texts):
    for precision, encoders in groups.items():
        best_peer, mine = None, None
        for name, encode in encoders.items():
            if args.query and name == "crosstail":
                continue  # a program's start is not a query's latency: see bench_encode
            encode(texts[:args.batch])
            spent = [seconds(encode, texts, name) for _ in range(args.rounds)]
            rates = [s * 1e3 for s in spent] if args.query else [len(texts) / s for s in spent]
            median = statistics.median(rates)
            print(f"{precision:5} {name:30} {show(median, rates, 'ms' if args.query else 'texts/s')}", flush=True)
            if name == "crosstail":
                mine = median
            else:
                best_peer = median if best_peer is None else max(best_peer, median)
        if mine and best_peer:
            print(f"{precision:5} crosstail / best peer = {mine / best_peer:.2f}", flush=True)


def accuracy(groups, paths):
    for path in paths:
        texts = [line.rstrip("\n") for line in open(path) if line.strip()]
        expected = sentence_transformers(False)(texts)
        line = []
        for precision, encoders in groups.items():
            for name, encode in encoders.items():
                if (precision, name) == ("f32", "sentence-transformers"):
                    continue
                cosines = (encode(texts) * expected).sum(1)
                line.append(f"{name} {precision} {cosines.min():.5f}")
        print(os.path.basename(path), "smallest cosine:", "; ".join(line), flush=True)


if args.accuracy:
    accuracy(systems(), args.accuracy)
if args.query:
    compare(systems(), ["how much protein should a female eat each day?"])
elif args.texts:
    compare(systems(), [line.rstrip("\n") for line in open(args.texts) if line.strip()])
