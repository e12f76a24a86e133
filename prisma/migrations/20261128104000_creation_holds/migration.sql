-- CreateTable
CREATE TABLE IF NOT EXISTS "creation_holds" (
    "id" TEXT COLLATE "C" NOT NULL,
    "provider" TEXT,
    "connection_id" TEXT COLLATE "C",
    "project_id" TEXT COLLATE "C",
    "note" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_at" TIMESTAMPTZ(6),
    "woken_at" TIMESTAMPTZ(6),

    CONSTRAINT "creation_holds_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "creation_holds_scope" CHECK (num_nonnulls("provider", "connection_id", "project_id") > 0)
);

-- What Prisma's schema language cannot say.

-- One hold per scope. It is also what a creation looks up: few rows.
CREATE UNIQUE INDEX "creation_holds_active" ON "creation_holds" (COALESCE("provider", ''), COALESCE("connection_id", ''), COALESCE("project_id", ''))
  WHERE "released_at" IS NULL;
-- Released, and workloads may still wait for it.
CREATE INDEX "creation_holds_unwoken" ON "creation_holds" ("released_at") WHERE "released_at" IS NOT NULL AND "woken_at" IS NULL;
