-- CreateTable
CREATE TABLE "webhook_endpoints" (
    "id" TEXT COLLATE "C" NOT NULL,
    "project_id" TEXT COLLATE "C" NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "event_types" TEXT[] COLLATE "C",
    "enabled" BOOLEAN NOT NULL,
    "sealed_secret" TEXT COLLATE "C" NOT NULL,
    "overlap_until" TIMESTAMPTZ(6),
    "version" INTEGER NOT NULL DEFAULT 1,
    "cursor_xid" xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
    -- Compared with "workload_events"."workload_id", in the order of its index.
    "cursor_workload_id" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "cursor_seq" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(6),
    "asked_until" TIMESTAMPTZ(6),
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "failing_since" TIMESTAMPTZ(6),
    "last_succeeded_at" TIMESTAMPTZ(6),
    "disabled_at" TIMESTAMPTZ(6),
    "disabled_reason" TEXT COLLATE "C",
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "webhook_endpoints_disabled" CHECK ("enabled" = ("disabled_at" IS NULL)),
    CONSTRAINT "webhook_endpoints_disabled_reason" CHECK ("disabled_reason" IS NULL OR ("disabled_reason" IN ('gone', 'failing') AND NOT "enabled")),
    CONSTRAINT "webhook_endpoints_deleted" CHECK ("deleted_at" IS NULL OR NOT "enabled")
) WITH (fillfactor = 50);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" TEXT COLLATE "C" NOT NULL,
    "endpoint_id" TEXT COLLATE "C" NOT NULL,
    "project_id" TEXT COLLATE "C" NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT COLLATE "C" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "step" INTEGER NOT NULL DEFAULT 0,
    "lease_id" TEXT COLLATE "C",
    "due_at" TIMESTAMPTZ(6) DEFAULT CURRENT_TIMESTAMP,
    "last_attempt_at" TIMESTAMPTZ(6),
    "last_http_status" INTEGER,
    "last_reason" TEXT COLLATE "C",
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "webhook_deliveries_status" CHECK ("status" IN ('pending', 'delivered', 'failed')),
    CONSTRAINT "webhook_deliveries_due" CHECK (("status" = 'pending') = ("due_at" IS NOT NULL)),
    CONSTRAINT "webhook_deliveries_settled" CHECK (("status" = 'pending') = ("settled_at" IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- CreateIndex
CREATE INDEX "webhook_endpoints_project_id_id_idx" ON "webhook_endpoints"("project_id", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_endpoint_id_status_id_idx" ON "webhook_deliveries"("endpoint_id", "status", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_endpoint_id_event_id_key" ON "webhook_deliveries"("endpoint_id", "event_id");

-- What Prisma's schema language cannot say.

-- Who may get something, who of them has to be tried, and who gets nothing since when, the deleted among them: moving a
-- cursor touches none of these.
CREATE INDEX "webhook_endpoints_enabled" ON "webhook_endpoints" ("id") WHERE "enabled";
CREATE INDEX "webhook_endpoints_failing" ON "webhook_endpoints" ("not_before") WHERE "enabled" AND "failures" > 0;
CREATE INDEX "webhook_endpoints_idle" ON "webhook_endpoints" ("disabled_at") WHERE NOT "enabled";

-- What is to be sent, endpoint by endpoint: one that has a million waiting costs a look at its first ones.
CREATE INDEX "webhook_deliveries_pending" ON "webhook_deliveries" ("endpoint_id", "due_at") WHERE "status" = 'pending';
-- Few rows, counted at every scrape.
CREATE INDEX "webhook_deliveries_failed" ON "webhook_deliveries" ("id") WHERE "status" = 'failed';
-- What is old enough to go.
CREATE INDEX "webhook_deliveries_settled_at" ON "webhook_deliveries" ("settled_at") WHERE "status" <> 'pending';
