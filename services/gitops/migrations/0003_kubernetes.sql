-- The cluster that an environment was deployed to, as it was at that time.
ALTER TABLE deployments ADD COLUMN cluster text NOT NULL DEFAULT 'local';
ALTER TABLE app_environments ADD COLUMN cluster text NOT NULL DEFAULT 'local';
ALTER TABLE app_environments ADD COLUMN k8s_namespace text NOT NULL DEFAULT '';

-- Objects on Kubernetes clusters that are ours, written before the first request about them. A row goes only when the object is
-- proven to be gone. content: digest of what was applied; seen_*: the object as the answer to our apply showed it. wanted_by:
-- PROJECT/APP/ENVIRONMENT of another app that has it in its folder, too, and gets it when its owner drops it.
CREATE TABLE inventory (
  cluster         text NOT NULL,
  api_group       text NOT NULL,
  kind            text NOT NULL,
  namespace       text NOT NULL,
  name            text NOT NULL,
  version         text NOT NULL,
  project         text NOT NULL,
  app             text NOT NULL,
  environment     text NOT NULL,
  state           text NOT NULL CONSTRAINT inventory_state CHECK (state IN ('PENDING', 'APPLIED', 'DELETING')),
  uid             text NOT NULL DEFAULT '',
  wave            int NOT NULL DEFAULT 0,
  options         text NOT NULL DEFAULT '',
  content         bigint NOT NULL DEFAULT 0,
  seen_uid        bigint NOT NULL DEFAULT 0,
  seen_fields     bigint NOT NULL DEFAULT 0,
  seen_values     bigint NOT NULL DEFAULT 0,
  seen_time       bigint NOT NULL DEFAULT 0,
  seen_generation bigint NOT NULL DEFAULT 0,
  wanted_by       text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster, api_group, kind, namespace, name)
);
CREATE INDEX inventory_owner ON inventory (project, app, environment);

-- Hooks of the newest sync of an app: each runs once for a tree and phase. Written before the object is created; name is the one it
-- has on the cluster, uid what the answer said.
CREATE TABLE hook_runs (
  cluster     text NOT NULL,
  project     text NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  phase       text NOT NULL,
  api_group   text NOT NULL,
  kind        text NOT NULL,
  namespace   text NOT NULL,
  name        text NOT NULL,
  version     text NOT NULL,
  tree        text NOT NULL,
  uid         text NOT NULL DEFAULT '',
  state       text NOT NULL CONSTRAINT hook_runs_state CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED')),
  message     text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster, project, app, environment, phase, api_group, kind, namespace, name)
);
