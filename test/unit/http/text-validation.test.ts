import { expect, it } from 'vitest'
import { rejectUnsafeText } from '../../../src/http/text-validation.ts'

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])

it.each([
  ['a string', { body: { a: [1, { 'b/~': 'x\0' }] } }, { in: 'body', pointer: '/a/1/b~1~0', code: 'characters' }],
  ['a key, at its object', { body: { a: { 'x\0': 1 } } }, { in: 'body', pointer: '/a', code: 'characters' }],
  ['a key of the body', { body: { 'x\0': 1 } }, { in: 'body', pointer: '', code: 'characters' }],
  ['the last of many', { body: [...Array(50_000).fill({}), '\ud800'] }, { pointer: '/50000', code: 'characters' }],
  ['a number', { body: [0, [], { n: 2 ** 53 }] }, { pointer: '/2/n', code: 'range' }],
  ['a query parameter', { query: { 'a/b': 'x\0' } }, { in: 'query', pointer: 'a/b', code: 'characters' }],
  ['a repeated query parameter', { query: { label: ['x', '\0'] } }, { in: 'query', pointer: 'label/1' }],
  ['33 levels', { body: nested(33) }, { pointer: '/0'.repeat(32), code: 'depth' }],
])('points to a value that cannot be stored: %s', async (_what, request, error) => {
  await expect(rejectUnsafeText(request)).rejects.toMatchObject({ code: 'invalid_request', errors: [error] })
})

it.each([undefined, null, 0, '', {}, [], nested(32), { a: [{}, [], { b: null }, 'é', -1.5] }])(
  'accepts %j',
  async (body) => {
    await expect(rejectUnsafeText({ body, query: {} })).resolves.toBeUndefined()
  },
)

it('yields to other work while it checks a large body', async () => {
  let ticks = 0
  const count = () => {
    ticks += 1
    immediate = setImmediate(count)
  }
  let immediate = setImmediate(count)
  await rejectUnsafeText({ body: Array(250_000).fill('x') })
  clearImmediate(immediate)
  expect(ticks).toBeGreaterThan(8)
})
