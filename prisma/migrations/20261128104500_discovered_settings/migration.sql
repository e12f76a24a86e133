-- What the last verification found that the settings leave open, such as the version of the provider's API.
ALTER TABLE "connections" ADD COLUMN IF NOT EXISTS "discovered" JSONB;
