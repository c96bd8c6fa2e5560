-- What the lab keeps: dishes, runs, cells, phenotypes, the ledger of trials, candles.
-- No foreign keys: DuckDB turns an update of a referenced row into delete and insert, which then fails;
-- evotrade doctor looks for orphans instead. A metric without a value is NaN, one never computed is NULL.

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    sha256 VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE schema_version IS 'Migrations applied to this file';
COMMENT ON COLUMN schema_version.version IS 'number of the migration';
COMMENT ON COLUMN schema_version.sha256 IS 'hash of its SQL, 64 hexadecimal digits';
COMMENT ON COLUMN schema_version.applied_at IS 'when, UTC';

CREATE TABLE dishes (
    name VARCHAR PRIMARY KEY,
    spec VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE dishes IS 'Named, resumable experiments';
COMMENT ON COLUMN dishes.name IS 'name of the dish';
COMMENT ON COLUMN dishes.spec IS 'all its settings, JSON';
COMMENT ON COLUMN dishes.created_at IS 'when it was made, UTC';

CREATE TABLE runs (
    run_id BIGINT PRIMARY KEY,
    dish VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    reason VARCHAR,
    checkpoint VARCHAR,
    checkpoint_generation INTEGER
);
COMMENT ON TABLE runs IS 'Executions of a dish; a resumed run goes on under its own number';
COMMENT ON COLUMN runs.run_id IS 'number of the run';
COMMENT ON COLUMN runs.dish IS 'name of the dish';
COMMENT ON COLUMN runs.started_at IS 'UTC';
COMMENT ON COLUMN runs.finished_at IS 'UTC; NULL while it runs or when it was killed';
COMMENT ON COLUMN runs.reason IS 'why it ended';
COMMENT ON COLUMN runs.checkpoint IS 'state after the last stored generation, JSON';
COMMENT ON COLUMN runs.checkpoint_generation IS 'that generation, from 0';

CREATE TABLE generations (
    run_id BIGINT,
    generation INTEGER,
    evaluated BIGINT NOT NULL,
    born BIGINT NOT NULL,
    best DOUBLE NOT NULL,
    median DOUBLE NOT NULL,
    diversity DOUBLE NOT NULL,
    cells_per_second DOUBLE NOT NULL,
    seconds DOUBLE NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, generation)
);
COMMENT ON TABLE generations IS 'Statistics of each generation of a run';
COMMENT ON COLUMN generations.run_id IS 'number of the run';
COMMENT ON COLUMN generations.generation IS 'from 0';
COMMENT ON COLUMN generations.evaluated IS 'genomes evaluated, count';
COMMENT ON COLUMN generations.born IS 'cells born, count';
COMMENT ON COLUMN generations.best IS 'best fitness of the population, unit of the objective';
COMMENT ON COLUMN generations.median IS 'median fitness of the population, unit of the objective';
COMMENT ON COLUMN generations.diversity IS 'share of the population with a genome shape of its own, 0 to 1';
COMMENT ON COLUMN generations.cells_per_second IS 'genomes evaluated per second of wall time';
COMMENT ON COLUMN generations.seconds IS 'wall time of the generation, seconds';
COMMENT ON COLUMN generations.finished_at IS 'when it was done, UTC';

CREATE TABLE failures (
    run_id BIGINT,
    generation INTEGER,
    reason VARCHAR,
    count BIGINT NOT NULL,
    PRIMARY KEY (run_id, generation, reason)
);
COMMENT ON TABLE failures IS 'Mutations that were not born, counted by reason';
COMMENT ON COLUMN failures.run_id IS 'number of the run';
COMMENT ON COLUMN failures.generation IS 'from 0';
COMMENT ON COLUMN failures.reason IS 'why they were not born';
COMMENT ON COLUMN failures.count IS 'how many';

CREATE TABLE cells (
    cell_id BIGINT PRIMARY KEY,
    name VARCHAR NOT NULL,
    dish VARCHAR NOT NULL,
    generation INTEGER NOT NULL,
    parent_id BIGINT,
    second_parent_id BIGINT,
    origin VARCHAR NOT NULL,
    operator VARCHAR NOT NULL,
    genome VARCHAR NOT NULL,
    genome_id VARCHAR NOT NULL,
    combine VARCHAR NOT NULL,
    objective VARCHAR NOT NULL,
    fitness DOUBLE NOT NULL,
    status VARCHAR NOT NULL,
    reasons VARCHAR[] NOT NULL,
    category VARCHAR NOT NULL,
    hypothesis VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    llm_name VARCHAR,
    llm_model VARCHAR,
    llm_category VARCHAR,
    llm_hypothesis VARCHAR
);
COMMENT ON TABLE cells IS 'Strategies with their lineage and status';
COMMENT ON COLUMN cells.cell_id IS 'number of the cell, from 1';
COMMENT ON COLUMN cells.name IS 'name given by people, may be empty';
COMMENT ON COLUMN cells.dish IS 'dish it was born in, empty for none';
COMMENT ON COLUMN cells.generation IS 'generation it was born in, from 0';
COMMENT ON COLUMN cells.parent_id IS 'cell it descends from';
COMMENT ON COLUMN cells.second_parent_id IS 'second parent, after a crossover';
COMMENT ON COLUMN cells.origin IS 'founder, evolution, llm, person or import';
COMMENT ON COLUMN cells.operator IS 'operator that made the genome from its parents''';
COMMENT ON COLUMN cells.genome IS 'text of the genome, abstract style';
COMMENT ON COLUMN cells.genome_id IS 'hash of the canonical tree';
COMMENT ON COLUMN cells.combine IS 'how the rules'' votes are combined';
COMMENT ON COLUMN cells.objective IS 'metric that fitness is';
COMMENT ON COLUMN cells.fitness IS 'on train, in the unit of the objective';
COMMENT ON COLUMN cells.status IS 'alive or dead';
COMMENT ON COLUMN cells.reasons IS 'why it has this status';
COMMENT ON COLUMN cells.category IS 'category given by people, may be empty';
COMMENT ON COLUMN cells.hypothesis IS 'why it should work, in words, may be empty';
COMMENT ON COLUMN cells.created_at IS 'when it was born, UTC';
COMMENT ON COLUMN cells.llm_name IS 'name that a language model gave it';
COMMENT ON COLUMN cells.llm_model IS 'which model that was';
COMMENT ON COLUMN cells.llm_category IS 'category that the model gave';
COMMENT ON COLUMN cells.llm_hypothesis IS 'hypothesis of the model';

CREATE TABLE status_history (
    cell_id BIGINT NOT NULL,
    status VARCHAR NOT NULL,
    reasons VARCHAR[] NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE status_history IS 'Each change of a cell''s status or of its reasons, its birth first';
COMMENT ON COLUMN status_history.cell_id IS 'number of the cell';
COMMENT ON COLUMN status_history.status IS 'alive or dead';
COMMENT ON COLUMN status_history.reasons IS 'why';
COMMENT ON COLUMN status_history.changed_at IS 'since when, UTC';

CREATE TABLE phenotypes (
    cell_id BIGINT NOT NULL,
    position INTEGER NOT NULL,
    pair VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    timeframe VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    span_start TIMESTAMPTZ NOT NULL,
    span_end TIMESTAMPTZ NOT NULL,
    bars BIGINT NOT NULL,
    net_profit DOUBLE,
    return_pct DOUBLE,
    cagr_pct DOUBLE,
    buy_hold_return_pct DOUBLE,
    exposure_pct DOUBLE,
    volatility_pct DOUBLE,
    sharpe DOUBLE,
    sortino DOUBLE,
    calmar DOUBLE,
    omega DOUBLE,
    max_drawdown_pct DOUBLE,
    max_drawdown_bars DOUBLE,
    avg_drawdown_pct DOUBLE,
    trades DOUBLE,
    closed_trades DOUBLE,
    win_rate_pct DOUBLE,
    profit_factor DOUBLE,
    expectancy_pct DOUBLE,
    avg_trade_pct DOUBLE,
    best_trade_pct DOUBLE,
    worst_trade_pct DOUBLE,
    avg_holding_bars DOUBLE,
    max_win_streak DOUBLE,
    max_loss_streak DOUBLE,
    sqn DOUBLE,
    kelly DOUBLE,
    turnover DOUBLE,
    fees_paid DOUBLE,
    breakeven_bps DOUBLE,
    final_equity DOUBLE,
    base_timeframe VARCHAR NOT NULL,
    data_hash VARCHAR NOT NULL,
    series_start TIMESTAMPTZ NOT NULL,
    series_end TIMESTAMPTZ NOT NULL,
    execution VARCHAR NOT NULL,
    combine VARCHAR NOT NULL,
    engine_version VARCHAR NOT NULL,
    seed BIGINT,
    recorded BOOLEAN NOT NULL,
    skipped VARCHAR
);
COMMENT ON TABLE phenotypes IS 'Metrics of a cell on one data set, timeframe and split';
COMMENT ON COLUMN phenotypes.cell_id IS 'number of the cell';
COMMENT ON COLUMN phenotypes.position IS 'order among the phenotypes of the cell, from 0';
COMMENT ON COLUMN phenotypes.pair IS 'pair, as BTC/USD';
COMMENT ON COLUMN phenotypes.source IS 'where the candles came from: kraken, archive, sandbox, synthetic';
COMMENT ON COLUMN phenotypes.timeframe IS 'length of a bar, as 1h';
COMMENT ON COLUMN phenotypes.split IS 'train, validation, vault, or all';
COMMENT ON COLUMN phenotypes.span_start IS 'first moment of the span, UTC';
COMMENT ON COLUMN phenotypes.span_end IS 'end of the span, exclusive, UTC';
COMMENT ON COLUMN phenotypes.bars IS 'bars of the span at this timeframe, count';
COMMENT ON COLUMN phenotypes.net_profit IS 'profit after fees, quote currency';
COMMENT ON COLUMN phenotypes.return_pct IS 'return over the span, percent';
COMMENT ON COLUMN phenotypes.cagr_pct IS 'compound annual growth, percent a year';
COMMENT ON COLUMN phenotypes.buy_hold_return_pct IS 'return of buying at the start and holding, percent';
COMMENT ON COLUMN phenotypes.exposure_pct IS 'share of closes at which a position is held, percent';
COMMENT ON COLUMN phenotypes.volatility_pct IS 'annual standard deviation of returns, percent';
COMMENT ON COLUMN phenotypes.sharpe IS 'annual Sharpe ratio, risk-free 0, ratio';
COMMENT ON COLUMN phenotypes.sortino IS 'annual Sortino ratio, ratio';
COMMENT ON COLUMN phenotypes.calmar IS 'annual growth over maximum drawdown, ratio';
COMMENT ON COLUMN phenotypes.omega IS 'gains over losses of per-bar returns, ratio';
COMMENT ON COLUMN phenotypes.max_drawdown_pct IS 'deepest fall from a peak, positive, percent';
COMMENT ON COLUMN phenotypes.max_drawdown_bars IS 'longest time below a peak, bars';
COMMENT ON COLUMN phenotypes.avg_drawdown_pct IS 'mean fall from a peak, positive, percent';
COMMENT ON COLUMN phenotypes.trades IS 'entries, count';
COMMENT ON COLUMN phenotypes.closed_trades IS 'entries that were closed, count';
COMMENT ON COLUMN phenotypes.win_rate_pct IS 'closed trades that won, percent';
COMMENT ON COLUMN phenotypes.profit_factor IS 'sum won over sum lost, ratio';
COMMENT ON COLUMN phenotypes.expectancy_pct IS 'mean result of a closed trade, percent';
COMMENT ON COLUMN phenotypes.avg_trade_pct IS 'geometric mean result of a closed trade, percent';
COMMENT ON COLUMN phenotypes.best_trade_pct IS 'best closed trade, percent';
COMMENT ON COLUMN phenotypes.worst_trade_pct IS 'worst closed trade, percent';
COMMENT ON COLUMN phenotypes.avg_holding_bars IS 'mean time in a closed trade, bars';
COMMENT ON COLUMN phenotypes.max_win_streak IS 'longest run of winning trades, count';
COMMENT ON COLUMN phenotypes.max_loss_streak IS 'longest run of losing trades, count';
COMMENT ON COLUMN phenotypes.sqn IS 'system quality number, ratio';
COMMENT ON COLUMN phenotypes.kelly IS 'Kelly fraction, share of capital';
COMMENT ON COLUMN phenotypes.turnover IS 'value traded over mean equity, ratio';
COMMENT ON COLUMN phenotypes.fees_paid IS 'fees, without slippage, quote currency';
COMMENT ON COLUMN phenotypes.breakeven_bps IS 'cost per side at which the profit is gone, basis points';
COMMENT ON COLUMN phenotypes.final_equity IS 'equity at the last close, quote currency';
COMMENT ON COLUMN phenotypes.base_timeframe IS 'timeframe of the candles it was computed from';
COMMENT ON COLUMN phenotypes.data_hash IS 'names the contents of those candles';
COMMENT ON COLUMN phenotypes.series_start IS 'first bar of those candles, UTC';
COMMENT ON COLUMN phenotypes.series_end IS 'end of their last bar, exclusive, UTC';
COMMENT ON COLUMN phenotypes.execution IS 'costs, fills and limits, JSON';
COMMENT ON COLUMN phenotypes.combine IS 'how the rules'' votes were combined';
COMMENT ON COLUMN phenotypes.engine_version IS 'version of the engine';
COMMENT ON COLUMN phenotypes.seed IS 'seed of the dish';
COMMENT ON COLUMN phenotypes.recorded IS 'whether another system computed the numbers';
COMMENT ON COLUMN phenotypes.skipped IS 'why the genome could not run here; NULL where it ran';

CREATE TABLE trials (
    trial_id BIGINT NOT NULL,
    genome_id VARCHAR NOT NULL,
    genome VARCHAR NOT NULL,
    settings_key VARCHAR NOT NULL,
    dish VARCHAR NOT NULL,
    run_id BIGINT,
    generation INTEGER NOT NULL,
    operator VARCHAR NOT NULL,
    pair VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    timeframe VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    span_start TIMESTAMPTZ NOT NULL,
    span_end TIMESTAMPTZ NOT NULL,
    bars BIGINT NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    fitness DOUBLE NOT NULL,
    trades BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL,
    slice_n BIGINT[] NOT NULL,
    slice_sum DOUBLE[] NOT NULL,
    slice_sum_sq DOUBLE[] NOT NULL,
    skew DOUBLE NOT NULL,
    kurtosis DOUBLE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE trials IS 'Every evaluation of a genome with its settings, whatever came of it';
COMMENT ON COLUMN trials.trial_id IS 'number of the trial, in the order entered; no key, for bulk speed';
COMMENT ON COLUMN trials.genome_id IS 'hash of the canonical tree';
COMMENT ON COLUMN trials.genome IS 'text of the genome';
COMMENT ON COLUMN trials.settings_key IS 'hash of the settings it was evaluated with';
COMMENT ON COLUMN trials.dish IS 'dish, empty outside of one';
COMMENT ON COLUMN trials.run_id IS 'run, NULL outside of one';
COMMENT ON COLUMN trials.generation IS 'generation of the run, from 0';
COMMENT ON COLUMN trials.operator IS 'operator that made the genome';
COMMENT ON COLUMN trials.pair IS 'pair, as BTC/USD';
COMMENT ON COLUMN trials.source IS 'where the candles came from: kraken, archive, sandbox, synthetic';
COMMENT ON COLUMN trials.timeframe IS 'length of a bar, as 1h';
COMMENT ON COLUMN trials.split IS 'train, validation, vault, or all';
COMMENT ON COLUMN trials.span_start IS 'first moment of the span, UTC';
COMMENT ON COLUMN trials.span_end IS 'end of the span, exclusive, UTC';
COMMENT ON COLUMN trials.bars IS 'bars of the span at this timeframe, count';
COMMENT ON COLUMN trials.outcome IS 'born, failed, finalist, test or imported';
COMMENT ON COLUMN trials.reason IS 'why it was not born, otherwise empty';
COMMENT ON COLUMN trials.fitness IS 'unit of the objective';
COMMENT ON COLUMN trials.trades IS 'entries, count';
COMMENT ON COLUMN trials.fingerprint IS 'hash of the decisions inside the span';
COMMENT ON COLUMN trials.slice_n IS 'returns in each of 16 equal slices of the span, count';
COMMENT ON COLUMN trials.slice_sum IS 'sum of the per-bar returns of each slice, fractions';
COMMENT ON COLUMN trials.slice_sum_sq IS 'sum of their squares';
COMMENT ON COLUMN trials.skew IS 'skewness of all per-bar returns';
COMMENT ON COLUMN trials.kurtosis IS 'kurtosis of all per-bar returns, not excess';
COMMENT ON COLUMN trials.created_at IS 'when it was evaluated, UTC';

CREATE TABLE series (
    series_id INTEGER PRIMARY KEY,
    pair VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    timeframe VARCHAR NOT NULL
);
COMMENT ON TABLE series IS 'Candle series; series of several sources never mix';
COMMENT ON COLUMN series.series_id IS 'number of the series';
COMMENT ON COLUMN series.pair IS 'pair, as BTC/USD';
COMMENT ON COLUMN series.source IS 'where the candles came from: kraken, archive, sandbox, synthetic';
COMMENT ON COLUMN series.timeframe IS 'length of a bar, as 1h';

CREATE TABLE candles (
    series_id INTEGER,
    bar_start TIMESTAMPTZ,
    open DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    close DOUBLE NOT NULL,
    volume DOUBLE NOT NULL,
    trades DOUBLE NOT NULL,
    funding_rate DOUBLE,
    open_interest DOUBLE,
    PRIMARY KEY (series_id, bar_start)
);
COMMENT ON TABLE candles IS 'Bars; one covers [bar_start, bar_start + timeframe)';
COMMENT ON COLUMN candles.series_id IS 'number of the series';
COMMENT ON COLUMN candles.bar_start IS 'start of the bar, UTC';
COMMENT ON COLUMN candles.open IS 'first price, quote currency';
COMMENT ON COLUMN candles.high IS 'highest price, quote currency';
COMMENT ON COLUMN candles.low IS 'lowest price, quote currency';
COMMENT ON COLUMN candles.close IS 'last price, quote currency';
COMMENT ON COLUMN candles.volume IS 'amount traded, base currency';
COMMENT ON COLUMN candles.trades IS 'trades, count';
COMMENT ON COLUMN candles.funding_rate IS 'funding paid in the bar, fraction; NULL where the market has none';
COMMENT ON COLUMN candles.open_interest IS 'open interest at the close, base currency; NULL where the market has none';
