"""Rasa's message processor, made to cost the same at every turn: no copies, no replays, actions in this process.

Stock Rasa copies the tracker (replaying its events) for each action and swallows an action's exception together with
its events. Here an action runs on the tracker itself; when it fails, the customer is told and the answers so far stay.
"""

import logging
import tarfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import rasa.core.processor
from rasa.core.actions.action import Action
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.flows.model import CHOOSE
from bot.rasa.policy import FlowPolicy
from bot.rasa.runner import SequentialRunner

logger = logging.getLogger(__name__)
# The engine stops at eight actions; one more and the turn ends, whatever predicted it.
_MOST_ACTIONS = 9
# The ranking is kept for reports of confusions; the tail of sixty intents would fill the database.
_RANKING_KEPT = 3


class LeanProcessor(MessageProcessor):
    """Handles messages of a trained model with `actions` (by name) and wording from `nlg`."""

    def __init__(
        self,
        model: Path,
        *,
        actions: Mapping[str, Action],
        nlg: NaturalLanguageGenerator,
        on_failure: Callable[[str], None] = lambda action: None,
    ) -> None:
        """Loads the model archive. `on_failure` is told the name of an action that raised."""
        super().__init__(str(model), InMemoryTrackerStore(None), InMemoryLockStore(), nlg)
        self._actions = actions
        self._on_failure = on_failure
        self.action_names = self.domain.action_names_or_texts

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        try:
            with rasa.core.processor.TempDirectoryPath(rasa.core.processor.get_temp_dir_name()) as folder:
                metadata, runner = load_predict_graph_runner(
                    Path(folder), Path(model_path), LocalModelStorage, SequentialRunner
                )
        except tarfile.ReadError as broken:
            raise ValueError(f"{model_path} is not a model archive; delete it and run `rapport train`.") from broken
        return Path(model_path).name, metadata, runner

    @property
    def policy(self) -> FlowPolicy:
        """The flow policy inside the model's graph."""
        nodes = self.graph_runner._instantiated_nodes.values()
        return next(node._component for node in nodes if isinstance(node._component, FlowPolicy))

    def start_session(self, tracker: DialogueStateTracker, slots: Mapping[str, Any]) -> None:
        """Begin a session with these values of slots; all others stay as they are."""
        tracker.update(ActionExecuted(ACTION_SESSION_START_NAME))
        tracker.update(SessionStarted())
        for name, value in slots.items():
            tracker.update(SlotSet(name, value))
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))

    async def understand(self, text: str, *, now: datetime | None = None) -> dict[str, Any]:
        """Rasa's parse data of a text said at `now` (default: by the machine): "tomorrow" counts from it."""
        parsed = await self.parse_message(UserMessage(text, metadata={"now": now.isoformat()} if now else None))
        parsed["intent_ranking"] = parsed.get("intent_ranking", [])[:_RANKING_KEPT]
        return parsed

    async def take(
        self, tracker: DialogueStateTracker, channel: OutputChannel, said: UserUttered, *, first: str | None = None
    ) -> None:
        """Log what was said, say `first` (a wording) if given, and act until it is the customer's turn again."""
        tracker.update(said)
        if first is not None:
            for event in await self._said(first, tracker, channel):
                tracker.update(event)
        if not tracker.is_paused():
            await self._run_prediction_loop(channel, tracker)

    async def _run_prediction_loop(self, output_channel: OutputChannel, tracker: DialogueStateTracker) -> None:
        for _ in range(_MOST_ACTIONS):
            prediction = self._predict_next_with_tracker(tracker)
            name = self.action_names[prediction.max_confidence_index]
            if not await self._act(name, prediction, tracker, output_channel):
                return
        logger.warning("More than %s actions in one turn of %s; it ends here.", _MOST_ACTIONS, tracker.sender_id)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))

    async def _act(
        self, name: str, prediction: PolicyPrediction, tracker: DialogueStateTracker, channel: OutputChannel
    ) -> bool:
        """Run one predicted action; whether another may follow."""
        tracker.update_with_events(prediction.events, self.domain)
        if name == ACTION_LISTEN_NAME:
            tracker.update(ActionExecuted(name, prediction.policy_name, prediction.max_confidence))
            return False
        events = await self._events_of(name, tracker, channel)
        tracker.update(ActionExecuted(name, prediction.policy_name, prediction.max_confidence))
        tracker.update_with_events(events, self.domain)
        return not tracker.is_paused()

    async def _events_of(self, name: str, tracker: DialogueStateTracker, channel: OutputChannel) -> list[Event]:
        try:
            return await self._actions[name].run(channel, self.nlg, tracker, self.domain)
        except Exception:  # The edge of what a shop may write: the turn goes on and the customer is told.
            logger.exception("%s failed in conversation %s", name, tracker.sender_id)
            self._on_failure(name)
            return await self._said("utter_action_failed", tracker, channel)

    async def _said(self, name: str, tracker: DialogueStateTracker, channel: OutputChannel) -> list[Event]:
        said = await self.nlg.generate(name, tracker, channel.name())
        return [rasa.core.actions.action.create_bot_utterance(said)] if said else []


def choice_parsed(payload: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A tapped choice as Rasa's parse data: the intent `choose`, with the payload's keys as entities."""
    entities = [{"entity": key, "value": value, "start": 0, "end": 0} for key, value in payload.items()]
    return {"text": text, "intent": {"name": CHOOSE, "confidence": 1.0}, "entities": entities}
