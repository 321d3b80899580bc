"""Writes a BERT sentence encoder as an ONNX graph, straight from its safetensors weights: no torch, no transformers.

Input `ids` (sentences, tokens), all sentences of one length, so that no mask is needed; output `vector` (sentences,
width): the mean of the last layer's tokens, scaled to length 1. It is the computation of sentence-transformers' MiniLM
models: embeddings, post-norm encoder layers with exact GELU, mean pooling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Shape:
    """What the weights do not say of themselves."""

    layers: int
    heads: int
    width: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """From the weights' config.json."""
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            width=int(config["hidden_size"]),
            epsilon=float(config["layer_norm_eps"]),
        )


def build(weights: Weights, shape: Shape) -> onnx.ModelProto:
    """The graph for these weights."""
    return _Writer(weights, shape).model()


class _Writer:
    def __init__(self, weights: Weights, shape: Shape) -> None:
        self._weights = weights
        self._shape = shape
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        state = self._embeddings()
        for layer in range(self._shape.layers):
            state = self._layer(state, f"encoder.layer.{layer}")
        mean = self._op("ReduceMean", [state], axes=[1], keepdims=0)
        length = self._op("ReduceL2", [mean], axes=[1], keepdims=1)
        self._op("Div", [mean, length], output="vector")
        graph = helper.make_graph(
            self._nodes,
            "sentence_encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["sentences", "tokens"])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["sentences", self._shape.width])],
            list(self._constants.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(model)
        return model

    def _embeddings(self) -> str:
        words = self._op("Gather", [self._weight("embeddings.word_embeddings.weight"), "ids"])
        tokens = self._op("Gather", [self._op("Shape", ["ids"]), self._constant("one", np.array([1]))])
        places = self._op(
            "Slice",
            [self._weight("embeddings.position_embeddings.weight"), self._constant("zero", np.array([0])), tokens],
        )
        kind = self._constant("kind", self._weights["embeddings.token_type_embeddings.weight"][0])
        total = self._op("Add", [self._op("Add", [words, places]), kind])
        return self._norm(total, "embeddings.LayerNorm")

    def _layer(self, state: str, name: str) -> str:
        attended = self._dense(self._attention(state, f"{name}.attention.self"), f"{name}.attention.output.dense")
        state = self._norm(self._op("Add", [state, attended]), f"{name}.attention.output.LayerNorm")
        inner = self._gelu(self._dense(state, f"{name}.intermediate.dense"))
        outer = self._dense(inner, f"{name}.output.dense")
        return self._norm(self._op("Add", [state, outer]), f"{name}.output.LayerNorm")

    def _attention(self, state: str, name: str) -> str:
        heads, size = self._shape.heads, self._shape.width // self._shape.heads
        split = self._constant("split_heads", np.array([0, 0, heads, size]))
        parts = [
            self._op("Transpose", [self._op("Reshape", [self._dense(state, f"{name}.{part}"), split])], perm=order)
            for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        ]
        scale = self._constant("scale", np.array(1 / np.sqrt(size), dtype=np.float32))
        scores = self._op("Mul", [self._op("MatMul", parts[:2]), scale])
        mixed = self._op("MatMul", [self._op("Softmax", [scores], axis=-1), parts[2]])
        joined = self._op("Transpose", [mixed], perm=[0, 2, 1, 3])
        return self._op("Reshape", [joined, self._constant("join_heads", np.array([0, 0, self._shape.width]))])

    def _dense(self, state: str, name: str) -> str:
        kernel = self._constant(f"{name}.kernel", np.ascontiguousarray(self._weights[f"{name}.weight"].T))
        return self._op("Add", [self._op("MatMul", [state, kernel]), self._weight(f"{name}.bias")])

    def _gelu(self, state: str) -> str:
        root = self._constant("root_two", np.array(np.sqrt(2), dtype=np.float32))
        one = self._constant("one_float", np.array(1, dtype=np.float32))
        half = self._constant("half", np.array(0.5, dtype=np.float32))
        curve = self._op("Add", [self._op("Erf", [self._op("Div", [state, root])]), one])
        return self._op("Mul", [self._op("Mul", [state, curve]), half])

    def _norm(self, state: str, name: str) -> str:
        weights = [state, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._op("LayerNormalization", weights, axis=-1, epsilon=self._shape.epsilon)

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def _op(self, kind: str, inputs: Sequence[str], *, output: str | None = None, **attributes: Any) -> str:
        output = output or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output
