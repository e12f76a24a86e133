import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { makeMetrics, makeProcessMetrics } from '../../../src/telemetry/metrics.ts'
import { valueIn } from '../../support/metrics-text.ts'

/** Metrics whose measurements the test completes in order. */
function setup({ limitMs = 30_000 } = {}) {
  const started: PromiseWithResolvers<number>[] = []
  const failures: unknown[] = []
  let nowMs = 1000
  const metrics = makeMetrics({
    registry: makeProcessMetrics().registry,
    clock: { monotonicMs: () => nowMs },
    limitMs,
    onFailure: (error) => void failures.push(error),
    async measure() {
      const measurement = Promise.withResolvers<number>()
      started.push(measurement)
      return [{ name: 'duplicates', samples: [{ labels: {}, value: await measurement.promise }] }]
    },
  })
  async function scrape() {
    const text = await metrics.text()
    expect(valueIn(text, 'switchyard_process_process_start_time_seconds')).toBeGreaterThan(0)
    return [valueIn(text, 'switchyard_installation_metrics_up'), valueIn(text, 'switchyard_duplicates')]
  }
  const advance = (ms: number) => {
    nowMs += ms
  }
  return { started, failures, scrape, advance }
}

it('measures once at a time, and again 5 s after the last measurement', async () => {
  const { started, scrape, advance } = setup()
  const scrapes = [scrape()]
  advance(6000)
  scrapes.push(scrape())
  expect(started).toHaveLength(1)
  started[0]?.resolve(3)
  expect(await Promise.all(scrapes)).toEqual([
    [1, 3],
    [1, 3],
  ])
  advance(5000)
  expect(await scrape()).toEqual([1, 3])
  advance(1)
  const later = scrape()
  expect(started).toHaveLength(2)
  started[1]?.resolve(4)
  expect(await later).toEqual([1, 4])
})

it('reports a failed measurement and retries at the next scrape', async () => {
  const { started, failures, scrape } = setup()
  const first = scrape()
  const outage = new Error('the database is unavailable')
  started[0]?.reject(outage)
  expect(await first).toEqual([0, undefined])
  expect(failures).toEqual([outage])
  const second = scrape()
  started[1]?.resolve(3)
  expect(await second).toEqual([1, 3])
})

it('does not wait for a slow measurement and serves its result for a minute', async () => {
  const { started, scrape, advance } = setup({ limitMs: 20 })
  expect(await scrape()).toEqual([0, undefined])
  started[0]?.resolve(3)
  await setImmediate()
  advance(30_000)
  expect(await scrape()).toEqual([0, 3])
  expect(started).toHaveLength(2)
  advance(30_001)
  expect(await scrape()).toEqual([0, undefined])
  expect(started).toHaveLength(2)
})
