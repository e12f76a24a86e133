/** A page of a list. */
export interface Page<T> {
  data: T[]
  nextCursor?: string
}

/** A list: iterate over it to read all its records, page by page, or read one page. */
export interface List<T, P extends Page<T> = Page<T>> extends AsyncIterable<T> {
  /** One page: the first, or the one at this cursor. */
  page(cursor?: string): Promise<P>
  /** All pages, as they are read. */
  pages(): AsyncGenerator<P, void, void>
  /** All records, in memory. */
  all(): Promise<T[]>
}

export function makeList<T, P extends Page<T> = Page<T>>(
  read: (cursor: string | undefined) => Promise<P>,
  start?: string,
): List<T, P> {
  async function* pages(): AsyncGenerator<P, void, void> {
    for (let cursor = start; ; ) {
      const page = await read(cursor)
      yield page
      if (page.nextCursor === undefined) return
      cursor = page.nextCursor
    }
  }

  async function* records(): AsyncGenerator<T, void, void> {
    for await (const { data } of pages()) yield* data
  }

  return {
    page: (cursor = start) => read(cursor),
    pages,
    async all() {
      const all: T[] = []
      for await (const record of records()) all.push(record)
      return all
    },
    [Symbol.asyncIterator]: records,
  }
}

/** Query parameters that are given; `exactOptionalPropertyTypes` permits no other. */
export function withCursor<Q extends object>(query: Q, cursor: string | undefined): Q & { cursor?: string } {
  return cursor === undefined ? query : { ...query, cursor }
}
