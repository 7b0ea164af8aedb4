-- What this service tells the services above it. xid is the transaction that wrote the row: a row is read only when no older
-- transaction runs any more, in the order (xid, seq), so that a late commit is never overtaken.
CREATE SEQUENCE events_seq;
CREATE TABLE events (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('events_seq'),
  type text NOT NULL,
  subject text NOT NULL,
  payload bytea NOT NULL,
  trace_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT events_pkey PRIMARY KEY (xid, seq)
);

-- How far each reader of these events had come when it last connected; clean-up spares what one has not passed.
CREATE TABLE event_readers (
  reader text CONSTRAINT event_readers_pkey PRIMARY KEY,
  xid xid8 NOT NULL,
  seq bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- How far this service has come in the events of others. One process works on a row, by its lease; fence grows with each
-- new lease and is checked by every write of its holder.
CREATE TABLE event_cursors (
  consumer text NOT NULL,
  source text NOT NULL,
  xid xid8 NOT NULL DEFAULT '0',
  seq bigint NOT NULL DEFAULT 0,
  lease_holder text NOT NULL DEFAULT '',
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  fence bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT event_cursors_pkey PRIMARY KEY (consumer, source)
);

-- Events that could not be applied, for people to look at; the stream has gone on without them.
CREATE TABLE dead_events (
  consumer text NOT NULL,
  source text NOT NULL,
  xid xid8 NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  payload bytea NOT NULL,
  trace_id text NOT NULL,
  event_time timestamptz NOT NULL,
  error text NOT NULL,
  tries integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT dead_events_pkey PRIMARY KEY (consumer, source, xid, seq)
);
