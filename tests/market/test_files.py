import io
import random
from contextlib import suppress
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evotrade.errors import BadCandleFile
from evotrade.market import CandleFile, Candles, parse_candles
from tests.paths import shared
from tests.strategies import candle_series

ROWS = (
    "timestamp,open,high,low,close,volume,trades\n"
    "1704067200,10.0,12.0,9.0,11.0,1.5,3\n"
    "1704070800,11.0,12.0,10.0,12.0,2.5,4\n"
    "1704074400,12.0,13.0,11.0,11.5,0.5,2\n"
    "1704078000,11.5,12.0,11.0,11.0,3.0,5\n"
)


def parse(text: str, timeframe: str | None = None) -> CandleFile:
    return parse_candles(text.encode(), timeframe=timeframe)


def refusals(text: str) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in parse(text).refused]


def times_written(candles: Candles, unit: str) -> pd.Series:
    if unit == "iso":
        return pd.Series(candles.timestamp.strftime("%Y-%m-%dT%H:%M:%S%z"))
    return pd.Series(candles.time_s * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit])


def csv_of(candles: Candles, unit: str, header: bool) -> bytes:
    frame = candles.frame.reset_index()
    frame["timestamp"] = times_written(candles, unit)
    return frame.to_csv(index=False, header=header).encode()


def ending_in_hours(candles: Candles) -> Candles:
    """The last bar follows the one before at once, and was traded: what any real file has somewhere."""
    time_s, volume = candles.time_s.copy(), candles.volume.copy()
    time_s[-1], volume[-1] = time_s[-2] + 3_600, 1.0
    return replace(candles, time_s=time_s, volume=volume)


file_series = candle_series(min_bars=2).map(ending_in_hours)


UNITS = ["s", "ms", "us", "ns"]


def hours(n: int) -> list[str]:
    """Rows of n hours, written without a header."""
    return [f"{1_704_067_200 + 3_600 * row},10,12,9,11,1.5,3" for row in range(n)]


@given(file_series, st.sampled_from([*UNITS, "iso"]), st.booleans())
def test_a_written_series_is_read_back_but_for_bars_without_trades(
    candles: Candles, unit: str, header: bool
) -> None:
    empty = (candles.volume == 0) & (candles.trades == 0)
    file = parse_candles(csv_of(candles, unit, header), timeframe="1h", pair="BTC/USD")
    assert file.refused == ()
    assert file.without_trades == empty.sum()
    assert file.candles.frame.equals(candles.frame[~empty])


@given(file_series, st.sampled_from([*UNITS, "index"]))
def test_parquet_is_read_back_as_csv_is(candles: Candles, unit: str) -> None:
    buffer = io.BytesIO()
    frame = candles.frame
    if unit != "index":
        frame = frame.reset_index().assign(timestamp=times_written(candles, unit))
    frame.to_parquet(buffer)
    expected = parse_candles(csv_of(candles, "s", True), timeframe="1h").candles
    assert parse_candles(buffer.getvalue(), timeframe="1h").candles == expected


@given(st.sets(st.integers(2, 200), max_size=60), st.sampled_from(["abc,{}", "{},1", ",,,,,,x", "\x80,{}"]))
def test_spoiled_lines_are_refused_and_all_others_kept(spoiled: set[int], how: str) -> None:
    lines = ["timestamp,open,high,low,close,volume,trades", *hours(200)]
    for line in spoiled:
        lines[line - 1] = how.format(lines[line - 1])
    file = parse("\n".join(lines))
    assert {row.line for row in file.refused} == spoiled
    assert len(file.candles) == 200 - len(spoiled)


@given(st.binary(max_size=400))
def test_garbage_ends_in_one_clear_error(content: bytes) -> None:
    with pytest.raises(BadCandleFile, match="the file "):
        parse_candles(content)


@given(st.text(st.sampled_from("0123456789.,-e\n\"' abcT:Z"), max_size=300))
def test_garbage_of_the_right_letters_ends_in_candles_or_in_a_clear_error(text: str) -> None:
    with suppress(BadCandleFile):
        assert len(parse("timestamp,open,high,low,close,volume\n" + text, "1m").candles)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1704070800,11.0", "1704070800,", "open is missing"),
        ("1704070800,11.0", "1704070800,eleven", "open is 'eleven', not a finite number"),
        ("1704070800,11.0", "1704070800,nan", "open is 'nan', not a finite number"),
        ("1704070800,11.0", "1704070800,-11.0", "open -11.0 is not above 0"),
        ("11.0,12.0,10.0", "11.0,9.0,10.0", "high 9.0 is below low 10.0"),
        ("1704070800", "1704067200", "it has the time of another bar"),
        ("1704070800", "1704063600", "its time is out of order"),
        ("1704070800", "1704070860", "it does not start on a UTC boundary of 1h"),
        ("1704070800", "1704070800.5", "timestamp 1704070800.5 is not a whole second"),
        ("1704070800", "1704070800000", "timestamp is '1704070800000', not a time in the unit of the others"),
        ("1704070800", "7258118400", "its time is outside 1970 to 2199"),
        ("1704070800", "1e30", "its time is outside 1970 to 2199"),
        ("1704070800", "yesterday", "timestamp is 'yesterday', not a time"),
        ("2.5,4", "2.5,4,9", "8 cells instead of 7"),
        ("2.5,4", "2.5", "6 cells instead of 7"),
    ],
)
def test_a_bad_row_is_refused_by_its_line(old: str, new: str, reason: str) -> None:
    text = ROWS.replace(old, new)
    assert refusals(text) == [(3, reason)]
    assert parse(text).candles.frame.equals(parse(ROWS).candles.frame.drop(index="2024-01-01 01:00Z"))


@given(file_series, st.sampled_from([*UNITS, "iso"]), st.booleans(), st.sampled_from(["1h", None]))
def test_a_file_with_its_newest_rows_first_is_the_same_series(
    candles: Candles, unit: str, header: bool, timeframe: str | None
) -> None:
    lines = csv_of(candles, unit, header).splitlines()
    turned = b"\n".join([*lines[:header], *lines[: header - 1 if header else None : -1]])
    try:
        expected = parse_candles(b"\n".join(lines), timeframe=timeframe)
    except BadCandleFile:  # gaps hide the timeframe: they do so both ways
        with pytest.raises(BadCandleFile):
            parse_candles(turned, timeframe=timeframe)
    else:
        assert parse_candles(turned, timeframe=timeframe) == replace(expected, newest_first=True)


def test_a_bad_row_in_a_file_that_runs_backwards_keeps_its_line() -> None:
    lines = hours(50)[::-1]
    lines[7], lines[20] = "nonsense", lines[0]
    file = parse("\n".join(lines))
    assert (file.newest_first, len(file.candles)) == (True, 48)
    assert [row.line for row in file.refused] == [8, 21]


@given(st.integers(3, 40), st.data())
def test_a_row_out_of_its_place_costs_itself_alone(n: int, data: st.DataObject) -> None:
    lines = hours(n)
    moved, to = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    assume(abs(moved - to) > 1)  # of two neighbours either may have moved
    lines.insert(to, lines.pop(moved))
    assert refusals("\n".join(lines)) == [(to + 1, "its time is out of order")]


def test_empty_lines_are_no_rows_but_are_counted_as_lines() -> None:
    assert [line for line, _ in refusals("\r\n" + ROWS.replace("\n", "\r\n\r\n").replace("9.0", "0"))] == [4]


def test_bars_without_trades_are_dropped_and_counted_apart() -> None:
    file = parse(ROWS.replace("2.5,4", "0,0"))
    assert (file.without_trades, file.refused, len(file.candles)) == (1, (), 3)


@pytest.mark.parametrize(
    "text",
    [
        ROWS.split("\n", 1)[1],
        "\ufeff" + ROWS,
        ROWS.replace("timestamp", "Time").replace("open", " Open "),
        "\n".join('"' + line.replace(",", '","') + '"' for line in ROWS.splitlines()),
        ROWS.replace("17040", " 17040").replace(",1.5", ",  1.5"),
        ROWS.replace("trades", "trades,vwap").replace(",3\n", ",3,10\n").replace(",4\n", ",4,\n")
        .replace(",2\n", ",2,x\n").replace(",5\n", ",5,1\n"),
        ROWS.replace("1704067200", "2024-01-01").replace("1704070800", "2024-01-01 01:00")
        .replace("1704074400", "2024-01-01T04:00:00+02:00").replace("1704078000", "2024-01-01T03:00:00.000Z"),
    ],
    ids=["no header", "byte order mark", "other letters", "quoted", "blanks", "a column more", "ISO times"],
)  # fmt: skip
def test_one_file_written_in_many_ways_is_one_series(text: str) -> None:
    file = parse(text)
    assert file.refused == ()
    assert file.candles == parse(ROWS).candles


def test_columns_of_later_ages_are_read_where_present() -> None:
    lines = ROWS.splitlines()
    text = "\n".join([lines[0] + ",funding_rate,open_interest", *(line + ",-0.25,1e3" for line in lines[1:])])
    candles = parse(text).candles
    assert candles.funding_rate is not None
    assert candles.funding_rate.tolist() == [-0.25] * 4
    assert candles.open_interest is not None
    assert candles.open_interest.tolist() == [1_000] * 4


def test_a_column_without_any_number_is_a_column_that_the_market_has_not() -> None:
    text = "\n".join(line + "," for line in ROWS.splitlines()).replace("trades,", "trades,open_interest")
    assert parse(text).candles == parse(ROWS).candles


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"timestamp,open,high,low,close,volume\n", "holds no rows"),
        (b"timestamp,open,low,close\n1704067200,1,1,1", "lacks the column high, volume: it has timestamp"),
        (b"time,open,high,low,close,volume,Volume\n1,1,1,1,1,1,1", "has the column volume twice"),
        (b"PK\x03\x04zip", "is a ZIP archive: unpack it"),
        (b"\x89PNG\r\n\x00", "is neither text nor Parquet"),
        (b"PAR1 and no more", "is a damaged Parquet file"),
        (ROWS.replace(",", ";").encode(), "is neither a header nor a bar: separate timestamp, .* by commas"),
        (ROWS.replace("1.5,3", "0,0").replace("2.5,4", "0,0").replace("0.5,2", "0,0").replace("3.0,5", "0,0")
         .encode(), "holds no usable bar, its 4 bars are without trades"),
        (ROWS.replace(",1", ",x").encode(), r"4 of its 4 rows are refused, .* like line 2 \(open is 'x"),
        (ROWS.encode()[:90], "does not tell its timeframe, since it has one time alone: name it"),
        (ROWS.replace("17040708", "17040674").encode()[:130], "most of its rows lie 200 s apart"),
    ],
)  # fmt: skip
def test_a_file_without_usable_bars_says_why_in_a_sentence(content: bytes, complaint: str) -> None:
    with pytest.raises(BadCandleFile, match=f"^XBT.csv {complaint}|^XBT.csv .*{complaint}"):
        parse_candles(content, name="XBT.csv")


SHUFFLED = hours(300)
random.Random(4).shuffle(SHUFFLED)
MILLISECONDS = [line.replace(",", "000,", 1) for line in hours(20)]


@pytest.mark.parametrize("timeframe", ["1h", None])
@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (SHUFFLED, r"is not in order of time in 2\d\d of its 300 rows, first in line 1: sort them by time"),
        (hours(50)[40:] + hours(40), "is not in order of time in 10 of its 50 rows, first in line 1: sort"),
        (
            sorted(hours(20) * 2),
            r"20 of its 40 .* line 2 \(it has the time of another .* keep one row for each",
        ),
        (
            [*hours(9), "x", *["9" + row for row in hours(9)]],
            r"10 of its 19 .* line 11 \(its time is outside",
        ),
        (hours(10) + MILLISECONDS[10:], "has times in seconds and, first in line 11, in milliseconds"),
        (MILLISECONDS[:15] + hours(20)[15:], "has times in milliseconds and, first in line 16, in seconds"),
        (hours(20)[:2] + MILLISECONDS[2:], "has times in milliseconds and, first in line 1, in seconds"),
    ],
    ids=["shuffled", "later part first", "each row twice", "bad times", "half ms", "ms", "mostly ms"],
)
def test_a_file_of_which_half_is_refused_is_no_candle_file(
    lines: list[str], complaint: str, timeframe: str | None
) -> None:
    with pytest.raises(BadCandleFile, match=f"^XBT.csv (is not used, since )?{complaint}"):
        parse_candles("\n".join(lines).encode(), name="XBT.csv", timeframe=timeframe)


def test_one_time_of_another_unit_is_no_bar_of_1970() -> None:
    bar_1970 = "1704067200000,10,12,9,11,1.5,3"
    file = parse("\n".join([bar_1970.replace("000,", ",", 1), *MILLISECONDS[1:]]))
    assert [row.line for row in file.refused] == [1]
    assert file.candles.timestamp[0] == pd.Timestamp("2024-01-01 01:00Z")


def test_parquet_with_a_column_of_another_kind_says_so() -> None:
    frame = parse(ROWS).candles.frame.assign(close=[[1.0]] * 4)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    with pytest.raises(BadCandleFile, match="has a column of list"):
        parse_candles(buffer.getvalue())


@pytest.mark.parametrize(
    ("wrong", "message"), [("4h", "bars of 1h, not of 4h"), ("15m", "bars of 1h, not of 15m")]
)
def test_a_wrong_timeframe_is_an_error(wrong: str, message: str) -> None:
    with pytest.raises(BadCandleFile, match=message):
        parse(ROWS, wrong)


def test_a_single_bar_is_read_when_its_timeframe_is_given() -> None:
    assert len(parse(ROWS.splitlines()[1], "1h").candles) == 1


@pytest.mark.parametrize(
    ("name", "bars", "first", "last"),
    [  # counted with wc -l, times read off with head and tail
        ("XBTUSD_60.csv", 70_253, 1_381_093_200, 1_673_082_000),
        ("ETHUSD_60.csv", 63_568, 1_438_956_000, None),
        ("origin/PURR_60.csv", 1_441, 1_754_776_800, None),
    ],
)
def test_real_files_are_read_whole(name: str, bars: int, first: int, last: int | None) -> None:
    file = parse_candles(shared(f"data/{name}").read_bytes())
    assert (len(file.candles), file.refused, file.without_trades) == (bars, (), 0)
    assert file.candles.timeframe == "1h"
    assert file.candles.time_s[0] == first
    assert last is None or file.candles.time_s[-1] == last


def test_the_archive_and_its_copy_with_a_header_are_one_series() -> None:
    content = shared("data/XBTUSD_60.csv").read_bytes()
    bare = parse_candles(content.split(b"\n", 1)[1], pair="BTC/USD").candles
    assert bare == replace(parse_candles(content).candles, pair="BTC/USD")


def test_numbers_are_the_same_beside_a_bad_row_as_without_it() -> None:
    content = shared("data/XBTUSD_60.csv").read_bytes()
    assert parse_candles(content + b"x,y,z,1,2,3,4\n").candles == parse_candles(content).candles
