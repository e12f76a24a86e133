CREATE INDEX CONCURRENTLY "workloads_attention" ON "workloads" ("status_changed_at", "id") WHERE "status" = 'unknown' OR ("active" AND "status_reason" IN ('outcome_unknown', 'internal_error'));
