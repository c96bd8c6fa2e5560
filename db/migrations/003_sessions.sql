-- What sessions need to be followed, recovered, verified and kept: whose they are, each change of state,
-- the bars they decided on, alerts, down-sampled ticks, and the archive.
-- Rows come through the daemon's outbox, whose number (record_id) is the key of those that have no other.

ALTER TABLE sessions ADD COLUMN session_key VARCHAR DEFAULT '';
ALTER TABLE sessions ADD COLUMN combine VARCHAR DEFAULT 'votes';
ALTER TABLE sessions ADD COLUMN owner VARCHAR DEFAULT '';
ALTER TABLE sessions ADD COLUMN entry_price DECIMAL(28, 10);
ALTER TABLE sessions ADD COLUMN price DOUBLE;
ALTER TABLE sessions ADD COLUMN price_at TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN current_pnl DECIMAL(28, 10) DEFAULT 0;
ALTER TABLE sessions ADD COLUMN final_pnl DECIMAL(28, 10);
ALTER TABLE sessions ADD COLUMN trade_count INTEGER DEFAULT 0;
ALTER TABLE sessions ADD COLUMN missed_bars INTEGER DEFAULT 0;
ALTER TABLE sessions ALTER COLUMN session_key SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN combine SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN owner SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN current_pnl SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN trade_count SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN missed_bars SET NOT NULL;
COMMENT ON COLUMN sessions.session_key IS 'UUID of the session, from which the ids of its orders are made';
COMMENT ON COLUMN sessions.combine IS 'how the rules'' votes are combined';
COMMENT ON COLUMN sessions.owner IS 'who started it, name of the token';
COMMENT ON COLUMN sessions.entry_price IS 'mean price of the position it holds now, quote currency; NULL without one';
COMMENT ON COLUMN sessions.price IS 'last trade it saw, quote currency; NULL before the first';
COMMENT ON COLUMN sessions.price_at IS 'when that was, time of the exchange, UTC';
COMMENT ON COLUMN sessions.current_pnl IS 'profit since the start at that price, quote currency';
COMMENT ON COLUMN sessions.final_pnl IS 'profit when it ended, quote currency; NULL until then';
COMMENT ON COLUMN sessions.trade_count IS 'entries filled, count';
COMMENT ON COLUMN sessions.missed_bars IS 'bars whose signal came too late to trade on, count';

ALTER TABLE orders ADD COLUMN cause VARCHAR DEFAULT '';
ALTER TABLE orders ALTER COLUMN cause SET NOT NULL;
COMMENT ON COLUMN orders.cause IS 'why it was made: signal, the limit that struck, or stop';

-- A fill and a trade are known within their session: a sandbox that starts anew counts from 1 again.
ALTER TABLE fills RENAME TO old_fills;
CREATE TABLE fills (
    fill_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    session_id BIGINT NOT NULL,
    filled_at TIMESTAMPTZ NOT NULL,
    side VARCHAR NOT NULL,
    quantity DECIMAL(28, 10) NOT NULL,
    price DECIMAL(28, 10) NOT NULL,
    fee DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    position_after DECIMAL(28, 10) NOT NULL,
    market DECIMAL(28, 10),
    PRIMARY KEY (session_id, fill_id)
);
COMMENT ON TABLE fills IS 'Executions of orders';
COMMENT ON COLUMN fills.fill_id IS 'number that the exchange or the paper broker gave it, its own within the session';
COMMENT ON COLUMN fills.order_id IS 'order it belongs to';
COMMENT ON COLUMN fills.session_id IS 'number of the session';
COMMENT ON COLUMN fills.filled_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN fills.side IS 'buy or sell';
COMMENT ON COLUMN fills.quantity IS 'base currency';
COMMENT ON COLUMN fills.price IS 'quote currency';
COMMENT ON COLUMN fills.fee IS 'quote currency';
COMMENT ON COLUMN fills.pnl IS 'profit of what it closed after fees, quote currency; NULL for an entry';
COMMENT ON COLUMN fills.position_after IS 'position afterwards, base currency';
COMMENT ON COLUMN fills.market IS 'last trade at that moment, quote currency; NULL where it is not known';
INSERT INTO fills (fill_id, order_id, session_id, filled_at, side, quantity, price, fee, pnl, position_after)
SELECT fill_id, order_id, session_id, filled_at, side, quantity, price, fee, pnl, position_after
FROM old_fills;
DROP TABLE old_fills;

ALTER TABLE trades RENAME TO old_trades;
CREATE TABLE trades (
    trade_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    entry_at TIMESTAMPTZ NOT NULL,
    exit_at TIMESTAMPTZ,
    quantity DECIMAL(28, 10) NOT NULL,
    entry_price DECIMAL(28, 10) NOT NULL,
    exit_price DECIMAL(28, 10),
    fees DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    exit_reason VARCHAR,
    PRIMARY KEY (session_id, trade_id)
);
COMMENT ON TABLE trades IS 'An entry and what closed it';
COMMENT ON COLUMN trades.trade_id IS 'number of the trade within its session, from 1';
COMMENT ON COLUMN trades.session_id IS 'number of the session';
COMMENT ON COLUMN trades.entry_at IS 'first fill of the entry, UTC';
COMMENT ON COLUMN trades.exit_at IS 'last fill of the exit, UTC; NULL while it is open';
COMMENT ON COLUMN trades.quantity IS 'base currency';
COMMENT ON COLUMN trades.entry_price IS 'mean price of the entry, quote currency';
COMMENT ON COLUMN trades.exit_price IS 'mean price of the exit, quote currency';
COMMENT ON COLUMN trades.fees IS 'of entry and exit, quote currency';
COMMENT ON COLUMN trades.pnl IS 'profit after fees, quote currency';
COMMENT ON COLUMN trades.exit_reason IS 'signal, the limit that struck, or stop of the session';
INSERT INTO trades (trade_id, session_id, entry_at, exit_at, quantity, entry_price, exit_price, fees, pnl, exit_reason)
SELECT trade_id, session_id, entry_at, exit_at, quantity, entry_price, exit_price, fees, pnl, exit_reason
FROM old_trades;
DROP TABLE old_trades;

CREATE TABLE transitions (
    record_id BIGINT PRIMARY KEY,
    session_id BIGINT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    before VARCHAR NOT NULL,
    after VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);
COMMENT ON TABLE transitions IS 'Each change of a session''s status';
COMMENT ON COLUMN transitions.record_id IS 'number that the outbox gave it, rising in time';
COMMENT ON COLUMN transitions.session_id IS 'number of the session';
COMMENT ON COLUMN transitions.changed_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN transitions.before IS 'status until then';
COMMENT ON COLUMN transitions.after IS 'status from then on';
COMMENT ON COLUMN transitions.reason IS 'why';

CREATE TABLE session_bars (
    session_id BIGINT,
    start TIMESTAMPTZ,
    open DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    close DOUBLE NOT NULL,
    volume DOUBLE NOT NULL,
    trades DOUBLE NOT NULL,
    decision TINYINT,
    missed VARCHAR NOT NULL,
    PRIMARY KEY (session_id, start)
);
COMMENT ON TABLE session_bars IS 'The bars that a session used, as it saw them, and what it decided';
COMMENT ON COLUMN session_bars.session_id IS 'number of the session';
COMMENT ON COLUMN session_bars.start IS 'start of the bar, UTC';
COMMENT ON COLUMN session_bars.open IS 'first price, quote currency';
COMMENT ON COLUMN session_bars.high IS 'highest price, quote currency';
COMMENT ON COLUMN session_bars.low IS 'lowest price, quote currency';
COMMENT ON COLUMN session_bars.close IS 'last price, quote currency';
COMMENT ON COLUMN session_bars.volume IS 'amount traded, base currency';
COMMENT ON COLUMN session_bars.trades IS 'trades, count';
COMMENT ON COLUMN session_bars.decision IS 'at its close: 1 buy, -1 sell, 0 hold; NULL for a bar of the lookback, from before the start';
COMMENT ON COLUMN session_bars.missed IS 'why a signal that could have traded did not; empty otherwise';

CREATE TABLE alerts (
    record_id BIGINT PRIMARY KEY,
    raised_at TIMESTAMPTZ NOT NULL,
    level VARCHAR NOT NULL,
    session_id BIGINT,
    text VARCHAR NOT NULL
);
COMMENT ON TABLE alerts IS 'What people were, or should have been, told';
COMMENT ON COLUMN alerts.record_id IS 'number that the outbox gave it, rising in time';
COMMENT ON COLUMN alerts.raised_at IS 'UTC';
COMMENT ON COLUMN alerts.level IS 'info, warning or error';
COMMENT ON COLUMN alerts.session_id IS 'session it is about; NULL where it concerns the desk';
COMMENT ON COLUMN alerts.text IS 'what a person is told';

CREATE TABLE tick_minutes (
    session_id BIGINT,
    minute TIMESTAMPTZ,
    open DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    close DOUBLE NOT NULL,
    pnl DOUBLE NOT NULL,
    PRIMARY KEY (session_id, minute)
);
COMMENT ON TABLE tick_minutes IS 'Ticks that became too old to keep one by one';
COMMENT ON COLUMN tick_minutes.session_id IS 'number of the session';
COMMENT ON COLUMN tick_minutes.minute IS 'start of the minute, time of the exchange, UTC';
COMMENT ON COLUMN tick_minutes.open IS 'first price, quote currency';
COMMENT ON COLUMN tick_minutes.high IS 'highest price, quote currency';
COMMENT ON COLUMN tick_minutes.low IS 'lowest price, quote currency';
COMMENT ON COLUMN tick_minutes.close IS 'last price, quote currency';
COMMENT ON COLUMN tick_minutes.pnl IS 'profit since the start at the last price, quote currency';

-- The archive: sessions that ended long ago, with all that belongs to them. Nothing leaves it.
CREATE TABLE archived_sessions (
    session_id BIGINT PRIMARY KEY,
    cell_id BIGINT NOT NULL,
    genome VARCHAR NOT NULL,
    pair VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    timeframe VARCHAR NOT NULL,
    dry_run BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    reason VARCHAR,
    allocation DECIMAL(28, 10) NOT NULL,
    cash DECIMAL(28, 10) NOT NULL,
    quantity DECIMAL(28, 10) NOT NULL,
    realized_pnl DECIMAL(28, 10) NOT NULL,
    execution VARCHAR NOT NULL,
    engine_version VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    session_key VARCHAR NOT NULL,
    combine VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    entry_price DECIMAL(28, 10),
    price DOUBLE,
    price_at TIMESTAMPTZ,
    current_pnl DECIMAL(28, 10) NOT NULL,
    final_pnl DECIMAL(28, 10),
    trade_count INTEGER NOT NULL,
    missed_bars INTEGER NOT NULL
);
COMMENT ON TABLE archived_sessions IS 'Sessions that ended long ago';
COMMENT ON COLUMN archived_sessions.session_id IS 'number of the session';
COMMENT ON COLUMN archived_sessions.cell_id IS 'cell it trades';
COMMENT ON COLUMN archived_sessions.genome IS 'text of its genome at the start';
COMMENT ON COLUMN archived_sessions.pair IS 'pair, as BTC/USD';
COMMENT ON COLUMN archived_sessions.source IS 'where its prices come from: kraken or sandbox';
COMMENT ON COLUMN archived_sessions.timeframe IS 'base timeframe, as 1h';
COMMENT ON COLUMN archived_sessions.dry_run IS 'true on paper, false with real orders';
COMMENT ON COLUMN archived_sessions.status IS 'initializing, running, degraded, halted, stopping, stopped or error';
COMMENT ON COLUMN archived_sessions.reason IS 'why it has this status';
COMMENT ON COLUMN archived_sessions.allocation IS 'money given to it, quote currency';
COMMENT ON COLUMN archived_sessions.cash IS 'money it holds now, quote currency';
COMMENT ON COLUMN archived_sessions.quantity IS 'position it holds now, base currency';
COMMENT ON COLUMN archived_sessions.realized_pnl IS 'profit of closed trades after fees, quote currency';
COMMENT ON COLUMN archived_sessions.execution IS 'costs, fills and limits, JSON';
COMMENT ON COLUMN archived_sessions.engine_version IS 'version of the engine';
COMMENT ON COLUMN archived_sessions.started_at IS 'UTC';
COMMENT ON COLUMN archived_sessions.ended_at IS 'UTC; NULL until it ends';
COMMENT ON COLUMN archived_sessions.session_key IS 'UUID of the session, from which the ids of its orders are made';
COMMENT ON COLUMN archived_sessions.combine IS 'how the rules'' votes are combined';
COMMENT ON COLUMN archived_sessions.owner IS 'who started it, name of the token';
COMMENT ON COLUMN archived_sessions.entry_price IS 'mean price of the position it holds now, quote currency; NULL without one';
COMMENT ON COLUMN archived_sessions.price IS 'last trade it saw, quote currency; NULL before the first';
COMMENT ON COLUMN archived_sessions.price_at IS 'when that was, time of the exchange, UTC';
COMMENT ON COLUMN archived_sessions.current_pnl IS 'profit since the start at that price, quote currency';
COMMENT ON COLUMN archived_sessions.final_pnl IS 'profit when it ended, quote currency; NULL until then';
COMMENT ON COLUMN archived_sessions.trade_count IS 'entries filled, count';
COMMENT ON COLUMN archived_sessions.missed_bars IS 'bars whose signal came too late to trade on, count';

CREATE TABLE archived_transitions (
    record_id BIGINT PRIMARY KEY,
    session_id BIGINT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    before VARCHAR NOT NULL,
    after VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);
COMMENT ON TABLE archived_transitions IS 'Changes of their status';
COMMENT ON COLUMN archived_transitions.record_id IS 'number that the outbox gave it, rising in time';
COMMENT ON COLUMN archived_transitions.session_id IS 'number of the session';
COMMENT ON COLUMN archived_transitions.changed_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN archived_transitions.before IS 'status until then';
COMMENT ON COLUMN archived_transitions.after IS 'status from then on';
COMMENT ON COLUMN archived_transitions.reason IS 'why';

CREATE TABLE archived_orders (
    order_id VARCHAR PRIMARY KEY,
    session_id BIGINT NOT NULL,
    exchange_id VARCHAR,
    bar_start TIMESTAMPTZ NOT NULL,
    leg VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    side VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    quantity DECIMAL(28, 10) NOT NULL,
    price DECIMAL(28, 10),
    status VARCHAR NOT NULL,
    reason VARCHAR,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    cause VARCHAR NOT NULL
);
COMMENT ON TABLE archived_orders IS 'Their orders';
COMMENT ON COLUMN archived_orders.order_id IS 'cl_ord_id: uuid5 of session, bar, leg and attempt';
COMMENT ON COLUMN archived_orders.session_id IS 'number of the session';
COMMENT ON COLUMN archived_orders.exchange_id IS 'number that the exchange gave it';
COMMENT ON COLUMN archived_orders.bar_start IS 'bar whose close decided it, UTC';
COMMENT ON COLUMN archived_orders.leg IS 'entry, exit, or stop';
COMMENT ON COLUMN archived_orders.attempt IS 'from 1';
COMMENT ON COLUMN archived_orders.side IS 'buy or sell';
COMMENT ON COLUMN archived_orders.kind IS 'market, limit or stop-loss';
COMMENT ON COLUMN archived_orders.quantity IS 'base currency';
COMMENT ON COLUMN archived_orders.price IS 'limit or trigger, quote currency; NULL at market';
COMMENT ON COLUMN archived_orders.status IS 'intended, unknown, open, filled, cancelled, expired or refused';
COMMENT ON COLUMN archived_orders.reason IS 'why it has this status';
COMMENT ON COLUMN archived_orders.created_at IS 'when it was intended, UTC';
COMMENT ON COLUMN archived_orders.changed_at IS 'when the status last changed, UTC';
COMMENT ON COLUMN archived_orders.cause IS 'why it was made: signal, the limit that struck, or stop';

CREATE TABLE archived_fills (
    fill_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    session_id BIGINT NOT NULL,
    filled_at TIMESTAMPTZ NOT NULL,
    side VARCHAR NOT NULL,
    quantity DECIMAL(28, 10) NOT NULL,
    price DECIMAL(28, 10) NOT NULL,
    fee DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    position_after DECIMAL(28, 10) NOT NULL,
    market DECIMAL(28, 10),
    PRIMARY KEY (session_id, fill_id)
);
COMMENT ON TABLE archived_fills IS 'Their fills';
COMMENT ON COLUMN archived_fills.fill_id IS 'number that the exchange or the paper broker gave it, its own within the session';
COMMENT ON COLUMN archived_fills.order_id IS 'order it belongs to';
COMMENT ON COLUMN archived_fills.session_id IS 'number of the session';
COMMENT ON COLUMN archived_fills.filled_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN archived_fills.side IS 'buy or sell';
COMMENT ON COLUMN archived_fills.quantity IS 'base currency';
COMMENT ON COLUMN archived_fills.price IS 'quote currency';
COMMENT ON COLUMN archived_fills.fee IS 'quote currency';
COMMENT ON COLUMN archived_fills.pnl IS 'profit of what it closed after fees, quote currency; NULL for an entry';
COMMENT ON COLUMN archived_fills.position_after IS 'position afterwards, base currency';
COMMENT ON COLUMN archived_fills.market IS 'last trade at that moment, quote currency; NULL where it is not known';

CREATE TABLE archived_trades (
    trade_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    entry_at TIMESTAMPTZ NOT NULL,
    exit_at TIMESTAMPTZ,
    quantity DECIMAL(28, 10) NOT NULL,
    entry_price DECIMAL(28, 10) NOT NULL,
    exit_price DECIMAL(28, 10),
    fees DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    exit_reason VARCHAR,
    PRIMARY KEY (session_id, trade_id)
);
COMMENT ON TABLE archived_trades IS 'Their trades';
COMMENT ON COLUMN archived_trades.trade_id IS 'number of the trade within its session, from 1';
COMMENT ON COLUMN archived_trades.session_id IS 'number of the session';
COMMENT ON COLUMN archived_trades.entry_at IS 'first fill of the entry, UTC';
COMMENT ON COLUMN archived_trades.exit_at IS 'last fill of the exit, UTC; NULL while it is open';
COMMENT ON COLUMN archived_trades.quantity IS 'base currency';
COMMENT ON COLUMN archived_trades.entry_price IS 'mean price of the entry, quote currency';
COMMENT ON COLUMN archived_trades.exit_price IS 'mean price of the exit, quote currency';
COMMENT ON COLUMN archived_trades.fees IS 'of entry and exit, quote currency';
COMMENT ON COLUMN archived_trades.pnl IS 'profit after fees, quote currency';
COMMENT ON COLUMN archived_trades.exit_reason IS 'signal, the limit that struck, or stop of the session';

CREATE TABLE archived_session_bars (
    session_id BIGINT,
    start TIMESTAMPTZ,
    open DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    close DOUBLE NOT NULL,
    volume DOUBLE NOT NULL,
    trades DOUBLE NOT NULL,
    decision TINYINT,
    missed VARCHAR NOT NULL,
    PRIMARY KEY (session_id, start)
);
COMMENT ON TABLE archived_session_bars IS 'Their bars and decisions';
COMMENT ON COLUMN archived_session_bars.session_id IS 'number of the session';
COMMENT ON COLUMN archived_session_bars.start IS 'start of the bar, UTC';
COMMENT ON COLUMN archived_session_bars.open IS 'first price, quote currency';
COMMENT ON COLUMN archived_session_bars.high IS 'highest price, quote currency';
COMMENT ON COLUMN archived_session_bars.low IS 'lowest price, quote currency';
COMMENT ON COLUMN archived_session_bars.close IS 'last price, quote currency';
COMMENT ON COLUMN archived_session_bars.volume IS 'amount traded, base currency';
COMMENT ON COLUMN archived_session_bars.trades IS 'trades, count';
COMMENT ON COLUMN archived_session_bars.decision IS 'at its close: 1 buy, -1 sell, 0 hold; NULL for a bar of the lookback, from before the start';
COMMENT ON COLUMN archived_session_bars.missed IS 'why a signal that could have traded did not; empty otherwise';
