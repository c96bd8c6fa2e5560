"""Records through JSON: every digit and every moment comes back, and what no column holds is refused."""

from datetime import timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import StoreError
from evotrade.store.records import Record, read_json, read_record, rounded, write_json, write_record
from tests.store.records import alert, bar, fill, order, records, session
from tests.store.samples import NOW, texts

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
exact = st.decimals(allow_nan=False, allow_infinity=False) | st.just(NOW)
names = texts.filter(lambda name: not name.startswith("$"))
plain = st.recursive(leaves | exact, lambda inner: st.lists(inner) | st.dictionaries(names, inner))


@given(records)
def test_a_record_comes_back_to_the_last_digit(record: Record) -> None:
    found = read_record(*write_record(record))
    assert (type(found), found) == (type(record), record)
    assert [str(value) for value in found] == [str(value) for value in record]


@given(plain)
def test_plain_data_comes_back_as_it_was(data: object) -> None:
    assert read_json(write_json(data)) == data


@given(st.decimals(-(10**17), 10**17, allow_nan=False, allow_infinity=False))
def test_rounding_moves_an_amount_by_half_of_the_last_decimal_at_most(amount: Decimal) -> None:
    assert abs(rounded(amount) - amount) <= Decimal("0.5e-10")
    assert rounded(rounded(amount)) == rounded(amount)


def test_a_time_elsewhere_comes_back_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert read_json(write_json({"at": there})) == {"at": NOW}
    assert read_json(write_json({"at": there}))["at"].utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (session(started_at=NOW.replace(tzinfo=None)), "has no time zone"),
        (session(cash=1.5), r"SessionRow\.cash is 1\.5, a float: give it a Decimal"),
        (session(cash=None), r"SessionRow\.cash is None"),
        (session(dry_run=1), "a int: give it a bool"),
        (session(trade_count=True), "a bool: give it a int"),
        (fill(price=Decimal("NaN")), r"FillRow\.price is NaN: give it an amount below"),
        (fill(price=Decimal(10**18)), "give it an amount below"),
        (order(attempt=2**31), r"OrderRow\.attempt is 2147483648, more than"),
        (bar(decision=200), "more than its column holds"),
        (alert(text="\ud800"), "no valid Unicode"),
    ],
)
def test_what_no_column_could_hold_is_refused_at_once(record: Record, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        write_record(record)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({1: 2}, "1 cannot be a name in JSON"),
        ({"$decimal": "1"}, "does not begin with"),
        ({"a": {1, 2}}, "is a set, which JSON cannot hold"),
        ([NOW.replace(tzinfo=None)], "has no time zone"),
    ],
)
def test_what_would_not_come_back_is_refused(data: object, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        write_json(data)
