import { describe, expect, it } from 'vitest'
import { operations } from '../../support/contract.ts'

const operationIds = (matches: (operation: (typeof operations)[number]) => boolean) =>
  operations.filter(matches).map(({ id }) => id)

describe('published contract', () => {
  it('documents If-Match exactly for operations that return 412', () => {
    const expected = operationIds(({ statuses }) => statuses.includes(412))
    expect(expected.length).toBeGreaterThan(5)
    expect(operationIds(({ headers }) => headers.includes('if-match'))).toEqual(expected)
  })

  it('documents If-None-Match and ETag exactly for operations that return 304', () => {
    const expected = operationIds(({ statuses }) => statuses.includes(304))
    expect(expected).toEqual(['getConnection', 'getJob', 'getEnvironment', 'getWebhookEndpoint'])
    expect(operationIds(({ headers }) => headers.includes('if-none-match'))).toEqual(expected)
    expect(operationIds(({ responseHeaders }) => responseHeaders[304]?.includes('etag') === true)).toEqual(expected)
  })

  it('documents Prefer and Preference-Applied exactly for long polls', () => {
    const expected = ['getJob', 'getEnvironment']
    expect(operationIds(({ headers }) => headers.includes('prefer'))).toEqual(expected)
    for (const status of [200, 304])
      expect(
        operationIds(({ responseHeaders }) => responseHeaders[status]?.includes('preference-applied') === true),
      ).toEqual(expected)
  })

  it('documents Idempotency-Key and Idempotency-Replayed exactly for creates', () => {
    const expected = ['submitJob', 'createEnvironment']
    // A batch reports a replay in each result.
    expect(operationIds(({ headers }) => headers.includes('idempotency-key')).toSorted()).toEqual(
      [...expected, 'submitJobBatch'].toSorted(),
    )
    expect(
      operationIds(({ responseHeaders }) => responseHeaders[202]?.includes('idempotency-replayed') === true),
    ).toEqual(expected)
  })

  it('documents Location for every 201 and 202 response', () => {
    for (const { id, responseHeaders } of operations)
      for (const [status, headers] of Object.entries(responseHeaders))
        if (status === '201' || status === '202') expect(headers, id).toContain('location')
  })

  it('documents Retry-After for every 429, 502 and 503 response', () => {
    for (const { id, responseHeaders } of operations)
      for (const [status, headers] of Object.entries(responseHeaders))
        if (['429', '502', '503'].includes(status)) expect(headers, id).toContain('retry-after')
  })
})
