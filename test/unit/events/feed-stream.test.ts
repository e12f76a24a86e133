import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Client, type FeedFixture, idsOf, inVirtualTime, makeFeedFixture } from './feed-fixture.ts'

describe('project event stream', () => {
  it('shares one database reader with all other streams', async () => {
    const readsFor = (listeners: number) =>
      inVirtualTime(async (advance) => {
        const fixture = makeFeedFixture()
        const clients = await Promise.all(Array.from({ length: listeners }, () => fixture.listen()))
        for (const client of clients) void client.readAll()
        await advance(200)
        const before = fixture.reads()
        for (let xid = 1; xid <= 20; xid += 1) {
          fixture.write(xid, [1, 2])
          fixture.publish()
          await advance(200)
        }
        for (const client of clients) {
          expect(client.received).toEqual(idsOf(fixture.written))
          client.disconnect()
        }
        await advance(1000)
        expect(vi.getTimerCount()).toBe(0)
        return fixture.reads() - before
      })
    expect(await readsFor(200)).toBe(await readsFor(1))
  })

  it('sends only permitted kinds, and comment lines while those are silent', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture()
      const jobs = await fixture.listen({ kinds: ['job'] })
      void jobs.readAll()
      for (let xid = 1; xid <= 40; xid += 1) {
        fixture.write(xid, xid === 1 ? [1, 2] : [1])
        fixture.publish()
        await advance(250)
      }
      expect(jobs.received).toEqual(['1/job_2/1'])
      expect(jobs.comments()).toBeGreaterThanOrEqual(3)
      jobs.disconnect()
      await advance(1000)
    })
  })

  it('sends comment lines while it skips pages of other kinds', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture()
      for (let xid = 1; xid <= 4001; xid += 1) fixture.write(xid, [1])
      fixture.publish()
      const isPermitted = () => new Promise<boolean>((resolve) => setTimeout(resolve, 500, true))
      const jobs = await fixture.listen({ cursor: fixture.cursorOf(fixture.written[0]), kinds: ['job'], isPermitted })
      void jobs.readAll()
      await advance(9000)
      expect([jobs.received, jobs.comments()]).toEqual([[], 3])
      jobs.disconnect()
      await advance(1000)
    })
  })

  it('sends nothing after its key becomes invalid', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture()
      let isPermitted = true
      const client = await fixture.listen({ isPermitted: async () => isPermitted })
      const reading = client.readAll()
      await advance(200)
      isPermitted = false
      fixture.write(1, [1])
      fixture.publish()
      await advance(200)
      await reading
      expect(client.received).toEqual([])
      client.disconnect()
      await advance(1000)
    })
  })

  it('ends only for a client that stops reading once its buffer is full', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture({ maxBytes: 20_000 })
      const [slow, quick] = [await fixture.listen(), await fixture.listen()]
      await slow.readOne()
      void quick.readAll()
      const write = async (xid: number) => {
        fixture.write(xid, [1], 'x'.repeat(4000))
        fixture.publish()
        await advance(150)
      }
      // The buffer holds four events.
      for (let xid = 1; xid <= 4; xid += 1) await write(xid)
      expect(slow.end).not.toHaveBeenCalled()
      for (let xid = 5; xid <= 12; xid += 1) await write(xid)
      expect(slow.end).not.toHaveBeenCalled()
      await advance(2000)
      expect(slow.end).toHaveBeenCalled()
      expect(quick.end).not.toHaveBeenCalled()
      expect(quick.received).toEqual(idsOf(fixture.written))
      // A new stream from the start receives every event.
      const again = await fixture.listen({ cursor: fixture.cursorOf(undefined) })
      void again.readAll()
      await advance(300)
      expect(again.received).toEqual(idsOf(fixture.written))
      quick.disconnect()
      again.disconnect()
      await advance(1000)
    })
  })

  it('reads from the database at the pace of a slow client', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture({ maxBytes: 20_000 })
      const client = await fixture.listen()
      await client.readOne()
      for (let xid = 1; xid <= 40; xid += 1) fixture.write(xid, [1], 'x'.repeat(4000))
      fixture.publish()
      for (let reads = 0; client.received.length < 40; reads += 1) {
        const reading = client.readOne()
        await advance(1500)
        await reading
        fixture.write(100 + reads, [1], 'x'.repeat(4000))
        fixture.publish()
      }
      expect(client.received).toEqual(idsOf(fixture.written.slice(0, client.received.length)))
      expect(client.end).not.toHaveBeenCalled()
      client.disconnect()
      await advance(1000)
    })
  })

  it('ends with cursor_expired when the database is replaced', async () => {
    await inVirtualTime(async (advance) => {
      const fixture = makeFeedFixture()
      fixture.write(1, [1])
      fixture.publish()
      const client = await fixture.listen()
      const reading = expect(client.readAll()).rejects.toMatchObject({ code: 'cursor_expired' })
      await advance(200)
      const before = fixture.cursorOf(fixture.written[0])
      fixture.setEpoch('elsewhere')
      await advance(5000)
      await reading
      await expect(fixture.listen({ cursor: before })).rejects.toMatchObject({ code: 'cursor_expired' })
      client.disconnect()
      await advance(1000)
    })
  })
})

type Step =
  | { does: 'write'; of: number[] }
  | { does: 'publish' }
  | { does: 'listen'; from: number }
  | { does: 'leave'; who: number }
  | { does: 'advance'; ms: number }

describe('resumed project event stream', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ does: fc.constant('write' as const), of: fc.uniqueArray(fc.nat(5), { minLength: 1 }) }),
    fc.record({ does: fc.constant('publish' as const) }),
    fc.record({ does: fc.constant('listen' as const), from: fc.nat(30) }),
    fc.record({ does: fc.constant('leave' as const), who: fc.nat(5) }),
    fc.record({ does: fc.constant('advance' as const), ms: fc.nat(300) }),
  )

  async function runSteps(fixture: FeedFixture, steps: readonly Step[], advance: (ms: number) => Promise<void>) {
    const clients: { from: number; client: Client }[] = []
    for (const [xid, each] of steps.entries()) {
      switch (each.does) {
        case 'write':
          fixture.write(xid + 1, each.of)
          break
        case 'publish':
          fixture.publish()
          break
        case 'advance':
          await advance(each.ms)
          break
        case 'leave':
          clients[each.who]?.client.disconnect()
          break
        case 'listen': {
          const from = Math.min(each.from, fixture.written.length)
          const client = await fixture.listen({ cursor: fixture.cursorOf(fixture.written[from - 1]) })
          clients.push({ from, client })
          void client.readAll()
          break
        }
        default:
          each satisfies never
      }
    }
    fixture.publish()
    await advance(1500)
    return clients
  }

  it('sends each later event once and in order', async () => {
    const many = fc.array(step, { minLength: 10, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(many, fc.integer({ min: 400, max: 4000 }), (steps, maxBytes) =>
        inVirtualTime(async (advance) => {
          const fixture = makeFeedFixture({ maxBytes })
          for (const { from, client } of await runSteps(fixture, steps, advance)) {
            const expected = idsOf(fixture.written.slice(from))
            // A disconnected client received the first of them.
            expect(client.received).toEqual(
              client.hasDisconnected() ? expected.slice(0, client.received.length) : expected,
            )
            client.disconnect()
          }
          await advance(1000)
          expect(vi.getTimerCount()).toBe(0)
        }),
      ),
      { numRuns: 60 },
    )
  })
})
