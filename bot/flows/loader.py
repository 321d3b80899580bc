"""Reads data/flows/*.yml into a FlowSet, or tells every mistake in them at once with file, line and cure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.flows import reach
from bot.flows.marked import MarkedError, MarkedMap, read
from bot.flows.model import Flow, FlowErrors, FlowSet
from bot.flows.reading import FlowReader
from bot.mistakes import Mistake


def load(folder: Path, *, wording: Collection[str] | None = None, actions: Collection[str] | None = None) -> FlowSet:
    """The flows of all *.yml files in `folder` and its subfolders.

    `wording` and `actions` name what can be said and run: a collect without `utter` asks by action_ask_<slot> where
    that action exists. Raises FlowErrors with all mistakes; nothing is loaded then: a running revision stays in place.
    """
    if not folder.is_dir():
        raise FlowErrors([Mistake(str(folder), 1, "there is no such folder", "create it and put flows in it")])
    texts, mistakes = {}, []
    for file in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        try:
            texts[file.relative_to(folder).as_posix()] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(
                Mistake(file.name, 1, f"the file cannot be read: {type(error).__name__}", "save it as UTF-8 text")
            )
    try:
        flows = parse(texts, wording=wording, actions=actions)
    except FlowErrors as errors:
        raise FlowErrors([*mistakes, *errors.mistakes]) from errors
    if mistakes:
        raise FlowErrors(mistakes)
    return flows


def parse(
    texts: Mapping[str, str], *, wording: Collection[str] | None = None, actions: Collection[str] | None = None
) -> FlowSet:
    """The flows of these YAML texts by file name; otherwise as `load`."""
    flows: dict[str, Flow] = {}
    mistakes: list[Mistake] = []
    for file, text in texts.items():
        _read_file(file, text, flows=flows, mistakes=mistakes, actions=actions)
    if not flows and not mistakes:
        mistakes.append(Mistake("data/flows", 1, "there is no flow", "add a file with flows:"))
    if mistakes:
        raise FlowErrors(mistakes)
    return reach.index(flows, revision=_revision(texts), wording=None if wording is None else frozenset(wording))


def _read_file(
    file: str, text: str, *, flows: dict[str, Flow], mistakes: list[Mistake], actions: Collection[str] | None
) -> None:
    try:
        content = read(text)
    except MarkedError as error:
        mistakes.append(Mistake(file, error.line, error.message, error.cure))
        return
    given = content.get("flows") if isinstance(content, MarkedMap) else None
    if not isinstance(content, MarkedMap) or not isinstance(given, MarkedMap):
        mistakes.append(Mistake(file, 1, "the file holds no flows", "begin it with flows: and a flow id below"))
        return
    for key in set(content) - {"flows", "version"}:
        mistakes.append(Mistake(file, content.line_of(key), f"a file of flows has no {key!r}", "keep only flows:"))
    for flow_id, body in given.items():
        line = given.line_of(flow_id)
        reader = FlowReader(file, actions=actions)
        flow = reader.read(flow_id, body, line=line)
        mistakes.extend(reader.mistakes)
        if flow_id in flows:
            other = flows[flow_id]
            mistakes.append(
                Mistake(
                    file, line, f"the flow {flow_id!r} is also in {other.file}:{other.line}", "rename one of the two"
                )
            )
        elif flow:
            flows[flow_id] = flow


def _revision(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for file, text in sorted(texts.items()):
        for part in (file, text):
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:16]
