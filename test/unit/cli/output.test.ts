import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CommandError } from '../../../clients/cli/src/command-error.ts'
import { renderError } from '../../../clients/cli/src/output/error-text.ts'
import { type Format, makeOutput } from '../../../clients/cli/src/output/output.ts'
import { printable } from '../../../clients/cli/src/output/printable.ts'
import { workloadView } from '../../../clients/cli/src/output/resource-views.ts'

const plain = (_style: unknown, text: string) => text
const jobs = [
  { id: 'job_1', name: 'train', provider: 'slurm', status: 'running', createdAt: '2026-01-05T00:00:00.000Z' },
  { id: 'job_20', name: 'a\u001b[31m\nb', provider: 'scnet', status: 'queued', statusReason: 'paused' },
]

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-05T00:00:00.000Z') }))
afterAll(() => void vi.useRealTimers())

function printed(format: Format, print: (output: ReturnType<typeof makeOutput>) => void): [string, string] {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  print(makeOutput({ format, stdout, stderr, paint: plain }))
  return [String(stdout.read() ?? ''), String(stderr.read() ?? '')]
}

describe('list output', () => {
  it('has aligned columns, one line per record and no control characters', () => {
    expect(printed('table', (out) => out.list(jobs, workloadView))[0]).toBe(
      [
        'ID      NAME   PROVIDER  STATUS   REASON  AGE',
        'job_1   train  slurm     running  -       0.0s',
        'job_20  a b    scnet     queued   paused  -',
        '',
      ].join('\n'),
    )
  })

  it.each([
    ['json', (text: string) => JSON.parse(text)],
    ['name', (text: string) => text.split('\n').slice(0, -1)],
  ] as const)('contains every record as %s', (format, read) => {
    const [text] = printed(format, (out) => out.list(jobs, workloadView))
    expect(read(text)).toEqual(format === 'json' ? jobs : ['job_1', 'job_20'])
  })

  it('is a note for an empty list, or an empty array as JSON', () => {
    expect(printed('table', (out) => out.list([], workloadView))).toEqual(['', 'None.\n'])
    expect(printed('json', (out) => out.list([], workloadView))).toEqual(['[]\n', ''])
  })
})

it('prints a record with its nested fields', () => {
  const [text] = printed('table', (out) =>
    out.record({ id: 'job_1', labels: {}, resources: { cpus: 1 }, script: 'a\nb\u0007' }, workloadView),
  )
  expect(text).toBe('id         job_1\nlabels     -\nresources  cpus: 1\nscript     a\n           b\n')
})

it('removes terminal control characters from service text', () => {
  expect(printable('a\u001b]0;title\u0007b\u202e\u0000c\td')).toBe('abc d')
})

describe('error output', () => {
  const problem = Object.assign(new Error('long message'), {
    ...{ code: 'invalid_request', status: 400, detail: 'Two fields are invalid.', requestId: 'r-1' },
    errors: [
      { in: 'body', pointer: '/name', code: 'pattern', detail: 'Too long.' },
      { in: 'query', pointer: 'limit', code: 'maximum', detail: 'Too many.' },
    ],
  })

  it('names each invalid field and the request id of an API error', () => {
    expect(renderError(problem, { json: false, paint: plain })).toBe(
      [
        'Error: Two fields are invalid. (400 invalid_request)',
        '  /name: Too long.',
        '  query limit: Too many.',
        '  Request id: r-1',
        '',
      ].join('\n'),
    )
  })

  it('is one line of JSON with --json', () => {
    const [line, rest] = renderError(problem, { json: true, paint: plain }).split('\n')
    expect(rest).toBe('')
    expect(JSON.parse(line ?? '')).toEqual({
      error: {
        ...{ code: 'invalid_request', message: 'Two fields are invalid.', status: 400, requestId: 'r-1' },
        errors: problem.errors,
      },
    })
  })

  it('is the message of a command error', () => {
    const error = new CommandError('No name is given.', { code: 'invalid_usage' })
    expect(renderError(error, { json: false, paint: plain })).toBe('Error: No name is given.\n')
  })
})
