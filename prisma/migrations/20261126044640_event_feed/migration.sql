-- AlterTable
ALTER TABLE "projects" ADD COLUMN     "pruned_seq" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "pruned_workload_id" TEXT COLLATE "C" NOT NULL DEFAULT '',
ADD COLUMN     "pruned_xid" xid8 NOT NULL DEFAULT '0'::xid8;

-- What Prisma's schema language cannot say.

-- A transaction gets its number with its first write and may then wait for a row that a later one holds: its event of that
-- row would come before the other's, though its `seq` comes after. It takes the later number. Readers stop at the oldest
-- open transaction, which this one is until its own end, so nobody has passed that number yet.
-- Volatile, so that it sees what was committed while its statement waited.
CREATE FUNCTION "order_workload_event"() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  NEW."xid" := GREATEST(NEW."xid",
    (SELECT "xid" FROM "workload_events" WHERE "workload_id" = NEW."workload_id" AND "seq" = NEW."seq" - 1));
  RETURN NEW;
END $$;
CREATE TRIGGER "workload_events_in_order" BEFORE INSERT ON "workload_events"
  FOR EACH ROW WHEN (NEW."seq" > 1) EXECUTE FUNCTION "order_workload_event"();
