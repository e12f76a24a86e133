-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "network" JSONB,
ADD COLUMN     "sealed_network" TEXT;
