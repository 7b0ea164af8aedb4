-- A person's wish to sync confirms what it deletes, too.
ALTER TABLE app_environments ADD COLUMN sync_asked_prune boolean NOT NULL DEFAULT false;

-- in_flight: an apply was begun whose answer is not recorded, so what is there may have another uid and be ours. taken_from:
-- PROJECT/APP/ENVIRONMENT that it was taken from, whose mark it carries until it is applied anew.
ALTER TABLE inventory ADD COLUMN in_flight boolean NOT NULL DEFAULT false;
ALTER TABLE inventory ADD COLUMN taken_from text NOT NULL DEFAULT '';
UPDATE inventory SET in_flight = true WHERE state = 'PENDING';
