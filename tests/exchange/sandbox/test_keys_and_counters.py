"""Signatures, nonces, tokens, and the counters that refuse too many calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kraken.spot import SpotClient

from evotrade.exchange.sandbox.counters import Counter, Counters, Limits
from evotrade.exchange.sandbox.keys import DEMO_KEY, DEMO_SECRET, ApiKey, Keys, signature
from evotrade.exchange.sandbox.orders import Refused

PATH = "/0/private/Balance"


@pytest.fixture
def keys():
    return Keys({DEMO_KEY: ApiKey()})


def sign_in(keys, nonce, key=DEMO_KEY, secret=DEMO_SECRET):
    body = f"nonce={nonce}".encode()
    return keys.authenticate(key, signature(secret, PATH, str(nonce), body), PATH, str(nonce), body)


@given(st.text(max_size=40), st.integers(1, 10**18))
def test_the_signature_is_the_sdks(data, nonce):
    sdk = SpotClient(DEMO_KEY, DEMO_SECRET)._get_kraken_signature(PATH, data, nonce)
    assert signature(DEMO_SECRET, PATH, str(nonce), data.encode()) == sdk


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_only_a_nonce_above_all_before_is_taken(nonces):
    keys, highest = Keys({DEMO_KEY: ApiKey()}), 0
    for nonce in nonces:
        if nonce > highest:
            assert sign_in(keys, nonce)
        else:
            with pytest.raises(Refused, match="EAPI:Invalid nonce"):
                sign_in(keys, nonce)
        highest = max(highest, nonce)


def test_a_wrong_key_and_a_wrong_secret_are_told_apart(keys):
    with pytest.raises(Refused, match="EAPI:Invalid key"):
        sign_in(keys, 1, key="nobody")
    with pytest.raises(Refused, match="EAPI:Invalid signature"):
        sign_in(keys, 1, secret="c2VjcmV0")


def test_a_token_opens_the_socket_for_fifteen_minutes(keys):
    token = keys.new_token(keys.known[DEMO_KEY], 100.0)
    assert keys.admits(token, 100.0)
    assert keys.admits(token, 999.0)
    assert not keys.admits(token, 1_000.0)
    assert not keys.admits("another", 100.0)
    assert not keys.admits(None, 100.0)


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 2)), max_size=60))
def test_a_counter_never_stands_above_its_limit(calls):
    counter, now_s = Counter(20.0, 0.5), 0.0
    for pause_s, cost in calls:
        now_s += pause_s
        before = counter.count(now_s)
        try:
            counter.spend(cost, now_s, "EAPI:Rate limit exceeded")
        except Refused:
            assert before + cost > 20
        assert 0 <= counter.count(now_s) <= 20


def test_twenty_calls_are_taken_at_once_and_then_one_in_two_seconds():
    counters = Counters(Limits())
    for _ in range(20):
        counters.call("key", 1.0, 0.0)
    with pytest.raises(Refused, match="EAPI:Rate limit exceeded"):
        counters.call("key", 1.0, 1.9)
    counters.call("key", 1.0, 4.0)
    counters.call("another key", 1.0, 0.0)


def test_young_cancels_cost_the_orders_that_come_after_them():
    counters = Counters(Limits(orders=20.0, orders_decay_per_s=0.0))
    for name in ("first", "second"):
        counters.order("BTC/USD", 0.0)
        counters.placed(name, 0.0)
    counters.cancel("BTC/USD", "first", 1.0)
    counters.cancel("BTC/USD", "second", 1.0)
    counters.order("BTC/USD", 1.0)
    counters.order("BTC/USD", 1.0)
    with pytest.raises(Refused, match="EOrder:Rate limit exceeded"):
        counters.order("BTC/USD", 1.0)
    counters.order("ETH/USD", 1.0)


def test_a_cancel_is_never_refused_by_the_counter():
    counters = Counters(Limits(orders=1.0, orders_decay_per_s=0.0))
    counters.order("BTC/USD", 0.0)
    counters.placed("only", 0.0)
    counters.cancel("BTC/USD", "only", 0.0)
