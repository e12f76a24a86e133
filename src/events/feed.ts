import { encodeCursor, notOurs, positionIn } from '../http/cursor.ts'
import type { Reading } from '../http/follow.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { Refusal } from '../vocabulary/refusal.ts'
import type { FeedPosition, FeedRepository, ProjectEvent } from './feed.repository.ts'

/** Everything that happens in a project, in an order that does not change after it was read. */
export interface Feed {
  /**
   * The events of these kinds after a cursor, or from the first that is kept; positions are cursors. No more than `limit`
   * events are read: where kinds are left out fewer are shown, though there are more.
   *
   * @throws Refusal `cursor_expired` where what comes next may be gone, or the database is another one than it was
   */
  read(
    projectId: string,
    query: { kinds: readonly Kind[]; cursor: string | null; limit: number },
  ): Promise<Reading<string>>
  /** The cursor of this moment. */
  now(projectId: string): Promise<string>
}

interface Deps {
  repository: FeedRepository
  retentionDays: number
}

const list = { name: 'events', filters: {} }

export function makeFeed({ repository, retentionDays }: Deps): Feed {
  return {
    async read(projectId, { kinds, cursor, limit }) {
      const from = placeIn(cursor)
      const page = (await repository.read(projectId, { after: from?.position ?? null, limit })) ?? noProject()
      if (from !== null && from.epoch !== page.epoch)
        throw expired('The database was restored or replaced since it was given out')
      if (from !== null && page.isPruned) throw expired(`Events are kept for ${retentionDays} days`)
      const cursorOf = (position: FeedPosition) => encodeCursor(toCursor(position, page.epoch), list)
      return {
        messages: page.events
          .filter(({ kind }) => kinds.includes(kind))
          .map((event) => ({ id: cursorOf(event), data: viewOf(event) })),
        position: cursorOf(page.end),
        isFull: page.isFull,
        isBehind: page.isBehind,
        isOver: false,
      }
    },

    async now(projectId) {
      const { end, epoch } = (await repository.end(projectId)) ?? noProject()
      return encodeCursor(toCursor(end, epoch), list)
    },
  }
}

function viewOf({ id, seq, type, at, data, kind, workloadId }: ProjectEvent) {
  return { id, seq, type, at: at.toISOString(), data, kind, recordId: workloadId }
}

function toCursor({ xid, workloadId, seq }: FeedPosition, epoch: string) {
  return { id: workloadId, xid, seq: String(seq), epoch }
}

const mostXid = 2n ** 63n - 1n
const mostSeq = 2 ** 31 - 1

/** @throws Refusal where it is no cursor, or holds what the database would not take */
function placeIn(cursor: string | null): { position: FeedPosition; epoch: string } | null {
  const found = positionIn<Partial<ReturnType<typeof toCursor>>>(cursor ?? undefined, list)
  if (found === null) return null
  const { id: workloadId = '', xid = '', seq = '', epoch = '' } = found
  if (!/^\d{1,19}$/.test(xid) || BigInt(xid) > mostXid || !/^\d{1,10}$/.test(seq) || Number(seq) > mostSeq)
    throw notOurs()
  return { position: { xid, workloadId, seq: Number(seq) }, epoch }
}

function expired(why: string): Refusal {
  const detail = `What comes after this cursor cannot be told. ${why}. Read the records themselves, then begin again without cursor.`
  return new Refusal('cursor_expired', detail, {
    errors: [{ in: 'query', pointer: 'cursor', code: 'cursor_expired', detail }],
  })
}

/** Whoever is let in has a project. */
function noProject(): never {
  throw new Error('The caller has no project.')
}
