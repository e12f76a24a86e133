CREATE INDEX CONCURRENTLY "audit_feed" ON "audit" ("xid", "id") WHERE "xid" IS NOT NULL;
