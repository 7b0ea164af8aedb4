-- Desired state in Git, and what runs because of it.

-- Where the desired state lives. spec and token are what was saved last; live_* is what passed its validation.
CREATE TABLE providers (
  id           text PRIMARY KEY,
  uid          text NOT NULL CONSTRAINT providers_uid UNIQUE,
  spec         bytea NOT NULL,
  token        bytea,
  live_spec    bytea,
  live_token   bytea,
  in_force     boolean NOT NULL DEFAULT false,
  state        text NOT NULL CONSTRAINT providers_state CHECK (state IN ('VALIDATING', 'READY', 'INVALID')),
  stages       bytea NOT NULL DEFAULT '',
  attempts     int NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL DEFAULT now(),
  commit_id    text NOT NULL DEFAULT '',
  version      bigint NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX providers_one_in_force ON providers (in_force) WHERE in_force;

-- Images as build told them: what people choose from, and the order that decides which is newest.
CREATE TABLE images (
  name        text PRIMARY KEY,
  app_uid     text NOT NULL,
  project     text NOT NULL,
  app         text NOT NULL,
  workflow    text NOT NULL,
  reference   text NOT NULL,
  digest      text NOT NULL,
  tag         text NOT NULL,
  run         text NOT NULL,
  commit_id   text NOT NULL,
  ref         text NOT NULL,
  image_order bigint NOT NULL,
  subject     text NOT NULL,
  traceparent text NOT NULL,
  image_time  timestamptz NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX images_app ON images (app_uid, image_time DESC, name DESC);

-- An app in an environment. Numbers of deployments go on when an app of the same name comes again.
CREATE TABLE app_environments (
  project        text NOT NULL,
  app            text NOT NULL,
  environment    text NOT NULL,
  app_uid        text NOT NULL,
  last_number    bigint NOT NULL DEFAULT 0,
  removed        boolean NOT NULL DEFAULT false,
  pinned_by      bigint NOT NULL DEFAULT 0,
  applied_commit text NOT NULL DEFAULT '',
  applied_tree   text NOT NULL DEFAULT '',
  health         text NOT NULL DEFAULT 'UNKNOWN'
                 CONSTRAINT app_environments_health CHECK (health IN ('UNKNOWN', 'RUNNING', 'STARTING', 'DEGRADED', 'MISSING')),
  drift          text NOT NULL DEFAULT '',
  url            text NOT NULL DEFAULT '',
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, app, environment)
);

-- While an environment is pinned: images up to this order are held back, by workflow and ref.
CREATE TABLE pins (
  project     text NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  workflow    text NOT NULL,
  ref         text NOT NULL,
  floor_order bigint NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, app, environment, workflow, ref)
);

CREATE TABLE deployments (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project       text NOT NULL,
  app           text NOT NULL,
  environment   text NOT NULL,
  number        bigint NOT NULL,
  app_uid       text NOT NULL,
  state         text NOT NULL CONSTRAINT deployments_state CHECK (state IN
                ('PENDING', 'COMMITTING', 'SYNCING', 'PROGRESSING', 'HEALTHY', 'UNHEALTHY', 'FAILED', 'SUPERSEDED')),
  reason        text NOT NULL DEFAULT '',
  image_name    text NOT NULL,
  reference     text NOT NULL,
  digest        text NOT NULL,
  image_order   bigint NOT NULL,
  image_ref     text NOT NULL,
  source_commit text NOT NULL,
  subject       text NOT NULL,
  run           text NOT NULL,
  workflow      text NOT NULL,
  actor         text NOT NULL,
  rollback_of   bigint NOT NULL DEFAULT 0,
  pinned        boolean NOT NULL DEFAULT false,
  request_id    text,
  deploy        bytea NOT NULL,
  strategy      bytea NOT NULL,
  k8s_namespace text NOT NULL,
  manifests     jsonb NOT NULL,
  commit_id     text NOT NULL DEFAULT '',
  url           text NOT NULL DEFAULT '',
  traceparent   text NOT NULL,
  progress_by   timestamptz,
  ended_at      timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT deployments_number UNIQUE (project, app, environment, number),
  CONSTRAINT deployments_request UNIQUE (project, app, environment, request_id)
);
CREATE INDEX deployments_open ON deployments (id) WHERE ended_at IS NULL;
CREATE INDEX deployments_newest ON deployments (project, app, environment, number DESC);
CREATE INDEX deployments_page ON deployments (created_at DESC, id DESC);

-- An image that may be for an environment: becomes a deployment or a decision against it.
CREATE TABLE candidates (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  image_name  text NOT NULL,
  project     text NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  app_uid     text NOT NULL,
  done        boolean NOT NULL DEFAULT false,
  attempts    int NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL DEFAULT now(),
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT candidates_once UNIQUE (image_name, environment)
);
CREATE INDEX candidates_open ON candidates (next_attempt) WHERE NOT done;

-- Deployments that became healthy, whose next environments are still to be looked up.
CREATE TABLE promotions (
  deployment_id bigint PRIMARY KEY REFERENCES deployments (id),
  attempts      int NOT NULL DEFAULT 0,
  next_attempt  timestamptz NOT NULL DEFAULT now(),
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);

-- Workloads that have to go, and whose end is to be confirmed to pipeline.
CREATE TABLE removals (
  name         text PRIMARY KEY,
  app_uid      text NOT NULL,
  project      text NOT NULL,
  app          text NOT NULL,
  environment  text NOT NULL,
  reason       text NOT NULL DEFAULT '',
  attempts     int NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL DEFAULT now(),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Ports of this machine that the local target published.
CREATE TABLE local_ports (
  port        int PRIMARY KEY,
  project     text NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT local_ports_owner UNIQUE (project, app, environment)
);
