CREATE INDEX CONCURRENTLY "workloads_held" ON "workloads" ("id") WHERE "active" AND "status_reason" = 'held';
