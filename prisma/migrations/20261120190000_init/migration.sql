-- Ids and other machine words compare by byte (COLLATE "C"): faster, and the same order everywhere.

CREATE TABLE "installation" (
  "singleton" BOOLEAN NOT NULL DEFAULT true,
  "tag" TEXT NOT NULL,
  "system_identifier" TEXT NOT NULL,
  "timeline" INTEGER NOT NULL,
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "installation_pkey" PRIMARY KEY ("singleton"),
  CONSTRAINT "installation_one_row" CHECK ("singleton")
);

CREATE TABLE "projects" (
  "id" TEXT COLLATE "C" NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "projects_name_key" ON "projects" ("name");

CREATE TABLE "api_keys" (
  "id" TEXT COLLATE "C" NOT NULL,
  "project_id" TEXT COLLATE "C" NOT NULL,
  "name" TEXT NOT NULL,
  "secret_hash" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "api_keys_secret_hash_key" ON "api_keys" ("secret_hash");

CREATE TABLE "connections" (
  "id" TEXT COLLATE "C" NOT NULL,
  "project_id" TEXT COLLATE "C" NOT NULL,
  "provider" TEXT COLLATE "C" NOT NULL,
  "name" TEXT NOT NULL,
  "settings" JSONB NOT NULL,
  "sealed_credentials" TEXT NOT NULL,
  "version" INTEGER NOT NULL DEFAULT 1,
  "not_before" TIMESTAMPTZ(6),
  "pause_reason" TEXT,
  "failures" INTEGER NOT NULL DEFAULT 0,
  "held" BOOLEAN NOT NULL DEFAULT false,
  "verified_at" TIMESTAMPTZ(6),
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "deleted_at" TIMESTAMPTZ(6),
  CONSTRAINT "connections_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "connections_project_id_id_idx" ON "connections" ("project_id", "id");
CREATE UNIQUE INDEX "connections_live_name" ON "connections" ("project_id", "name") WHERE "deleted_at" IS NULL;

CREATE TABLE "workloads" (
  "id" TEXT COLLATE "C" NOT NULL,
  "project_id" TEXT COLLATE "C" NOT NULL,
  "kind" TEXT COLLATE "C" NOT NULL,
  "provider" TEXT COLLATE "C" NOT NULL,
  "connection_id" TEXT COLLATE "C" NOT NULL,
  "environment_id" TEXT COLLATE "C",
  "name" TEXT COLLATE "C" NOT NULL,
  "labels" JSONB NOT NULL,
  "spec" JSONB NOT NULL,
  "mark" TEXT COLLATE "C" NOT NULL,
  "imported" BOOLEAN NOT NULL DEFAULT false,
  "keep_remote" BOOLEAN NOT NULL DEFAULT false,
  "held" BOOLEAN NOT NULL DEFAULT false,
  "desired" TEXT COLLATE "C" NOT NULL DEFAULT 'run',
  "generation" INTEGER NOT NULL DEFAULT 0,
  "carried_generation" INTEGER NOT NULL DEFAULT 0,
  "spec_version" INTEGER NOT NULL DEFAULT 1,
  "applied_spec_version" INTEGER NOT NULL DEFAULT 0,
  "enforcing" TEXT COLLATE "C",
  "status" TEXT COLLATE "C" NOT NULL,
  "status_reason" TEXT COLLATE "C",
  "status_message" TEXT,
  "status_changed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "exclusive_key" TEXT COLLATE "C",
  "live" BOOLEAN NOT NULL DEFAULT true,
  "version" INTEGER NOT NULL DEFAULT 1,
  "seq" INTEGER NOT NULL DEFAULT 1,
  "lease_id" TEXT COLLATE "C",
  "lease_until" TIMESTAMPTZ(6),
  "due_at" TIMESTAMPTZ(6),
  "next_attempt_at" TIMESTAMPTZ(6),
  "failures" INTEGER NOT NULL DEFAULT 0,
  "remote_id" TEXT COLLATE "C",
  "remote_name" TEXT,
  "raw_state" TEXT,
  "remote_payload" JSONB,
  "observed_at" TIMESTAMPTZ(6),
  "missing_since" TIMESTAMPTZ(6),
  "controlled_at" TIMESTAMPTZ(6),
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "dispatched_at" TIMESTAMPTZ(6),
  "started_at" TIMESTAMPTZ(6),
  "ended_at" TIMESTAMPTZ(6),
  "cancel_requested_at" TIMESTAMPTZ(6),
  "exit_code" INTEGER,
  "signal" INTEGER,
  "error" JSONB,
  "tasks" JSONB,
  "result" JSONB,
  CONSTRAINT "workloads_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "workloads_kind_status" CHECK (
    ("kind" = 'job' AND "status" IN
      ('queued', 'dispatching', 'pending', 'running', 'canceling', 'succeeded', 'failed', 'canceled', 'unknown')) OR
    ("kind" = 'environment' AND "status" IN
      ('queued', 'dispatching', 'provisioning', 'running', 'stopping', 'stopped', 'starting', 'blocked', 'failed', 'deleting', 'deleted'))
  ),
  CONSTRAINT "workloads_kind_desired" CHECK (
    ("kind" = 'job' AND "desired" IN ('run', 'cancel')) OR
    ("kind" = 'environment' AND "desired" IN ('run', 'stop', 'delete'))
  ),
  CONSTRAINT "workloads_live" CHECK (
    "live" = NOT ("status" IN ('succeeded', 'canceled', 'unknown', 'deleted') OR ("kind" = 'job' AND "status" = 'failed'))
  )
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE UNIQUE INDEX "workloads_mark_key" ON "workloads" ("mark");
CREATE INDEX "workloads_project_id_kind_id_idx" ON "workloads" ("project_id", "kind", "id");
CREATE INDEX "workloads_project_id_kind_status_id_idx" ON "workloads" ("project_id", "kind", "status", "id");
CREATE INDEX "workloads_project_id_kind_name_id_idx" ON "workloads" ("project_id", "kind", "name", "id");
CREATE INDEX "workloads_project_id_kind_connection_id_id_idx" ON "workloads" ("project_id", "kind", "connection_id", "id");
CREATE INDEX "workloads_environment_id_id_idx" ON "workloads" ("environment_id", "id") WHERE "environment_id" IS NOT NULL;
CREATE INDEX "workloads_connection_id_kind_remote_id_idx" ON "workloads" ("connection_id", "kind", "remote_id");
CREATE UNIQUE INDEX "workloads_exclusive" ON "workloads" ("exclusive_key") WHERE "exclusive_key" IS NOT NULL AND "live";
CREATE INDEX "workloads_due_at_idx" ON "workloads" ("due_at") WHERE "due_at" IS NOT NULL;

CREATE TABLE "workload_labels" (
  "project_id" TEXT COLLATE "C" NOT NULL,
  "kind" TEXT COLLATE "C" NOT NULL,
  "key" TEXT COLLATE "C" NOT NULL,
  "value" TEXT COLLATE "C" NOT NULL,
  "workload_id" TEXT COLLATE "C" NOT NULL,
  CONSTRAINT "workload_labels_pkey" PRIMARY KEY ("project_id", "kind", "key", "value", "workload_id")
);
CREATE INDEX "workload_labels_workload_id_idx" ON "workload_labels" ("workload_id");

CREATE TABLE "idempotency_keys" (
  "project_id" TEXT COLLATE "C" NOT NULL,
  "kind" TEXT COLLATE "C" NOT NULL,
  "key_hash" BYTEA NOT NULL,
  "workload_id" TEXT COLLATE "C" NOT NULL,
  "fingerprint" BYTEA NOT NULL,
  "expires_at" TIMESTAMPTZ(6) NOT NULL,
  CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("project_id", "kind", "key_hash")
);
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys" ("expires_at");

CREATE TABLE "workload_attempts" (
  "workload_id" TEXT COLLATE "C" NOT NULL,
  "number" INTEGER NOT NULL,
  "mark" TEXT COLLATE "C" NOT NULL,
  "scope" JSONB NOT NULL,
  "before" JSONB NOT NULL,
  "send_by" TIMESTAMPTZ(6) NOT NULL,
  "settled_at" TIMESTAMPTZ(6) NOT NULL,
  "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "ended_at" TIMESTAMPTZ(6),
  "outcome" TEXT COLLATE "C",
  "remote_id" TEXT COLLATE "C",
  "error" JSONB,
  CONSTRAINT "workload_attempts_pkey" PRIMARY KEY ("workload_id", "number"),
  CONSTRAINT "workload_attempts_outcome" CHECK (
    "outcome" IN ('created', 'refused', 'not_sent', 'unknown', 'found', 'absent')
  )
) WITH (fillfactor = 80);

CREATE TABLE "workload_events" (
  "workload_id" TEXT COLLATE "C" NOT NULL,
  "seq" INTEGER NOT NULL,
  "id" TEXT COLLATE "C" NOT NULL,
  "project_id" TEXT COLLATE "C" NOT NULL,
  "kind" TEXT COLLATE "C" NOT NULL,
  "type" TEXT COLLATE "C" NOT NULL,
  "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "data" JSONB NOT NULL,
  "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT "workload_events_pkey" PRIMARY KEY ("workload_id", "seq")
);
CREATE INDEX "workload_events_project_id_xid_workload_id_seq_idx" ON "workload_events" ("project_id", "xid", "workload_id", "seq");

-- The secret variables of workloads, sealed.
CREATE TABLE "workload_secrets" (
  "workload_id" TEXT COLLATE "C" NOT NULL,
  "sealed" TEXT COLLATE "C" NOT NULL,
  CONSTRAINT "workload_secrets_pkey" PRIMARY KEY ("workload_id")
);

CREATE TABLE "sweeps" (
  "connection_id" TEXT COLLATE "C" NOT NULL,
  "kind" TEXT COLLATE "C" NOT NULL,
  "lease_id" TEXT COLLATE "C",
  "lease_until" TIMESTAMPTZ(6),
  "due_at" TIMESTAMPTZ(6),
  "interval_ms" INTEGER NOT NULL DEFAULT 0,
  "last_started_at" TIMESTAMPTZ(6),
  "last_completed_at" TIMESTAMPTZ(6),
  "last_seen" INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT "sweeps_pkey" PRIMARY KEY ("connection_id", "kind")
) WITH (fillfactor = 50);
CREATE INDEX "sweeps_due_at_idx" ON "sweeps" ("due_at") WHERE "due_at" IS NOT NULL;
