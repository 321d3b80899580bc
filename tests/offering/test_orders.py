"""Order files: rows become lines or bad rows with line numbers; returns are settled; accounts add up."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.offering.accounts import Costing, open_accounts
from bot.offering.errors import OrdersError
from bot.offering.orders import BadRow, OrderLine, read_orders, settle
from bot.offering.rules import CostRules

from .world import NOW, line

HEADER = "order_id,customer_id,ordered_at,sku,quantity,unit_price,unit_cost,gift,channel\n"
COSTING = Costing(CostRules(other_margin_share=0.5, order=1.0, returned_line=2.0, contact=4.0), lambda sku: sku[0])


def read(*rows, header=HEADER):
    return list(read_orders(io.StringIO(header + "".join(row + "\n" for row in rows)), now=NOW))


def test_a_good_row_becomes_a_line():
    """Each column in its type, the time in UTC."""
    assert read("o1,c1,2026-05-01T10:00:00+02:00,latte,2,3.40,0.80,true,web") == [
        OrderLine(
            "o1",
            "c1",
            datetime(2026, 5, 1, 8, tzinfo=UTC),
            "latte",
            2,
            Decimal("3.40"),
            Decimal("0.80"),
            True,
            "web",
            0,
            2,
        )
    ]


def test_only_the_first_six_columns_are_needed():
    """Cost, gift and channel may be missing."""
    header = "order_id,customer_id,ordered_at,sku,quantity,unit_price\n"
    assert read("o1,c1,2026-05-01,latte,1,3.40", header=header)[0].unit_cost is None


def test_columns_may_come_in_any_order_with_others_between():
    """The header decides; unknown columns are ignored; a byte-order mark is no matter."""
    header = "\ufeffsku,note,unit_price,quantity,ordered_at,customer_id,order_id\n"
    assert read("latte,hi,3.40,1,2026-05-01,c1,o1", header=header)[0].sku == "latte"


def test_a_time_without_an_offset_is_utc():
    """Naive times are read as UTC."""
    assert read("o1,c1,2026-05-01 10:00,latte,1,3.40,,,")[0].ordered_at == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_a_negative_quantity_is_a_return():
    """Returns are lines, not mistakes."""
    assert read("o1,c1,2026-05-01,latte,-1,3.40,,,")[0].quantity == -1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",c1,2026-05-01,latte,1,3.40,,,", "order_id is empty"),
        ("o1,c1,yesterday,latte,1,3.40,,,", "ordered_at is 'yesterday'"),
        ("o1,c1,2027-05-01,latte,1,3.40,,,", "lies in the future"),
        ("o1,c1,1950-05-01,latte,1,3.40,,,", "before 1970"),
        ("o1,c1,2026-05-01,latte,0,3.40,,,", "quantity is 0"),
        ("o1,c1,2026-05-01,latte,one,3.40,,,", "quantity is 'one'"),
        ("o1,c1,2026-05-01,latte,1.5,3.40,,,", "not a whole number"),
        ("o1,c1,2026-05-01,latte,1,-3.40,,,", "not an amount of 0 or more"),
        ("o1,c1,2026-05-01,latte,1,NaN,,,", "not an amount of 0 or more"),
        ("o1,c1,2026-05-01,latte,1,€3,,,", "unit_price is '€3'"),
        ("o1,c1,2026-05-01,latte,1,3.40,free,,", "unit_cost is 'free'"),
        ("o1,c1,2026-05-01,latte,1,3.40,,maybe,", "gift is 'maybe'"),
        ("o1,c1,2026-05-01", "the row ends before"),
        ("o1,c1,2026-05-01," + "x" * 201 + ",1,3.40,,,", "longer than 200"),
        ('o1,c1,2026-05-01,lat"te"x",1,3.40,,,"', "not readable as CSV"),
    ],
)
def test_a_bad_row_is_reported_with_line_and_reason(row, reason):
    """The row is left out, with the line it starts on."""
    (bad,) = (each for each in read("o0,c1,2026-05-01,latte,1,3.40,,,", row) if isinstance(each, BadRow))
    assert bad.line == 3
    assert reason in " ".join(bad.reasons)


def test_all_reasons_against_a_row_are_told():
    """Three mistakes in one row are three reasons."""
    assert len(read("o1,,never,latte,0,3.40,,,")[0].reasons) == 3


def test_good_rows_after_a_bad_one_are_kept():
    """A bad row costs only itself."""
    kinds = [type(each) for each in read("o1,c1,x,latte,1,3,,,", "o2,c1,2026-05-01,latte,1,3,,,")]
    assert kinds == [BadRow, OrderLine]


def test_line_numbers_count_quoted_line_breaks():
    """A row over two lines moves the numbers of those after it."""
    rows = read('o1,c1,2026-05-01,"la\ntte",1,3,,,', "o2,c1,x,latte,1,3,,,")
    assert [each.line for each in rows] == [2, 4]


def test_an_order_cannot_change_its_customer():
    """A row of another customer within an order is bad."""
    assert isinstance(read("o1,c1,2026-05-01,latte,1,3,,,", "o1,c2,2026-05-01,latte,1,3,,,")[1], BadRow)


@pytest.mark.parametrize(
    "header", ["", "order_id;customer_id\n", "order_id,customer_id\n", HEADER.replace("gift", "sku")]
)
def test_an_unusable_header_is_refused(header):
    """Without the columns nothing can be read."""
    with pytest.raises(OrdersError):
        read(header=header)


def test_the_same_file_gives_the_same_keys():
    """Keys do not depend on when or where a row is read."""
    rows = ["o1,c1,2026-05-01,latte,1,3,,,", "o2,c1,2026-05-02,latte,1,3,,,"]
    assert {each.key for each in read(*rows)} == {
        each.key for each in read("bad", *rows[::-1]) if isinstance(each, OrderLine)
    }


def test_equal_lines_of_one_order_have_different_keys():
    """Two lattes on two rows are two lattes."""
    row = "o1,c1,2026-05-01,latte,1,3,,,"
    assert len({each.key for each in read(row, row)}) == 2


def test_a_return_is_taken_off_the_newest_purchase():
    """Two bought on two days, one returned: the older one stays."""
    lines = [line("c", "grinder", 9), line("c", "grinder", 5), line("c", "grinder", 2, quantity=-1)]
    assert [each.ordered_at for each in settle(lines)] == [lines[0].ordered_at]


def test_part_of_a_line_can_be_returned():
    """Three bought, one returned: two are kept."""
    assert [each.quantity for each in settle([line("c", "mug", 9, quantity=3), line("c", "mug", 2, quantity=-1)])] == [
        2
    ]


def test_a_return_without_a_purchase_changes_nothing():
    """There is nothing to take it off; nor does it touch later purchases or those of others."""
    lines = [line("c", "mug", 9, quantity=-1), line("c", "mug", 2), line("d", "mug", 20)]
    assert len(settle(lines)) == 2


def account(*lines, **more):
    return open_accounts(lines, costing=COSTING, as_of=NOW, **more)[0]


def test_margin_comes_from_the_unit_cost():
    """Price less cost, times quantity."""
    assert account(line("c", "mug", 3, price="10", quantity=2, unit_cost=Decimal("4"))).margin == pytest.approx(12)


def test_margin_without_cost_is_a_share_of_the_price():
    """The rules' share for other things."""
    assert account(line("c", "mug", 3, price="10")).margin == pytest.approx(5)


@pytest.mark.parametrize(("rules", "catalogue", "share"), [({"m": 0.1}, {"m": 0.2}, 0.1), ({}, {"m": 0.2}, 0.2)])
def test_the_category_decides_the_share(rules, catalogue, share):
    """The rules win over the catalogue."""
    costing = Costing(CostRules(margin_share=rules), lambda _: "m", catalogue)
    assert costing.margin(line("c", "mug", 3, price="10")) == pytest.approx(10 * share)


def test_returns_cost_their_margin_and_handling():
    """A return takes the margin back and costs handling."""
    found = account(line("c", "mug", 3, price="10"), line("c", "mug", 2, price="10", quantity=-1))
    assert (found.margin, found.returned, found.handling) == pytest.approx((5, 5, 3))


def test_complaints_and_rights_requests_cost_nothing():
    """Only other contacts are counted."""
    contacts = {"c": {"complaint": 9, "rights_request": 9, "question": 1}}
    assert account(line("c", "mug", 3), contacts=contacts).handling == pytest.approx(1 + 4)


def test_lines_after_the_day_asked_for_are_not_looked_at():
    """As of a day, the future has not happened."""
    later = line("c", "mug", -5)
    assert open_accounts([line("c", "mug", 3), later], costing=COSTING, as_of=NOW)[0].transactions == 1


def test_two_orders_on_a_day_are_one_occasion():
    """Occasions are days, transactions are orders."""
    found = account(line("c", "mug", 3, order="a"), line("c", "mug", 3, order="b"))
    assert (found.occasions, found.transactions) == (1, 2)


def test_the_cycle_is_the_median_gap():
    """Bought 1, 4 and 11 days ago: gaps of 7 and 3."""
    assert account(line("c", "mug", 1), line("c", "mug", 4), line("c", "mug", 11)).cycle == 5


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(texts, min_size=9, max_size=9), max_size=6))
def test_any_file_is_read_to_its_end(rows):
    """Whatever the cells hold, each row that is not blank gives exactly one line or bad row, and nothing is raised."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    found = list(read_orders(io.StringIO(HEADER + file.getvalue(), newline=""), now=NOW))
    assert len(found) == sum(any(row) for row in rows)


good = st.builds(
    OrderLine,
    st.text("abc", min_size=1, max_size=3),
    st.just("c"),
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),
    st.text("xyz", min_size=1, max_size=3),
    st.integers(-9, 9).filter(bool),
    st.decimals(0, 1000, places=2),
    st.none() | st.decimals(0, 1000, places=2),
    st.booleans(),
    channel=st.just("web"),
    nth=st.just(0),
    line=st.just(0),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(good, max_size=8))
def test_lines_survive_writing_and_reading(lines):
    """A file written from lines gives the lines back."""
    rows = [
        f"{o.order_id},{o.customer_id},{o.ordered_at.isoformat()},{o.sku},{o.quantity},{o.unit_price},"
        f"{'' if o.unit_cost is None else o.unit_cost},{o.gift},{o.channel}"
        for o in lines
    ]
    assert [each._replace(nth=0, line=0) for each in read(*rows)] == lines


@settings(max_examples=200, deadline=None)
@given(st.lists(good, max_size=12))
def test_settling_never_invents_pieces(lines):
    """What is kept is positive and no more than what was bought."""
    kept = settle(lines)
    assert all(each.quantity > 0 for each in kept)
    assert sum(each.quantity for each in kept) <= sum(max(each.quantity, 0) for each in lines)
