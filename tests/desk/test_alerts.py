import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from evotrade.desk.alerts import Alerts, apprise_messenger
from evotrade.desk.counters import Counters
from evotrade.engine.session.events import Failed
from evotrade.errors import SettingsError
from tests.desk.world import until, world


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


@asynccontextmanager
async def a_webhook():
    """Its address as apprise writes it, and what it was sent."""
    heard = []

    async def hear(request):
        heard.append(json.loads(await request.text()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/alerts", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"json://127.0.0.1:{runner.addresses[0][1]}/alerts", heard
    finally:
        await runner.cleanup()


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of a plug-in of apprise
async def test_who_is_set_up_hears_of_a_failure_of_a_divergence_and_of_a_test(tmp_path):
    async with a_webhook() as (way, heard), world(tmp_path, alerts_to=[way]) as here:
        number, desk = await here.running(), here.desk
        sender = asyncio.create_task(desk.parts.alerts.run())
        await desk.test_alert()
        await here.hours(2)
        runner, seen = desk.parts.runners[number], desk.parts.readings.bars(number)
        desk.parts.readings.bars = lambda _: [bar_decided_otherwise(bar) for bar in seen]
        await desk.check_parity()
        runner.feed(Failed(desk.parts.market.now_s(), "the third shelf fell down"))
        await until(lambda: heard[-1]["type"] == "failure")
        sender.cancel()
    told = [(one["type"], one["title"], one["message"].split(",")[0]) for one in heard]
    assert ("info", "evotrade", "This is a test: alerts of evotrade arrive here.") in told
    assert ("warning", "evotrade", "Session 1 decided otherwise than its backtest") in told
    assert told[-1] == ("failure", "evotrade session 1", "Session 1 is error: the third shelf fell down")


def bar_decided_otherwise(bar):
    return bar if bar.decision is None else bar._replace(decision=-bar.decision or 1)
