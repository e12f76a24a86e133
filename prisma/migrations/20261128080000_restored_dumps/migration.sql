-- AlterTable
ALTER TABLE "installation" ADD COLUMN "restored_at" TIMESTAMPTZ(6),
ADD COLUMN "table_identity" TEXT;
