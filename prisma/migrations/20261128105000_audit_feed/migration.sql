-- AlterTable
ALTER TABLE "audit" ADD COLUMN IF NOT EXISTS "xid" xid8;
-- Apart from the addition, so that existing rows are not rewritten.
ALTER TABLE "audit" ALTER COLUMN "xid" SET DEFAULT pg_current_xact_id();

-- CreateTable
CREATE TABLE IF NOT EXISTS "record_logs" (
    "stream" TEXT NOT NULL,
    "lease_id" TEXT,
    "lease_until" TIMESTAMPTZ(6),

    CONSTRAINT "record_logs_pkey" PRIMARY KEY ("stream")
);

-- CreateTable
CREATE TABLE IF NOT EXISTS "record_log_cursors" (
    "stream" TEXT NOT NULL,
    "project_id" TEXT COLLATE "C" NOT NULL,
    "xid" xid8 NOT NULL DEFAULT '0'::xid8,
    "record_id" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "seq" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "record_log_cursors_pkey" PRIMARY KEY ("stream", "project_id")
);

-- What Prisma's schema language cannot say.

-- Entries may be deleted only by a transaction that states a retention, and only those that are older.
CREATE OR REPLACE FUNCTION "refuse_change_of_audit"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND COALESCE(current_setting('switchyard.audit_retention_days', true), '') ~ '^[1-9][0-9]*$' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE OR REPLACE FUNCTION "refuse_early_deletion_of_audit"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM deleted WHERE "at" > now() - current_setting('switchyard.audit_retention_days')::int * interval '1 day') THEN
    RAISE EXCEPTION 'the audit log is append-only: entries within the retention are kept';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "audit_keeps_its_retention" AFTER DELETE ON "audit" REFERENCING OLD TABLE AS deleted
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_early_deletion_of_audit"();
