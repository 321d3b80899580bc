"""Runs the benchmarks and prints one JSON object a line.

python -m benchmarks.understanding own
python -m benchmarks.understanding hint3 banking77 clinc150 laps --data FOLDER [--precision fp32]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.understanding import laps, own, public
from bot.offering import catalogue_files
from bot.rasa.nlu import embeddings, pipeline, reading, refusals
from bot.rasa.nlu.parse import Understanding

ROOT = Path(__file__).resolve().parents[2]
OWN = ("intents", "refusals", "facts", "cost")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.understanding", description=__doc__)
    parser.add_argument("sets", nargs="+", choices=["own", "hint3", "banking77", "clinc150", "laps"])
    parser.add_argument("--data", type=Path, help="folder that holds the public sets")
    parser.add_argument("--precision", default=embeddings.PRECISION, choices=["int8", "fp32"])
    parser.add_argument("--shots", type=int, default=50, help="examples per intent of CLINC150")
    told = parser.parse_args()
    encoder = embeddings.open_encoder(None, cache=ROOT / "models", precision=told.precision)
    if encoder is None:
        parser.error("there are no sentence embeddings to measure")
    for name in told.sets:
        if name == "own":
            _own(encoder)
        elif told.data is None:
            parser.error(f"{name} needs --data")
        elif name == "hint3":
            _print(name, public.hint3(told.data, encoder))
        elif name == "laps":
            _print(name, laps.measure(told.data))
        elif name == "banking77":
            _print(name, public.banking77(told.data, encoder))
        else:
            _print(name, public.clinc150(told.data, encoder, shots=told.shots))


def _own(encoder: embeddings.Encoder) -> None:
    words = catalogue_files.load(ROOT / "data" / "catalogue").vocabulary()
    nlp = pipeline.assemble([*words, *pipeline.terms(ROOT / "data" / "nlu" / "terms")])
    detector = refusals.open_detector(ROOT / "data" / "nlu", ROOT / "models", encoder=encoder)
    texts, labels = own.examples(ROOT / "data" / "nlu")
    models = reading.fit(texts, labels, nlp=nlp, encoder=encoder)
    understanding = Understanding(nlp, reading.Reader(models, encoder, detector), detector)
    for path in [own.HELD_OUT / "intents.yml", *sorted(own.HELD_OUT.glob("chinese*.yml"))]:
        _print(path.stem, own.intents(understanding, own.held_out(path.stem)))
    for name in ("refusals", "refusals_second"):
        sets = own.held_out(name)
        _print(name, own.heard(detector, sets, sets.pop("ordinary")))
    _print("facts", own.told(nlp, own.held_out("facts")["cases"]))
    for path in sorted(own.HELD_OUT.glob("apart*.yml")):
        apart = own.held_out(path.stem)
        if "refusals" in apart:
            _print(f"{path.stem}: refusals", own.heard(detector, apart["refusals"], apart["ordinary"]))
        for kind in apart.keys() & {"intents", "chinese"}:
            _print(f"{path.stem}: {kind}", own.intents(understanding, apart[kind]))
        if "facts" in apart:
            model = own.learned_without(nlp, ROOT / "data" / "nlu", path.stem)
            _print(f"{path.stem}: facts, learned from all others", own.told(nlp, apart["facts"], model))
    _print("cost, ms at the median", own.cost(nlp, models, detector, cache=ROOT / "models"))


def _print(name: str, figures: object) -> None:
    print(json.dumps({name: figures}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
