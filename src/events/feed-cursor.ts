import { encodeCursor, invalidCursor, positionIn } from '../http/cursor.ts'
import type { FeedPosition } from './feed.repository.ts'

/** Feed position and the database epoch in which it is valid. */
export interface FeedCursor {
  position: FeedPosition
  epoch: string
}

const list = { name: 'events', filters: {} }

export function cursorOf({ position: { xid, workloadId, seq }, epoch }: FeedCursor): string {
  return encodeCursor({ id: workloadId, xid, seq: String(seq), epoch }, list)
}

const maxXid = 2n ** 63n - 1n
const maxSeq = 2 ** 31 - 1

/** @throws ApiError if it is not a cursor, or holds values that the database does not accept */
export function parseFeedCursor(cursor: string): FeedCursor {
  const found = positionIn<{ id?: string; xid?: string; seq?: string; epoch?: string }>(cursor, list)
  const { id: workloadId = '', xid = '', seq = '', epoch = '' } = found ?? {}
  if (!/^\d{1,19}$/.test(xid) || BigInt(xid) > maxXid || !/^\d{1,10}$/.test(seq) || Number(seq) > maxSeq)
    throw invalidCursor()
  return { position: { xid, workloadId, seq: Number(seq) }, epoch }
}

/** Compares positions in feed order, as Postgres does: by `xid`, then by id bytewise, then by `seq`. */
export function isAfter(one: FeedPosition, other: FeedPosition): boolean {
  if (one.xid !== other.xid) return BigInt(one.xid) > BigInt(other.xid)
  if (one.workloadId !== other.workloadId) return one.workloadId > other.workloadId
  return one.seq > other.seq
}
