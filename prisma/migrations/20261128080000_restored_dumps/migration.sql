-- AlterTable
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "restored_at" TIMESTAMPTZ(6),
ADD COLUMN IF NOT EXISTS "table_identity" TEXT;
