import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Client, idsOf, inVirtualTime, makeScene, type Scene } from './feed-scene.ts'

describe('who listens to a project', () => {
  it('shares one reader with all others, however many they are', async () => {
    const readsFor = (listeners: number) =>
      inVirtualTime(async (pass) => {
        const scene = makeScene()
        const clients = await Promise.all(Array.from({ length: listeners }, () => scene.listen()))
        for (const client of clients) void client.takeAll()
        await pass(200)
        const before = scene.reads()
        for (let xid = 1; xid <= 20; xid += 1) {
          scene.write(xid, [1, 2])
          scene.show()
          await pass(200)
        }
        for (const client of clients) {
          expect(client.told).toEqual(idsOf(scene.written))
          client.leave()
        }
        await pass(1000)
        expect(vi.getTimerCount()).toBe(0)
        return scene.reads() - before
      })
    expect(await readsFor(200)).toBe(await readsFor(1))
  })

  it('is told the kinds that its key may read, and is told that it is alive when those are silent', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene()
      const jobs = await scene.listen({ kinds: ['job'] })
      void jobs.takeAll()
      for (let xid = 1; xid <= 40; xid += 1) {
        scene.write(xid, xid === 1 ? [1, 2] : [1])
        scene.show()
        await pass(250)
      }
      expect(jobs.told).toEqual(['1/job_2/1'])
      expect(jobs.comments()).toBeGreaterThanOrEqual(3)
      jobs.leave()
      await pass(1000)
    })
  })

  it('is told that it is alive while it reads pages that its key may not read', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene()
      for (let xid = 1; xid <= 4001; xid += 1) scene.write(xid, [1])
      scene.show()
      const isPermitted = () => new Promise<boolean>((resolve) => setTimeout(resolve, 500, true))
      const jobs = await scene.listen({ cursor: scene.cursorOf(scene.written[0]), kinds: ['job'], isPermitted })
      void jobs.takeAll()
      await pass(9000)
      expect([jobs.told, jobs.comments()]).toEqual([[], 3])
      jobs.leave()
      await pass(1000)
    })
  })

  it('is told nothing once its key does not hold any more', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene()
      let isPermitted = true
      const client = await scene.listen({ isPermitted: async () => isPermitted })
      const taking = client.takeAll()
      await pass(200)
      isPermitted = false
      scene.write(1, [1])
      scene.show()
      await pass(200)
      await taking
      expect(client.told).toEqual([])
      client.leave()
      await pass(1000)
    })
  })

  it('is cut where it does not take what is sent, when that has no room any more; nobody else is', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene({ maxBytes: 20_000 })
      const [slow, quick] = [await scene.listen(), await scene.listen()]
      await slow.take()
      void quick.takeAll()
      const write = async (xid: number) => {
        scene.write(xid, [1], 'x'.repeat(4000))
        scene.show()
        await pass(150)
      }
      // There is room for four.
      for (let xid = 1; xid <= 4; xid += 1) await write(xid)
      expect(slow.end).not.toHaveBeenCalled()
      for (let xid = 5; xid <= 12; xid += 1) await write(xid)
      expect(slow.end).not.toHaveBeenCalled()
      await pass(2000)
      expect(slow.end).toHaveBeenCalled()
      expect(quick.end).not.toHaveBeenCalled()
      expect(quick.told).toEqual(idsOf(scene.written))
      // Coming again, it goes on where it was.
      const again = await scene.listen({ cursor: scene.cursorOf(undefined) })
      void again.takeAll()
      await pass(300)
      expect(again.told).toEqual(idsOf(scene.written))
      quick.leave()
      again.leave()
      await pass(1000)
    })
  })

  it('reads on from the database, at its own pace, where it takes what it is sent but more happens meanwhile', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene({ maxBytes: 20_000 })
      const client = await scene.listen()
      await client.take()
      for (let xid = 1; xid <= 40; xid += 1) scene.write(xid, [1], 'x'.repeat(4000))
      scene.show()
      for (let taken = 0; client.told.length < 40; taken += 1) {
        const taking = client.take()
        await pass(1500)
        await taking
        scene.write(100 + taken, [1], 'x'.repeat(4000))
        scene.show()
      }
      expect(client.told).toEqual(idsOf(scene.written.slice(0, client.told.length)))
      expect(client.end).not.toHaveBeenCalled()
      client.leave()
      await pass(1000)
    })
  })

  it('is told what is wrong, and ends, when the database is another one than it was', async () => {
    await inVirtualTime(async (pass) => {
      const scene = makeScene()
      scene.write(1, [1])
      scene.show()
      const client = await scene.listen()
      const taking = expect(client.takeAll()).rejects.toMatchObject({ code: 'cursor_expired' })
      await pass(200)
      const before = scene.cursorOf(scene.written[0])
      scene.become('elsewhere')
      await pass(5000)
      await taking
      await expect(scene.listen({ cursor: before })).rejects.toMatchObject({ code: 'cursor_expired' })
      client.leave()
      await pass(1000)
    })
  })
})

type Step =
  | { does: 'write'; of: number[] }
  | { does: 'show' }
  | { does: 'listen'; from: number }
  | { does: 'leave'; who: number }
  | { does: 'pass'; ms: number }

describe('from whatever position it goes on', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ does: fc.constant('write' as const), of: fc.uniqueArray(fc.nat(5), { minLength: 1 }) }),
    fc.record({ does: fc.constant('show' as const) }),
    fc.record({ does: fc.constant('listen' as const), from: fc.nat(30) }),
    fc.record({ does: fc.constant('leave' as const), who: fc.nat(5) }),
    fc.record({ does: fc.constant('pass' as const), ms: fc.nat(300) }),
  )

  async function play(scene: Scene, steps: readonly Step[], pass: (ms: number) => Promise<void>) {
    const clients: { from: number; client: Client }[] = []
    for (const [xid, each] of steps.entries()) {
      switch (each.does) {
        case 'write':
          scene.write(xid + 1, each.of)
          break
        case 'show':
          scene.show()
          break
        case 'pass':
          await pass(each.ms)
          break
        case 'leave':
          clients[each.who]?.client.leave()
          break
        case 'listen': {
          const from = Math.min(each.from, scene.written.length)
          const client = await scene.listen({ cursor: scene.cursorOf(scene.written[from - 1]) })
          clients.push({ from, client })
          void client.takeAll()
          break
        }
        default:
          each satisfies never
      }
    }
    scene.show()
    await pass(1500)
    return clients
  }

  it('is told each event after it once, in the order of the feed, from the database and then from memory', async () => {
    const many = fc.array(step, { minLength: 10, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(many, fc.integer({ min: 400, max: 4000 }), (steps, maxBytes) =>
        inVirtualTime(async (pass) => {
          const scene = makeScene({ maxBytes })
          for (const { from, client } of await play(scene, steps, pass)) {
            const expected = idsOf(scene.written.slice(from))
            // Who has left has heard the first of them.
            expect(client.told).toEqual(client.hasLeft() ? expected.slice(0, client.told.length) : expected)
            client.leave()
          }
          await pass(1000)
          expect(vi.getTimerCount()).toBe(0)
        }),
      ),
      { numRuns: 60 },
    )
  })
})
