"""The one Rasa policy: it asks the flow engine what comes next and predicts just that.

The engine's state travels in the slot `dialogue`, completed by `next`: the action that was predicted and its arguments,
and by `ended` and `settled`: the threads that ended and the questions that were gone past in this turn. Stock Rasa
(`rapport rasa test`, `shell`) drives it the same way.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.flows import engine, loader
from bot.flows.model import FlowSet, Message, Outcome, State
from bot.live import Live

logger = logging.getLogger(__name__)
DIALOGUE = "dialogue"
UTTER_FLOW = "utter_flow"
_FLOWS_FOLDER = Path("data/flows")
Over = dict[str, list[dict[str, Any]]]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT], is_trainable=True)
class FlowPolicy(Policy):
    """Predicts from flows alone; nothing is learned, so training only leaves its place in the graph."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> None:
        """Made by Rasa's graph. `flows` may be handed in afterwards; by default they are read from data/flows."""
        super().__init__(config, model_storage, resource, execution_context, featurizer=None)
        self.flows: Live[FlowSet] | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """It is the only policy; Rasa wants a priority all the same."""
        return {"priority": 1, "max_history": None}

    def train(self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **_: Any) -> Resource:
        """Nothing to learn; the resource marks the node as trained."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "flow_policy").touch()
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> "FlowPolicy":
        """The policy holds nothing that was trained."""
        return cls(config, model_storage, resource, execution_context)

    def _create_featurizer(self) -> Any:
        return None

    def predict_action_probabilities(
        self, tracker: DialogueStateTracker, domain: Domain, rule_only_data: dict[str, Any] | None = None, **_: Any
    ) -> PolicyPrediction:
        """The engine's next action, with the events that carry its state."""
        outcome, over = self._outcome(tracker)
        name = outcome.action or ACTION_LISTEN_NAME
        predicted = UTTER_FLOW if name.startswith("utter_") else name
        if predicted not in domain.action_names_or_texts:
            # An edit may name an action before the process that has it was started.
            logger.error("%s is not an action of the trained domain.yml; train and start again.", predicted)
            outcome, predicted = replace(outcome, action="utter_action_failed", arguments={}), UTTER_FLOW
        return PolicyPrediction(
            self._one_hot(predicted, domain),
            self.__class__.__name__,
            policy_priority=self.priority,
            optional_events=_events_of(outcome, over),
        )

    @staticmethod
    def _one_hot(action: str, domain: Domain) -> list[float]:
        scores = [0.0] * domain.num_actions
        scores[domain.index_for_action(action)] = 1.0
        return scores

    def _current_flows(self) -> FlowSet:
        if self.flows is None:
            self.flows = Live(_FLOWS_FOLDER, "**/*.yml", loader.load)
        return self.flows.current()

    def _outcome(self, tracker: DialogueStateTracker) -> tuple[Outcome, Over]:
        slots = tracker.current_slot_values()
        stored = slots.get(DIALOGUE)
        if stored is None:
            stored, slots = self._replayed(tracker)
        return self._step(tracker.latest_message, tracker.latest_action_name, stored, slots)

    def _step(
        self, said: UserUttered | None, last_action: str | None, stored: Mapping[str, Any], slots: Mapping[str, Any]
    ) -> tuple[Outcome, Over]:
        flows, state = self._current_flows(), State.from_json(stored)
        context = {
            "channel": (said.input_channel if said else None) or "web",
            "language": slots.get("language") or "en",
        }
        if last_action == ACTION_LISTEN_NAME and said is not None:
            outcome = engine.receive(flows, state, messages_of(said), slots=slots, context=context, new_id=_new_thread)
            return outcome, over_in(outcome, {})
        outcome = engine.proceed(flows, state, slots=slots, context=context, new_id=_new_thread)
        return outcome, over_in(outcome, stored)

    def _replayed(self, tracker: DialogueStateTracker) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """`rasa test` never applies a policy's events: rebuild the state from what was said and done so far."""
        stored: Mapping[str, Any] = {}
        slots: dict[str, Any] = {name: slot.initial_value for name, slot in tracker.slots.items()}
        said: UserUttered | None = None
        last: str | None = ACTION_LISTEN_NAME
        pending = False
        for event in tracker.applied_events():
            if isinstance(event, UserUttered):
                said, pending = event, True
            elif isinstance(event, SlotSet):
                slots[event.key] = event.value
            elif isinstance(event, ActionExecuted):
                if pending or event.action_name != ACTION_LISTEN_NAME:
                    stored = self._advance(said, last, stored, slots)
                    pending = False
                last = event.action_name
        return stored, slots

    def _advance(
        self, said: UserUttered | None, last: str | None, stored: Mapping[str, Any], slots: dict[str, Any]
    ) -> Mapping[str, Any]:
        if said is None:
            return stored
        outcome, over = self._step(said, last, stored, slots)
        slots.update(outcome.slots)
        return _dialogue_of(outcome, over)


def messages_of(said: UserUttered) -> tuple[Message, ...]:
    """What Rasa understood, as the engine's messages: one for each request, in the order of the text."""
    understood = {"text": said.text, "intent": said.intent, "entities": said.entities}
    return Message.from_rasa({**(said.parse_data or {}), **understood})


def over_in(outcome: Outcome, before: Mapping[str, Any]) -> Over:
    """What is over in this turn, after what was over `before` this outcome: threads and questions."""
    found = {"ended": [asdict(each) for each in outcome.ended], "settled": [asdict(each) for each in outcome.settled]}
    return {name: both for name, new in found.items() if (both := [*before.get(name, ()), *new])}


def _events_of(outcome: Outcome, over: Over) -> list[Event]:
    events: list[Event] = [SlotSet(name, value) for name, value in outcome.slots.items()]
    return [*events, SlotSet(DIALOGUE, _dialogue_of(outcome, over))]


def _dialogue_of(outcome: Outcome, over: Over) -> dict[str, Any]:
    stored = {**outcome.state.to_json(), **over}
    if outcome.action is not None:
        stored["next"] = {"action": outcome.action, "arguments": dict(outcome.arguments)}
    return stored


def next_of(dialogue: Mapping[str, Any] | None) -> dict[str, Any]:
    """The predicted action and its arguments, as they were left in the `dialogue` slot."""
    return (dialogue or {}).get("next") or {}


def _new_thread() -> str:
    return "t_" + secrets.token_urlsafe(16)
