"""Runs the project's custom actions in this process, with no action server: as Rasa Pro's `actions_module` does.

An action is a plain rasa_sdk action. It sees a rasa_sdk tracker that also has `turn` (where writes are staged) and
`arguments` (what the flow or the tapped choice handed over). What it utters goes through the same wording as the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rasa_sdk
from rasa.core.actions.action import Action, create_bot_utterance
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from rasa_sdk.executor import CollectingDispatcher

from bot.flows.model import Choice
from bot.rasa.policy import DIALOGUE, UTTER_FLOW, next_of
from memory.turn import Turn

_EVENT_TYPES: dict[str, type[Event]] = {
    kind.type_name: kind for kind in all_subclasses(Event) if getattr(kind, "type_name", None)
}


def event_from_dict(stored: Mapping[str, Any]) -> Event:
    """A Rasa event from its dictionary, looked up by type instead of by a walk over all classes."""
    event = _EVENT_TYPES[stored["event"]]._from_parameters(dict(stored))
    if event is None:
        raise ValueError(f"A stored event of type {stored['event']!r} cannot be read.")
    return event


class TurnTracker(DialogueStateTracker):
    """Rasa's tracker of one conversation, together with the turn that is being handled."""

    turn: Turn


class ActionTracker(rasa_sdk.Tracker):
    """What an action sees. Its events are converted only when an action looks at them."""

    def __init__(self, tracker: DialogueStateTracker, turn: Turn) -> None:
        """Cheap: reads slots and the latest message, nothing else."""
        self.sender_id = tracker.sender_id
        self.slots = tracker.current_slot_values()
        self.latest_message = _latest_message(tracker)
        self.followup_action = None
        self.active_loop: dict[str, Any] = {}
        self.latest_action_name = tracker.latest_action_name
        self._paused = tracker.is_paused()
        self._tracker = tracker
        self.turn = turn
        self.arguments: dict[str, Any] = next_of(self.slots.get(DIALOGUE)).get("arguments", {})

    @property
    def events(self) -> list[dict[str, Any]]:
        """The recent events, oldest first (a bounded window)."""
        return [event.as_dict() for event in self._tracker.events]


def _latest_message(tracker: DialogueStateTracker) -> dict[str, Any]:
    said = tracker.latest_message
    if said is None:
        return {}
    return {"text": said.text, "intent": said.intent, "entities": said.entities, **(said.parse_data or {})}


class InProcessAction(Action):
    """Gives a rasa_sdk action the interface of Rasa's own actions."""

    def __init__(self, action: rasa_sdk.Action, turn_of: Callable[[DialogueStateTracker], Turn]) -> None:
        """`turn_of` finds the turn of a tracker; it exists so that stock Rasa commands can run actions too."""
        self._action, self._turn_of = action, turn_of

    def name(self) -> str:
        """The wrapped action's name."""
        return self._action.name()

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """Run it; its utterances come first, then its events, as from an action server."""
        dispatcher = CollectingDispatcher()
        seen = ActionTracker(tracker, self._turn_of(tracker))
        events = await _maybe_await(self._action.run(dispatcher, seen, {})) or []
        uttered = [await _utter(message, nlg, tracker, output_channel) for message in dispatcher.messages]
        return [*uttered, *(event_from_dict(event) for event in events)]


async def _maybe_await(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


async def _utter(
    message: dict[str, Any], nlg: NaturalLanguageGenerator, tracker: DialogueStateTracker, channel: OutputChannel
) -> BotUttered:
    """One message of a dispatcher: wording by name, completed by the buttons and cards that the action gave."""
    given = {key: value for key, value in message.items() if value and key != "template"}
    response = given.pop("response", None)
    buttons = [_button(button) for button in given.pop("buttons", [])]
    draft: dict[str, Any] = {}
    if response:
        draft = await nlg.generate(response, tracker, channel.name(), **_variables(given)) or {}
    draft["buttons"] = [*buttons, *draft.get("buttons", [])]
    if cards := (given.get("custom") or {}).get("cards"):
        given["custom"] = {**given["custom"], "cards": [_card(card) for card in cards]}
    return create_bot_utterance({**draft, **{key: given[key] for key in _CARRIED if key in given}})


_CARRIED = ("text", "image", "custom", "attachment", "elements")


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card with the choices on it as buttons."""
    return {**card, "choices": [_button(button) for button in card.get("choices", ())]}


def _variables(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _CARRIED}


def _button(button: Mapping[str, Any]) -> dict[str, str]:
    choice = button.get("choice")
    return {"title": button["title"], "payload": choice.payload() if isinstance(choice, Choice) else button["payload"]}


class ActionUtterFlow(Action):
    """Says what the flow engine decided: the wording named in the `dialogue` slot."""

    def name(self) -> str:
        """The one action behind every wording, so that new wording needs no training."""
        return UTTER_FLOW

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """One utterance, or none where the wording does not exist (the generator logs that)."""
        following = next_of(tracker.get_slot(DIALOGUE))
        said = await nlg.generate(following["action"], tracker, output_channel.name(), **following.get("arguments", {}))
        return [create_bot_utterance(said)] if said else []


def in_process(
    actions: Sequence[rasa_sdk.Action], turn_of: Callable[[DialogueStateTracker], Turn]
) -> dict[str, Action]:
    """All actions that this process can run, by name."""
    made: dict[str, Action] = {action.name(): InProcessAction(action, turn_of) for action in actions}
    return made | {UTTER_FLOW: ActionUtterFlow()}
