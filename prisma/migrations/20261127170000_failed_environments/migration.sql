-- What Prisma's schema language cannot say.

-- A failed environment that was never made has ended; one that exists at its provider may start again. A page of what is
-- active, or of what has ended, reads one of the two.
CREATE INDEX "workloads_failed_environments" ON "workloads" ("project_id", "id")
  WHERE "kind" = 'environment' AND "status" = 'failed' AND "ended_at" IS NULL;
CREATE INDEX "workloads_unmade_environments" ON "workloads" ("project_id", "id")
  WHERE "kind" = 'environment' AND "status" = 'failed' AND "ended_at" IS NOT NULL;
