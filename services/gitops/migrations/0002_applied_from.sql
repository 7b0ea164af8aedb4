-- The repository and branch that an environment was applied from: a folder that is missing elsewhere takes nothing away.
ALTER TABLE app_environments ADD COLUMN applied_from text NOT NULL DEFAULT '';
