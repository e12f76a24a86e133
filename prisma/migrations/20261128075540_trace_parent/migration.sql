-- The W3C traceparent of the traced request that changed the workload last.
ALTER TABLE "workloads" ADD COLUMN "trace_parent" TEXT;
