import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerpt } from '../../../src/providers/kit/json.ts'
import { boundedPayload, cleanMessage, maxPayloadBytes, redact, redactText } from '../../../src/providers/kit/redact.ts'
import { trainingJobSeen } from '../../../src/providers/modelarts/job-observation.ts'
import { payloadOf } from '../../../src/providers/modelarts/wire.ts'
import { makeHide } from '../../../src/secrets/redact-secrets.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { cpuMsOf, mostCpuMs } from '../../support/cpu-time.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

/** Work that grows with the square of so much takes minutes; what grows with the text, a hundredth of a second. */
const muchOf = (piece: string) => piece.repeat(Math.ceil(250_000 / piece.length))
/** Texts that a pattern which goes back over what it has read needs minutes to ages for. */
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

describe('much of a hostile text', { timeout: 60_000 }, () => {
  it.each(pieces)('is cleaned in no time: %j', (piece) => {
    for (const text of [` ${muchOf(piece)}`, `"password":"${muchOf(piece)}`, `https://u:${muchOf(piece)} @`]) {
      expect(cpuMsOf(() => redactText(text, ['literal-1', 'aaaaaaaaab']))).toBeLessThan(mostCpuMs)
      expect(cpuMsOf(() => hide.text(text))).toBeLessThan(mostCpuMs)
      expect(cpuMsOf(() => excerpt(text, ['literal-1']))).toBeLessThan(mostCpuMs)
      expect(cpuMsOf(() => boundedPayload({ text, [text]: 1 }))).toBeLessThan(mostCpuMs)
    }
  })

  it('is cleaned in no time, however it is made', () => {
    const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ minLength: 1, maxLength: 3 }))
    fc.assert(
      fc.property(piece, piece, piece, (head, body, tail) => {
        const text = head + muchOf(body) + tail
        expect(cpuMsOf(() => redactText(text))).toBeLessThan(mostCpuMs)
        expect(cpuMsOf(() => hide.text(text))).toBeLessThan(mostCpuMs)
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['alike', (index: number) => `${'v'.repeat(4090)}${index}`],
    ['of many words', (index: number) => `${'a-'.repeat(2045)}${index}`],
  ])('is cleaned when a provider repeats a hundred long variables for each of ten tasks: %s', (_what, makeValue) => {
    const variables = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`NAME_${index}`, makeValue(index)]))
    const echo = {
      env: Object.entries(variables).map(([name, value]) => ({ name, value })),
      log: Object.values(variables).join(' '),
    }
    const tasks = Array.from({ length: 10 }, () => echo)
    const own = makeHide(variables)
    let shown: Json = null
    // The driver's part, and then the engine's.
    expect(cpuMsOf(() => redactText(tasks.map(({ log }) => log).join(' ')))).toBeLessThan(mostCpuMs)
    expect(cpuMsOf(() => (shown = own.json({ tasks })))).toBeLessThan(mostCpuMs)
    expect(JSON.stringify(shown)).not.toMatch(/vvvv|a-a-/)
  })
})

describe('a text of many megabytes', { timeout: 60_000 }, () => {
  it('overflows no stack of a regular expression', () => {
    expect(redactText(`{"password":"${'a'.repeat(10_000_000)}`)).toBe('{"password":"[redacted]')
  })

  it('is read no further than it is shown, and so is a payload', () => {
    const long = 'word '.repeat(4_000_000)
    expect(cleanMessage(long, [])).toHaveLength(501)
    const small = Array.from({ length: 3_000_000 }, () => 0)
    const texts = Array.from({ length: 20_000 }, () => 'a text of some length, '.repeat(50))
    for (const payload of [long, small, texts, { long, small, texts }, Array.from({ length: 500 }, () => long)]) {
      expect(cpuMsOf(() => redact(payload))).toBeLessThan(mostCpuMs)
      expect(Buffer.byteLength(JSON.stringify(boundedPayload(payload)))).toBeLessThanOrEqual(maxPayloadBytes)
    }
    expect(boundedPayload(small)).toMatchObject({ cut: true })
    expect(boundedPayload({ long, id: 'a' })).toMatchObject({ id: 'a' })
  })

  it('says that it was cut also where what was cut away are secrets', () => {
    const key = `-----BEGIN PRIVATE KEY-----${'a'.repeat(60_000)}-----END PRIVATE KEY-----`
    expect(boundedPayload(Array.from({ length: 40 }, () => key))).toMatchObject({ cut: true })
  })
})

/** What was hidden once: the patterns as they were before they had to be fast. */
const once: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
  [/\b(Bearer|Basic|token) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/([?&](?:[a-z_-]*token|signature|sig|password|access_?key|secret)=)[^&#\s"']+/gi, '$1[redacted]'],
  [/("[\w-]*(?:password|secret|token|signature|credential)[\w-]*" ?: ?")(?:[^"\\]|\\.)+/gi, '$1[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi, '$1[redacted]@'],
  [/eyJ[\w-]+(\.[\w-]*){0,2}/g, '[redacted]'],
]
function redactedOnce(text: string, literals: readonly string[]): string {
  let clean = text
  for (const literal of literals) clean = clean.replaceAll(literal, '[redacted]')
  for (const [pattern, replacement] of once) clean = clean.replace(pattern, replacement)
  return clean
}

describe('what the patterns find', () => {
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

  it('is all that they found once, and more', () => {
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join('')
        const shown = redactText(whole, known)
        const before = redactedOnce(whole, known)
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
  ])('is also a password without a user or with an @, and a JWT: %s', (said, shown) => {
    expect(redactText(said)).toBe(shown)
  })
})

describe('a cut', () => {
  it('never goes through a secret', () => {
    const secret = 'canary-0123456789-abcdef'
    const forms = [secret, `Bearer ${secret}`, `"password":"${secret}"`, `https://u:${secret}@h`, `?token=${secret}`]
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.integer({ min: 0, max: 40 }), (form, before) => {
        // Much of what was read is hidden, so that the end of what is read is shown.
        const key = `-----BEGIN PRIVATE KEY-----${'k'.repeat(4000 - before)}-----END PRIVATE KEY-----`
        const words = `${key} ${form} and on and on`
        expect(cleanMessage(words, form === secret ? [secret] : [])).not.toContain('canary')
      }),
      { numRuns: 200 },
    )
  })
})

describe('an answer of ModelArts', () => {
  it('may be nested as deep as it likes', () => {
    let deep: Json = 'end'
    for (let depth = 0; depth < 100_000; depth += 1) deep = depth % 2 === 0 ? [deep] : { deep }
    expect(JSON.stringify(payloadOf({ deep }, []))).toContain('too deep')
  })

  it('may name many tasks', () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => `worker-${index}`)
    const task_statuses = tasks.map((task) => ({ task, exit_code: 0 })).reverse()
    const job = { metadata: { id: 'x' }, status: { phase: 'Completed', tasks, task_statuses } }
    expect(cpuMsOf(() => trainingJobSeen(job, []))).toBeLessThan(mostCpuMs)
  })
})
