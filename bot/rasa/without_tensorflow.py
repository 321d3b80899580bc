"""Rasa imports without TensorFlow: `install()` answers its module-level imports by inert stand-ins; real use raises.

Rasa 3.6 imports TensorFlow and transformers on the way to components that we do not use (DIET, TED). Leaving the real
ones out makes the environment and the process several times smaller (docs/decisions.md). The served process also does
without the software kits of Rasa's own brokers, stores, consoles and connectors, which it never calls.
"""

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from itertools import accumulate
from types import ModuleType
from typing import Any

_ABSENT = ("tensorflow", "tensorflow_hub", "tensorflow_addons", "tensorflow_text", "keras", "transformers")
_UNUSED_WHILE_SERVING = (
    "aio_pika",
    "aiogram",
    "aiohttp",
    "aiormq",
    "apscheduler",
    "boto3",
    "botocore",
    "confluent_kafka",
    "engineio",
    "fbmessenger",
    "matplotlib",
    "mattermostwrapper",
    "prompt_toolkit",
    "pymongo",
    "questionary",
    "randomname",
    "redis",
    "requests",
    "rocketchat_API",
    "sanic",
    "sanic_cors",
    "sanic_jwt",
    "sklearn",
    "slack_sdk",
    "socketio",
    "twilio",
    "spacy.cli.project",
    "weasel",
    "webexteamssdk",
)


class _InertMeta(type):
    """Lets a stand-in be subclassed, subscripted and read at any depth, as module-level code does."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert

    def __getitem__(cls, item: Any) -> Any:
        return cls

    def __or__(cls, other: Any) -> Any:
        return Any

    __ror__ = __or__


class Inert(metaclass=_InertMeta):
    """Stands for anything of an absent library. Works as a base class or a decorator; any other call raises."""

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()

    def __new__(cls, *args: Any, **_: Any) -> Any:
        if cls is Inert and len(args) == 1 and callable(args[0]):
            return args[0]
        if cls is Inert:
            return _decorator
        raise ImportError(
            f"{cls.__name__} needs TensorFlow, which is not installed. Use a component of config.yml's kind."
        )


def _decorator(function: Any) -> Any:
    return function


class _InertModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        # Libraries ask an imported TensorFlow `is_tensor(x)`; a stand-in must not seem to say yes.
        if name.startswith(("__", "is_")):
            raise AttributeError(name)
        return "0.0.0" if name == "VERSION" else Inert


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, absent: Sequence[str]) -> None:
        self.absent = frozenset(absent)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if self.absent.isdisjoint(accumulate(fullname.split("."), "{}.{}".format)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _InertModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__path__ = []


def install(*, serving: bool = False) -> None:
    """Call before the first import of Rasa. Also switches its telemetry off, which otherwise phones home.

    A stand-in for TensorFlow goes behind the real finders: one that is installed wins. With `serving`, what the served
    process never calls is stood in for although it is installed, which saves memory and a part of the start.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder(_ABSENT))
    if serving:
        sys.meta_path.insert(0, _Finder(_UNUSED_WHILE_SERVING))


def restore(name: str) -> None:
    """Give the real library to whoever imports it from now on; what had its stand-in before keeps that."""
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            finder.absent -= {name}
    for module in [each for each in sys.modules if each.partition(".")[0] == name]:
        if isinstance(sys.modules[module], _InertModule):
            del sys.modules[module]
