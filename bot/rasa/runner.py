"""Runs a trained model's graph in an order fixed once, instead of planning it anew for every message."""

from typing import Any

from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner


class SequentialRunner(DaskGraphRunner):
    """Same results as Rasa's runner; the order of nodes is worked out once for each set of targets."""

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of `targets`, by node name, given the placeholders' values in `inputs`."""
        wanted = tuple(targets or self._graph_schema.target_names)
        results: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, node, parents in self._order(wanted):
            if name not in results:
                # A node's result comes back as (name, value) and goes into its children as such.
                results[name] = node(*(results[parent] for parent in parents))
        return dict(results[name] for name in wanted)

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, GraphNode, tuple[str, ...]]]:
        cache: dict[tuple[str, ...], list[tuple[str, GraphNode, tuple[str, ...]]]]
        cache = self.__dict__.setdefault("_orders", {})
        if targets not in cache:
            cache[targets] = self._plan(targets)
        return cache[targets]

    def _plan(self, targets: tuple[str, ...]) -> list[tuple[str, GraphNode, tuple[str, ...]]]:
        schema = self._graph_schema.minimal_graph_schema(list(targets))
        order: list[tuple[str, GraphNode, tuple[str, ...]]] = []
        placed: set[str] = set()

        def place(name: str) -> None:
            if name in placed or name not in schema.nodes:
                return
            placed.add(name)
            parents = tuple(schema.nodes[name].needs.values())
            for parent in parents:
                place(parent)
            order.append((name, self._instantiated_nodes[name], parents))

        for target in targets:
            place(target)
        return order
