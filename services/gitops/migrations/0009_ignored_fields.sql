-- What the deployment that is applied leaves to others, as a slipway.pipeline.v1.DeploySpec.
ALTER TABLE app_environments ADD COLUMN ignored bytea NOT NULL DEFAULT '';
