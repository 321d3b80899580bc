"""A conversation's events to and from memory, at a cost that does not grow with its length.

Loading reads a checkpoint and the events after it; saving appends the events that were not there before, told apart by
object identity, so that two writers never lose each other's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ConversationPaused, Event, SlotSet, UserUttered

from bot.rasa.actions import TurnTracker, event_from_dict
from memory import transcripts
from memory.transcripts import Stored

# A checkpoint is written once this many events came after the last, at about every third turn: then loading a long
# conversation and writing its checkpoints cost together no more than a first contact does.
CHECKPOINT_EVERY = 16


@dataclass(frozen=True)
class Loaded:
    """A tracker as it was stored: which of its events memory has, and how many came after the checkpoint."""

    tracker: TurnTracker
    known: frozenset[int]
    since_checkpoint: int
    last_user_at: float | None


def load(stored: Stored, conversation: str, domain: Domain) -> Loaded:
    """The tracker of a conversation; empty when nothing is stored."""
    tracker = TurnTracker(conversation, domain.slots)
    checkpoint = stored.checkpoint or {}
    window = [event_from_dict(event) for event in stored.events]
    for event in [*_restored(checkpoint, domain), *window]:
        tracker.update(event)
    last_user_at = _last_user_at(tracker) or checkpoint.get("last_user_at")
    return Loaded(tracker, frozenset(map(id, tracker.events)), len(window), last_user_at)


def _restored(checkpoint: dict[str, Any], domain: Domain) -> Sequence[Event]:
    if not checkpoint:
        return []
    known = {slot.name for slot in domain.slots}
    slots = [SlotSet(name, value) for name, value in checkpoint["slots"].items() if name in known]
    paused = [ConversationPaused()] if checkpoint.get("paused") else []
    return [*slots, *paused, ActionExecuted(ACTION_LISTEN_NAME)]


def new_events(loaded: Loaded) -> list[Event]:
    """The events of this turn, in order."""
    return [event for event in loaded.tracker.events if id(event) not in loaded.known]


def save(tx: Any, loaded: Loaded, *, customer: str, now: datetime) -> None:
    """Append this turn's events, and a checkpoint when enough of them have gathered."""
    fresh = [event.as_dict() for event in new_events(loaded)]
    last = transcripts.append(tx, loaded.tracker.sender_id, customer=customer, events=fresh, now=now)
    if loaded.since_checkpoint + len(fresh) >= CHECKPOINT_EVERY:
        transcripts.save_checkpoint(tx, loaded.tracker.sender_id, snapshot=_snapshot(loaded.tracker), upto=last)


def _last_user_at(tracker: TurnTracker) -> float | None:
    """Seconds since the epoch; an empty tracker's `latest_message` would say "now"."""
    return next((event.timestamp for event in reversed(tracker.events) if isinstance(event, UserUttered)), None)


def _snapshot(tracker: TurnTracker) -> dict[str, Any]:
    return {
        "slots": {slot.name: slot.value for slot in tracker.slots.values() if slot.value != slot.initial_value},
        "paused": tracker.is_paused(),
        "last_user_at": _last_user_at(tracker),
    }
