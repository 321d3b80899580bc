"""What was left half-done: offers to continue it, and does what the customer chooses; what is forgotten stays so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import DIALOGUE, Event, ShopAction, ShopTracker, button, sets
from actions.citing import THREAD, cites
from actions.speech import opening
from bot.flows import engine
from bot.flows.model import Choice, Collect, Due, Outcome, State, ThreadSnapshot
from memory import Tx, consent, threads
from memory.consent import Purpose

WAITING = "threads_waiting"
# More than this are not listed: nobody reads a longer list of things left undone.
MOST_LISTED = 5


class _ThreadAction(ShopAction):
    def waiting(self, tracker: ShopTracker) -> list[ThreadSnapshot]:
        """Everything half-done, newest first: in this conversation as it stands now, and what memory may tell."""
        flows, state = self.shop.flows(), State.from_json(tracker.slots.get(DIALOGUE))
        found = {each.thread: each for each in engine.open_threads(flows, state, tracker.slots)}
        for kept in self._kept(tracker):
            found.setdefault(kept.thread, kept)
        # What ended in this very turn is closed in the database only when the turn is committed.
        over = {each["thread"] for each in _ended(tracker)}
        return [each for each in found.values() if each.thread not in over]

    def thread(self, tracker: ShopTracker) -> ThreadSnapshot | None:
        """The thread of the tapped choice, if it is still open."""
        wanted = tracker.arguments.get("thread")
        return next((each for each in self.waiting(tracker) if each.thread == wanted), None)

    def card(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, snapshot: ThreadSnapshot) -> None:
        """The resume card: what was left, and four things to do about it."""
        ways = {
            "utter_choice_continue": "action_resume_thread",
            "utter_choice_start_over": "action_restart_thread",
            "utter_choice_something_else": "action_leave_thread",
            "utter_choice_forget": "action_forget_thread",
        }
        speech = self.speech(tracker)
        dispatcher.utter_message(
            response="utter_thread_unconfirmed" if self._lacks_a_yes(snapshot) else "utter_thread_waiting",
            step=snapshot.description,
            summary=self.summary(snapshot, tracker),
            buttons=[
                button(speech.say(title), Choice(action=action, args={"thread": snapshot.thread}))
                for title, action in ways.items()
            ],
        )

    def _lacks_a_yes(self, snapshot: ThreadSnapshot) -> bool:
        """Whether everything was chosen and only the confirmation is open."""
        flow = self.shop.flows().get(snapshot.flow)
        step = flow.steps.get(snapshot.step) if flow else None
        return isinstance(step, Collect) and not step.asks_to_know

    def summary(self, snapshot: ThreadSnapshot, tracker: ShopTracker) -> str:
        """The answers so far in words: "a large latte"."""
        speech, flow = self.speech(tracker), self.shop.flows().get(snapshot.flow)
        shown = {slot: value for slot, value in snapshot.slots.items() if isinstance(value, str | int | float)}
        line = speech.some(snapshot.slots, int(snapshot.slots.get("quantity") or 1))
        name = flow.name if flow else snapshot.description
        return speech.say(snapshot.summary_response, **{**shown, "line": line if "product" in shown else name})

    def _kept(self, tracker: ShopTracker) -> list[ThreadSnapshot]:
        with self.shop.memory.read() as tx:
            try:
                grant = consent.require(tx, tracker.turn.customer, Purpose.RESUME)
            except consent.ConsentRefused:
                return []
            return [_snapshot(thread) for thread in threads.open_for(tx, grant)]


class ActionOfferThreads(_ThreadAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        chosen = self.thread(tracker)
        waiting = [chosen] if chosen else self.waiting(tracker)
        if len(waiting) == 1:
            self.card(dispatcher, tracker, waiting[0])
        elif waiting:
            self._list(dispatcher, tracker, waiting[:MOST_LISTED])
        offered = cites(THREAD, *(each.thread for each in waiting[:MOST_LISTED]))
        return offered if chosen else [*offered, *sets({WAITING: len(waiting)})]

    def _list(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, waiting: list[ThreadSnapshot]) -> None:
        speech = self.speech(tracker)
        summaries = [self.summary(snapshot, tracker) for snapshot in waiting]
        leave = button(speech.say("utter_choice_something_else"), Choice(action="action_leave_thread"))
        dispatcher.utter_message(
            response="utter_threads_waiting",
            count=len(waiting),
            buttons=[
                *(
                    button(opening(summary), Choice(action=self.name(), args={"thread": each.thread}))
                    for summary, each in zip(summaries, waiting, strict=True)
                ),
                leave,
            ],
        )


class _TakeUp(_ThreadAction):
    """Moves the thread into this conversation and goes on with it; what was at hand stays half-done below it."""

    def taken_up(self) -> Callable[..., Outcome]:
        raise NotImplementedError

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        snapshot, state = self.thread(tracker), State.from_json(tracker.slots.get(DIALOGUE))
        if snapshot is None:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        outcome = self.taken_up()(self.shop.flows(), state, snapshot, slots=tracker.slots)
        turn, thread = tracker.turn, snapshot.thread
        turn.stage(lambda tx: _take(tx, turn.customer, thread, conversation=turn.conversation, now=turn.now))
        return _events(outcome, tracker, waiting=len(self.waiting(tracker)) - 1)


class ActionResumeThread(_TakeUp):
    def taken_up(self) -> Callable[..., Outcome]:
        return engine.resume


class ActionRestartThread(_TakeUp):
    def taken_up(self) -> Callable[..., Outcome]:
        return engine.restart


class ActionForgetThread(_ThreadAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, thread = tracker.turn, str(tracker.arguments.get("thread"))
        left = [each for each in self.waiting(tracker) if each.thread != thread]
        turn.stage(lambda tx: threads.forget(tx, thread, customer=turn.customer, now=turn.now))
        state = State.from_json(tracker.slots.get(DIALOGUE))
        outcome = engine.withdraw(self.shop.flows(), state, thread, slots=tracker.slots)
        dispatcher.utter_message(response="utter_thread_forgotten")
        return _events(outcome, tracker, waiting=len(left))


class ActionLeaveThread(ShopAction):
    """Something else: the thread stays as it is, and the floor is the customer's."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_thread_left")
        return []


def _events(outcome: Outcome, tracker: ShopTracker, *, waiting: int) -> list[Event]:
    """Hands the engine's outcome to whoever proceeds: its action is what is due next."""
    state = outcome.state
    if outcome.action is not None:
        state = replace(state, due=(Due(outcome.action, outcome.arguments), *state.due))
    ended = [*_ended(tracker), *({"thread": each.thread, "how": each.how} for each in outcome.ended)]
    dialogue = {**state.to_json(), **({"ended": ended} if ended else {})}
    return sets({**outcome.slots, DIALOGUE: dialogue, WAITING: max(0, waiting)})


def _ended(tracker: ShopTracker) -> list[dict[str, str]]:
    return list((tracker.slots.get(DIALOGUE) or {}).get("ended", []))


def _snapshot(thread: threads.Thread) -> ThreadSnapshot:
    return ThreadSnapshot.from_json({**(thread.progress or {}), **vars(thread)})


def _take(tx: Tx, customer: str, thread: str, *, conversation: str, now: Any) -> None:
    """A thread of a conversation without the purpose `resume` was never kept: there is nothing to move."""
    if consent.allows(tx, customer, Purpose.RESUME):
        grant = consent.require(tx, customer, Purpose.RESUME)
        threads.take(tx, grant, thread, conversation=conversation, now=now)
