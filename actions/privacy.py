"""Confirms what customers decide about their data, puts misunderstandings right, and switches things on again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, button, request_of, sets, words_of
from actions.consents import Refusal, Restorable
from actions.threads import WAITING
from bot.flows.model import Choice
from memory.consent import Purpose

# What may be switched on from the chat, in the order in which it is offered.
ON_OFFER = ("marketing", "preferences", "personalisation", "resume")


class _Decides(ShopAction):
    def may_grant(self, tracker: ShopTracker, purpose: Purpose) -> bool:
        with self.shop.memory.read() as tx:
            return consents.may_grant(self.shop.memory, tx, tracker.turn.customer, purpose)

    def confirm(
        self,
        dispatcher: CollectingDispatcher,
        tracker: ShopTracker,
        refusal: Refusal,
        *,
        doubt: str | None = None,
        buttons: Sequence[dict[str, Any]] = (),
    ) -> list[Event]:
        """Says what is off now and how to switch it on again. What is no longer kept is no longer offered either."""
        told = consents.about(refusal, self.speech(tracker).say)
        dispatcher.utter_message(response=f"utter_refused_{refusal.scope}", doubt=doubt, buttons=list(buttons), **told)
        return sets({WAITING: 0}) if Purpose.RESUME in refusal.purposes else []


class ActionConfirmRefusal(_Decides):
    """Confirms once what was refused in words; when it may have been meant otherwise, asks, with everything off."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        refusal, is_recorded = consents.heard_in(tracker.latest_message or {})
        if refusal is None:
            return []
        turn, text = tracker.turn, words_of(tracker)
        if not is_recorded:
            turn.stage(lambda tx: consents.refuse(tx, turn, refusal, said=text))
        if refusal.sure:
            return self.confirm(dispatcher, tracker, refusal)
        doubt = self.speech(tracker).say("utter_refusal_doubt")
        return self.confirm(dispatcher, tracker, refusal, doubt=doubt, buttons=self._ways(tracker, refusal))

    def _ways(self, tracker: ShopTracker, refusal: Refusal) -> list[dict[str, Any]]:
        with self.shop.memory.read() as tx:
            given = consents.restorable(tx, tracker.turn.customer, refusal)
        elsewhere = [each for each in given if each[1] != tracker.turn.channel]
        ways: dict[str, tuple[str, list[Restorable]]] = {"utter_choice_refuse_all": ("all", [])}
        if refusal.scope == "marketing":
            ways = {
                "utter_choice_refuse_marketing": ("all", []),
                "utter_choice_refuse_here": ("here", elsewhere),
            }
        ways["utter_choice_refuse_nothing"] = ("nothing", given)
        say = self.speech(tracker).say
        return [button(say(name), _settling(meant, restore)) for name, (meant, restore) in ways.items()]


def _settling(meant: str, restore: list[Restorable]) -> Choice:
    return Choice(action="action_settle_refusal", args={"meant": meant, "restore": [list(each) for each in restore]})


class ActionSettleRefusal(ShopAction):
    """The customer said how they meant it: what was switched off by mistake is as it was."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, meant = tracker.turn, str(tracker.arguments.get("meant"))
        given = [(str(p), str(c), str(t)) for p, c, t in tracker.arguments.get("restore") or ()]
        said = consents.evidence(turn, "button", self.speech(tracker).say("utter_refusal_doubt"), version=self.name())
        turn.stage(lambda tx: consents.restore(tx, turn, given, said=said))
        dispatcher.utter_message(response=f"utter_refusal_settled_{meant}")
        return []


class ActionSwitchConsent(_Decides):
    """One purpose or scope on or off by a tap."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, scope = tracker.turn, str(tracker.arguments.get("scope"))
        if tracker.arguments.get("decision") == "granted":
            return self.allow(dispatcher, tracker, scope, method="button", text=f"{scope}: on")
        refusal = Refusal(scope, channel=str(tracker.arguments.get("channel") or consents.ANYWHERE), method="button")
        turn.stage(lambda tx: consents.refuse(tx, turn, refusal, said=f"{scope}: off"))
        return self.confirm(dispatcher, tracker, refusal)

    def allow(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, scope: str, *, method: str, text: str
    ) -> list[Event]:
        """Grants a scope; marketing on the channel that is named, else on this one."""
        turn = tracker.turn
        # Sensitive facts are asked for by themselves, each time.
        purposes = [each for each in consents.SCOPES[scope] if each is not Purpose.SENSITIVE]
        if not all(self.may_grant(tracker, purpose) for purpose in purposes):
            dispatcher.utter_message(response="utter_child_protected")
            return []
        named = str(tracker.arguments.get("channel") or consents.channel_named(text, here=turn.channel))
        said = consents.evidence(turn, method, text, version=self.name())
        turn.stage(lambda tx: consents.decide(tx, turn, purposes, "granted", said=said, channel=named))
        say = self.speech(tracker).say
        dispatcher.utter_message(response=f"utter_allowed_{scope}", where=consents.where(named, say))
        return []


class ActionOptIn(ActionSwitchConsent):
    """Switches on what was named; when nothing was, asks what. Nothing else is switched on along with it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        message = tracker.latest_message or {}
        if message.get("returned"):
            here = consents.where(tracker.turn.channel, self.speech(tracker).say)
            dispatcher.utter_message(response="utter_allowed_marketing", where=here)
            return []
        text = str(request_of(tracker, "opt_in").get("text") or message.get("text") or "")
        named = consents.meant_by(text)
        if len(named) == 1:
            return self.allow(dispatcher, tracker, named[0], method="words", text=text)
        self._offer(dispatcher, tracker)
        return []

    def _offer(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        speech, turn = self.speech(tracker), tracker.turn
        with self.shop.memory.read() as tx:
            missing = [each for each in ON_OFFER if not consents.is_on(tx, turn, each)]
        buttons = [
            button(
                speech.say(f"utter_choice_allow_{scope}"),
                Choice(action="action_switch_consent", args={"scope": scope, "decision": "granted"}),
            )
            for scope in missing
        ]
        dispatcher.utter_message(response="utter_ask_opt_in" if buttons else "utter_all_allowed", buttons=buttons)
