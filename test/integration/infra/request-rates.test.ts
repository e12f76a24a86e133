import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRequestRates, type RequestRates } from '../../../src/infra/request-rates.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let pool: Pool
const created: RequestRates[] = []
let statements = 0

const database = await useTestDatabase()

beforeAll(async () => {
  pool = new Pool({ connectionString: database.url, max: 2 })
  const query = pool.query.bind(pool)
  pool.query = ((...args: Parameters<typeof query>) => {
    statements += 1
    return query(...args)
  }) as typeof pool.query
})

afterAll(async () => {
  for (const rates of created) await rates.close()
  await pool.end()
})

function ratesOf(requests: number): RequestRates {
  const rates = makeRequestRates({ requests, windowSeconds: 600, redis: null, pool })
  created.push(rates)
  return rates
}

const countAll = (rates: RequestRates, caller: string, times: number) =>
  Promise.all(Array.from({ length: times }, () => rates.count(caller)))

describe('request rates', () => {
  it('count exactly across two processes with batched statements', async () => {
    const both = [ratesOf(1000), ratesOf(1000)] as const
    statements = 0
    const counted = (await Promise.all(both.map((rates) => countAll(rates, 'many', 600)))).flat()
    expect(counted.filter(({ isAllowed }) => isAllowed)).toHaveLength(1000)
    expect(statements).toBeLessThan(1000 / 10 + 10)
  })

  it('report the remaining requests of the window', async () => {
    const rates = ratesOf(500)
    const remaining = []
    for (let index = 0; index < 7; index += 1) remaining.push((await rates.count('remaining')).remaining)
    expect(remaining).toEqual([499, 498, 497, 496, 495, 494, 493])
  })

  it('enforce a low limit exactly', async () => {
    const rates = ratesOf(3)
    const counted = await countAll(rates, 'few', 5)
    expect(counted.map(({ isAllowed }) => isAllowed)).toEqual([true, true, true, false, false])
    expect(counted.at(-1)).toMatchObject({ remaining: 0, limit: 3, windowSeconds: 600 })
  })
})
