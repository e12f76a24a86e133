import type { Api, CallOptions } from '../api.ts'
import { followEvents, type StreamOptions } from '../event-streams.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import type { PageQuery, ProjectEvent, ProjectEventPage } from '../types.ts'

export interface ProjectStreamOptions extends StreamOptions {
  /** Starts after this position: `endCursor` of a page. Default: with new events. */
  cursor?: string | undefined
}

export interface Events {
  /** The retained events of the project, oldest first. Pages have an `endCursor`, at which a later list or stream continues. */
  list(query?: PageQuery, options?: CallOptions): List<ProjectEvent, ProjectEventPage>
  /** The new events of the project; does not end. Resumes after disconnections. */
  stream(options?: ProjectStreamOptions): AsyncGenerator<ProjectEvent, void, void>
}

export function makeEvents(api: Api): Events {
  return {
    list: (query = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(query, cursor) }
        return api.call((http, init) => http.GET('/events', { ...init, params }), options)
      }, query.cursor),
    stream: ({ cursor, ...options } = {}) => {
      const open = async (lastEventId: string | undefined) => {
        const params = { query: withCursor({}, lastEventId === undefined ? cursor : undefined) }
        const { response } = await api.send(
          (http, init) => http.GET('/events/stream', { ...init, params, parseAs: 'stream' }),
          { signal: options.signal },
          { headers: { 'last-event-id': lastEventId }, expects: 'event-stream' },
        )
        return response
      }
      return followEvents({ open, maxOutageMs: api.settings.maxOutageMs }, options)
    },
  }
}
