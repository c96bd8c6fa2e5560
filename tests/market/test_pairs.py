import pytest

from evotrade.errors import SettingsError
from evotrade.market import archive_name, kraken_name, pair_name


@pytest.mark.parametrize("text", ["BTC/USD", "xbt/usd", "XBTUSD", "BTCUSD", "XXBTZUSD"])
def test_one_pair_has_one_name_however_it_is_written(text: str) -> None:
    assert pair_name(text) == "BTC/USD"
    assert kraken_name(text) == "XBTUSD"


@pytest.mark.parametrize(
    ("pair", "kraken"),
    [
        ("ETH/USD", "ETHUSD"),
        ("ETH/BTC", "ETHXBT"),
        ("DOGE/EUR", "XDGEUR"),
        ("XRP/USDT", "XRPUSDT"),
        ("USDT/USD", "USDTUSD"),
        ("1INCH/USD", "1INCHUSD"),
    ],
)
def test_kraken_has_names_of_its_own(pair: str, kraken: str) -> None:
    assert kraken_name(pair) == kraken
    assert pair_name(kraken) == pair


@pytest.mark.parametrize("text", ["", "BTC", "BTC/", "/USD", "BTC/USD/EUR", "BTC USD", "PURR"])
def test_what_names_no_pair_says_how_to_write_one(text: str) -> None:
    with pytest.raises(SettingsError, match="write base and quote currency like BTC/USD"):
        pair_name(text)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("XBTUSD_60.csv", ("BTC/USD", "1h")),
        ("ETHXBT_1440.csv", ("ETH/BTC", "1d")),
        ("PURR_60.csv", ("", "1h")),
        ("XBTUSD_7.csv", None),
        ("XBTUSD.csv", None),
        ("my_candles_60.csv", None),
    ],
)
def test_a_file_of_the_archive_says_pair_and_timeframe(name: str, meaning: tuple[str, str] | None) -> None:
    assert archive_name(name) == meaning
