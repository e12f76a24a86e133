-- When the traced request changed the workload: its trace ends a while after.
ALTER TABLE "workloads" ADD COLUMN IF NOT EXISTS "traced_at" TIMESTAMPTZ(6);
