"""YAML whose mappings and lists remember the lines they stand on, so that a mistake can be shown where it is.

Exception
  MarkedError   the text is no YAML that flows can be written in; carries line and cure
"""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.SafeLoader("")
_DEPTH_LIMIT = 60  # Flows nest a few levels; an alias that holds itself would nest for ever.
_CONSTRUCTED = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")}


class MarkedError(ValueError):
    """The text cannot be read; `line` counts from 1."""

    def __init__(self, message: str, *, line: int, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.cure = cure


class MarkedMap(dict[str, Any]):
    """A mapping with the line it begins on and the line of each key."""

    line: int
    lines: dict[str, int]

    def line_of(self, key: str) -> int:
        """The line of that key, else of the mapping."""
        return self.lines.get(key, self.line)


class MarkedList(list[Any]):
    """A list with the line it begins on and the line of each item."""

    line: int
    lines: list[int]


def read(text: str) -> Any:
    """The content of one YAML document; dates stay texts. Raises MarkedError (no YAML, a key given twice)."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise MarkedError(
            f"this is no YAML: {problem}",
            line=mark.line + 1 if mark else 1,
            cure="check indentation, colons and quotes",
        ) from error
    return None if node is None else _content(node, depth=0)


def plain(content: Any) -> Any:
    """The same content as ordinary dicts and lists."""
    if isinstance(content, dict):
        return {key: plain(value) for key, value in content.items()}
    return [plain(item) for item in content] if isinstance(content, list) else content


def _content(node: yaml.Node, *, depth: int) -> Any:
    if depth > _DEPTH_LIMIT:
        raise MarkedError("nested too deeply", line=_line(node), cure="give steps ids and go to them by `next`")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, depth=depth)
    if isinstance(node, yaml.SequenceNode):
        items = MarkedList(_content(item, depth=depth + 1) for item in node.value)
        items.line, items.lines = _line(node), [_line(item) for item in node.value]
        return items
    if node.tag in _CONSTRUCTED:
        return _SCALARS.construct_object(node)
    return node.value


def _mapping(node: yaml.MappingNode, *, depth: int) -> MarkedMap:
    mapping = MarkedMap()
    mapping.line, mapping.lines = _line(node), {}
    for key_node, value_node in node.value:
        # Keys are taken as written: `no`, `on` and numbers stay texts.
        if not isinstance(key_node, yaml.ScalarNode):
            raise MarkedError("a key must be a word", line=_line(key_node), cure="write key: value")
        key = str(key_node.value)
        if key in mapping:
            raise MarkedError(f"{key!r} is given twice", line=_line(key_node), cure="keep one of the two")
        mapping[key] = _content(value_node, depth=depth + 1)
        mapping.lines[key] = _line(key_node)
    return mapping


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
