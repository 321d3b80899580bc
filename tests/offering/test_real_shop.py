"""The engine over the shop's own catalogue: it satisfies what the offering asks for, modules and all."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.offering import catalogue_files
from bot.offering.accounts import Costing
from bot.offering.candidates import Person, Slot, Wanted
from bot.offering.choices import Engine, SetKind
from bot.offering.history import Kind
from bot.offering.index import build_index, off_brand
from bot.offering.shelf import Shelf

from .world import NOW, PROJECT, RULES, bought, line, said


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return catalogue_files.load(PROJECT / "data" / "catalogue")


@pytest.fixture(scope="module")
def engine(shelf):
    lines = [line(f"p{n}", sku, n % 9 + 1) for n in range(30) for sku in ("flat_white", "latte")]
    return Engine(shelf, build_index(shelf, lines, rules=RULES.offers, as_of=NOW), RULES.offers)


def regular(sku, **modules):
    pairs = tuple(modules.items())
    return Person(tuple(bought(sku, days, modules=pairs) for days in (1, 3, 5)))


def test_nothing_in_the_shop_is_off_brand(shelf):
    """The catalogue can be published."""
    assert off_brand(shelf, RULES.offers) == ()


def test_every_category_has_an_interval_and_a_place_in_the_brand(shelf):
    """Rules and catalogue speak of the same categories."""
    categories = {product.category for product in shelf.products.values()}
    assert categories == set(RULES.offers.intervals) == set(RULES.offers.brand.categories)


def test_the_usual_is_shown_with_its_modules(engine):
    """A flat white with oat milk, as it is ordered."""
    shown = engine.choose(regular("flat_white", size="small", milk="oat"), seed="s", now=NOW)
    assert shown.kind is SetKind.PERSONAL
    assert (shown.options[0].sku, shown.options[0].modules) == ("flat_white", {"size": "small", "milk": "oat"})


def test_a_module_that_is_out_of_stock_is_left_open(engine):
    """Coconut milk is out: the usual comes without a milk, to be asked."""
    first = engine.choose(regular("flat_white", milk="coconut"), seed="s", now=NOW).options[0]
    assert (first.sku, first.left_open) == ("flat_white", ("milk",))


@pytest.mark.parametrize("allergen", ["milk", "gluten", "soy", "nuts"])
def test_no_allergen_reaches_a_set(engine, shelf, allergen):
    """Whatever the allergy, nothing shown contains it, nor would what is left to be asked by default."""
    person = Person(stated=(said(Kind.ALLERGY, "allergen", allergen),))
    for option in engine.rank(person, seed="s", now=NOW, limit=40).options:
        assert allergen not in shelf.allergens({"product": option.sku, **option.modules})


def test_everything_shown_can_be_made(engine, shelf):
    """Stock and combinations are judged by the catalogue itself."""
    shown = engine.rank(regular("latte", milk="oat"), seed="s", now=NOW, limit=60).options
    assert all(not shelf.validate({"product": option.sku, **option.modules}) for option in shown)


@pytest.mark.parametrize("category", ["drinks", "beans", "gear", "subscriptions", "gift_cards"])
def test_each_category_can_be_recommended(engine, category):
    """Asking for a category gives a set of it."""
    shown = engine.choose(Person(), seed="s", now=NOW, wanted=Wanted(category=category)).options
    assert 2 <= len(shown) <= 4
    assert {option.slot for option in shown} == {Slot.POPULAR}


def test_a_machine_bought_last_year_is_not_suggested_again(engine, shelf):
    """Nor another machine."""
    machine = next(product for product in shelf.products.values() if product.durable)
    person = Person((*regular("latte").bought, bought(machine.id, 365)))
    kinds = {shelf.products[option.sku].kind for option in engine.rank(person, seed="s", now=NOW, limit=60).options}
    assert machine.kind not in kinds


def test_the_catalogues_margin_stands_in_for_a_missing_cost(shelf):
    """Category margins of the catalogue reach the accounts."""
    shares = {name: float(category.margin) for name, category in shelf.categories.items()}
    costing = Costing(RULES.tiers.costs, lambda sku: shelf.products[sku].category, shares)
    sold = line("c", "flat_white", 1, price="10")
    assert costing.margin(sold) == pytest.approx(10 * shares["drinks"])


def test_the_whole_of_an_unknown_product_is_left_aside(engine):
    """A purchase of something no longer sold says nothing, and breaks nothing."""
    person = Person((*regular("latte").bought, bought("discontinued", 2)))
    without = regular("latte")
    assert engine.rank(person, seed="s", now=NOW, limit=4) == engine.rank(without, seed="s", now=NOW, limit=4)


def test_prices_bound_what_is_cheaper(engine, shelf):
    """Cheaper than five: only such things."""
    shown = engine.rank(Person(), seed="s", now=NOW, limit=10, wanted=Wanted(below=Decimal(5))).options
    assert shown
    assert all(shelf.products[option.sku].price < 5 for option in shown)


def test_tomorrow_the_set_is_still_the_same(engine):
    """A day later, nothing bought in between, the usual is still there."""
    later = engine.choose(regular("flat_white", milk="oat"), seed="s", now=NOW + timedelta(days=1))
    assert later.options[0].sku == "flat_white"
