"""Orders and catalogues come in whole, once, and what is broken is told with its place."""

import csv
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from shop_talk import CATALOGUE, ROOT, RULES

from bot.offering import catalogue_files
from bot.offers import catalogue, orders, stocked
from bot.offers.catalogue import CatalogueRefused
from memory import consent, identities, purchases
from memory.consent import Evidence, Purpose

HEADER = "order_id,customer_id,ordered_at,sku,quantity,unit_price\n"
NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)


def take_in(memory, *lines):
    """The import of these lines, and what was reported."""
    bad = []
    done = orders.import_lines(memory, [HEADER, *(f"{line}\n" for line in lines)], now=NOW, on_bad=bad.append)
    return done, bad


def bought(memory, subject):
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject=subject, now=NOW)
        return purchases.of(tx, consent.require(tx, customer, Purpose.PERSONALISATION))


def test_the_same_file_twice_changes_nothing(memory):
    """The demo's orders are there already."""
    before = bought(memory, "ana")
    done = orders.import_file(memory, ROOT / "data/demo/orders.csv", now=NOW, on_bad=pytest.fail)
    assert (done.new, done.known, done.bad) == (0, done.lines, 0)
    assert bought(memory, "ana") == before


def test_bad_rows_are_told_by_line_and_the_rest_is_kept(empty):
    """Every reason, and the line where it stands."""
    good = "1,zoe,2026-01-02,latte,1,4.00"
    done, bad = take_in(empty, good, "2,zoe,soon,latte,x,4", "", "3,zoe,2026-01-03,latte,-1,4.00")
    assert (done.new, done.bad) == (2, 1)
    assert [(row.line, len(row.reasons)) for row in bad] == [(3, 2)]
    assert [line.quantity for line in bought(empty, "zoe")] == [1, -1]


def test_equal_lines_of_one_order_are_both_kept_and_still_known_again(empty):
    """Two lattes rung up one by one are two."""
    twice = ["1,zoe,2026-01-02,latte,1,4.00"] * 2
    assert take_in(empty, *twice)[0].new == 2
    assert take_in(empty, *twice)[0].known == 2


def test_text_that_is_not_utf8_is_a_bad_row(empty, tmp_path):
    """And not the end of the import."""
    file = tmp_path / "orders.csv"
    file.write_bytes(HEADER.encode() + b"1,zo\xeb,2026-01-02,latte,1,4\n2,zoe,2026-01-02,latte,1,4\n")
    bad = []
    done = orders.import_file(empty, file, now=NOW, on_bad=bad.append)
    assert (done.new, [row.line for row in bad]) == (1, [2])


def test_a_large_file_is_taken_in_by_pieces(empty, tmp_path):
    """Progress is told in between, up to the end of the file."""
    file = tmp_path / "orders.csv"
    with file.open("w") as out:
        out.write(HEADER)
        out.writelines(f"{n // 3},c{n % 50},2026-01-02,latte,1,{n % 900}.00\n" for n in range(25_000) if n % 3 == 0)
        out.writelines(f"b{n},c{n % 50},2026-01-02,latte,1,4.00\n" for n in range(17_000))
    told = []
    done = orders.import_file(empty, file, now=NOW, on_bad=pytest.fail, on_bytes=told.append)
    assert done.new == done.lines == 8334 + 17_000
    assert len(told) == 3
    assert told == sorted(told)
    assert told[-1] == file.stat().st_size


def test_what_was_ordered_in_chat_is_not_taken_in_a_second_time(talk_as, memory):
    """The shop's export names the order by the number that was given out."""
    talk = talk_as("chen")
    said = (("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.say("a double espresso", "order", *said)
    talk.tap("Yes, order it")
    number = talk.slots["order_number"]
    lines = [line for line in bought(memory, "chen") if line.order_id == number]
    assert [(line.sku, line.modules) for line in lines] == [("espresso", {"size": "double"})]
    done, _ = take_in(memory, f"{number},chen,2026-11-19T09:00:00Z,espresso,1,3.10")
    assert (done.new, done.known) == (0, 1)


def test_a_cancelled_order_is_no_purchase(talk_as, memory):
    """It leaves no trace in what is known of taste."""
    talk = talk_as("chen")
    talk.say("a double espresso", "order", ("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.tap("Yes, order it")
    number = talk.slots["order_number"]
    talk.say("cancel my order", "cancel_order")
    talk.tap("Yes, cancel it")
    assert [line for line in bought(memory, "chen") if line.order_id == number] == []


def test_without_leave_an_order_in_chat_is_no_purchase(talk_as, memory, clock):
    """The contract keeps it; nothing else does."""
    talk = talk_as("chen")
    evidence = Evidence("button")
    with memory.write() as tx:
        consent.decide(
            tx, talk.customer, purpose=Purpose.PERSONALISATION, decision="withdrawn", evidence=evidence, now=clock()
        )
    talk.say("a double espresso", "order", ("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.tap("Yes, order it")
    with memory.write() as tx:
        later = clock() + timedelta(seconds=1)
        consent.decide(
            tx, talk.customer, purpose=Purpose.PERSONALISATION, decision="granted", evidence=evidence, now=later
        )
    assert "espresso" not in {line.sku for line in bought(memory, "chen")}


# --- The catalogue --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A catalogue of our own."""
    import shutil

    return shutil.copytree(ROOT / "data" / "catalogue", tmp_path / "catalogue")


def publish(folder, text, name="more.csv"):
    return catalogue.publish(folder, catalogue.read(name, text), rules=RULES.offers)


def test_new_products_of_a_csv_are_in_the_catalogue(folder):
    """In a file of their own; twice changes nothing."""
    text = "id,title,category,kind,price,stock,tags\nmoon_cup,Moon Cup,gear,cup,12.50,7,gift;white\n"
    done = publish(folder, text)
    assert (done.added, done.changed, done.same) == (1, 0, 0)
    made = catalogue_files.load(folder).products["moon_cup"]
    assert (made.title, str(made.price), made.stock, made.tags) == ("Moon Cup", "12.5", 7, {"gift", "white"})
    before = (folder / "imported.yml").read_text()
    assert publish(folder, text).same == 1
    assert (folder / "imported.yml").read_text() == before


def test_a_known_product_is_edited_where_it_stands(folder):
    """With the comments around it."""
    done = publish(folder, "products: {house_espresso: {price: 9.10}}", "more.yml")
    assert done.changed == 1
    text = (folder / "beans.yml").read_text()
    assert "price: 9.1" in text
    assert text.startswith("# Coffee by the bag")
    assert not (folder / "imported.yml").exists()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("m.csv", "id,title\nx,X\n", "m.csv:1: The header lacks category, kind, price"),
        ("m.csv", "id,title,category,kind,price\nx,X,gear,cup,\n", "m.csv:2: price is empty"),
        ("m.csv", "id,title,category,kind,price\nx,X,gear,cup,cheap\n", "m.csv:2: price, unit_cost"),
        ("m.csv", "id,title,category,kind,price\nx,X,gears,cup,1\n", "`gears` is no category. Did you mean `gear`?"),
        ("m.yml", "products: [", "m.yml:2: This is not YAML"),
        ("m.yml", "things: {}", "A catalogue has the sections"),
        (
            "m.yml",
            "categories: {spirits: {title: spirits}}\n"
            "products: {gin: {title: Gin, category: spirits, kind: gin, price: 20, description: Gin.}}",
            "gin: is not what the brand stands for",
        ),
    ],
)
def test_what_is_broken_or_off_brand_changes_nothing(folder, name, text, told):
    """One bad product stops all of them."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(CatalogueRefused) as refused:
        publish(folder, text, name)
    assert told in str(refused.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


# --- Stock ----------------------------------------------------------------------------------------------


def _order(talk, product, size, quantity):
    said = [("product", product), ("size", size), ("grind", "whole_bean"), ("quantity", quantity)]
    talk.say("beans please", "order", *said, ("fulfilment", "pickup"))
    talk.tap("Yes, order it")


def test_stock_falls_with_an_order_and_comes_back_with_its_cancellation(talk_as, memory, clock):
    """By size, where sizes are counted."""
    shelf = stocked.Stocked(memory, lambda: CATALOGUE, clock)
    before = shelf.current().stock("house_espresso", {"size": "250g"})
    clock.forward(minutes=1)
    talk = talk_as("ben")
    _order(talk, "house_espresso", "250g", 3)

    def left():
        return stocked.Stocked(memory, lambda: CATALOGUE, clock).current()

    assert left().stock("house_espresso", {"size": "250g"}) == before - 3
    assert left().stock("house_espresso", {"size": "1kg"}) == CATALOGUE.stock("house_espresso", {"size": "1kg"})
    clock.forward(minutes=1)
    talk.say("cancel my order", "cancel_order")
    talk.tap("Yes, cancel it")
    assert left().stock("house_espresso", {"size": "250g"}) == before


def test_stock_falls_with_each_delivery_of_a_subscription(talk_as, memory, clock):
    """Of the beans that it brings, also in a process that runs on; its end stops that and brings nothing back."""
    shelf = stocked.Stocked(memory, lambda: CATALOGUE, clock)

    def left(waiting=0):
        clock.forward(days=waiting)
        sleep(0.06)  # Others' orders are looked up that often.
        return shelf.current().stock("house_espresso", {"size": "250g"})

    before = left()
    clock.forward(minutes=1)
    talk = talk_as("ben")
    said = [("product", "weekly_house"), ("size", "250g"), ("grind", "filter")]
    talk.say("weekly house espresso", "subscribe", *said)
    talk.say("Hauptstr. 3, 10115 Berlin", "inform")
    talk.tap("Yes, start it")
    assert [left(days) for days in (0, 6, 1, 7)] == [before - 1, before - 1, before - 2, before - 3]
    talk.say("end my subscription", "cancel_subscription")
    talk.tap("Yes, end it")
    assert left(70) == before - 3


def test_a_new_count_replaces_what_was_ordered_before_it_and_other_edits_do_not(talk_as, memory, clock):
    """The shop's own count is the truth; a new title counts nothing."""
    from dataclasses import replace

    stocked.Stocked(memory, lambda: CATALOGUE, clock).current()
    clock.forward(minutes=1)
    _order(talk_as("ben"), "house_espresso", "250g", 3)
    clock.forward(minutes=1)
    item = CATALOGUE.products["house_espresso"]

    def with_item(changed):
        return replace(CATALOGUE, products={**CATALOGUE.products, item.id: changed})

    renamed = with_item(replace(item, titles={"en": "House"}))
    assert stocked.Stocked(memory, lambda: renamed, clock).current().stock(item.id, {"size": "250g"}) == 137
    recounted = with_item(replace(item, stock={**item.stock, "250g": 50}))
    assert stocked.Stocked(memory, lambda: recounted, clock).current().stock(item.id, {"size": "250g"}) == 50


def test_the_demo_orders_are_well_formed():
    """What is imported at seeding has the columns of the contract."""
    with (ROOT / "data/demo/orders.csv").open(newline="") as lines:
        columns = csv.DictReader(lines).fieldnames
    assert columns[:6] == HEADER.strip().split(",")
