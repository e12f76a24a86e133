import type { TailBatch } from '../http/event-tail.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { FeedPosition, FeedRepository, ProjectEvent } from './feed.repository.ts'
import { cursorOf, type FeedCursor, parseFeedCursor } from './feed-cursor.ts'

/** Event as clients see it; its id is the cursor of its position. */
export interface FeedMessage {
  id: string
  data: object
  kind: Kind
  position: FeedPosition
}

export interface MessagePage {
  messages: readonly FeedMessage[]
  /** Position of the last message; the start position if there is none. */
  end: FeedCursor
  isFull: boolean
  isBehind: boolean
}

/** Event feed of a project, in a stable order. */
export interface Feed {
  /**
   * Events of these kinds after a cursor, or from the first retained event; positions are cursors. Reads up to `limit`
   * events: with kinds filtered out, a page may be shorter although more events exist.
   *
   * @throws ApiError `cursor_expired` if the next events may have been deleted, or the database was replaced
   */
  read(
    projectId: string,
    query: { kinds: readonly Kind[]; cursor: string | null; limit: number },
  ): Promise<TailBatch<string>>
  /** As `read`, of all kinds and after a position. */
  page(projectId: string, query: { after: FeedCursor | null; limit: number }): Promise<MessagePage>
  /** Cursor of the current end of the feed. */
  now(projectId: string): Promise<string>
}

interface Deps {
  repository: FeedRepository
  retentionDays: number
}

export function makeFeed({ repository, retentionDays }: Deps): Feed {
  async function page(projectId: string, { after, limit }: { after: FeedCursor | null; limit: number }) {
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
      const after = cursor === null ? null : parseFeedCursor(cursor)
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
