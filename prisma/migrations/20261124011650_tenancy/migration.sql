-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "expires_at" TIMESTAMPTZ(6),
ADD COLUMN     "last_used_at" TIMESTAMPTZ(6),
ADD COLUMN     "revoked_at" TIMESTAMPTZ(6),
ADD COLUMN     "scopes" TEXT[] DEFAULT ARRAY['admin']::TEXT[];

-- AlterTable
ALTER TABLE "projects" ADD COLUMN     "max_accelerators" INTEGER,
ADD COLUMN     "max_active_workloads" INTEGER,
ADD COLUMN     "max_connections" INTEGER;

-- AlterTable
ALTER TABLE "sweeps" ADD COLUMN     "last_orphans" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "audit" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "project_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "object_id" TEXT,
    "outcome" TEXT NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "request_rates" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expire" BIGINT,

    CONSTRAINT "request_rates_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "audit_project_id_id_idx" ON "audit"("project_id", "id");

-- CreateIndex
CREATE INDEX "api_keys_project_id_id_idx" ON "api_keys"("project_id", "id");

-- What Prisma's schema language cannot say.

-- Counts of the last seconds: losing them in a crash costs nothing, and writing them flushes nothing.
ALTER TABLE "request_rates" SET UNLOGGED;

-- Appended by whatever it tells of, and never touched again.
CREATE FUNCTION "refuse_change_of_audit"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER "audit_is_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_audit"();

-- What a project has running, for its quota.
CREATE INDEX "workloads_live_project" ON "workloads" ("project_id") WHERE "live";

-- Few rows, counted at every scrape.
CREATE INDEX "workload_events_duplicates" ON "workload_events" ("workload_id")
  WHERE "type" IN ('job.duplicate_detected', 'environment.duplicate_detected');
