-- What the desk keeps of live sessions. Money, prices and quantities of orders, fills and trades are exact
-- decimals, on paper and real alike; ticks are for looking at, and DOUBLE.

CREATE TABLE sessions (
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
    ended_at TIMESTAMPTZ
);
COMMENT ON TABLE sessions IS 'Deployments of one cell on one pair and timeframe';
COMMENT ON COLUMN sessions.session_id IS 'number of the session';
COMMENT ON COLUMN sessions.cell_id IS 'cell it trades';
COMMENT ON COLUMN sessions.genome IS 'text of its genome at the start';
COMMENT ON COLUMN sessions.pair IS 'pair, as BTC/USD';
COMMENT ON COLUMN sessions.source IS 'where its prices come from: kraken or sandbox';
COMMENT ON COLUMN sessions.timeframe IS 'base timeframe, as 1h';
COMMENT ON COLUMN sessions.dry_run IS 'true on paper, false with real orders';
COMMENT ON COLUMN sessions.status IS 'initializing, running, degraded, halted, stopping, stopped or error';
COMMENT ON COLUMN sessions.reason IS 'why it has this status';
COMMENT ON COLUMN sessions.allocation IS 'money given to it, quote currency';
COMMENT ON COLUMN sessions.cash IS 'money it holds now, quote currency';
COMMENT ON COLUMN sessions.quantity IS 'position it holds now, base currency';
COMMENT ON COLUMN sessions.realized_pnl IS 'profit of closed trades after fees, quote currency';
COMMENT ON COLUMN sessions.execution IS 'costs, fills and limits, JSON';
COMMENT ON COLUMN sessions.engine_version IS 'version of the engine';
COMMENT ON COLUMN sessions.started_at IS 'UTC';
COMMENT ON COLUMN sessions.ended_at IS 'UTC; NULL until it ends';

CREATE TABLE ticks (
    session_id BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    price DOUBLE NOT NULL,
    pnl DOUBLE NOT NULL
);
COMMENT ON TABLE ticks IS 'What a session saw and was worth; no key, kept for days only';
COMMENT ON COLUMN ticks.session_id IS 'number of the session';
COMMENT ON COLUMN ticks.seen_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN ticks.price IS 'last trade, quote currency';
COMMENT ON COLUMN ticks.pnl IS 'profit since the start at this price, quote currency';

CREATE TABLE orders (
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
    changed_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE orders IS 'Orders of sessions, from the intent on';
COMMENT ON COLUMN orders.order_id IS 'cl_ord_id: uuid5 of session, bar, leg and attempt';
COMMENT ON COLUMN orders.session_id IS 'number of the session';
COMMENT ON COLUMN orders.exchange_id IS 'number that the exchange gave it';
COMMENT ON COLUMN orders.bar_start IS 'bar whose close decided it, UTC';
COMMENT ON COLUMN orders.leg IS 'entry, exit, or stop';
COMMENT ON COLUMN orders.attempt IS 'from 1';
COMMENT ON COLUMN orders.side IS 'buy or sell';
COMMENT ON COLUMN orders.kind IS 'market, limit or stop-loss';
COMMENT ON COLUMN orders.quantity IS 'base currency';
COMMENT ON COLUMN orders.price IS 'limit or trigger, quote currency; NULL at market';
COMMENT ON COLUMN orders.status IS 'intended, unknown, open, filled, cancelled, expired or refused';
COMMENT ON COLUMN orders.reason IS 'why it has this status';
COMMENT ON COLUMN orders.created_at IS 'when it was intended, UTC';
COMMENT ON COLUMN orders.changed_at IS 'when the status last changed, UTC';

CREATE TABLE fills (
    fill_id VARCHAR PRIMARY KEY,
    order_id VARCHAR NOT NULL,
    session_id BIGINT NOT NULL,
    filled_at TIMESTAMPTZ NOT NULL,
    side VARCHAR NOT NULL,
    quantity DECIMAL(28, 10) NOT NULL,
    price DECIMAL(28, 10) NOT NULL,
    fee DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    position_after DECIMAL(28, 10) NOT NULL
);
COMMENT ON TABLE fills IS 'Executions of orders';
COMMENT ON COLUMN fills.fill_id IS 'number that the exchange or the paper broker gave it';
COMMENT ON COLUMN fills.order_id IS 'order it belongs to';
COMMENT ON COLUMN fills.session_id IS 'number of the session';
COMMENT ON COLUMN fills.filled_at IS 'time of the exchange, UTC';
COMMENT ON COLUMN fills.side IS 'buy or sell';
COMMENT ON COLUMN fills.quantity IS 'base currency';
COMMENT ON COLUMN fills.price IS 'quote currency';
COMMENT ON COLUMN fills.fee IS 'quote currency';
COMMENT ON COLUMN fills.pnl IS 'profit of what it closed after fees, quote currency; NULL for an entry';
COMMENT ON COLUMN fills.position_after IS 'position afterwards, base currency';

CREATE TABLE trades (
    trade_id BIGINT PRIMARY KEY,
    session_id BIGINT NOT NULL,
    entry_at TIMESTAMPTZ NOT NULL,
    exit_at TIMESTAMPTZ,
    quantity DECIMAL(28, 10) NOT NULL,
    entry_price DECIMAL(28, 10) NOT NULL,
    exit_price DECIMAL(28, 10),
    fees DECIMAL(28, 10) NOT NULL,
    pnl DECIMAL(28, 10),
    exit_reason VARCHAR
);
COMMENT ON TABLE trades IS 'An entry and what closed it';
COMMENT ON COLUMN trades.trade_id IS 'number of the trade';
COMMENT ON COLUMN trades.session_id IS 'number of the session';
COMMENT ON COLUMN trades.entry_at IS 'first fill of the entry, UTC';
COMMENT ON COLUMN trades.exit_at IS 'last fill of the exit, UTC; NULL while it is open';
COMMENT ON COLUMN trades.quantity IS 'base currency';
COMMENT ON COLUMN trades.entry_price IS 'mean price of the entry, quote currency';
COMMENT ON COLUMN trades.exit_price IS 'mean price of the exit, quote currency';
COMMENT ON COLUMN trades.fees IS 'of entry and exit, quote currency';
COMMENT ON COLUMN trades.pnl IS 'profit after fees, quote currency';
COMMENT ON COLUMN trades.exit_reason IS 'signal, the limit that struck, or stop of the session';
