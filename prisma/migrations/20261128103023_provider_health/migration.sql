-- CreateTable
CREATE TABLE "connection_calls" (
    "connection_id" TEXT COLLATE "C" NOT NULL,
    "minute" TIMESTAMPTZ(6) NOT NULL,
    "operation" TEXT COLLATE "C" NOT NULL,
    "code" TEXT COLLATE "C" NOT NULL,
    "calls" INTEGER NOT NULL,
    "duration_ms" DOUBLE PRECISION NOT NULL,
    "buckets" INTEGER[],

    CONSTRAINT "connection_calls_pkey" PRIMARY KEY ("connection_id","minute","operation","code")
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1);

-- CreateTable
CREATE TABLE "connection_results" (
    "connection_id" TEXT COLLATE "C" NOT NULL,
    "last_succeeded_at" TIMESTAMPTZ(6),
    "last_failed_at" TIMESTAMPTZ(6),
    "last_failure" JSONB,

    CONSTRAINT "connection_results_pkey" PRIMARY KEY ("connection_id")
) WITH (fillfactor = 50);

-- CreateIndex
CREATE INDEX "connection_calls_minute_idx" ON "connection_calls"("minute");
