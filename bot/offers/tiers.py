"""Everybody's tier from memory, and back into it: computed for all together, recorded where something changed.

Nothing but purchases, returns and contacts goes in; only those are looked at whose purchases may be used.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.offering.accounts import Account, Costing, open_accounts
from bot.offering.catalogue import Catalogue
from bot.offering.explain import explain
from bot.offering.held import Held, advance
from bot.offering.orders import OrderLine
from bot.offering.rules import TierRules
from bot.offering.tiers import Assessment, Tier, assess
from memory import Memory, Tx, identities, links, profiles, purchases, tickets
from memory.profiles import Profile

# A profile is written anew after so long, so that its figures are never older.
FRESH = timedelta(days=28)
# Profiles a transaction.
_PIECE = 1_000


@dataclass(frozen=True)
class Standing:
    """One customer's assessment and the tier in force. `subject` is the shop's own id, where it has one."""

    subject: str
    assessment: Assessment
    held: Held
    # Other ids of the shop for the same person, where sign-ins were linked.
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Due:
    customer: str
    profile: Profile


def recompute(memory: Memory, catalogue: Catalogue, rules: TierRules, *, as_of: datetime) -> tuple[Standing, ...]:
    """Every customer's tier as of then, by the shop's id; recorded where it, or a figure older than 28 days, changed.

    As of a time before the newest recorded one nothing is recorded: history is not rewritten.
    """
    with memory.read() as tx:
        assessed = assess(open_all(tx, catalogue, rules, as_of=as_of), rules, as_of=as_of)
        sides = _sides(tx, [each.customer for each in assessed])
        subjects = identities.subjects(tx, [one for each in sides.values() for one in each])
        newest, rewriting = profiles.newest(tx, as_of=as_of), profiles.latest_at(tx)
    standings, due = [], []
    for assessment in assessed:
        mine = sides[assessment.customer]
        last = _best(newest[one] for one in mine if one in newest)
        before = _held(last)
        held = advance(before, assessment, rules=rules.demotion, now=as_of)
        names = [subjects[one] for one in mine if one in subjects] or [assessment.customer]
        standings.append(Standing(names[0], assessment, held, tuple(names[1:])))
        moved = last is not newest.get(assessment.customer)
        if held is not before or moved or last is None or as_of - last.at >= FRESH:
            due.append(_Due(assessment.customer, _profile(assessment, held, rules, as_of)))
    if rewriting is None or as_of >= rewriting:
        _record(memory, due)
    return tuple(sorted(standings, key=lambda each: each.subject))


def _sides(tx: Tx, customers: Sequence[str]) -> dict[str, list[str]]:
    """Each customer with those who were shown to be the same person, themselves first."""
    sides: dict[str, list[str]] = {customer: [customer] for customer in customers}
    for one, person in links.people(tx).items():
        if person in sides and one != person:
            sides[person].append(one)
    return sides


def _best(found: Iterable[Profile]) -> Profile | None:
    """Of the profiles of one person the best tier in force, the newest of it: being linked takes nothing away."""
    return max(found, key=lambda each: (Tier(each.tier).rank, each.at), default=None)


def is_stale(memory: Memory, *, now: datetime) -> bool:
    """Whether there are purchases and no computation within 28 days."""
    with memory.read() as tx:
        last = profiles.latest_at(tx)
        return (last is None or now - last >= FRESH) and purchases.any_at_all(tx)


def open_all(tx: Tx, catalogue: Catalogue, rules: TierRules, *, as_of: datetime) -> tuple[Account, ...]:
    """The accounts of all whose purchases may be used."""
    shares = {category.id: float(category.margin) for category in catalogue.categories.values()}
    costing = Costing(rules.costs, lambda sku: _category(catalogue, sku), catalogue_share=shares)
    return open_accounts(order_lines(tx), costing=costing, as_of=as_of, contacts=_contacts(tx, as_of))


def _contacts(tx: Tx, until: datetime) -> dict[str, Counter[str]]:
    people, contacts = links.people(tx), dict[str, Counter[str]]()
    for customer, kinds in tickets.counts(tx, until=until).items():
        contacts.setdefault(people.get(customer, customer), Counter()).update(kinds)
    return contacts


def order_lines(tx: Tx) -> Iterator[OrderLine]:
    """All purchases that may be used, as the engine reads them; customers by memory's ids, linked ones as one."""
    people = links.people(tx)
    for customer, bought in purchases.all_granted(tx):
        person = people.get(customer, customer)
        yield from (order_line(each, person) for each in bought)


def order_line(bought: purchases.Purchase, person: str) -> OrderLine:
    """A kept purchase as the engine reads it."""
    return OrderLine(
        bought.order_id,
        person,
        bought.ordered_at,
        bought.sku,
        bought.quantity,
        bought.unit_price,
        bought.unit_cost,
        bought.gift,
        bought.channel or "",
    )


def explained(standing: Standing, rules: TierRules) -> tuple[str, ...]:
    """Why this tier, in plain words, for staff; the customer goes by the shop's id."""
    mine = standing.assessment.customer
    return tuple(
        line.replace(mine, standing.subject) for line in explain(standing.assessment, rules, held=standing.held)
    )


def _category(catalogue: Catalogue, sku: str) -> str | None:
    product = catalogue.products.get(sku)
    return product.category if product else None


def _held(profile: Profile | None) -> Held | None:
    stored = profile.figures.get("held") if profile else None
    return Held.from_json(stored) if isinstance(stored, Mapping) else None


def _profile(assessment: Assessment, held: Held, rules: TierRules, now: datetime) -> Profile:
    figures = {key: value for key, value in assessment.record().items() if key not in ("customer", "tier")}
    lines: Sequence[str] = explain(assessment, rules, held=held)
    # Labels, but no id: the row is the customer's own.
    reasons = [line.replace(assessment.customer, "This customer") for line in lines]
    return Profile(now, held.tier.value, {**figures, "held": held.to_json()}, reasons)


def _record(memory: Memory, due: Iterable[_Due]) -> None:
    rows = [(each.customer, each.profile) for each in due]
    for start in range(0, len(rows), _PIECE):
        with memory.write() as tx:
            profiles.record_many(tx, rows[start : start + _PIECE])
