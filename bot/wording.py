"""What customers read, one file a language under `data/wording/`, rendered from a name and some variables.

`{name}` is filled in; `[...]` is left out when a variable inside it is empty; `{{`, `}}`, `[[` and `]]` are literal.
`words:` of a language has what stands in English in the shop's other files (titles, steps of flows): English -> words.

Errors: WordingErrors, which carries every mistake of a folder.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.flows.conditions import Condition, ConditionError
from bot.flows.conditions import parse as parse_condition
from bot.flows.model import Choice, ChoiceError
from bot.mistakes import Mistake, Mistakes

FALLBACK_LANGUAGE = "en"
Show = Callable[[str, Any], str]

_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{(\w+)\}|\[|\]|[^{}\[\]]+|[{}]")


class WordingErrors(Mistakes):
    """A folder of wording cannot be used."""


@dataclass(frozen=True)
class Part:
    """A piece of a text: literal, variable (`name`), or an optional group of pieces (`inside`)."""

    literal: str = ""
    name: str | None = None
    inside: tuple["Part", ...] | None = None


@dataclass(frozen=True)
class Button:
    """A choice that comes with a wording."""

    title: tuple[Part, ...]
    choice: Choice


@dataclass(frozen=True)
class Variant:
    """One way to say it, for a channel or under a condition where these are given."""

    parts: tuple[Part, ...]
    buttons: tuple[Button, ...] = ()
    channel: str | None = None
    condition: Condition | None = None


@dataclass(frozen=True)
class Rendered:
    """A text ready to be read, with its choices as (title, choice)."""

    text: str
    buttons: tuple[tuple[str, Choice], ...] = ()


@dataclass(frozen=True)
class Wording:
    """All wording, by language and name."""

    languages: Mapping[str, Mapping[str, tuple[Variant, ...]]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Every name that the fallback language has."""
        return frozenset(self.languages.get(FALLBACK_LANGUAGE, {}))

    def variants(self, name: str, language: str) -> tuple[Variant, ...]:
        """The ways to say `name` in `language`, else in English; empty when there is none."""
        for code in (language, language.partition("-")[0], FALLBACK_LANGUAGE):
            if found := self.languages.get(code, {}).get(name):
                return found
        return ()

    def word(self, text: str, language: str) -> str:
        """What stands in English in the shop's other files, in `language`; the text itself where it has no words."""
        for code in (language, language.partition("-")[0]):
            if found := self.words.get(code, {}).get(text):
                return found
        return text

    def best(self, wanted: str) -> str:
        """The language there is for a tag ("zh-TW") or an Accept-Language header; English when none fits."""
        known = {code.lower(): code for code in self.languages}
        for tag in _tags(wanted):
            for code in (tag, _script(tag), tag.partition("-")[0]):
                if code in known:
                    return known[code]
        return FALLBACK_LANGUAGE

    def render(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        language: str,
        channel: str,
        show: Show,
        seed: str,
        slots: Mapping[str, Any] | None = None,
    ) -> Rendered | None:
        """Say `name`: a variant whose condition holds is preferred, then one for the channel, chosen by `seed`.

        `show(variable, value)` turns a value into words. None when there is no such wording.
        """
        context = {"channel": channel, "language": language}
        fitting = [
            variant
            for variant in self.variants(name, language)
            if variant.channel in (None, channel)
            and (variant.condition is None or variant.condition.holds(slots or {}, context))
        ]
        if not fitting:
            return None
        best = max(_rank(variant) for variant in fitting)
        chosen = random.Random(seed).choice([variant for variant in fitting if _rank(variant) == best])
        buttons = tuple((_fill(button.title, variables, show), button.choice) for button in chosen.buttons)
        return Rendered(_fill(chosen.parts, variables, show), buttons)


def _script(tag: str) -> str:
    """The script of a tag of Chinese: Taiwan, Hong Kong and Macau write Traditional. Other tags as they are."""
    if tag.partition("-")[0] != "zh":
        return tag
    return "zh-hant" if re.search(r"-(hant|tw|hk|mo)\b", tag) else "zh-hans"


def _tags(header: str) -> list[str]:
    """The language tags of an Accept-Language header in lower case, most wanted first (RFC 9110, 12.5.4)."""
    weighed = []
    for each in header.lower().split(","):
        tag, _, weight = (part.strip() for part in each.partition(";"))
        number = weight.removeprefix("q=").strip()
        weighed.append((float(number) if re.fullmatch(r"[01](\.\d*)?", number) else 1.0, tag))
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if tag and weight]


def _rank(variant: Variant) -> tuple[bool, bool]:
    return variant.condition is not None, variant.channel is not None


def _fill(parts: Sequence[Part], variables: Mapping[str, Any], show: Show) -> str:
    pieces = []
    for part in parts:
        if part.inside is not None:
            pieces.append(_fill(part.inside, variables, show) if _all_present(part.inside, variables) else "")
        elif part.name is not None:
            value = variables.get(part.name)
            pieces.append("" if _is_empty(value) else show(part.name, value))
        else:
            pieces.append(part.literal)
    return "".join(pieces)


def _all_present(parts: Sequence[Part], variables: Mapping[str, Any]) -> bool:
    return all(part.name is None or not _is_empty(variables.get(part.name)) for part in parts)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def parse_text(text: str) -> tuple[Part, ...]:
    """The pieces of a text. Raises ValueError for a bracket or brace without its partner."""
    open_groups: list[list[Part]] = [[]]
    for token in _TOKEN.finditer(text):
        piece = token.group()
        if token.group(1):
            open_groups[-1].append(Part(name=token.group(1)))
        elif piece == "[":
            open_groups.append([])
        elif piece == "]":
            if len(open_groups) == 1:
                raise ValueError("a ']' without its '['")
            group = tuple(open_groups.pop())
            open_groups[-1].append(Part(inside=group))
        elif piece in "{}":
            raise ValueError(f"a lone {piece!r}")
        else:
            open_groups[-1].append(Part(literal=piece[0] if piece in ("{{", "}}", "[[", "]]") else piece))
    if len(open_groups) > 1:
        raise ValueError("a '[' without its ']'")
    return tuple(open_groups[0])


def load(folder: Path) -> Wording:
    """Read every `<language>.yml` of the folder. Raises WordingErrors."""
    mistakes: list[Mistake] = []
    files = {path.stem: _load_file(path, mistakes) for path in sorted(folder.glob("*.yml"))}
    languages = {language: variants for language, (variants, _) in files.items()}
    if FALLBACK_LANGUAGE not in languages:
        missing = f"{FALLBACK_LANGUAGE}.yml"
        mistakes.append(Mistake(str(folder / missing), 1, "is missing.", "Every wording needs an English text."))
    if mistakes:
        raise WordingErrors(mistakes)
    return Wording(languages, {language: words for language, (_, words) in files.items()})


def _load_file(path: Path, mistakes: list[Mistake]) -> tuple[dict[str, tuple[Variant, ...]], dict[str, str]]:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        mistakes.append(Mistake(str(path), line, f"is not YAML: {broken.problem}.", "Look at quotes and indentation."))
        return {}, {}
    entries = _mapping(_mapping(root).get("wording", (None, None))[1])
    words = _mapping(_mapping(root).get("words", (None, None))[1])
    if not entries:
        mistakes.append(Mistake(str(path), 1, "has no wording.", "Begin it with the key 'wording:'."))
    variants = {name: _variants(str(path), name, node, mistakes) for name, (_, node) in entries.items()}
    return variants, {text: _word(str(path), text, node, mistakes) for text, (_, node) in words.items()}


def _word(file: str, text: str, node: Any, mistakes: list[Mistake]) -> str:
    if isinstance(node, yaml.ScalarNode) and node.value.strip():
        return str(node.value)
    line = node.start_mark.line + 1
    mistakes.append(Mistake(file, line, f"{text!r} has no words.", "Write 'English text: words of this language'."))
    return text


def _mapping(node: Any) -> dict[str, tuple[Any, Any]]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value}


def _variants(file: str, name: str, node: Any, mistakes: list[Mistake]) -> tuple[Variant, ...]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        mistakes.append(Mistake(file, node.start_mark.line + 1, f"{name} has no variants.", "Write '- text: ...'."))
        return ()
    made = []
    for item in node.value:
        try:
            made.append(_variant(yaml.safe_load(yaml.serialize(item))))
        except (ValueError, KeyError, TypeError, ConditionError, ChoiceError) as wrong:
            line = item.start_mark.line + 1
            mistakes.append(Mistake(file, line, f"{name}: {wrong}.", "Keys are text, buttons, channel and if."))
    if made and all(variant.condition or variant.channel for variant in made):
        line = node.start_mark.line + 1
        mistakes.append(Mistake(file, line, f"{name} is silent when no condition holds.", "Add a variant without one."))
    return tuple(made)


def _variant(raw: Mapping[str, Any]) -> Variant:
    unknown = set(raw) - {"text", "buttons", "channel", "if"}
    if unknown:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    buttons = tuple(
        Button(parse_text(str(button["title"])), Choice.from_json(button["choice"]))
        for button in raw.get("buttons", ())
    )
    condition = parse_condition(raw["if"]) if "if" in raw else None
    return Variant(parse_text(str(raw["text"])), buttons, raw.get("channel"), condition)
