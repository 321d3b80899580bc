"""Stock DIET on the public sets, by the protocol of `benchmarks/understanding/public.py` (`sets.py` is of both).

It needs an environment of its own, with TensorFlow, on Python 3.10:

    uv venv --python 3.10 FOLDER && uv pip install --python FOLDER "rasa==3.6.21" "setuptools<81"
    FOLDER/bin/python benchmarks/understanding/stock/diet.py hint3 banking77 --data PUBLIC_SETS

One JSON object a line, as each training ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from sets import OUTSIDE, SEED, Pairs, draw, rows, share

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CONFIG = Path(__file__).resolve().parent / "config.yml"
FOLDS, STRANGERS = 5, 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=["hint3", "banking77"])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the public sets")
    parser.add_argument("--draws", type=int, default=3, help="draws of ten examples an intent")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the five folds choose the threshold")
    told = parser.parse_args()
    for name in told.sets:
        if name == "hint3":
            hint3(told.data / "hint3-sofmattress" / "dataset" / "v1", folds=told.folds)
        else:
            banking77(told.data / "banking77" / "banking_data" / "train.csv", draws=told.draws)


def hint3(folder: Path, *, folds: int) -> None:
    """Accuracy without and with the threshold that cross-validation on the training set chooses."""
    from sklearn.metrics import matthews_corrcoef

    train = rows(folder / "train" / "sofmattress_train.csv", "sentence", "label")
    test = rows(folder / "test" / "sofmattress_test.csv", "sentence", "label")
    gold = np.array([label for _, label in test])
    inside = gold != OUTSIDE
    labels, sure = judged(train, test)
    tell("hint3 without threshold", in_scope_accuracy=share(labels[inside] == gold[inside]))
    floor = threshold(train, folds=folds)
    found = np.where(sure >= floor, labels, OUTSIDE)
    tell(
        "hint3",
        threshold=floor,
        in_scope_accuracy=share(found[inside] == gold[inside]),
        out_of_scope_recall=share(found[~inside] == OUTSIDE),
        mcc=round(float(matthews_corrcoef(gold, found)), 3),
    )


def threshold(train: Pairs, *, folds: int) -> float:
    """The confidence under which most messages fare as they should, one in five being out of scope: each fold of the
    texts is judged by the others, and each fold of the intents plays the strangers."""
    from sklearn.model_selection import StratifiedKFold

    labels = np.array([label for _, label in train])
    right, confidence, strange = [], [], []
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(labels, labels)
    for seen, unseen in list(splits)[:folds]:
        found, sure = judged([train[i] for i in seen], [train[i] for i in unseen])
        right.append(found == labels[unseen])
        confidence.append(sure)
    names = np.unique(labels)
    groups = np.random.default_rng(SEED).permutation(len(names)) % FOLDS
    for group in range(folds):
        hidden = np.isin(labels, names[groups == group])
        known = [pair for pair, away in zip(train, hidden, strict=True) if not away]
        strange.append(judged(known, [pair for pair, away in zip(train, hidden, strict=True) if away])[1])
    good, met, foreign = np.concatenate(right), np.concatenate(confidence), np.concatenate(strange)
    steps = np.arange(0.02, 1.0, 0.01)
    scores = [(1 - STRANGERS) * (good & (met >= s)).mean() + STRANGERS * (foreign < s).mean() for s in steps]
    return round(float(steps[int(np.argmax(scores))]), 2)


def banking77(path: Path, *, draws: int) -> None:
    """Ten examples of each intent, tested on the rest of the training file."""
    pairs = rows(path, "text", "category")
    for seed in range(SEED, SEED + draws):
        chosen, rest = draw(pairs, 10, seed)
        labels, _ = judged(chosen, rest)
        right = labels == np.array([label for _, label in rest])
        tell("banking77 10-shot", seed=seed, test=len(rest), accuracy=share(right))


def judged(train: Pairs, test: Pairs) -> tuple:
    """DIET trained on `train`: the best label of each text of `test`, and its confidence."""
    from rasa.core.agent import load_agent
    from rasa.model_training import train_nlu

    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "nlu.json"
        examples = [{"text": text, "intent": label, "entities": []} for text, label in train]
        data.write_text(json.dumps({"rasa_nlu_data": {"common_examples": examples}}))
        model = train_nlu(str(CONFIG), str(data), scratch, fixed_model_name="stock")

        async def parse() -> list:
            agent = await load_agent(model_path=model)
            return [(await agent.parse_message(text))["intent"] for text, _ in test]

        intents = asyncio.run(parse())
    labels = np.array([str(intent["name"]) for intent in intents])
    return labels, np.array([float(intent["confidence"]) for intent in intents])


def tell(name: str, **figures: float) -> None:
    print(json.dumps({name: figures}), flush=True)


if __name__ == "__main__":
    main()
