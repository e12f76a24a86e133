import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  descriptionTagLength,
  nameTagLength,
  tagDescription,
  tagName,
  tagOfDescription,
  tagOfName,
  withoutTag,
} from '../../../src/providers/kit/correlation-tags.ts'
import { createFailure } from '../../../src/providers/kit/create-outcome.ts'
import {
  readEntries,
  readFlag,
  readId,
  readList,
  readNumber,
  readObject,
  readText,
} from '../../../src/providers/kit/fields.ts'
import { excerpt, jsonOf, parseBody, tryParseJson } from '../../../src/providers/kit/json.ts'
import { scanPages } from '../../../src/providers/kit/pages.ts'
import { retryAfterMs } from '../../../src/providers/kit/retry-after.ts'
import { exportLines, quoteCommand } from '../../../src/providers/kit/shell.ts'
import { readTime } from '../../../src/providers/kit/times.ts'
import { makeTokenCache } from '../../../src/providers/kit/token-cache.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const correlationTag = fc.stringMatching(/^[a-z][a-z0-9]{11}$/)
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'))

describe('readers', () => {
  it('never throw for any JSON value', () => {
    const readers = [readText, readId, readNumber, readFlag, readObject, readList, readEntries, readTime]
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, key) => {
        for (const read of readers) read(value as Json, key)
      }),
      { numRuns: 200 },
    )
    expect(readObject({}, '__proto__')).toEqual({})
  })

  it('accept numeric ids, digits as numbers and words as flags', () => {
    const from = { id: 17, big: '9', flag: 'false', none: '' }
    expect([readId(from, 'id'), readNumber(from, 'big'), readFlag(from, 'flag'), readText(from, 'none')]).toEqual([
      '17',
      9,
      false,
      undefined,
    ])
  })

  it.each([
    ['2022-08-01T11:08:33.086+09:00', {}, '2022-08-01T02:08:33.086Z'],
    ['2024-07-29T16:17:37.235', { offset: '+09:00' }, '2024-07-29T07:17:37.235Z'],
    ['2024-07-29 16:17:37', { offset: '+08:00' }, '2024-07-29T08:17:37.000Z'],
    ['2024-07-29T16:17:37.235', {}, undefined],
    [1_722_237_457, { unit: 's' as const }, '2024-07-29T07:17:37.000Z'],
    ['1722237457000', {}, '2024-07-29T07:17:37.000Z'],
    ['1970-01-01T09:00:00+09:00', {}, undefined],
    [0, {}, undefined],
    ['soon', { offset: '+09:00' }, undefined],
  ])('parse the time %s', (value, form, expected) => {
    expect(readTime({ at: value }, 'at', form)?.toISOString()).toBe(expected)
  })
})

describe('provider error', () => {
  it('has a bounded message and provider code', () => {
    const error = new ProviderError('internal', 'x'.repeat(5000), { providerCode: 'y'.repeat(5000) })
    expect(error.message).toHaveLength(1000)
    expect(error.providerCode).toHaveLength(100)
  })
})

describe('response bodies', () => {
  it('are bad responses with an excerpt if they are not JSON', () => {
    const html = { status: 502, headers: {}, text: '<html>\n <h1>Bad Gateway</h1>' }
    expect(() => parseBody(html)).toThrow('HTTP 502 with a body that is not JSON: "<html> <h1>Bad Gateway</h1>"')
    expect(() => parseBody({ ...html, text: '' })).toThrow('(empty)')
    expect(parseBody({ ...html, text: 'true' })).toBe(true)
    expect(excerpt('x'.repeat(1000)).length).toBeLessThan(200)
  })

  it('are parsed only once', () => {
    let reads = 0
    const response = {
      ...{ status: 200, headers: {} },
      get text() {
        reads += 1
        return '{"items":[]}'
      },
    }
    expect(jsonOf(response)).toBe(parseBody(response))
    expect(reads).toBe(1)
  })

  it.each(['-12345678901234567', '[1, 12345678901234567]', '{"a":\n12345678901234567}', '12345678901234567'])(
    'keep the digits of the long number in %s',
    (text) => {
      expect(JSON.stringify(tryParseJson(text))).toContain(`"${/-?\d{16,}/.exec(text)?.[0]}"`)
    },
  )

  it('keep the digits of long numbers at any position and of any length', () => {
    for (let before = 0; before < 40; before++)
      for (const length of [16, 17, 18, 31, 32, 33]) {
        const digits = '9'.repeat(length)
        expect(tryParseJson(`{"n":"${'x'.repeat(before)}","id":${digits}}`)).toMatchObject({ id: digits })
      }
  })

  it('keep only numbers beyond the double range as strings', () => {
    expect(tryParseJson('{"id":12345678901234567890,"n":5,"at":1722237457000}')).toEqual({
      id: '12345678901234567890',
      n: 5,
      at: 1_722_237_457_000,
    })
  })
})

describe('correlation tags', () => {
  it('are read back from descriptions and names and have the declared length', () => {
    fc.assert(
      fc.property(correlationTag, fc.string({ minLength: 1, maxLength: 60 }), (value, words) => {
        const tagged = tagDescription(words, value)
        expect(tagOfDescription(tagged)).toBe(value)
        expect(withoutTag(tagged)).toBe(words)
        expect(tagged.length - words.length).toBe(descriptionTagLength(value.length))
        expect(tagOfName(tagName(words, value), value.length)).toBe(value)
        expect(tagName(words, value).length - words.length).toBe(nameTagLength(value.length))
      }),
    )
  })

  it('are absent from text without a complete tag', () => {
    expect([tagOfDescription(''), tagOfDescription('[sy:abc'), tagOfDescription(undefined)]).toEqual([null, null, null])
    expect([tagOfName('file-system', 12), tagOfName('a-systematic', 12), tagOfName(undefined, 12)]).toEqual([
      null,
      null,
      null,
    ])
    expect(tagDescription('', 'abcdefgh')).toBe('[sy:abcdefgh]')
  })
})

describe('shell quoting', () => {
  it('preserves the arguments', () => {
    const argvs = fc.sample(fc.array(text, { minLength: 1, maxLength: 6 }), 25)
    const lines = argvs.map((argv) => `printf '%s\\0' ${quoteCommand(['x', ...argv]).slice(2)}`).join('\n')
    const words = execFileSync('sh', ['-c', lines]).toString('utf8').split('\0').slice(0, -1)
    expect(words).toEqual(argvs.flat())
  })

  it('quotes shell keywords as program names and preserves exported values', () => {
    expect(quoteCommand(['if', 'A=1'])).toBe("'if' A=1")
    expect(quoteCommand(['A=1'])).toBe("'A=1'")
    expect(quoteCommand([''])).toBe("''")
    const script = `${exportLines({ A: "it's\n$HOME" })}printf %s "$A"`
    expect(execFileSync('sh', ['-c', script]).toString()).toBe("it's\n$HOME")
  })
})

describe('page scan', () => {
  it('is complete only after the last page', async () => {
    const read = async (cursor: number | null) => {
      const page = cursor ?? 0
      return { items: [page], next: page < 3 ? page + 1 : null }
    }
    expect(await scanPages({ read, maxPages: 10 })).toEqual({ items: [0, 1, 2, 3], isComplete: true })
    expect(await scanPages({ read, maxPages: 2 })).toEqual({ items: [0, 1], isComplete: false })
    const all = Array(300_000).fill(0)
    const atOnce = await scanPages({ read: async () => ({ items: all, next: null }), maxPages: 2 })
    expect(atOnce.items).toHaveLength(300_000)
    const loop = async () => ({ items: ['a'], next: 'same' })
    expect((await scanPages({ read: loop, maxPages: 10 })).isComplete).toBe(false)
  })
})

describe('token cache', () => {
  function cache(marginMs = 1000) {
    const clock = makeFixedClock()
    let requests = 0
    const tokens = makeTokenCache({
      clock,
      marginMs,
      request: async () => ({ value: `t${++requests}`, expiresAt: new Date(clock.now().getTime() + 60_000) }),
    })
    return { clock, tokens, signal: new AbortController().signal, requests: () => requests }
  }

  it('requests one token for concurrent callers and a new one before expiry', async () => {
    const { clock, tokens, signal, requests } = cache()
    expect(await Promise.all([tokens.get(signal), tokens.get(signal)])).toEqual(['t1', 't1'])
    clock.advance(58_999)
    expect(await tokens.get(signal)).toBe('t1')
    clock.advance(1)
    expect(await tokens.get(signal)).toBe('t2')
    expect(requests()).toBe(2)
  })

  it('replaces a rejected token once', async () => {
    const { tokens, signal } = cache()
    const used: string[] = []
    const rejectAll = async (token: string) => {
      used.push(token)
      throw new ProviderError('unauthenticated', 'no')
    }
    await expect(tokens.withToken(signal, rejectAll)).rejects.toThrow('no')
    expect(used).toEqual(['t1'])
    await tokens.get(signal)
    await expect(tokens.withToken(signal, rejectAll)).rejects.toThrow('no')
    expect(used).toEqual(['t1', 't2', 't3'])
  })

  it('keeps the request for other callers if one aborts', async () => {
    const gate = Promise.withResolvers<{ value: string; expiresAt: Date }>()
    const tokens = makeTokenCache({ clock: makeFixedClock(), marginMs: 0, request: () => gate.promise })
    const abort = new AbortController()
    const impatient = tokens.get(abort.signal)
    const patient = tokens.get(new AbortController().signal)
    abort.abort()
    await expect(impatient).rejects.toMatchObject({ code: 'timeout', notSent: true })
    gate.resolve({ value: 't', expiresAt: new Date('2030-01-01') })
    expect(await patient).toBe('t')
  })
})

describe('failed create', () => {
  const never = () => false
  it('is a rejection only if it is documented or was not sent', () => {
    const rejection = new ProviderError('conflict', 'taken', { httpStatus: 400, providerCode: 'x' })
    expect(createFailure(rejection, () => true)).toBe(rejection)
    expect(createFailure(rejection, never)).toMatchObject({
      code: 'outcome_unknown',
      httpStatus: 400,
      providerCode: 'x',
    })
    const notSent = new ProviderError('invalid_request', 'no', { notSent: true })
    expect(createFailure(notSent, never)).toBe(notSent)
    const late = new ProviderError('timeout', 'late')
    expect(createFailure(late, never)).toBe(late)
    expect(createFailure(new TypeError('bug'), never)).toMatchObject({ code: 'outcome_unknown' })
  })
})

describe('Retry-After', () => {
  it('is parsed as seconds or as a date', () => {
    const clock = makeFixedClock('2024-05-01T12:00:00Z')
    expect(retryAfterMs({ 'retry-after': '30' }, clock)).toBe(30_000)
    expect(retryAfterMs({ 'retry-after': 'Wed, 01 May 2024 12:01:00 GMT' }, clock)).toBe(60_000)
    expect(retryAfterMs({ 'retry-after': 'soon' }, clock)).toBeUndefined()
    expect(retryAfterMs({}, clock)).toBeUndefined()
    expect(retryAfterMs({ 'retry-after': '' }, clock)).toBeUndefined()
    expect(retryAfterMs({ 'retry-after': 'Wed, 01 May 2024 11:00:00 GMT' }, clock)).toBe(0)
  })

  it.each(['3601', '86400', '999999999', '9'.repeat(400), 'Thu, 02 May 2024 12:00:00 GMT', '01 May 2077 00:00:00 GMT'])(
    'is limited to one hour: %s',
    (value) => {
      const clock = makeFixedClock('2024-05-01T12:00:00Z')
      expect(retryAfterMs({ 'retry-after': value }, clock)).toBe(3_600_000)
      expect(retryAfterMs({ 'retry-after': '3600' }, clock)).toBe(3_600_000)
      expect(retryAfterMs({ 'retry-after': '3599' }, clock)).toBe(3_599_000)
    },
  )
})
