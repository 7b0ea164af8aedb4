CREATE TABLE hooks (
  id           text PRIMARY KEY,
  numeric_id   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  forge        text NOT NULL CHECK (forge IN ('GITHUB')),
  repositories text[] NOT NULL,
  secret       text NOT NULL,  -- sealed
  version      bigint NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);

-- The inbox: a webhook is stored here before it is answered, and stays with its outcome.
CREATE TABLE deliveries (
  id            text PRIMARY KEY,
  seq           bigint GENERATED ALWAYS AS IDENTITY,  -- order of arrival: two ids of one millisecond have none
  hook          text NOT NULL,
  forge         text NOT NULL,
  forge_id      text NOT NULL,
  redelivery_of text NOT NULL DEFAULT '',
  request_id    text NOT NULL DEFAULT '',
  body          bytea NOT NULL,
  body_hash     bytea NOT NULL,
  headers       jsonb NOT NULL,
  event         text NOT NULL,
  repository    text NOT NULL,
  ref           text NOT NULL,
  commit_sha    text NOT NULL,
  order_key     text NOT NULL,  -- deliveries with the same key are processed one after another
  state         text NOT NULL CHECK (state IN ('RECEIVED', 'PROCESSED', 'QUARANTINED')),
  outcome       text NOT NULL DEFAULT '',
  matches       bytea NOT NULL DEFAULT '',
  apps          text[] NOT NULL DEFAULT '{}',
  traceparent   text NOT NULL,
  trace_id      text NOT NULL,
  tries         integer NOT NULL DEFAULT 0,
  next_try_at   timestamptz NOT NULL,
  claimed_until timestamptz,
  fence         bigint NOT NULL DEFAULT 0,
  holder        text NOT NULL DEFAULT '',
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  processed_at  timestamptz
);
-- The same delivery starts nothing twice; a redelivery is one of its own, once for its request.
CREATE UNIQUE INDEX deliveries_forge_id ON deliveries (hook, forge_id) WHERE redelivery_of = '';
CREATE UNIQUE INDEX deliveries_request_id ON deliveries (redelivery_of, request_id) WHERE request_id <> '';
CREATE INDEX deliveries_open ON deliveries (order_key, seq) WHERE state = 'RECEIVED';
CREATE INDEX deliveries_apps ON deliveries USING gin (apps);
