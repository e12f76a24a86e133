-- Each project's share of what is due.
CREATE INDEX "workloads_project_id_due_at_idx" ON "workloads" ("project_id", "due_at") WHERE "due_at" IS NOT NULL;

-- What Prisma's schema language cannot say: wishes are carried out before anything else.
CREATE INDEX "workloads_wished" ON "workloads" ("due_at") WHERE "generation" > "carried_generation" AND "due_at" IS NOT NULL;
