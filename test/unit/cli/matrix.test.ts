import { describe, expect, it } from 'vitest'
import { expandMatrix } from '../../../clients/cli/src/input/matrix.ts'

/** `${{ matrix.name }}` */
const use = (name: string) => ['$', `{{ matrix.${name} }}`].join('')

describe('matrix expansion', () => {
  it('creates one request per combination and varies the last name fastest', () => {
    const request = { name: `train-${use('rate')}-${use('depth')}`, matrix: { rate: [0.1, 0.01], depth: [2, 4] } }
    expect(expandMatrix(request)).toEqual([
      { name: 'train-0.1-2' },
      { name: 'train-0.1-4' },
      { name: 'train-0.01-2' },
      { name: 'train-0.01-4' },
    ])
  })

  it('keeps the type of a whole-string value and replaces text in lists and objects', () => {
    const request = {
      matrix: { cpus: [2], debug: [true] },
      resources: { cpus: use('cpus') },
      command: ['run', `--cpus=${use('cpus')}`, use('debug')],
      nodes: 1,
    }
    expect(expandMatrix(request)).toEqual([{ resources: { cpus: 2 }, command: ['run', '--cpus=2', true], nodes: 1 }])
  })

  it('omits excluded combinations', () => {
    const matrix = { a: [1, 2], b: [1, 2], exclude: [{ a: 2, b: 1 }] }
    expect(expandMatrix({ name: `${use('a')}-${use('b')}`, matrix })?.map(({ name }) => name)).toEqual([
      '1-1',
      '1-2',
      '2-2',
    ])
  })

  it('returns null for a request without a matrix', () => {
    expect(expandMatrix({ name: 'one' })).toBeNull()
  })

  it.each([
    [{}, 'matrix is empty'],
    [[1], 'matrix is no object'],
    [{ a: [] }, 'matrix.a is no list'],
    [{ a: [{}] }, 'matrix.a is no list'],
    [{ 'a b': [1] }, 'has the name "a b"'],
    [{ a: Array.from({ length: 40 }, String), b: Array.from({ length: 40 }, String) }, '1600 combinations'],
    [{ a: [1], exclude: [{ a: 1 }] }, 'excludes every combination'],
    [{ a: [1], exclude: { a: 1 } }, 'matrix.exclude is no list'],
    [{ b: [1] }, 'matrix.a is used, but not defined. Defined names: b.'],
  ])('rejects %j', (matrix, message) => {
    expect(() => expandMatrix({ name: use('a'), matrix })).toThrow(message)
  })
})
