-- Runs, jobs, images and runners. Texts of states are those of slipway.build.v1.State; steps and plans are serialised
-- messages, since nothing is ever queried inside them.

-- The next run number of a workflow. It outlives the app, so that the name of a run never means two things.
CREATE TABLE run_numbers (
  project text NOT NULL,
  app text NOT NULL,
  workflow text NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (project, app, workflow)
);

-- The place of the newest run among those of its workflow and ref.
CREATE TABLE run_orders (
  app_uid text NOT NULL,
  workflow text NOT NULL,
  ref text NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (app_uid, workflow, ref)
);

-- Plans by their digest: a run that is repeated shares the Plan of the first.
CREATE TABLE plans (
  digest text PRIMARY KEY,
  plan bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  app text NOT NULL,
  workflow text NOT NULL,
  number bigint NOT NULL,
  app_uid text NOT NULL,
  idempotency_key text NOT NULL CONSTRAINT runs_idempotency_key UNIQUE,
  state text NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  reason text NOT NULL DEFAULT '',
  commit_sha text NOT NULL,
  subject text NOT NULL,
  author text NOT NULL,
  ref text NOT NULL,
  cause text NOT NULL,
  actor text NOT NULL,
  delivery text NOT NULL,
  retry_of text NOT NULL DEFAULT '',
  plan_digest text NOT NULL REFERENCES plans (digest),
  order_no bigint NOT NULL,
  traceparent text NOT NULL,
  trace_id text NOT NULL,
  image text NOT NULL DEFAULT '',
  -- Tag of the image. tag_pattern: it comes from a reservation, which is released at the end of the run.
  image_tag text NOT NULL DEFAULT '',
  tag_pattern text NOT NULL DEFAULT '',
  tag_used boolean NOT NULL DEFAULT false,
  -- The app is gone: kept as history, invisible to a later app of the same name.
  archived boolean NOT NULL DEFAULT false,
  version bigint NOT NULL DEFAULT 1,
  started_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT runs_name UNIQUE (project, app, workflow, number)
);
CREATE INDEX runs_newest ON runs (created_at DESC, id DESC) WHERE NOT archived;
CREATE INDEX runs_of_app ON runs (project, app, created_at DESC, id DESC) WHERE NOT archived;
CREATE INDEX runs_active ON runs (app_uid) WHERE state IN ('PENDING', 'RUNNING');

CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES runs (id),
  name text NOT NULL,
  position int NOT NULL,
  needs text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')),
  reason text NOT NULL DEFAULT '',
  -- All that it needs has succeeded.
  ready boolean NOT NULL,
  -- Not offered to a runner before; set when something that the lease needs was not available.
  due_at timestamptz NOT NULL DEFAULT now(),
  attempt int NOT NULL DEFAULT 1,
  -- Grows with every lease. Reports carry it; those under an older one are refused.
  fence bigint NOT NULL DEFAULT 0,
  runner text NOT NULL DEFAULT '',
  runner_session text NOT NULL DEFAULT '',
  lease_until timestamptz,
  -- The runner has shown that it knows of its lease.
  acknowledged boolean NOT NULL DEFAULT false,
  cancel_requested boolean NOT NULL DEFAULT false,
  timeout_seconds bigint NOT NULL,
  steps bytea NOT NULL,
  -- BuiltImage that the job reported.
  built_image bytea,
  -- The newest attempt has written to its log.
  has_log boolean NOT NULL DEFAULT false,
  started_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT jobs_name UNIQUE (run_id, name),
  CHECK (state <> 'RUNNING' OR (runner <> '' AND lease_until IS NOT NULL))
);
CREATE INDEX jobs_ready ON jobs (due_at, id) WHERE state = 'PENDING' AND ready;
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'RUNNING';

CREATE TABLE images (
  id text PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES runs (id),
  step text NOT NULL,
  project text NOT NULL,
  app text NOT NULL,
  workflow text NOT NULL,
  repository text NOT NULL,
  digest text NOT NULL,
  tag text NOT NULL,
  archived boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT images_step UNIQUE (run_id, step)
);
CREATE INDEX images_of_app ON images (project, app, created_at DESC, id DESC) WHERE NOT archived;
CREATE INDEX images_digest ON images (project, app, digest) WHERE NOT archived;

CREATE TABLE runners (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CONSTRAINT runners_name UNIQUE,
  description text NOT NULL DEFAULT '',
  paused boolean NOT NULL DEFAULT false,
  session text NOT NULL DEFAULT '',
  slots int NOT NULL DEFAULT 0,
  version text NOT NULL DEFAULT '',
  last_seen_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Effects outside this database: written with what causes them, carried out until they succeed.
CREATE TABLE work (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('release_tag', 'archive_log', 'confirm_deletion')),
  subject text NOT NULL,
  detail text NOT NULL DEFAULT '',
  due_at timestamptz NOT NULL DEFAULT now(),
  tries int NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX work_due ON work (due_at, id);
