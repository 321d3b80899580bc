"""The encoder computes what its weights say, refuses other weights, and can be missing."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.special import erf, softmax

from bot.rasa.nlu import embeddings
from tests.understanding.conftest import MODELS

SENTENCES = ["a large oat flat white to go", "where is my parcel?", "stop sending me emails", "olá, não quero"]


def by_numpy(ids, weights, config):
    """BERT's encoder written down a second time, in the plainest way."""

    def norm(x, name):
        mean, spread = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        scaled = (x - mean) / np.sqrt(spread + config["layer_norm_eps"])
        return scaled * weights[name + ".weight"] + weights[name + ".bias"]

    def dense(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    heads, width = config["num_attention_heads"], config["hidden_size"]
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    means = []
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}."
        q, k, v = (
            dense(x, f"{name}attention.self.{part}").reshape(len(ids), heads, width // heads).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        mixed = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(width // heads), axis=-1) @ v
        attended = dense(mixed.transpose(1, 0, 2).reshape(len(ids), width), name + "attention.output.dense")
        x = norm(x + attended, name + "attention.output.LayerNorm")
        inner = dense(x, name + "intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        x = norm(x + dense(inner, name + "output.dense"), name + "output.LayerNorm")
        means.append(x.mean(0))
    return means


@pytest.fixture(scope="module")
def exact():
    return embeddings.open_encoder(None, cache=MODELS, precision="fp32")


def source():
    return embeddings._package()


def test_the_graph_agrees_with_the_formula(exact):
    """The ONNX graph gives the same vectors as the encoder computed by hand from the same weights."""
    weights, config = load_file(source() / "model.safetensors"), json.loads((source() / "config.json").read_text())
    embedded = exact.embed(SENTENCES)
    for sentence, vector, inner in zip(SENTENCES, embedded.vectors, embedded.inner, strict=True):
        means = by_numpy(exact._tokenizer.encode(sentence).ids, weights, config)
        assert np.abs(means[-1] / np.linalg.norm(means[-1]) - vector).max() < 1e-5
        # An early layer, one in the middle, the last.
        assert np.abs(np.concatenate([means[1], means[3], means[5]]) - inner).max() < 1e-4


def test_int8_stays_near_the_exact_vectors(exact, encoder):
    """Quantising to int8 turns each vector by little."""
    cosines = (exact.encode(SENTENCES) * encoder.encode(SENTENCES)).sum(axis=1)
    assert cosines.min() > 0.95


def test_a_sentence_gets_the_same_vector_alone_and_in_a_batch(exact):
    """Batching by length changes nothing."""
    others = ["stop it now", *SENTENCES, "please help me"]
    alone = np.vstack([exact.encode([sentence]) for sentence in others])
    exact._recent.clear()
    assert np.allclose(exact.encode(others), alone, atol=1e-5)


def test_what_is_learned_from_is_embedded_once(encoder):
    """And forgotten afterwards."""
    many = [f"sentence number {n}" for n in range(2 * embeddings.REMEMBERED)]
    with encoder.remembering(1_000):
        encoder.encode(many)
        assert len(encoder._recent) >= len(many)
    assert not encoder._recent


def test_no_text_is_kept(encoder):
    """The cache of recent vectors holds no message."""
    encoder.encode(["my secret is 12345"])
    assert all(b"secret" not in key for key in encoder._recent)
    assert len(encoder._recent) <= embeddings.REMEMBERED


def small_model(folder: Path):
    """A tiny model in the same format: one layer, width 8, the package's tokenizer."""
    rng = np.random.default_rng(1)
    config = {"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 8, "layer_norm_eps": 1e-12}
    sizes = {
        "embeddings.word_embeddings.weight": (30522, 8),
        "embeddings.position_embeddings.weight": (512, 8),
        "embeddings.token_type_embeddings.weight": (2, 8),
        "embeddings.LayerNorm.weight": (8,),
        "embeddings.LayerNorm.bias": (8,),
    }
    layer = "encoder.layer.0."
    for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
        sizes |= {f"{layer}{part}.weight": (8, 8), f"{layer}{part}.bias": (8,)}
    sizes |= {f"{layer}intermediate.dense.weight": (16, 8), f"{layer}intermediate.dense.bias": (16,)}
    sizes |= {f"{layer}output.dense.weight": (8, 16), f"{layer}output.dense.bias": (8,)}
    for norm in ("attention.output", "output"):
        sizes |= {f"{layer}{norm}.LayerNorm.weight": (8,), f"{layer}{norm}.LayerNorm.bias": (8,)}
    folder.mkdir()
    save_file({k: rng.normal(size=v).astype(np.float32) for k, v in sizes.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_bytes((source() / "tokenizer.json").read_bytes())


def test_another_model_can_be_named(tmp_path):
    """EMBEDDINGS_DIR may point to any BERT model in safetensors."""
    small_model(tmp_path / "other")
    other = embeddings.open_encoder(tmp_path / "other", cache=tmp_path / "cache")
    assert other.encode(SENTENCES).shape == (len(SENTENCES), 8)


def test_changed_weights_are_refused(tmp_path):
    """Weights that differ from the checksum beside them stop the start."""
    small_model(tmp_path / "other")
    (tmp_path / "other" / "model.safetensors.sha256").write_text("0" * 64)
    with pytest.raises(embeddings.EmbeddingsError, match="expected 0000"):
        embeddings.open_encoder(tmp_path / "other", cache=tmp_path / "cache")


def test_without_a_model_one_line_says_so(tmp_path, caplog):
    """A missing model is said once and plainly, and is no error."""
    with caplog.at_level(logging.WARNING):
        assert embeddings.open_encoder(tmp_path, cache=tmp_path / "cache") is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "words alone" in caplog.text
