"""Evaluation through an executor: the same numbers on each."""

import json
import math
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.cells import ViabilityRules
from evotrade.engine.execution import Execution, Limits
from evotrade.errors import EvolutionError, SettingsError
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Plan, evaluate_all
from evotrade.evolution.executors import SerialExecutor, open_executor
from evotrade.evolution.ledger import settings_key
from evotrade.evolution.splits import borders, divide
from evotrade.genome import Palette, random_genome
from evotrade.market import resample, synthetic_candles

CANDLES = synthetic_candles(1_200, "1h", seed=6)
GENOMES = [random_genome(np.random.default_rng(number), Palette(max_window=40)) for number in range(240)]


def plan():
    borders_s = borders(CANDLES, (0.6, 0.2, 0.2))
    spans = {name: tuple(divide(resample(CANDLES, name), borders_s, 100)[:2]) for name in ("1h", "4h")}
    return Plan(spans, Execution(fee_bps=5), "votes", {"1h": 100, "4h": 20})


def bits(evaluations):
    """All numbers as text, so that NaN equals NaN."""
    return repr(evaluations)


def test_results_are_the_same_and_in_order_on_every_executor():
    expected = bits(evaluate_all(GENOMES, CANDLES, plan(), SerialExecutor()))
    with ThreadPoolExecutor(2) as threads:
        assert bits(evaluate_all(GENOMES, CANDLES, plan(), threads, workers=2)) == expected
    with open_executor("processes", 2) as processes:
        assert bits(evaluate_all(GENOMES, CANDLES, plan(), processes, workers=2)) == expected


@pytest.mark.process
def test_results_are_the_same_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    address = cluster.scheduler_address.removeprefix("tcp://")
    with cluster, open_executor(f"dask://{address}", 2) as dask:
        found = bits(evaluate_all(GENOMES, CANDLES, plan(), dask, workers=2))
    assert found == bits(evaluate_all(GENOMES, CANDLES, plan(), SerialExecutor()))


def test_a_task_s_error_reaches_its_caller():
    with SerialExecutor() as executor, pytest.raises(ZeroDivisionError):
        executor.submit(lambda: 1 // 0).result()


def interrupted():
    raise KeyboardInterrupt


def test_ctrl_c_in_a_serial_task_is_not_kept_until_the_other_tasks_are_done():
    with SerialExecutor() as executor, pytest.raises(KeyboardInterrupt):
        executor.submit(interrupted)


def test_an_executor_that_nobody_knows_is_refused():
    expected = pytest.raises(SettingsError, match="use serial, threads, processes or dask://HOST:PORT")
    with expected, open_executor("quantum", 1):
        pass


def test_a_worker_that_dies_is_told_with_the_way_to_go_on():
    expected = pytest.raises(EvolutionError, match="a worker died .* go on with --resume")
    with expected, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os._exit, 1).exception()
        evaluate_all(GENOMES, CANDLES, plan(), pool)


@given(st.permutations(["timeframe", "combine", "fee_bps"]))
@settings(max_examples=6)
def test_settings_are_named_whatever_their_order(order):
    values = {"timeframe": "1h", "combine": "votes", "fee_bps": 40.0}
    assert settings_key({name: values[name] for name in order}) == settings_key(values)
    assert settings_key(values) != settings_key(values | {"fee_bps": math.nextafter(40.0, 41)})


def test_a_dish_comes_back_from_json():
    limits = Limits(stop_loss_pct=5.0)
    rules = ViabilityRules(strict=True)
    dish = Dish.of(
        "dish", CANDLES, timeframes=["1H", "4h"], execution=Execution(limits=limits), viability=rules
    )
    assert dish.timeframes == ("1h", "4h")
    assert Dish.from_dict(json.loads(json.dumps(dish.to_dict()))) == dish
