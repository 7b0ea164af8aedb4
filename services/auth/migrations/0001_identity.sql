CREATE TABLE users (
  id            text PRIMARY KEY,
  numeric_id    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  display_name  text NOT NULL DEFAULT '',
  password_hash text NOT NULL,
  disabled      boolean NOT NULL DEFAULT false,
  version       bigint NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);

-- Sessions of users, tokens of machines, tokens of runners. Only the SHA-256 of the secret is kept: it has 256 random bits.
CREATE TABLE tokens (
  id           text PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('session', 'token', 'runner')),
  hash         bytea NOT NULL CONSTRAINT tokens_hash_key UNIQUE,
  hint         text NOT NULL DEFAULT '',
  user_id      text REFERENCES users (id) ON DELETE CASCADE,
  runner_id    text,
  creator      text NOT NULL,
  grants       bytea NOT NULL DEFAULT '',
  expires_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE INDEX tokens_runner ON tokens (runner_id) WHERE runner_id IS NOT NULL;

CREATE TABLE role_bindings (
  id          text PRIMARY KEY,
  user_id     text REFERENCES users (id) ON DELETE CASCADE,
  token_id    text REFERENCES tokens (id) ON DELETE CASCADE,
  role        text NOT NULL CHECK (role IN ('VIEW', 'BUILD_AND_DEPLOY', 'ADMIN', 'MANAGER', 'SUPER_ADMIN')),
  project     text NOT NULL DEFAULT '',
  environment text NOT NULL DEFAULT '',
  app         text NOT NULL DEFAULT '',
  version     bigint NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  CHECK ((user_id IS NULL) <> (token_id IS NULL))
);
CREATE INDEX role_bindings_user ON role_bindings (user_id);
CREATE INDEX role_bindings_token ON role_bindings (token_id);

-- Append only: no statement of this service changes or deletes a row.
CREATE TABLE audit (
  id         text PRIMARY KEY,
  at         timestamptz NOT NULL,
  actor      text NOT NULL,
  method     text NOT NULL,
  resource   text NOT NULL,
  outcome    text NOT NULL,
  request_id text NOT NULL,
  address    text NOT NULL,
  service    text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_resource ON audit (resource text_pattern_ops, id);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
