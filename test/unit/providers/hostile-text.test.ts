import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerpt } from '../../../src/providers/kit/json.ts'
import { boundedPayload, cleanMessage, maxPayloadBytes, redact, redactText } from '../../../src/providers/kit/redact.ts'
import { trainingJobSeen } from '../../../src/providers/modelarts/job-observation.ts'
import { payloadOf } from '../../../src/providers/modelarts/wire.ts'
import { makeHide } from '../../../src/secrets/redact-secrets.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { cpuMsOf, maxCpuMs } from '../../support/cpu-time.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

/** Enough text that quadratic work takes minutes and linear work a hundredth of a second. */
const largeText = (piece: string) => piece.repeat(Math.ceil(250_000 / piece.length))
/** Texts that a backtracking pattern needs minutes for. */
const pieces = [
  ...['a-', 'a', ' ', '\n', '"', '\\"', '\\', '=', "'", '…', '://', '://a:', '://a:b@', 'http://a:b', 'eyJ', 'eyJ.'],
  ...[
    '"a',
    '"a":"',
    '"token',
    '"tokentoken-',
    '"token":"',
    '"password" : "\\"',
    'token',
    'token ',
    'Bearer ',
    '?',
    '&-',
  ],
  ...['?token', '?token=', '-----BEGIN ', '-----BEGIN A ', '-----BEGIN PRIVATE KEY-----', '-----END ', 'PRIVATE KEY'],
  ...['NAME=', "NAME='", 'NAME="', 'NAME_', 'abcd'],
]
const values = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => [`NAME_${index}`, `${'v'.repeat(4090)}${index}`]),
)
const hide = makeHide({ ...values, NAME: 'abcd-efgh', SAME: 'a'.repeat(4096) })

describe('large hostile text', { timeout: 60_000 }, () => {
  it.each(pieces)('is redacted in bounded CPU time: %j', (piece) => {
    for (const text of [` ${largeText(piece)}`, `"password":"${largeText(piece)}`, `https://u:${largeText(piece)} @`]) {
      expect(cpuMsOf(() => redactText(text, ['literal-1', 'aaaaaaaaab']))).toBeLessThan(maxCpuMs)
      expect(cpuMsOf(() => hide.text(text))).toBeLessThan(maxCpuMs)
      expect(cpuMsOf(() => excerpt(text, ['literal-1']))).toBeLessThan(maxCpuMs)
      expect(cpuMsOf(() => boundedPayload({ text, [text]: 1 }))).toBeLessThan(maxCpuMs)
    }
  })

  it('is redacted in bounded CPU time for any combination of pieces', () => {
    const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ minLength: 1, maxLength: 3 }))
    fc.assert(
      fc.property(piece, piece, piece, (head, body, tail) => {
        const text = head + largeText(body) + tail
        expect(cpuMsOf(() => redactText(text))).toBeLessThan(maxCpuMs)
        expect(cpuMsOf(() => hide.text(text))).toBeLessThan(maxCpuMs)
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['similar values', (index: number) => `${'v'.repeat(4090)}${index}`],
    ['values with many hyphens', (index: number) => `${'a-'.repeat(2045)}${index}`],
  ])('is redacted when a provider repeats 100 long variables for ten tasks: %s', (_what, makeValue) => {
    const variables = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`NAME_${index}`, makeValue(index)]))
    const echo = {
      env: Object.entries(variables).map(([name, value]) => ({ name, value })),
      log: Object.values(variables).join(' '),
    }
    const tasks = Array.from({ length: 10 }, () => echo)
    const own = makeHide(variables)
    let shown: Json = null
    // Redaction by the driver, then by the engine.
    expect(cpuMsOf(() => redactText(tasks.map(({ log }) => log).join(' ')))).toBeLessThan(maxCpuMs)
    expect(cpuMsOf(() => (shown = own.json({ tasks })))).toBeLessThan(maxCpuMs)
    expect(JSON.stringify(shown)).not.toMatch(/vvvv|a-a-/)
  })
})

describe('text of several megabytes', { timeout: 60_000 }, () => {
  it('does not overflow the stack of a regular expression', () => {
    expect(redactText(`{"password":"${'a'.repeat(10_000_000)}`)).toBe('{"password":"[redacted]')
  })

  it('is cut to the maximum length, and bounded as a payload', () => {
    const long = 'word '.repeat(4_000_000)
    expect(cleanMessage(long, [])).toHaveLength(501)
    const small = Array.from({ length: 3_000_000 }, () => 0)
    const texts = Array.from({ length: 20_000 }, () => 'a text of some length, '.repeat(50))
    for (const payload of [long, small, texts, { long, small, texts }, Array.from({ length: 500 }, () => long)]) {
      expect(cpuMsOf(() => redact(payload))).toBeLessThan(maxCpuMs)
      expect(Buffer.byteLength(JSON.stringify(boundedPayload(payload)))).toBeLessThanOrEqual(maxPayloadBytes)
    }
    expect(boundedPayload(small)).toMatchObject({ cut: true })
    expect(boundedPayload({ long, id: 'a' })).toMatchObject({ id: 'a' })
  })

  it('is marked as cut if only secrets were cut', () => {
    const key = `-----BEGIN PRIVATE KEY-----${'a'.repeat(60_000)}-----END PRIVATE KEY-----`
    expect(boundedPayload(Array.from({ length: 40 }, () => key))).toMatchObject({ cut: true })
  })
})

/** The former, slower patterns. */
const formerPatterns: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
  [/\b(Bearer|Basic|token) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/([?&](?:[a-z_-]*token|signature|sig|password|access_?key|secret)=)[^&#\s"']+/gi, '$1[redacted]'],
  [/("[\w-]*(?:password|secret|token|signature|credential)[\w-]*" ?: ?")(?:[^"\\]|\\.)+/gi, '$1[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi, '$1[redacted]@'],
  [/eyJ[\w-]+(\.[\w-]*){0,2}/g, '[redacted]'],
]
function redactedByFormer(text: string, literals: readonly string[]): string {
  let clean = text
  for (const literal of literals) clean = clean.replaceAll(literal, '[redacted]')
  for (const [pattern, replacement] of formerPatterns) clean = clean.replace(pattern, replacement)
  return clean
}

describe('redaction patterns', () => {
  const known = ['lite"ral', 'other literal']
  const around = fc.constantFrom(
    ...[
      'Bearer ',
      'token  ',
      '"password":"',
      '"a-token-b" : "',
      '"',
      '\\"',
      '\\',
      '":"',
      ' ',
      '?token=',
      '&sig=',
      '&',
      '#',
    ],
    ...[
      'https://',
      'u:',
      ':',
      '@',
      '/',
      '-----BEGIN RSA PRIVATE KEY-----',
      '-----END PRIVATE KEY-----',
      'eyJ',
      '.',
      '\n',
      ',',
    ],
    ...known,
    ...["'", '=', 'a-b', 'x'],
  )
  const planted = fc.integer({ min: 10_000_000, max: 99_999_999 }).map((digits) => `s3cr3t${digits}`)
  const text = fc.array(fc.oneof({ weight: 3, arbitrary: around }, { weight: 1, arbitrary: planted }), {
    maxLength: 12,
  })

  it('find everything that the former patterns found', () => {
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join('')
        const shown = redactText(whole, known)
        const before = redactedByFormer(whole, known)
        for (const part of [...parts.filter((each) => each.startsWith('s3cr3t')), ...known])
          if (!before.includes(part)) expect(shown).not.toContain(part)
      }),
      { numRuns: 5 * fuzzRuns },
    )
  })

  it.each([
    ['redis://:hush-hush@host', 'redis://:[redacted]@host'],
    ['postgres://u:p@hush@host/db', 'postgres://u:[redacted]@host/db'],
    ['your token eyJhbGci.eyJzdWIi.c2ln is over', 'your token [redacted] is over'],
  ])('also find passwords without a user or with an @, and JWTs: %s', (input, shown) => {
    expect(redactText(input)).toBe(shown)
  })
})

describe('truncation', () => {
  it('never splits a secret', () => {
    const secret = 'canary-0123456789-abcdef'
    const forms = [secret, `Bearer ${secret}`, `"password":"${secret}"`, `https://u:${secret}@h`, `?token=${secret}`]
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.integer({ min: 0, max: 40 }), (form, before) => {
        // Most of the text is redacted, so the end of the processed part is shown.
        const key = `-----BEGIN PRIVATE KEY-----${'k'.repeat(4000 - before)}-----END PRIVATE KEY-----`
        const words = `${key} ${form} and on and on`
        expect(cleanMessage(words, form === secret ? [secret] : [])).not.toContain('canary')
      }),
      { numRuns: 200 },
    )
  })
})

describe('ModelArts response', () => {
  it('is cut where it is nested too deeply', () => {
    let deep: Json = 'end'
    for (let depth = 0; depth < 100_000; depth += 1) deep = depth % 2 === 0 ? [deep] : { deep }
    expect(JSON.stringify(payloadOf({ deep }, []))).toContain('too deep')
  })

  it('is read in bounded CPU time with 20,000 tasks', () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => `worker-${index}`)
    const task_statuses = tasks.map((task) => ({ task, exit_code: 0 })).reverse()
    const job = { metadata: { id: 'x' }, status: { phase: 'Completed', tasks, task_statuses } }
    expect(cpuMsOf(() => trainingJobSeen(job, []))).toBeLessThan(maxCpuMs)
  })
})
