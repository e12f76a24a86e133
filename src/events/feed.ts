import type { TailBatch } from '../http/event-tail.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { FeedPosition, FeedRepository, ProjectEvent } from './feed.repository.ts'
import { cursorOf, type FeedPlace, placeIn } from './feed-cursor.ts'

/** An event as clients see it, under the cursor of its position. */
export interface FeedMessage {
  id: string
  data: object
  kind: Kind
  position: FeedPosition
}

export interface MessagePage {
  messages: readonly FeedMessage[]
  /** The last of them; where there is none, where it began. */
  end: FeedPlace
  isFull: boolean
  isBehind: boolean
}

/** Everything that happens in a project, in an order that does not change after it was read. */
export interface Feed {
  /**
   * The events of these kinds after a cursor, or from the first that is kept; positions are cursors. No more than `limit`
   * events are read: where kinds are left out fewer are shown, though there are more.
   *
   * @throws ApiError `cursor_expired` where what comes next may be gone, or the database is another one than it was
   */
  read(
    projectId: string,
    query: { kinds: readonly Kind[]; cursor: string | null; limit: number },
  ): Promise<TailBatch<string>>
  /** The same of all kinds, and after a place. */
  page(projectId: string, query: { after: FeedPlace | null; limit: number }): Promise<MessagePage>
  /** The cursor of this moment. */
  now(projectId: string): Promise<string>
}

interface Deps {
  repository: FeedRepository
  retentionDays: number
}

export function makeFeed({ repository, retentionDays }: Deps): Feed {
  async function page(projectId: string, { after, limit }: { after: FeedPlace | null; limit: number }) {
    const found = (await repository.read(projectId, { after: after?.position ?? null, limit })) ?? noProject()
    const { epoch, isFull, isBehind } = found
    if (after !== null && after.epoch !== epoch)
      throw expired('The database was restored or replaced after the cursor was issued')
    if (after !== null && found.isPruned) throw expired(`Events are retained for ${retentionDays} days`)
    const messages = found.events.map((event) => messageOf(event, epoch))
    return { messages, end: { position: found.end, epoch }, isFull, isBehind }
  }

  return {
    page,

    async read(projectId, { kinds, cursor, limit }) {
      const after = cursor === null ? null : placeIn(cursor)
      const { messages, end, ...rest } = await page(projectId, { after, limit })
      const shown = messages.filter(({ kind }) => kinds.includes(kind))
      return { ...rest, messages: shown, position: cursorOf(end), isOver: false }
    },

    async now(projectId) {
      const { end, epoch } = (await repository.end(projectId)) ?? noProject()
      return cursorOf({ position: end, epoch })
    },
  }
}

function messageOf({ id, seq, type, at, data, kind, workloadId, xid }: ProjectEvent, epoch: string): FeedMessage {
  const position = { xid, workloadId, seq }
  const view = { id, seq, type, at: at.toISOString(), data, kind, recordId: workloadId }
  return { id: cursorOf({ position, epoch }), data: view, kind, position }
}

function expired(why: string): ApiError {
  const detail = `Cursor expired. ${why}. Read the records, then start again without a cursor.`
  return new ApiError('cursor_expired', detail, {
    errors: [{ in: 'query', pointer: 'cursor', code: 'cursor_expired', detail }],
  })
}

/** Every authenticated caller has a project. */
function noProject(): never {
  throw new Error('The caller has no project.')
}
