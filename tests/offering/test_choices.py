"""The choice engine: slots, bounds, guards, quarantine, corrections, faithful reasons, same set for same seed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.offering.candidates import Person, Slot, Wanted
from bot.offering.choices import EXITS, SetKind
from bot.offering.history import Kind
from bot.offering.reasons import Barrier, Code

from .world import ENGINE, NOW, RULES, THINGS, bought, engine, kiosk, regular, said

SKUS = [thing.id for thing in THINGS]


def skus(ranking):
    return [option.sku for option in ranking.options]


def rank(person, *, limit=4, seed="s", of=ENGINE, wanted=Wanted()):
    return of.rank(person, seed=seed, now=NOW, limit=limit, wanted=wanted)


def choose(person, *, of=ENGINE, **more):
    return of.choose(person, seed="s", now=NOW, **more)


def with_choices(**changes):
    return RULES.offers.model_copy(update={"choices": RULES.offers.choices.model_copy(update=changes)})


def test_a_regular_sees_familiar_adjacent_and_novel_things():
    """A full set holds each of the three slots."""
    slots = {option.slot for option in choose(regular()).options}
    assert {Slot.FAMILIAR, Slot.ADJACENT, Slot.NOVEL} <= slots


def test_the_usual_comes_first_with_its_usual_modules():
    """What is bought most often is shown as it is usually taken."""
    first = choose(regular()).options[0]
    assert (first.sku, first.modules, first.reason.code) == ("flat_white", {"milk": "oat"}, Code.BOUGHT_OFTEN)


def test_every_set_has_both_exits():
    """Something else and no thanks are always there."""
    assert choose(regular()).exits == EXITS == choose(Person()).exits


def test_a_full_set_has_something_that_is_not_from_history():
    """The novel slot is kept for a customer who bought nearly everything."""
    everything = Person(tuple(bought(sku, 3) for sku in SKUS if sku not in ("kenya", "whisky")))
    assert "kenya" in skus(rank(everything))


def test_the_reason_counts_occasions_and_days():
    """The arguments of the usual's reason are the exact count and age."""
    assert rank(regular()).options[0].reason.arguments == {"product": "flat_white", "times": 3, "days": 1}


def test_an_adjacent_thing_names_its_source():
    """Something bought together carries the thing it goes with."""
    adjacent = next(option for option in rank(regular()).options if option.slot is Slot.ADJACENT)
    assert adjacent.reason.code is Code.TOGETHER
    assert (adjacent.sku, adjacent.reason.arguments["source"]) in {("filters", "house"), ("espresso", "flat_white")}


@pytest.mark.parametrize("person", [Person(), Person((bought("latte", 1),))], ids=["nothing", "one purchase"])
def test_too_little_known_gives_popular_things_labelled_so(person):
    """A cold start never speaks of a usual."""
    shown = choose(person)
    assert shown.kind is SetKind.POPULAR
    assert {option.slot for option in shown.options} == {Slot.POPULAR}


def test_too_little_known_asks_one_question_when_the_budget_allows():
    """With questions left the first one is for whom."""
    assert choose(Person(), questions_left=1).question == "ask_for_whom"


def test_a_question_that_was_asked_is_not_asked_again():
    """After both questions popular things are shown."""
    asked = frozenset({"ask_for_whom", "ask_category"})
    assert choose(Person(), questions_left=5, asked=asked).kind is SetKind.POPULAR


def test_the_plain_set_is_the_same_for_everyone():
    """Without personalisation (an empty person) history cannot show."""
    assert choose(Person()) == choose(Person())
    assert skus(ENGINE.popular(regular(), seed="s", now=NOW, limit=4)) == skus(choose(Person()).ranking)


def test_one_gift_leaves_the_ranking_identical():
    """A single gift purchase changes nothing, byte for byte."""
    assert repr(rank(regular())) == repr(rank(regular(bought("kenya", 2, gift=True))))


@pytest.mark.parametrize("more", [{"price": 8.0}, {"impulse": True}], ids=["sale", "impulse"])
def test_one_sale_or_impulse_buy_leaves_the_ranking_identical(more):
    """Bargains and impulse buys wait in quarantine."""
    assert repr(rank(regular())) == repr(rank(regular(bought("kenya", 2, **more))))


def test_a_seasonal_thing_waits_for_a_second_occasion():
    """A novelty is held to be an impulse buy."""
    assert repr(rank(regular())) == repr(rank(regular(bought("pumpkin_latte", 2))))


def test_two_occasions_end_the_quarantine():
    """Bought as a gift twice on different days it counts."""
    person = Person((bought("kenya", 2, gift=True), bought("kenya", 9, gift=True)))
    codes = {option.sku: option.reason.code for option in rank(person).options}
    assert codes["kenya"] is Code.BOUGHT_OFTEN


def test_two_gifts_on_one_day_are_one_occasion():
    """Two pieces on the same day stay in quarantine."""
    person = Person((bought("kenya", 2, gift=True), bought("kenya", 2, number=1, gift=True)))
    assert repr(rank(person)) == repr(rank(Person()))


def test_a_confirmation_ends_the_quarantine():
    """A gift that the customer calls their taste counts at once."""
    person = Person((bought("kenya", 2, gift=True, confirmed=True),))
    assert ("kenya", Slot.FAMILIAR) in {(option.sku, option.slot) for option in rank(person).options}


def test_past_two_half_lives_nothing_is_asserted():
    """Beans of a year ago are no longer familiar."""
    shown = rank(Person((bought("house", 365), bought("kenya", 2))))
    assert "house" not in [option.sku for option in shown.options if option.slot is Slot.FAMILIAR]


def test_past_one_half_life_it_becomes_a_question():
    """An ageing habit is asked, not asserted."""
    half_life = ENGINE.index.half_life[ENGINE.index.place["house"]]
    shown = rank(Person((bought("house", half_life * 1.5),))).options
    assert ("house", True, Code.STILL) in {(option.sku, option.ask, option.reason.code) for option in shown}


def test_a_durable_is_not_suggested_again_in_its_window():
    """Neither the grinder bought last year nor another grinder is shown."""
    shown = rank(regular(bought("grinder", 400)), limit=13)
    assert not {"grinder", "grinder_pro"} & set(skus(shown))


def test_a_suppressed_durable_is_told_with_the_purchase():
    """What is owned is held back, citing the purchase."""
    held = {each.sku: each for each in rank(regular(bought("grinder", 400)), limit=13).held_back}
    assert (held["grinder_pro"].barrier, held["grinder_pro"].evidence[0].id) == (Barrier.OWNED, "grinder@400#0")


def test_a_ten_year_old_durable_is_never_asserted():
    """Past its window it may be shown, but never as something of the customer's."""
    shown = rank(regular(bought("grinder", 3650)), limit=13)
    assert {option.slot for option in shown.options if option.sku == "grinder"} <= {Slot.POPULAR, Slot.ADJACENT}
    assert "grinder@3650#0" not in {each.id for option in shown.options for each in option.reason.evidence}


def test_not_that_again_is_honoured_at_once():
    """The usual goes as soon as the customer says so, and comes with the fact."""
    shown = rank(regular(stated=[said(Kind.NOT_AGAIN, "product", "flat_white", 0)]))
    assert "flat_white" not in skus(shown)
    assert shown.held_back[0].barrier is Barrier.NOT_AGAIN


def test_a_changed_module_is_honoured_at_once():
    """Whole milk from now on wins over three flat whites with oat."""
    first = rank(regular(stated=[said(Kind.MODULE, "milk", "whole", 0)])).options[0]
    assert (first.sku, first.modules) == ("flat_white", {"milk": "whole"})


def test_later_orders_overtake_an_older_module_wish():
    """Who asked for whole milk once and then kept ordering oat gets oat."""
    first = rank(regular(stated=[said(Kind.MODULE, "milk", "whole", 30)])).options[0]
    assert first.modules == {"milk": "oat"}


def test_a_never_holds_for_ever():
    """A category ruled out years ago stays out."""
    shown = rank(regular(stated=[said(Kind.NEVER, "category", "beans", 2000)]), limit=13)
    assert not {"house", "night_owl", "kenya"} & set(skus(shown))


def test_an_allergy_is_absolute():
    """No shown thing contains the allergen, and open milks are settled on one without."""
    shown = rank(regular(stated=[said(Kind.ALLERGY, "allergen", "milk")]), limit=13)
    milks = {option.modules.get("milk") for option in shown.options if "milk" in kiosk().products[option.sku].options}
    assert milks == {"oat"}


def test_an_allergy_beats_the_usual_module():
    """Oat milk holds gluten: the usual flat white changes its milk or goes."""
    shown = rank(regular(stated=[said(Kind.ALLERGY, "allergen", "gluten")]))
    usual = next(option for option in shown.options if option.sku == "flat_white")
    assert usual.modules["milk"] == "whole"


def test_a_vegan_sees_only_what_fits():
    """Each drink is vegan by itself or by its milk."""
    shown = rank(Person(stated=(said(Kind.DIET, "diet", "vegan"),)), limit=13)
    drinks = [option for option in shown.options if kiosk().products[option.sku].category == "drinks"]
    assert all(option.modules.get("milk") == "oat" or "vegan" in kiosk().products[option.sku].tags for option in drinks)
    assert "pumpkin_latte" not in skus(shown)


def test_an_unknown_diet_is_not_vouched_for():
    """A diet that the shop has no rule for leaves only things that are not eaten or drunk."""
    shown = rank(Person(stated=(said(Kind.DIET, "diet", "keto"),)), limit=13)
    assert {kiosk().products[sku].category for sku in skus(shown)} == {"gear"}


def test_a_dislike_lowers_and_a_like_raises():
    """Stated tastes shift the ranking of what they concern."""
    plain = skus(rank(Person(), limit=13))
    liked = skus(rank(Person(stated=(said(Kind.LIKE, "tag", "fruity"),)), limit=13))
    disliked = skus(rank(Person(stated=(said(Kind.DISLIKE, "product", "flat_white"),)), limit=13))
    assert liked.index("kenya") < plain.index("kenya")
    assert disliked.index("flat_white") > plain.index("flat_white")


def test_a_like_is_given_as_the_reason():
    """What is raised by a fact cites the fact."""
    shown = rank(Person(stated=(said(Kind.LIKE, "tag", "fruity"),)))
    reason = next(option.reason for option in shown.options if option.sku == "kenya")
    assert (reason.code, [each.id for each in reason.evidence]) == (Code.YOU_SAID, ["f:like:tag:fruity"])


def test_a_like_past_two_half_lives_is_left_aside():
    """A stated taste fades too."""
    old = said(Kind.LIKE, "tag", "fruity", 100, half_life_days=40)
    assert skus(rank(Person(stated=(old,)))) == skus(rank(Person()))


def test_an_unavailable_familiar_thing_is_replaced_and_that_is_said():
    """Out of stock: something else stands in, and the shop's own reason is kept."""
    shown = rank(regular(), of=engine(kiosk(flat_white={"stock": 0})))
    assert "flat_white" not in skus(shown)
    assert [(each.sku, each.problem) for each in shown.unavailable] == [("flat_white", "product_out_of_stock")]
    assert shown.unavailable[0].by in skus(shown)


def test_a_module_that_is_out_is_left_open():
    """The usual with a milk that is out is shown without a milk, to be asked."""
    person = Person(tuple(bought("latte", days, modules=(("milk", "coconut"),)) for days in (1, 2, 3)))
    first = rank(person).options[0]
    assert (first.sku, first.modules, first.left_open) == ("latte", {}, ("milk",))


def test_off_brand_things_are_never_shown():
    """What the brand does not stand for is not there, however popular or familiar."""
    assert "whisky" not in skus(rank(regular(bought("whisky", 1), bought("whisky", 9)), limit=13))


def test_a_gift_for_someone_else_leaves_the_own_past_aside():
    """For a sister the customer's own habits do not count."""
    assert skus(rank(regular(), wanted=Wanted(for_other=True))) == skus(rank(Person(), wanted=Wanted(for_other=True)))


def test_cheaper_means_cheaper():
    """Everything shown costs less than the bound."""
    shown = rank(regular(), limit=13, wanted=Wanted(below=Decimal("9.00")))
    assert all(kiosk().products[sku].price < 9 for sku in skus(shown))
    assert shown.options


def test_whats_new_shows_new_things_with_that_reason():
    """Only things added since are there."""
    shop = engine(kiosk(mint_tea={"added": (NOW - timedelta(days=3)).date()}))
    shown = rank(Person(), of=shop, wanted=Wanted(added_since=(NOW - timedelta(days=30)).date()))
    assert [(option.sku, option.reason.code) for option in shown.options] == [("mint_tea", Code.NEW)]


def test_a_category_can_be_asked_for():
    """Only things of that category are shown."""
    shown = rank(regular(), limit=13, wanted=Wanted(category="beans"))
    assert set(skus(shown)) == {"house", "night_owl", "kenya"}


def test_a_set_of_one_is_not_shown():
    """One thing alone is no choice."""
    assert choose(regular(), wanted=Wanted(category="spirits")).kind is SetKind.NOTHING


def test_lambda_one_is_pure_ranking():
    """Without weight on variety the places before the explored one go by likelihood, but for the slots kept free."""
    shown = rank(regular(), limit=8, of=engine(rules=with_choices(relevance=1.0)))
    by_slot = [[option.score for option in shown.options[:-1] if option.slot is slot] for slot in Slot]
    assert all(scores == sorted(scores, reverse=True) for scores in by_slot)


def test_variety_changes_the_set():
    """With less weight on relevance fewer things of one kind are in a set."""
    person = Person(tuple(bought(sku, 2) for sku in ("flat_white", "latte", "cappuccino", "house")))
    kinds = {
        weight: len(
            {kiosk().products[sku].kind for sku in skus(rank(person, of=engine(rules=with_choices(relevance=weight))))}
        )
        for weight in (1.0, 0.1)
    }
    assert kinds[0.1] > kinds[1.0]


def test_another_seed_explores_something_else():
    """Over some seeds the novel place changes, the rest does not."""
    shown = [
        skus(rank(regular(), seed=str(seed), of=engine(rules=with_choices(exploration=2.0)))) for seed in range(30)
    ]
    assert len({tuple(each[:-1]) for each in shown}) == 1
    assert len({each[-1] for each in shown}) > 1


def test_a_new_shop_without_orders_still_has_choices():
    """The catalogue alone gives familiar, alike and popular things."""
    shown = rank(regular(), of=engine(lines=()))
    assert {Slot.FAMILIAR, Slot.NOVEL} <= {option.slot for option in shown.options}


def test_too_few_people_make_no_pair():
    """What two people bought together is never told to a third."""
    from .world import line

    lines = [line(who, sku, 3) for who in ("a", "b") for sku in ("kenya", "filters")]
    index = engine(lines=lines).index
    assert not index.together[index.place["kenya"]].any()


def test_what_else_has_been_shown_can_be_left_out():
    """ "Something else" never brings the same things back."""
    first = skus(rank(regular()))
    assert not set(first) & set(skus(rank(regular(), wanted=Wanted(exclude=frozenset(first)))))


# Invariants over random histories.

purchases = st.lists(
    st.builds(
        lambda sku, days, gift, number: bought(sku, days, gift=gift, number=number),
        st.sampled_from(SKUS),
        st.integers(0, 900),
        st.booleans(),
        st.integers(0, 10_000),
    ),
    max_size=14,
    unique_by=lambda line: line.id,
)
statements = st.lists(
    st.one_of(
        st.builds(
            said,
            st.sampled_from([Kind.LIKE, Kind.DISLIKE, Kind.NOT_AGAIN, Kind.NEVER]),
            st.just("product"),
            st.sampled_from(SKUS),
        ),
        st.builds(said, st.just(Kind.ALLERGY), st.just("allergen"), st.sampled_from(["milk", "gluten"])),
        st.builds(said, st.just(Kind.MODULE), st.just("milk"), st.sampled_from(["whole", "oat", "coconut"])),
    ),
    max_size=3,
    unique_by=lambda fact: fact.id,
)
people = st.builds(lambda lines, facts: Person(tuple(lines), tuple(facts)), purchases, statements)
seeds = st.sampled_from(["a", "b", "c"])


@settings(max_examples=150, deadline=None)
@given(people, seeds)
def test_a_set_stays_within_bounds(person, seed):
    """Two to four different options that can be made and are on brand, or none at all."""
    shown = ENGINE.choose(person, seed=seed, now=NOW)
    assert len(shown.options) in (0, 2, 3, 4)
    assert len(set(skus(shown.ranking))) == len(shown.options)
    assert all(not ENGINE.shelf.validate({"product": o.sku, **o.modules}) for o in shown.options)
    assert "whisky" not in skus(shown.ranking)


@settings(max_examples=100, deadline=None)
@given(people, seeds)
def test_the_same_seed_gives_the_same_set(person, seed):
    """Choosing is a function of its arguments; the order in which purchases are listed is not one of them."""
    turned = Person(person.bought[::-1], person.stated[::-1])
    assert ENGINE.choose(person, seed=seed, now=NOW) == ENGINE.choose(turned, seed=seed, now=NOW)


@settings(max_examples=150, deadline=None)
@given(people, seeds)
def test_no_ruled_out_thing_is_ever_shown(person, seed):
    """Nevers, corrections and allergies hold in every set."""
    out = {fact.value for fact in person.stated if fact.kind in (Kind.NEVER, Kind.NOT_AGAIN)}
    allergic = {fact.value for fact in person.stated if fact.kind is Kind.ALLERGY}
    for option in ENGINE.choose(person, seed=seed, now=NOW).options:
        assert option.sku not in out
        assert not allergic & ENGINE.shelf.allergens({"product": option.sku, **option.modules})


@settings(max_examples=300, deadline=None)
@given(people, seeds)
def test_without_an_uncited_fact_nothing_changes(person, seed):
    """Ablation: any purchase or fact that is cited nowhere can be taken away without a trace."""
    shown = rank(person, seed=seed)
    for each in (*person.bought, *person.stated):
        if each.id not in shown.cited():
            less = Person(
                tuple(line for line in person.bought if line is not each),
                tuple(fact for fact in person.stated if fact is not each),
            )
            assert rank(less, seed=seed).options == shown.options


@settings(max_examples=150, deadline=None)
@given(people, seeds)
def test_without_the_cited_facts_an_option_is_gone_or_says_why_not(person, seed):
    """Ablation: an option rests on what it cites, or names the reason it would be there anyway."""
    shown = rank(person, seed=seed)
    for option in shown.options:
        if not option.reason.evidence:
            continue
        told = ENGINE.ablate(person, option, seed=seed, now=NOW, limit=4)
        cited = {each.id for each in option.reason.evidence}
        less = Person(
            tuple(line for line in person.bought if line.id not in cited),
            tuple(fact for fact in person.stated if fact.id not in cited),
        )
        again = {other.sku: other.reason.code for other in rank(less, seed=seed).options}
        assert told.reason.also == again.get(option.sku)
        assert option.sku not in again or again[option.sku] is not Code.BOUGHT_OFTEN


@settings(max_examples=100, deadline=None)
@given(people, seeds)
def test_no_option_without_evidence_is_called_familiar(person, seed):
    """Every familiar option cites purchases of that very thing."""
    for option in rank(person, seed=seed).options:
        if option.slot is Slot.FAMILIAR:
            assert {each.id.split("@")[0] for each in option.reason.evidence if each.kind == "purchase"} == {option.sku}
