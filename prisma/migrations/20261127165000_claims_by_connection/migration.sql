-- A worker claims what is due of one connection after the other: what is due is found by connection.
CREATE INDEX "workloads_connection_id_due_at_idx" ON "workloads" ("connection_id", "due_at") WHERE "due_at" IS NOT NULL;

-- Those first with an action that a client requested and nobody has carried out.
CREATE INDEX "workloads_requested" ON "workloads" ("connection_id", "due_at") WHERE "generation" > "carried_generation" AND "due_at" IS NOT NULL;

DROP INDEX "workloads_due_at_idx";
DROP INDEX "workloads_project_id_due_at_idx";
DROP INDEX "workloads_wished";
