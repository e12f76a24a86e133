-- AlterTable
ALTER TABLE "connections" ADD COLUMN IF NOT EXISTS "network" JSONB,
ADD COLUMN IF NOT EXISTS "sealed_network" TEXT;
