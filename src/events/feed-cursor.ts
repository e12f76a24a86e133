import { encodeCursor, notOurs, positionIn } from '../http/cursor.ts'
import type { FeedPosition } from './feed.repository.ts'

/** A position, and the database in which it means something. */
export interface FeedPlace {
  position: FeedPosition
  epoch: string
}

const list = { name: 'events', filters: {} }

export function cursorOf({ position: { xid, workloadId, seq }, epoch }: FeedPlace): string {
  return encodeCursor({ id: workloadId, xid, seq: String(seq), epoch }, list)
}

const maxXid = 2n ** 63n - 1n
const maxSeq = 2 ** 31 - 1

/** @throws ApiError where it is no cursor, or holds what the database would not take */
export function placeIn(cursor: string): FeedPlace {
  const found = positionIn<{ id?: string; xid?: string; seq?: string; epoch?: string }>(cursor, list)
  const { id: workloadId = '', xid = '', seq = '', epoch = '' } = found ?? {}
  if (!/^\d{1,19}$/.test(xid) || BigInt(xid) > maxXid || !/^\d{1,10}$/.test(seq) || Number(seq) > maxSeq)
    throw notOurs()
  return { position: { xid, workloadId, seq: Number(seq) }, epoch }
}

/** The order of the feed, as Postgres has it: by number, then by id byte for byte, then by `seq`. */
export function isAfter(one: FeedPosition, other: FeedPosition): boolean {
  if (one.xid !== other.xid) return BigInt(one.xid) > BigInt(other.xid)
  if (one.workloadId !== other.workloadId) return one.workloadId > other.workloadId
  return one.seq > other.seq
}
