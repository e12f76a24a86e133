import { describe, expect, it } from 'vitest'
import { operations } from '../../support/contract.ts'

const those = (isMeant: (operation: (typeof operations)[number]) => boolean) =>
  operations.filter(isMeant).map(({ id }) => id)

describe('the published contract', () => {
  it('names If-Match where a change of the record in the meantime is refused, and nowhere else', () => {
    const meant = those(({ statuses }) => statuses.includes(412))
    expect(meant.length).toBeGreaterThan(5)
    expect(those(({ headers }) => headers.includes('if-match'))).toEqual(meant)
  })

  it('names If-None-Match, and an ETag for it, where the answer may be that nothing has changed', () => {
    const meant = those(({ statuses }) => statuses.includes(304))
    expect(meant).toEqual(['getConnection', 'getJob', 'getEnvironment', 'getWebhookEndpoint'])
    expect(those(({ headers }) => headers.includes('if-none-match'))).toEqual(meant)
    expect(those(({ answerHeaders }) => answerHeaders[304]?.includes('etag') === true)).toEqual(meant)
  })

  it('names Prefer where a request may wait, and says there that it did', () => {
    const meant = ['getJob', 'getEnvironment']
    expect(those(({ headers }) => headers.includes('prefer'))).toEqual(meant)
    for (const status of [200, 304])
      expect(those(({ answerHeaders }) => answerHeaders[status]?.includes('preference-applied') === true)).toEqual(
        meant,
      )
  })

  it('names Idempotency-Key where work is submitted, and says there whether it was a replay', () => {
    const meant = ['submitJob', 'createEnvironment']
    // Each result of a batch tells for its job.
    expect(those(({ headers }) => headers.includes('idempotency-key')).toSorted()).toEqual(
      [...meant, 'submitJobBatch'].toSorted(),
    )
    expect(those(({ answerHeaders }) => answerHeaders[202]?.includes('idempotency-replayed') === true)).toEqual(meant)
  })

  it('says wherever a record is made or changed where it is', () => {
    for (const { id, answerHeaders } of operations)
      for (const [status, headers] of Object.entries(answerHeaders))
        if (status === '201' || status === '202') expect(headers, id).toContain('location')
  })

  it('says wherever a later try makes sense when', () => {
    for (const { id, answerHeaders } of operations)
      for (const [status, headers] of Object.entries(answerHeaders))
        if (['429', '502', '503'].includes(status)) expect(headers, id).toContain('retry-after')
  })
})
