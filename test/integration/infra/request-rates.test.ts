import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRequestRates, type RequestRates } from '../../../src/infra/request-rates.ts'
import { useTestDatabase } from '../../support/test-database.ts'

let pool: Pool
const made: RequestRates[] = []
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
  for (const rates of made) await rates.close()
  await pool.end()
})

function ratesOf(requests: number): RequestRates {
  const rates = makeRequestRates({ requests, windowSeconds: 600, redis: null, pool })
  made.push(rates)
  return rates
}

const countAll = (rates: RequestRates, caller: string, times: number) =>
  Promise.all(Array.from({ length: times }, () => rates.count(caller)))

describe('the requests of a caller', () => {
  it('are counted exactly, over two processes, with a statement for one in a hundred', async () => {
    const both = [ratesOf(1000), ratesOf(1000)] as const
    statements = 0
    const counted = (await Promise.all(both.map((rates) => countAll(rates, 'many', 600)))).flat()
    expect(counted.filter(({ isAllowed }) => isAllowed)).toHaveLength(1000)
    expect(statements).toBeLessThan(1000 / 10 + 10)
  })

  it('are told what is left of the window', async () => {
    const rates = ratesOf(500)
    const told = []
    for (let index = 0; index < 7; index += 1) told.push((await rates.count('told')).remaining)
    expect(told).toEqual([499, 498, 497, 496, 495, 494, 493])
  })

  it('are counted one by one where few are allowed', async () => {
    const rates = ratesOf(3)
    const counted = await countAll(rates, 'few', 5)
    expect(counted.map(({ isAllowed }) => isAllowed)).toEqual([true, true, true, false, false])
    expect(counted.at(-1)).toMatchObject({ remaining: 0, limit: 3, windowSeconds: 600 })
  })
})
