import type { jobView } from './job-view.ts'
import { Rejection } from './rejections.ts'
import { invalidParam } from './rules.ts'

type ShownJob = ReturnType<typeof jobView>

/** One condition of a search. */
export interface Filter {
  key: string
  operator: string
  value?: unknown[]
}

const readers: Readonly<Record<string, (job: ShownJob, userId: string) => string | number>> = {
  name: ({ metadata }) => metadata.name,
  create_time: ({ metadata }) => metadata.create_time,
  phase: ({ status }) => status.phase,
  algorithm_name: ({ algorithm }) => algorithm.name ?? '',
  kind: ({ kind }) => kind,
  user_id: (_job, userId) => userId,
  runtime_type: () => '',
}

type Test = (value: string | number, expected: readonly string[]) => boolean

const tests: Readonly<Record<string, Test>> = {
  like: (value, [part = '']) => String(value).includes(part),
  in: (value, expected) => expected.includes(String(value)),
  not: (value, expected) => !expected.includes(String(value)),
  between: (value, [from = '', to = '']) =>
    (from === '' || Number(value) >= Number(from)) && (to === '' || Number(value) <= Number(to)),
}

/**
 * Builds a predicate from all filters. An empty value or a list of empty strings matches everything, as in the
 * documented sample.
 *
 * @throws Rejection for an unknown key or operator
 */
export function matcher(filters: readonly Filter[], userId: string): (job: ShownJob) => boolean {
  const checks = filters.map(({ key, operator, value }) => {
    const read = readers[key]
    if (read === undefined) {
      throw new Rejection(
        400,
        '2807',
        `Unsupported condition key (${key})`,
        'Check whether the key of search is valid.',
      )
    }
    const test = tests[operator]
    if (test === undefined) {
      const solution = 'Check whether the operator of search is valid.'
      throw new Rejection(400, '2808', `Unsupported condition operator (${operator})`, solution)
    }
    const expected = (value ?? []).map(String)
    if (operator === 'between' && expected.length !== 2) throw invalidParam(`filters.${key}`)
    const matchesAll = expected.every((text) => text === '')
    return (job: ShownJob) => matchesAll || test(read(job, userId), expected)
  })
  return (job) => checks.every((check) => check(job))
}
