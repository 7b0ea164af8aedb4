-- All kinds of definitions in one table: they share one life, and nothing queries inside a spec.
CREATE TABLE resources (
  id             bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT resources_pkey PRIMARY KEY,
  kind           text NOT NULL CONSTRAINT resources_kind_check CHECK (kind IN
    ('project', 'app', 'cluster', 'environment', 'registry', 'gitAccount', 'workflow', 'variable', 'secret')),
  name           text COLLATE "C" NOT NULL CONSTRAINT resources_name_key UNIQUE,
  parent         text COLLATE "C" NOT NULL,          -- '' for global kinds
  uid            text NOT NULL CONSTRAINT resources_uid_key UNIQUE,
  spec           bytea NOT NULL,                     -- the kind's Spec message, without secret values
  secret_version bigint NOT NULL DEFAULT 0,          -- the newest row of secret_values; 0: none
  -- Taken by at most one definition: the default registry, a variable's name in its scope.
  claim          text CONSTRAINT resources_claim_key UNIQUE,
  state          text NOT NULL DEFAULT 'active' CONSTRAINT resources_state_check CHECK (state IN ('active', 'deleting')),
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX resources_by_kind ON resources (kind, parent, name);
CREATE INDEX resources_by_parent ON resources (parent, kind, name);

-- What a definition needs: the targets can't be deleted while it is there.
CREATE TABLE resource_refs (
  resource_id bigint NOT NULL CONSTRAINT resource_refs_resource_fkey REFERENCES resources (id) ON DELETE CASCADE,
  target      text COLLATE "C" NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT resource_refs_pkey PRIMARY KEY (target, resource_id)
);
CREATE INDEX resource_refs_by_resource ON resource_refs (resource_id);

-- Sealed secret values. A secret keeps its old ones, so that a Plan's NAME@VERSION still means what it meant.
CREATE TABLE secret_values (
  resource_id bigint NOT NULL CONSTRAINT secret_values_resource_fkey REFERENCES resources (id) ON DELETE CASCADE,
  version     bigint NOT NULL,
  sealed      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT secret_values_pkey PRIMARY KEY (resource_id, version)
);

-- Versions never start again, also when a secret of the same name is created anew.
CREATE TABLE secret_counters (
  name       text COLLATE "C" CONSTRAINT secret_counters_pkey PRIMARY KEY,
  last       bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Repositories of apps by their normal form, for the question which workflows a push is for.
CREATE TABLE app_repositories (
  app_id         bigint NOT NULL CONSTRAINT app_repositories_app_fkey REFERENCES resources (id) ON DELETE CASCADE,
  name           text NOT NULL,
  normalized_url text COLLATE "C" NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT app_repositories_pkey PRIMARY KEY (app_id, name)
);
CREATE INDEX app_repositories_by_url ON app_repositories (normalized_url);

-- Deployment pipelines of workflows; the key holds "one for each app and environment" across all workflows.
CREATE TABLE deployment_pipelines (
  app         text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  workflow_id bigint NOT NULL CONSTRAINT deployment_pipelines_workflow_fkey REFERENCES resources (id) ON DELETE CASCADE,
  after       text NOT NULL,
  state       text NOT NULL DEFAULT 'active'
    CONSTRAINT deployment_pipelines_state_check CHECK (state IN ('active', 'deleting')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT deployment_pipelines_pkey PRIMARY KEY (app, environment)
);
CREATE INDEX deployment_pipelines_by_workflow ON deployment_pipelines (workflow_id);

-- Who has still to clean up after something that is being deleted. "auth" is this service's own work: taking the grants away.
CREATE TABLE pending_confirmations (
  subject    text COLLATE "C" NOT NULL,
  service    text NOT NULL CONSTRAINT pending_confirmations_service_check CHECK (service IN ('build', 'gitops', 'auth')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pending_confirmations_pkey PRIMARY KEY (subject, service)
);

-- Compiled Plans by digest. Immutable.
CREATE TABLE plans (
  digest     text CONSTRAINT plans_pkey PRIMARY KEY,
  workflow   text NOT NULL,
  plan       bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX plans_by_time ON plans (created_at);

-- The counter behind {x}. Numbers are never given twice.
CREATE TABLE tag_counters (
  workflow   text COLLATE "C" CONSTRAINT tag_counters_pkey PRIMARY KEY,
  next       bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Image tags that are taken: for good when `used`, else until the build that reserved them fails.
CREATE TABLE tag_reservations (
  idempotency_key text CONSTRAINT tag_reservations_pkey PRIMARY KEY,
  workflow        text NOT NULL,
  registry_host   text NOT NULL,
  repository      text NOT NULL,
  tag             text NOT NULL,
  used            boolean NOT NULL DEFAULT false,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tag_reservations_tag_key UNIQUE (registry_host, repository, tag)
);
