"""The catalogue: what it understands, what it refuses, what it offers instead, and what it says of its mistakes."""

from dataclasses import replace
from decimal import Decimal
from itertools import product as every
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.offering import catalogue, catalogue_files
from bot.offering.errors import CatalogueErrors

FOLDER = Path(__file__).resolve().parents[2] / "data" / "catalogue"
KESTREL = catalogue_files.load(FOLDER)

SMALL = {
    "modules.yml": """
slots:
  size:
    title: size
    modules:
      small: {title: small}
      large: {title: large}
  milk:
    title: milk
    weight: 3
    modules:
      whole: {title: whole milk, tags: [dairy], allergens: [milk]}
      oat: {title: oat milk, price: 0.50, tags: [plant]}
      soy: {title: soy milk, price: 0.50, tags: [plant], stock: 0}
never:
  - when: {size: small, milk: oat}
    because: Not in small.
""",
    "products.yml": """
categories:
  drinks: {title: drinks}
products:
  latte:
    title: latte
    category: drinks
    kind: coffee
    price: 3.00
    options: {size: {small: 0, large: 1.00}, milk: [whole, oat, soy]}
    description: Milk and coffee.
  tea:
    title: tea
    category: drinks
    kind: tea
    price: 2.00
    options: {size: [small, large]}
    description: Leaves.
""",
    "shop.yml": """
shop:
  name: Corner
  currency: EUR
  timezone: Europe/Berlin
  address: Here 1
  phone: "1"
  email: a@b.example
  payment: [card]
""",
}


def _load(folder: Path, **changed: str) -> catalogue.Catalogue:
    for name, text in SMALL.items():
        (folder / name).write_text(changed.get(name.removesuffix(".yml"), text))
    return catalogue_files.load(folder)


@pytest.fixture
def corner(tmp_path):
    return _load(tmp_path)


def test_kestrel_has_about_sixty_products_in_every_part_of_the_shop():
    """The demo is big enough to choose from."""
    assert len(KESTREL.products) >= 60
    assert {product.category for product in KESTREL.products.values()} == set(KESTREL.categories)


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("Flat White", "flat_white"),
        ("flat whites", "flat_white"),
        ("flat-white", "flat_white"),
        ("flatt white", "flat_white"),
        ("capuccino", "cappuccino"),
        ("cappucinos", "cappuccino"),
        ("expresso", "espresso"),
        ("hand griner", "hand_grinder"),
        ("french presses", "french_press"),
        ("ethopia guji", "ethiopia_guji"),
        ("fridge", None),
        ("oat", None),
        ("", None),
    ],
)
def test_a_product_is_found_whatever_its_case_plural_or_spelling(phrase, found):
    """A slip of spelling is forgiven, another word is not taken for a product."""
    product = KESTREL.find(phrase)
    assert (product.id if product else None) == found


def test_a_phrase_can_be_looked_for_in_one_part_of_the_shop():
    """ "French press" is gear; among drinks there is none."""
    assert KESTREL.find("french press", category="drinks") is None


def test_the_vocabulary_names_every_product_and_option_once_per_entity():
    """No phrase means two values of one entity."""
    seen = {}
    for term in KESTREL.vocabulary():
        for phrase in term.phrases:
            assert phrase == phrase.lower()
            assert seen.setdefault((term.entity, phrase), term.value) == term.value
    assert {value for (entity, _), value in seen.items() if entity == "product"} == set(KESTREL.products)
    assert {entity for entity, _ in seen} >= {
        "product", "category", "size", "milk", "syrup", "temperature", "grind", "fulfilment",
    }  # fmt: skip


def test_a_combination_that_can_be_made_has_no_problem(corner):
    """Nothing stands in its way."""
    assert corner.validate({"product": "latte", "size": "large", "milk": "oat"}) == []


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ({"product": "cola"}, ["unknown_product"]),
        ({"product": "latte", "milk": "soy"}, ["out_of_stock"]),
        ({"product": "latte", "milk": "hemp"}, ["unknown_module"]),
        ({"product": "tea", "milk": "oat"}, ["not_offered"]),
        ({"product": "latte", "size": "small", "milk": "oat"}, ["never"]),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_reason(corner, wish, codes):
    """Each kind of impossibility has its own reason."""
    assert [problem.code for problem in corner.validate(wish)] == codes


def test_more_than_is_left_is_refused_with_how_many_there_are():
    """Durable gear has a stock."""
    (problem,) = KESTREL.validate({"product": "french_press", "quantity": 23})
    assert (problem.code, problem.value) == ("not_enough", "22")


def test_stock_is_counted_by_size_where_it_is_kept_by_size():
    """One bag size can run out by itself."""
    assert KESTREL.stock("nightjar_dark", {"size": "1kg"}) == 0
    assert KESTREL.validate({"product": "nightjar_dark", "size": "250g"}) == []
    assert [p.code for p in KESTREL.validate({"product": "nightjar_dark", "size": "1kg"})] == ["out_of_stock"]


def test_a_subscription_can_be_had_while_there_is_what_it_brings():
    """Size by size; one that brings something else each time has no count."""
    morning = KESTREL.products["morning_flight"]
    bare = replace(morning, stock={**morning.stock, "250g": 0})
    shop = replace(KESTREL, products={**KESTREL.products, bare.id: bare})
    wanted = {"product": "fortnightly_filter", "grind": "filter"}
    assert [p.code for p in shop.validate({**wanted, "size": "250g"})] == ["out_of_stock"]
    assert shop.validate({**wanted, "size": "500g"}) == []
    assert shop.stock("monthly_explorer") is None


def test_the_nearest_combinations_keep_what_was_wanted_most():
    """Without coconut it is another plant milk, not another size."""
    near = KESTREL.nearest({"product": "latte", "size": "large", "milk": "coconut"})
    assert [option["milk"] for option in near] == ["soy", "oat", "almond"]
    assert {option["size"] for option in near} == {"large"}


def test_a_sold_out_product_is_replaced_by_others_of_its_kind():
    """What was chosen besides is kept."""
    near = KESTREL.nearest({"product": "rwanda_nyamasheke", "size": "250g", "grind": "filter"})
    assert len(near) == 3
    assert {KESTREL.products[option.product].kind for option in near} == {"filter_beans"}
    assert {(option["size"], option["grind"]) for option in near} == {("250g", "filter")}


def test_a_possible_wish_is_its_own_nearest(corner):
    """Nothing is changed without need."""
    first = corner.nearest({"product": "latte", "size": "large", "milk": "oat"})[0]
    assert (first.product, first.changes) == ("latte", ())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_offered_as_nearest_can_be_made(data):
    """For any wish at all: the offers are valid, in stock, and differ from each other."""
    modules = {slot: list(each.modules) for slot, each in KESTREL.slots.items()}
    wish = {"product": data.draw(st.sampled_from(sorted(KESTREL.products)))}
    for slot in data.draw(st.sets(st.sampled_from(sorted(modules)))):
        wish[slot] = data.draw(st.sampled_from(modules[slot]))
    near = KESTREL.nearest(wish)
    assert [KESTREL.validate(option) for option in near] == [[] for _ in near]
    assert len({tuple(sorted(option.items())) for option in near}) == len(near)


def test_options_are_only_those_allowed_and_in_stock(corner):
    """Soy is out, so it is not offered."""
    assert [module.id for module in corner.options("latte", "milk")] == ["whole", "oat"]
    assert corner.options("tea", "milk") == ()


def test_what_is_missing_is_what_has_no_answer_and_no_default():
    """Temperature and syrup go without saying, size and milk do not."""
    assert KESTREL.missing({"product": "latte"}) == ("size", "milk")
    assert KESTREL.missing({"product": "latte", "size": "large", "milk": "oat"}) == ()


def test_prices_add_up_exactly():
    """Base, size and milk, times how many, in whole cents."""
    wish = {"product": "flat_white", "size": "large", "milk": "oat"}
    assert KESTREL.price(wish) == Decimal("4.80")
    assert KESTREL.price(wish, 3) == Decimal("14.40")
    assert KESTREL.price({"product": "gift_card", "amount": 25.0}) == Decimal("25.00")


def test_no_combination_is_sold_below_its_cost():
    """Every price covers the product and its modules."""
    for item in KESTREL.products.values():
        if item.category == "gift_cards":
            continue
        slots = [[(slot, value) for value in values] for slot, values in item.options.items()]
        for chosen in every(*slots):
            wish = {"product": item.id, **dict(chosen)}
            assert KESTREL.price(wish) > KESTREL.unit_cost(wish), wish


def test_titles_are_in_the_language_asked_for_or_english():
    """An unknown value is shown as it is."""
    assert KESTREL.title("milk", "oat", "fr") == "oat milk"
    assert KESTREL.title("milk", "hemp") == "hemp"


def test_popular_things_come_in_order_and_in_stock():
    """The coffee scale is sold out and never suggested."""
    ranks = [product.popular for product in KESTREL.popular("drinks")]
    assert ranks == sorted(ranks)
    assert all(KESTREL.stock(product.id) != 0 for product in KESTREL.popular())


def test_the_first_zone_of_a_postcode_counts():
    """Berlin within the ring is also Germany; the courier comes first."""
    assert KESTREL.shop.zone("10435").name == "Berlin within the ring"
    assert KESTREL.shop.zone("80331").name == "Germany"
    assert KESTREL.shop.zone("X1") is None


def test_all_mistakes_are_told_at_once_with_file_line_and_cure(tmp_path):
    """A marketer corrects a file in one go."""
    broken = SMALL["products.yml"].replace("price: 3.00", "price: cheap").replace("kind: tea", "kinds: tea")
    broken = broken.replace("[whole, oat, soy]", "[whole, oaty]")
    with pytest.raises(CatalogueErrors) as raised:
        _load(tmp_path, products=broken)
    told = [(error.file, error.line) for error in raised.value.mistakes]
    assert told == [("products.yml", 9), ("products.yml", 10), ("products.yml", 12), ("products.yml", 15)]
    assert "Did you mean `oat`?" in str(raised.value)
    assert "Did you mean `kind`?" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("products", "category: drinks\n    kind: tea", "category: food\n    kind: tea", "`food` is no category."),
        ("products", "  tea:", "  latte:", "`latte` is there twice."),
        ("products", "title: tea", "title: latte", 'the phrase "latte" means two things.'),
        ("products", "price: 2.00", "price: [", "This is not YAML"),
        (
            "products",
            "options: {size: [small, large]}",
            "defaults: {size: small}",
            "is not among the product's options.",
        ),
        ("modules", "size: small, milk: oat", "size: tiny, milk: oat", "`tiny` is no size."),
        ("products", "price: 3.00", "price: 3.00\n    delivers: tee", "`tee` is no product."),
        ("shop", "Europe/Berlin", "Europe/Atlantis", "`Europe/Atlantis` is no time zone."),
        ("shop", "payment:", "opening_hours: {monday: late}\n  payment:", "`late` are no hours."),
    ],
)
def test_each_kind_of_mistake_is_told(tmp_path, name, old, new, message):
    """Nothing wrong is taken over silently."""
    with pytest.raises(CatalogueErrors) as raised:
        _load(tmp_path, **{name: SMALL[f"{name}.yml"].replace(old, new)})
    assert message in str(raised.value)


def test_an_empty_folder_is_a_mistake(tmp_path):
    """A shop that sells nothing is a wrong path."""
    with pytest.raises(CatalogueErrors, match="There is no catalogue here"):
        catalogue_files.load(tmp_path)
