-- The W3C traceparent of the traced request that changed the workload last.
ALTER TABLE "workloads" ADD COLUMN IF NOT EXISTS "trace_parent" TEXT;
