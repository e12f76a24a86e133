-- Reasons, outcomes of attempts and a setting of SCNet have new names in the API; what is stored gets them too. The audit log
-- is append-only and keeps what was written.

ALTER TABLE "workload_attempts" DROP CONSTRAINT "workload_attempts_outcome";
UPDATE "workload_attempts" a SET "outcome" = n."new"
FROM (VALUES ('found', 'recovered'), ('absent', 'not_created'), ('refused', 'rejected')) AS n("old", "new")
WHERE a."outcome" = n."old";
ALTER TABLE "workload_attempts" ADD CONSTRAINT "workload_attempts_outcome" CHECK (
  "outcome" IN ('created', 'rejected', 'not_sent', 'unknown', 'recovered', 'not_created')
);

CREATE TEMPORARY TABLE "renamed_reasons" ON COMMIT DROP AS
SELECT * FROM (VALUES
  ('no_verdict', 'outcome_not_reported'),
  ('record_gone', 'remote_record_lost'),
  ('missing_remotely', 'remote_not_found'),
  ('partial', 'partially_succeeded')
) AS n("old", "new");

UPDATE "workloads" w SET "status_reason" = n."new" FROM "renamed_reasons" n WHERE w."status_reason" = n."old";
UPDATE "workload_events" e SET "data" = jsonb_set(e."data", '{reason}', to_jsonb(n."new"))
FROM "renamed_reasons" n WHERE e."data"->>'reason' = n."old";
UPDATE "webhook_deliveries" d SET "payload" = jsonb_set(d."payload", '{data,reason}', to_jsonb(n."new"))
FROM "renamed_reasons" n WHERE d."payload"#>>'{data,reason}' = n."old";

-- What an operator decided stands in an event.
UPDATE "workload_events" SET "data" = jsonb_set("data", '{outcome}',
  CASE "data"->>'outcome' WHEN 'found' THEN '"recovered"'::jsonb ELSE '"not_created"'::jsonb END)
WHERE "type" IN ('job.resolved', 'environment.resolved') AND "data"->>'outcome' IN ('found', 'absent');
UPDATE "webhook_deliveries" SET "payload" = jsonb_set("payload", '{data,outcome}',
  CASE "payload"#>>'{data,outcome}' WHEN 'found' THEN '"recovered"'::jsonb ELSE '"not_created"'::jsonb END)
WHERE "type" IN ('job.resolved', 'environment.resolved') AND "payload"#>>'{data,outcome}' IN ('found', 'absent');

UPDATE "connections" SET "settings" = "settings" - 'markIn' || jsonb_build_object('tagField', "settings"->'markIn')
WHERE "provider" = 'scnet' AND "settings" ? 'markIn';
