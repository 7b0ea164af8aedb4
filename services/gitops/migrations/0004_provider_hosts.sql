-- Keys of client certificates (sealed), the URL of the repository in effect, and which instance validates now.
ALTER TABLE providers ADD COLUMN client_key bytea;
ALTER TABLE providers ADD COLUMN live_client_key bytea;
ALTER TABLE providers ADD COLUMN repository_url text NOT NULL DEFAULT '';
ALTER TABLE providers ADD COLUMN claimed_by text NOT NULL DEFAULT '';

-- Repositories that a validation makes on a host, written before. A row goes when the repository is gone; it has all that is needed
-- to delete it, also when its provider was changed or deleted meanwhile.
CREATE TABLE provider_leftovers (
  repository   text PRIMARY KEY,
  provider     text NOT NULL,
  provider_uid text NOT NULL,
  spec         bytea NOT NULL,
  token        bytea,
  client_key   bytea,
  claimed_by   text NOT NULL,
  attempts     int NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Projects with a repository of their own. url: of the repository, once provider_uid has it.
CREATE TABLE project_repositories (
  project      text PRIMARY KEY,
  repository   text NOT NULL,
  url          text NOT NULL DEFAULT '',
  provider_uid text NOT NULL DEFAULT '',
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
