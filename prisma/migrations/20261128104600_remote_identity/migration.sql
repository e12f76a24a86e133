-- An id of the remote object that is never reused, where remote ids are.
ALTER TABLE "workloads" ADD COLUMN IF NOT EXISTS "remote_identity" TEXT;
