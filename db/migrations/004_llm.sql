-- What language models were asked, what each attempt answered and what came of it, and what they saw in populations.
-- An ask is stored when it begins and an attempt when it ends, so that an ask that dies half-way leaves its attempts.

CREATE TABLE llm_asks (
    ask_id BIGINT PRIMARY KEY,
    kind VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    instructions VARCHAR NOT NULL,
    prompt VARCHAR NOT NULL,
    pair VARCHAR NOT NULL,
    dish VARCHAR NOT NULL,
    run_id BIGINT,
    generation INTEGER,
    session_id BIGINT,
    cell_ids BIGINT[] NOT NULL,
    objective VARCHAR NOT NULL,
    parent_fitness DOUBLE,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    reason VARCHAR,
    message VARCHAR,
    answer VARCHAR,
    born_id BIGINT
);
COMMENT ON TABLE llm_asks IS 'What language models were asked for';
COMMENT ON COLUMN llm_asks.ask_id IS 'number of the ask, from 1';
COMMENT ON COLUMN llm_asks.kind IS 'create, fork, try, evolve, explain, name, patterns or suggest';
COMMENT ON COLUMN llm_asks.model IS 'which model, as provider:model';
COMMENT ON COLUMN llm_asks.instructions IS 'what it was told of the language and of its task';
COMMENT ON COLUMN llm_asks.prompt IS 'what it was asked';
COMMENT ON COLUMN llm_asks.pair IS 'pair that strategies were judged on, as BTC/USD; empty where nothing was judged';
COMMENT ON COLUMN llm_asks.dish IS 'dish it was about, empty for none';
COMMENT ON COLUMN llm_asks.run_id IS 'run of the dish whose offspring it was asked for; NULL otherwise';
COMMENT ON COLUMN llm_asks.generation IS 'generation of that run, from 0; NULL otherwise';
COMMENT ON COLUMN llm_asks.session_id IS 'live session it was about; NULL for none';
COMMENT ON COLUMN llm_asks.cell_ids IS 'cells it was about, the parent of a fork first';
COMMENT ON COLUMN llm_asks.objective IS 'metric that fitness is, empty where nothing was judged';
COMMENT ON COLUMN llm_asks.parent_fitness IS 'fitness of the parent, unit of the objective; NULL without one';
COMMENT ON COLUMN llm_asks.started_at IS 'UTC';
COMMENT ON COLUMN llm_asks.finished_at IS 'UTC; NULL while it runs or when it was killed';
COMMENT ON COLUMN llm_asks.reason IS 'why it ended: done, attempts, tokens, money, time, cancelled or failed';
COMMENT ON COLUMN llm_asks.message IS 'the same in a sentence';
COMMENT ON COLUMN llm_asks.answer IS 'an answer that is no proposal, JSON; NULL otherwise';
COMMENT ON COLUMN llm_asks.born_id IS 'cell that came of it; NULL where none did';

CREATE TABLE llm_attempts (
    ask_id BIGINT,
    number INTEGER,
    prompt VARCHAR NOT NULL,
    answer VARCHAR NOT NULL,
    name VARCHAR,
    category VARCHAR,
    hypothesis VARCHAR,
    genome VARCHAR,
    expected_trades DOUBLE,
    expected_win_rate_pct DOUBLE,
    expected_sharpe DOUBLE,
    error VARCHAR,
    error_line INTEGER,
    error_column INTEGER,
    error_length INTEGER,
    error_suggestion VARCHAR,
    genome_id VARCHAR,
    fitness DOUBLE,
    status VARCHAR,
    reasons VARCHAR[],
    timeframe VARCHAR,
    split VARCHAR,
    trades DOUBLE,
    win_rate_pct DOUBLE,
    sharpe DOUBLE,
    metrics VARCHAR,
    tokens_in BIGINT NOT NULL,
    tokens_out BIGINT NOT NULL,
    cost_usd DOUBLE,
    started_at TIMESTAMPTZ NOT NULL,
    seconds DOUBLE NOT NULL,
    PRIMARY KEY (ask_id, number)
);
COMMENT ON TABLE llm_attempts IS 'Each answer of a language model, what was wrong with it, and what its backtest gave';
COMMENT ON COLUMN llm_attempts.ask_id IS 'number of the ask';
COMMENT ON COLUMN llm_attempts.number IS 'number of the attempt within it, from 1';
COMMENT ON COLUMN llm_attempts.prompt IS 'what was newly sent for it: the question, then the error or score of the attempt before';
COMMENT ON COLUMN llm_attempts.answer IS 'what came back, as it came';
COMMENT ON COLUMN llm_attempts.name IS 'name it proposed; NULL with all of the proposal where the answer held none';
COMMENT ON COLUMN llm_attempts.category IS 'category it proposed';
COMMENT ON COLUMN llm_attempts.hypothesis IS 'why it should work, in its words';
COMMENT ON COLUMN llm_attempts.genome IS 'text of the genome it proposed';
COMMENT ON COLUMN llm_attempts.expected_trades IS 'entries it expected on the span that was judged, count';
COMMENT ON COLUMN llm_attempts.expected_win_rate_pct IS 'win rate it expected there, percent';
COMMENT ON COLUMN llm_attempts.expected_sharpe IS 'annual Sharpe ratio it expected there';
COMMENT ON COLUMN llm_attempts.error IS 'why it was not judged; NULL where it was';
COMMENT ON COLUMN llm_attempts.error_line IS 'line of the genome, from 1; NULL for an error without a place in it';
COMMENT ON COLUMN llm_attempts.error_column IS 'column of that line, from 1';
COMMENT ON COLUMN llm_attempts.error_length IS 'characters concerned, count';
COMMENT ON COLUMN llm_attempts.error_suggestion IS 'replacement for them; NULL where there is none';
COMMENT ON COLUMN llm_attempts.genome_id IS 'hash of the canonical tree; NULL, as all that follows, where it was not judged';
COMMENT ON COLUMN llm_attempts.fitness IS 'unit of the objective of the ask';
COMMENT ON COLUMN llm_attempts.status IS 'alive or dead, as the cell would be';
COMMENT ON COLUMN llm_attempts.reasons IS 'why it has that status';
COMMENT ON COLUMN llm_attempts.timeframe IS 'length of a bar, as 1h, where the fitness was measured';
COMMENT ON COLUMN llm_attempts.split IS 'train, or all where the bench has no splits';
COMMENT ON COLUMN llm_attempts.trades IS 'entries there, count';
COMMENT ON COLUMN llm_attempts.win_rate_pct IS 'closed trades that won there, percent';
COMMENT ON COLUMN llm_attempts.sharpe IS 'annual Sharpe ratio there';
COMMENT ON COLUMN llm_attempts.metrics IS 'what was told of it to the model: metrics by timeframe and split, JSON';
COMMENT ON COLUMN llm_attempts.tokens_in IS 'tokens read by the model, count';
COMMENT ON COLUMN llm_attempts.tokens_out IS 'tokens written by it, count';
COMMENT ON COLUMN llm_attempts.cost_usd IS 'US dollars; NULL where the price is not known';
COMMENT ON COLUMN llm_attempts.started_at IS 'UTC';
COMMENT ON COLUMN llm_attempts.seconds IS 'until its answer was complete, or broke off';

CREATE TABLE llm_patterns (
    pattern_id BIGINT PRIMARY KEY,
    ask_id BIGINT NOT NULL,
    model VARCHAR NOT NULL,
    dish VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    cell_ids BIGINT[] NOT NULL,
    found_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE llm_patterns IS 'What language models saw in populations';
COMMENT ON COLUMN llm_patterns.pattern_id IS 'number of the pattern, from 1';
COMMENT ON COLUMN llm_patterns.ask_id IS 'ask that it came of';
COMMENT ON COLUMN llm_patterns.model IS 'which model saw it';
COMMENT ON COLUMN llm_patterns.dish IS 'dish it was seen in, empty for all cells';
COMMENT ON COLUMN llm_patterns.name IS 'name of the pattern';
COMMENT ON COLUMN llm_patterns.description IS 'what it is, in words';
COMMENT ON COLUMN llm_patterns.cell_ids IS 'cells that show it';
COMMENT ON COLUMN llm_patterns.found_at IS 'when, UTC';
