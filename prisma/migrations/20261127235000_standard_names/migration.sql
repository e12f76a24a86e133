-- Columns get the names of the API and the documentation. Processes of earlier versions cannot run beside this schema: stop them first.
ALTER TABLE "workloads" RENAME COLUMN "mark" TO "correlation_tag";
ALTER TABLE "workloads" RENAME COLUMN "carried_generation" TO "observed_generation";
ALTER TABLE "workloads" RENAME COLUMN "controlled_at" TO "last_action_at";
ALTER TABLE "workloads" RENAME COLUMN "exclusive_key" TO "exclusivity_key";
ALTER TABLE "workloads" RENAME COLUMN "live" TO "active";
ALTER INDEX "workloads_mark_key" RENAME TO "workloads_correlation_tag_key";
ALTER TABLE "workload_attempts" RENAME COLUMN "mark" TO "correlation_tag";
ALTER TABLE "workload_attempts" RENAME COLUMN "before" TO "pre_create_snapshot";
ALTER TABLE "workload_attempts" RENAME COLUMN "settled_at" TO "absence_conclusive_at";
ALTER TABLE "webhook_endpoints" RENAME COLUMN "asked_until" TO "retry_after_until";
ALTER TABLE "webhook_endpoints" RENAME COLUMN "epoch" TO "config_epoch";
ALTER TABLE "webhook_deliveries" RENAME COLUMN "step" TO "retry_step";
