-- What Prisma's schema language cannot say. Retention reads it from its oldest end; what is active is not in it.
-- With very many workloads, create it before the migration: CREATE INDEX CONCURRENTLY, the rest as it stands here.
CREATE INDEX IF NOT EXISTS "workloads_ended" ON "workloads" ("ended_at") WHERE NOT "live";
