"""Trains the understanding when something that it learns from has changed, and only then.

Flows and wording need no training: they are read live.
"""

import contextlib
import hashlib
import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

from bot.settings import Settings

logger = logging.getLogger(__name__)
Tell = Callable[[str], None]
# What a model is made from. Code that featurises or classifies belongs to it; libraries enter by their versions.
_SOURCES = ("config.yml", "domain.yml", "data/nlu/**/*.yml", "data/catalogue/*.yml", "bot/rasa/nlu/*.py")
# More than the examples there are: while they are learned from, no sentence is embedded twice.
EXAMPLES = 100_000
_LIBRARIES = ("rasa", "scikit-learn", "spacy", "numpy")


class TrainingFailed(Exception):
    """Rasa could not train; the message says where to look."""


def fingerprint(settings: Settings) -> str:
    """A hash over everything that the model is made from; 16 hexadecimal digits."""
    told = [*(f"{name}={version(name)}" for name in _LIBRARIES), f"embeddings={settings.embeddings_dir}"]
    digest = hashlib.sha256(" ".join(told).encode())
    for path in _files(settings.root):
        digest.update(path.relative_to(settings.root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterable[Path]:
    return sorted(path for pattern in _SOURCES for path in root.glob(pattern) if path.is_file())


def model_path(settings: Settings) -> Path:
    """Where the model for the present sources is, or will be."""
    return settings.models / f"nlu-{fingerprint(settings)}.tar.gz"


def ensure_apart(settings: Settings, *, tell: Tell) -> Path:
    """The same as `ensure_model`, by a process of its own: the served one has nothing that only training needs, and
    keeps nothing that training used. Raises TrainingFailed."""
    if not _is_trained(settings):
        done = subprocess.run([sys.executable, "-m", "bot", "train"], cwd=settings.root)
        if done.returncode:
            raise TrainingFailed("Training failed; what it said stands above.")
    return ensure_model(settings, tell=tell)


def ensure_model(settings: Settings, *, tell: Tell, force: bool = False) -> Path:
    """The path of a model that is up to date, trained now if need be. Raises TrainingFailed."""
    target = model_path(settings)
    if not force and _is_trained(settings):
        return target
    from bot.rasa.nlu import embeddings, fact_model, refusals

    encoder = embeddings.shared()
    with encoder.remembering(EXAMPLES) if encoder else contextlib.nullcontext():
        if force or not target.exists():
            tell("Building the spaCy pipeline from the catalogue ...")
            build_vocabulary(settings)
            tell("Training the understanding (a minute or two; skipped while data/nlu and config.yml stay) ...")
            _train(settings, target)
        tell("Training the detector of refusals ...")
        refusals.shared()
    tell("Training what finds facts ...")
    fact_model.shared()
    for old in settings.models.glob("nlu-*.tar.gz"):
        if old != target:
            old.unlink()
    return target


def _is_trained(settings: Settings) -> bool:
    if not model_path(settings).exists():
        return False
    from bot.rasa.nlu import fact_model, refusals

    return refusals.is_trained() and fact_model.is_trained()


def build_vocabulary(settings: Settings) -> None:
    """Write the spaCy pipeline that knows the shop's words to models/spacy."""
    from bot.offering import catalogue_files
    from bot.rasa.nlu import pipeline

    made = settings.models / "spacy.new"
    shutil.rmtree(made, ignore_errors=True)
    settings.models.mkdir(parents=True, exist_ok=True)
    catalogue = catalogue_files.load(settings.data / "catalogue")
    words: list[pipeline.TermLike] = [*catalogue.vocabulary(), *pipeline.terms(settings.data / "nlu" / "terms")]
    pipeline.build(words, made)
    shutil.rmtree(settings.models / "spacy", ignore_errors=True)
    made.rename(settings.models / "spacy")


def _train(settings: Settings, target: Path) -> None:
    import rasa.model_training

    before = Path.cwd()
    os.chdir(settings.root)  # Rasa looks for its cache, and our pipeline for models/spacy, from here.
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Rasa congratulates itself there.
            result = rasa.model_training.train(
                domain="domain.yml",
                config="config.yml",
                training_files=["data/nlu"],
                output=str(settings.models),
                fixed_model_name=target.name.removesuffix(".tar.gz"),
                force_training=True,
            )
    finally:
        os.chdir(before)
    if result.model is None or not target.exists():
        raise TrainingFailed("Rasa trained no model; run `rapport rasa data validate` to see why.")


def ensure_vocabulary(settings: Settings) -> None:
    """Make models/spacy when there is none: Rasa's own commands load it by path."""
    if not (settings.models / "spacy").exists():
        build_vocabulary(settings)
