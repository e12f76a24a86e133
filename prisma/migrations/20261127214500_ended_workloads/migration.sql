-- What Prisma's schema language cannot say. Retention reads it from its oldest end; what is active is not in it.
CREATE INDEX CONCURRENTLY "workloads_ended" ON "workloads" ("ended_at") WHERE NOT "live";
