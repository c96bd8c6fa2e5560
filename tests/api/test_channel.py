"""Laws of a channel: watchers hear everything that counts, in order, and prices not too often."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evotrade.api.channel import COALESCED, Channel, Mailbox, Place
from evotrade.desk.views import Update

TOPICS = ("price", "pnl", "trade", "position", "state")
updates = st.lists(st.tuples(st.sampled_from(TOPICS), st.floats(0, 0.7)), max_size=60)


def told(events, kept=1_000):
    """A channel after these updates, and all (time, message) that it told."""
    channel, now_s, said = Channel(7, "e", kept=kept), 100.0, []
    for number, (topic, pause_s) in enumerate(events):
        due_s = channel.due_s()
        if due_s is not None and due_s <= now_s + pause_s:
            said += [(due_s, message) for message in channel.flush(due_s)]
        now_s += pause_s
        said += [(now_s, message) for message in channel.feed(Update(7, topic, {"n": number}), now_s)]
    end_s = channel.due_s()
    if end_s is not None:
        said += [(end_s, message) for message in channel.flush(max(end_s, now_s))]
    return channel, said


@given(updates)
def test_messages_are_numbered_from_1_without_a_gap(events):
    channel, said = told(events)
    assert [message["seq"] for _, message in said] == list(range(1, len(said) + 1))
    assert channel.place == Place("e", len(said))


@given(updates)
def test_trades_positions_and_states_are_all_told_in_order_with_what_they_say(events):
    _, said = told(events)
    expected = [(topic, {"n": n}) for n, (topic, _) in enumerate(events) if topic not in COALESCED]
    heard = [(message["type"], message["data"]) for _, message in said if message["type"] not in COALESCED]
    assert heard == expected


@given(updates)
def test_prices_are_told_at_most_once_a_second_and_the_last_one_always(events):
    _, said = told(events)
    for topic in COALESCED:
        times_s = [at_s for at_s, message in said if message["type"] == topic]
        assert all(later - before >= 1 - 1e-9 for before, later in pairwise(times_s))
        sent = [n for n, (name, _) in enumerate(events) if name == topic]
        heard = [message["data"]["n"] for _, message in said if message["type"] == topic]
        assert heard[-1:] == sent[-1:]
        assert heard == sorted(heard)


@given(updates, st.integers(0, 70), st.integers(0, 30))
def test_who_comes_back_misses_nothing_or_is_told_that_it_did(events, after, kept):
    channel, said = told(events, kept)
    replay = channel.since(Place("e", after))
    if after > len(said) or len(said) - after > kept:
        assert replay is None
    else:
        assert list(replay) == [message for _, message in said[after:]]


@given(updates)
def test_another_epoch_is_no_place_here(events):
    channel, said = told(events)
    assert channel.since(Place("other", len(said))) is None


@given(updates)
def test_a_snapshot_and_a_heartbeat_say_where_they_are_and_count_as_nothing(events):
    channel, said = told(events)
    assert channel.snapshot({"a": 1}, channel.place.seq)["seq"] == channel.heartbeat()["seq"] == len(said)
    assert channel.place.seq == len(said)


@given(st.integers(1, 20), st.lists(st.integers(-1, 5), max_size=40))
def test_a_mailbox_loses_its_reader_only_when_that_one_lags_behind(limit, steps):
    mailbox, waiting, lost, number = Mailbox(limit), [], False, 0
    for step in steps:  # -1 takes one, others put so many
        if step < 0:
            assert mailbox.take() == (waiting.pop(0) if waiting else None)
            continue
        added = [{"seq": number + place} for place in range(step)]
        number += step
        mailbox.put(added)
        waiting = [] if lost else [*waiting, *added]
        if len(waiting) > limit:
            waiting, lost = [], True
        assert mailbox.lost == lost
