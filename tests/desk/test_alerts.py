import asyncio
from datetime import UTC, datetime

import pytest

from evotrade.desk.alerts import Alerts, apprise_messenger
from evotrade.desk.counters import Counters
from evotrade.errors import SettingsError


def now():
    return datetime(2026, 1, 1, tzinfo=UTC)


async def sent_by(messenger, *texts):
    """The counters after these alerts had their time to be sent."""
    counters = Counters()
    alerts = Alerts(messenger, counters, now)
    sender = asyncio.create_task(alerts.run())
    for text in texts:
        alerts.tell("warning", text, session_id=3)
    for _ in range(200):
        if counters["alerts_sent"] + counters["alerts_failed"] + counters["alerts_dropped"] == len(texts):
            break
        await asyncio.sleep(0.005)
    sender.cancel()
    return counters


@pytest.mark.anyio
async def test_alerts_are_sent_one_after_another():
    heard = []
    counters = await sent_by(lambda title, text, level: heard.append((title, text, level)) or True, "a", "b")
    assert heard == [("evotrade session 3", "a", "warning"), ("evotrade session 3", "b", "warning")]
    assert counters["alerts_sent"] == 2


@pytest.mark.anyio
async def test_a_messenger_that_raises_harms_nobody():
    def broken(title, text, level):
        raise OSError("no network")

    counters = await sent_by(broken, "a", "b")
    assert counters["alerts_failed"] == 2


@pytest.mark.anyio
async def test_a_flood_is_kept_short():
    counters = await sent_by(lambda *_: True, *map(str, range(150)))
    assert counters["alerts_dropped"] == 50


@pytest.mark.anyio
async def test_alerts_are_kept_newest_first_where_nothing_is_set_up():
    alerts = Alerts(None, Counters(), now)
    alerts.tell("info", "first")
    alerts.tell("info", "second")
    assert [one["text"] for one in alerts.latest(10)] == ["second", "first"]


@pytest.mark.anyio
async def test_a_test_message_needs_a_way():
    with pytest.raises(SettingsError, match="alert_urls"):
        await Alerts(None, Counters(), now).test()


@pytest.mark.anyio
async def test_a_test_message_that_fails_says_so():
    with pytest.raises(SettingsError, match="could not be sent"):
        await Alerts(lambda *_: False, Counters(), now).test()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of a plug-in of apprise
def test_an_address_that_is_none_is_named_without_its_secret():
    with pytest.raises(SettingsError, match="address 1") as error:
        apprise_messenger(["nosuch://secret-token"])
    assert "secret-token" not in str(error.value)


def test_without_addresses_there_is_no_messenger():
    assert apprise_messenger([]) is None
