"""What customers read must be there in every language of the shop: finds what has no words yet, and wrong variables.

English stands in for what is missing, so that these are warnings; a variable that nothing fills is an error.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.mistakes import Mistake
from bot.wording import FALLBACK_LANGUAGE, Part, Variant, Wording

# Where the shop's own files say something to customers: the path of keys from the top; * is any key or place in a list.
_SPOKEN = {
    "catalogue": (
        "slots.*.modules.*.title",
        "slots.*.modules.*.allergens.*",
        "categories.*.title",
        "fulfilment.*.title",
        "never.*.because",
        "products.*.title",
        "products.*.description",
        "products.*.allergens.*",
        "products.*.attributes.*",
        "products.*.never.*.because",
        "shop.directions",
        "shop.delivery.zones.*.name",
        "shop.payment.*",
        "shop.returns.goods",
    ),
    "flows": ("flows.*.name", "flows.*.steps.*.description", "flows.*.steps.*.options.*.title"),
    "offering": ("benefits.*.not_designed_for", "benefits.*.told"),
}
# A mapping whose keys are read to customers as well.
_SPOKEN_KEYS = re.compile(r"\.attributes\.[^.]+$")
# Sizes, prices and units are the same everywhere.
_WORDY = re.compile(r"[A-Za-z]{3}")


def untold(data: Path, words: Wording) -> Iterator[Mistake]:
    """Everything that the wording of a language lacks beside English, by the place of the English text."""
    english = data / "wording" / f"{FALLBACK_LANGUAGE}.yml"
    at, spoken = _lines(english), list(_spoken(data))
    for language in sorted(set(words.languages) - {FALLBACK_LANGUAGE}):
        file = data / "wording" / f"{language}.yml"
        for name in sorted(words.names - set(words.languages[language])):
            lack = f"{name} has no text in {language}."
            yield Mistake(str(english), at.get(name, 1), lack, _add(file), "warning")
        yield from _variables(words, language, file)
        for text, where, line in spoken:
            if text not in words.words.get(language, {}):
                lack = f"{text!r} has no words in {language}."
                yield Mistake(where, line, lack, _add(file, "words"), "warning")


def _add(file: Path, part: str = "wording") -> str:
    return f"Add it under `{part}:` in {file.name}; until then customers read it in English."


def _variables(words: Wording, language: str, file: Path) -> Iterator[Mistake]:
    at, english = _lines(file), words.languages[FALLBACK_LANGUAGE]
    for name, variants in words.languages[language].items():
        line = at.get(name, 1)
        if name not in english:
            cure = "Correct the name, or add it to en.yml."
            yield Mistake(str(file), line, f"{name} is in no English wording.", cure)
            continue
        here, there = variables(variants), variables(english[name])
        for extra in sorted(here - there):
            cure = f"There are: {', '.join(sorted(there)) or 'none'}."
            yield Mistake(str(file), line, f"{name}: nothing fills {{{extra}}}.", cure)
        for missing in sorted(there - here):
            message = f"{name} leaves out {{{missing}}}, which the English text says."
            yield Mistake(str(file), line, message, "Say it, or take it out of en.yml.", "warning")


def variables(variants: Iterable[Variant]) -> frozenset[str]:
    """The variables that the texts of a wording name."""
    return frozenset(name for variant in variants for name in _named(variant.parts))


def _named(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if part.name is not None:
            yield part.name
        yield from _named(part.inside or ())


def _spoken(data: Path) -> Iterator[tuple[str, str, int]]:
    """Each English text of the shop's own files, once, with its file and line."""
    seen: set[str] = set()
    for folder, paths in _SPOKEN.items():
        wanted = re.compile("|".join(p.replace(".", r"\.").replace("*", "[^.]*") for p in paths))
        for file in sorted((data / folder).rglob("*.yml")):
            for path, text, line in _scalars(file):
                if not wanted.fullmatch(path):
                    continue
                for said in (text, path.rpartition(".")[2]) if _SPOKEN_KEYS.search(path) else (text,):
                    if said not in seen and _WORDY.search(said):
                        seen.add(said)
                        yield said, str(file), line


def _lines(file: Path) -> dict[str, int]:
    """Where each name of a wording file stands."""
    sections = {key.value: section for key, section in _composed(file).value}
    return {key.value: key.start_mark.line + 1 for key, _ in sections["wording"].value}


def _scalars(file: Path) -> Iterator[tuple[str, str, int]]:
    """(dotted path, text, line) of every scalar of a YAML file; nothing of one that cannot be read."""
    try:
        root = _composed(file)
    except yaml.YAMLError:
        return  # Whoever loads the file says so.
    yield from _walk(root, "")


def _composed(file: Path) -> Any:
    return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _walk(node: Any, path: str) -> Iterator[tuple[str, str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, f"{path}.{str(key.value).replace('.', ' ')}".lstrip("."))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _walk(value, f"{path}.{place}")
    elif isinstance(node, yaml.ScalarNode):
        yield path, str(node.value), node.start_mark.line + 1
