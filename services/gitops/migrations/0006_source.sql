-- Deployments whose manifests come from a path of a repository: the repository as the app had it, and whether they were rendered.
-- Until then they wait; commit_id is the commit that they were rendered from.
CREATE TABLE deployment_sources (
  deployment_id bigint PRIMARY KEY REFERENCES deployments (id) ON DELETE CASCADE,
  repository    bytea NOT NULL,
  rendered      boolean NOT NULL DEFAULT false,
  commit_id     text NOT NULL DEFAULT '',
  attempts      int NOT NULL DEFAULT 0,
  next_attempt  timestamptz NOT NULL DEFAULT now(),
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deployment_sources_open ON deployment_sources (next_attempt) WHERE NOT rendered;

-- Apps that are only synced, in each of their environments: what pipeline said of them, and what of their repository was seen last.
CREATE TABLE synced_apps (
  project       text NOT NULL,
  app           text NOT NULL,
  environment   text NOT NULL,
  app_uid       text NOT NULL,
  repository    bytea NOT NULL,
  deploy        bytea NOT NULL,
  cluster       text NOT NULL,
  k8s_namespace text NOT NULL,
  commit_id     text NOT NULL DEFAULT '',
  render_key    text NOT NULL DEFAULT '',
  held_commit   text NOT NULL DEFAULT '',
  problem       text NOT NULL DEFAULT '',
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, app, environment)
);

-- Apps whose definition changed and is still to be read; an empty app stands for all apps of an environment.
CREATE TABLE synced_changes (
  project      text NOT NULL,
  app          text NOT NULL,
  environment  text NOT NULL,
  attempts     int NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL DEFAULT now(),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, app, environment)
);
