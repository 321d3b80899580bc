"""The files of rules as marketers write them: read, checked, and every mistake of both told at once (RulesError)."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.mistakes import Mistake
from bot.offering.errors import RulesError
from bot.offering.rules import OfferRules, Rules, TierRules

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]

_CURES = {
    "extra_forbidden": "Remove it, or correct the name.",
    "missing": "Add it.",
    "literal_error": "Use one of those.",
    "greater_than": "Use a larger number.",
    "greater_than_equal": "Use that or more.",
    "less_than_equal": "Use that or less.",
    "value_error": "Change one of the two.",
}


def load_rules(folder: Path) -> Rules:
    """The rules in `folder` (tiers.yml, offers.yml); raises RulesError with every mistake of both files."""
    mistakes: list[Mistake] = []
    tiers = _read(folder / "tiers.yml", TierRules, mistakes)
    offers = _read(folder / "offers.yml", OfferRules, mistakes)
    if mistakes or tiers is None or offers is None:
        raise RulesError(mistakes)
    return Rules(tiers, offers)


def _read(path: Path, model: type[Model], mistakes: list[Mistake]) -> Model | None:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except FileNotFoundError:
        mistakes.append(Mistake(str(path), 1, "The file is missing.", "Copy the one that came with the program."))
        return None
    except UnicodeDecodeError:
        mistakes.append(Mistake(str(path), 1, "The file is not UTF-8.", "Save it as UTF-8."))
        return None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cure = "Check indentation, colons and quotes there."
        mistakes.append(Mistake(str(path), line, f"Not readable as YAML: {error.problem}.", cure))
        return None
    lines: dict[Path_, int] = {}
    _note_lines(node, (), lines, path=path, mistakes=mistakes)
    content = yaml.safe_load(text) if node is not None else {}
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes.extend(_mistake(str(path), each, lines, model) for each in error.errors())
        return None


def _note_lines(node: Any, place: Path_, lines: dict[Path_, int], *, path: Path, mistakes: list[Mistake]) -> None:
    """The line of every key and item, and a mistake for each key given twice (YAML itself keeps the last in
    silence)."""
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _note_lines(item, (*place, number), lines, path=path, mistakes=mistakes)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                message = f"{_said(here)} is there twice (first on line {lines[here]})."
                mistakes.append(Mistake(str(path), key.start_mark.line + 1, message, "Keep one of them."))
            lines[here] = key.start_mark.line + 1
            _note_lines(value, here, lines, path=path, mistakes=mistakes)


def _mistake(file: str, error: Any, lines: dict[Path_, int], model: type[BaseModel]) -> Mistake:
    place: Path_ = tuple(part if isinstance(part, int) else str(part) for part in error["loc"])
    known = place
    while known and known not in lines:
        known = known[:-1]
    kind = str(error["type"])
    message = (
        "not a name that is known here"
        if kind == "extra_forbidden"
        else str(error["msg"]).removeprefix("Value error, ")
    )
    cure = _CURES.get(kind, "Correct the value.")
    if kind == "extra_forbidden":
        close = get_close_matches(str(place[-1]), _names(model), n=1)
        cure = f"Did you mean {close[0]}?" if close else cure
    return Mistake(file, lines.get(known, 1), f"{_said(place)}: {message}.", cure)


def _names(model: type[BaseModel]) -> list[str]:
    """Every field name below a model, for the guess at what was meant."""
    names: list[str] = []
    waiting: list[Any] = [model]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and issubclass(each, BaseModel):
            names += list(each.model_fields)
            waiting += [field.annotation for field in each.model_fields.values()]
        else:
            waiting += [part for part in getattr(each, "__args__", ()) if part is not Ellipsis]
    return names


def _said(place: Path_) -> str:
    return ".".join(str(part) for part in place) or "the file"
