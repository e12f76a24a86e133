import { describe, expect, it } from 'vitest'
import { jobTransitions } from '../../../src/vocabulary/job.ts'
import type { Kind, Verb } from '../../../src/vocabulary/kinds.ts'
import { isTerminal } from '../../../src/vocabulary/transitions.ts'
import { failureOf, isMissing, longMs, type Subject, signal, whyNot } from '../subject.ts'

/** What cancel, start, stop and delete promise; a verb that a driver lacks is a capability that it lacks. */
export function describeControl<K extends Kind>(subject: Subject<K>): void {
  describe('control', () => {
    if (subject.kind === 'job') describeCancel(subject as unknown as Subject<'job'>)
    else describeLifeOfEnvironments(subject as unknown as Subject<'environment'>)
    describeRefusals(subject)
  })
}

/** Each verb under each reading of what the documents leave open: the default, and the strict ones. */
function readings({ bench }: Pick<Subject<Kind>, 'bench'>): readonly (readonly [string, () => void])[] {
  const strict = bench.harness.strictControls.map((settings) => {
    const named = Object.entries(settings).map(([name, value]) => (value === true ? name : `${name} ${value}`))
    return [`, with ${named.join(' and ')}`, () => bench.change(settings)] as const
  })
  return [['', () => {}], ...strict]
}

function describeCancel(subject: Subject<'job'>): void {
  const { bench, described, harness } = subject
  const { cancel } = described.controls
  const lack = cancel === undefined ? ' [skipped: this provider cannot cancel]' : ''
  const doCancel = (remoteId: string) => subject.driver().controls.cancel?.(remoteId, signal)

  describe.skipIf(cancel === undefined).each(readings(subject))('cancel%s', (_name, readAs) => {
    it(`ends a job that waits, and a second time is fine${lack}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      await doCancel(remoteId)
      await doCancel(remoteId)
      bench.advance(longMs)
      expect((await subject.look(remoteId)).status).toBe('canceled')
      await doCancel(remoteId)
      expect((await subject.look(remoteId)).status).toBe('canceled')
    })

    it(`changes nothing about a job that has ended${lack}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      bench.advance(longMs)
      const { status, rawState } = await subject.look(remoteId)
      expect(status).toBe('succeeded')
      await doCancel(remoteId)
      bench.advance(longMs)
      expect(await subject.look(remoteId)).toMatchObject({ status, rawState })
    })

    it(`is fine for a job that is not there any longer${lack}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      bench.sandbox.remove(bench.harness.sandbox, harness.objectId?.(remoteId) ?? remoteId)
      await doCancel(remoteId)
    })
  })

  it('leaves a job alone that nobody cancels', async () => {
    const { remoteId } = await subject.make()
    bench.advance(longMs)
    const { status } = await subject.look(remoteId)
    expect(status !== null && isTerminal(jobTransitions, status)).toBe(true)
    expect(status).toBe('succeeded')
  })
}

function describeLifeOfEnvironments(subject: Subject<'environment'>): void {
  const { bench, described, harness } = subject
  const has = (verb: Verb<'environment'>) => described.controls[verb] !== undefined
  const lack = (...verbs: Verb<'environment'>[]) => {
    const missing = verbs.filter((verb) => !has(verb))
    return missing.length === 0 ? '' : ` [skipped: this provider cannot ${missing.join(' nor ')}]`
  }
  const act = (verb: Verb<'environment'>, remoteId: string) => subject.driver().controls[verb]?.(remoteId, signal)
  const settled = async (remoteId: string) => {
    bench.advance(longMs)
    return (await subject.look(remoteId)).status
  }

  describe.each(readings(subject))('of environments%s', (_name, readAs) => {
    it.skipIf(!has('stop') || !has('start'))(
      `stops what runs and starts it again, each as often as one likes${lack('stop', 'start')}`,
      async () => {
        readAs()
        const { remoteId } = await subject.make()
        expect(await settled(remoteId)).toBe('running')
        for (const [verb, becomes] of [
          ['stop', 'stopped'],
          ['start', 'running'],
        ] as const) {
          await act(verb, remoteId)
          await act(verb, remoteId)
          expect(await settled(remoteId)).toBe(becomes)
          await act(verb, remoteId)
          expect(await settled(remoteId)).toBe(becomes)
        }
      },
    )

    it.skipIf(!has('delete'))(`deletes, and a second time is fine${lack('delete')}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      const status = await settled(remoteId)
      const { deletableIn } = described.traits
      if (status !== null && deletableIn !== undefined && !deletableIn.includes(status)) {
        await act('stop', remoteId)
        expect(deletableIn).toContain(await settled(remoteId))
      }
      await act('delete', remoteId)
      await act('delete', remoteId)
      bench.advance(longMs)
      const seen = await subject.driver().get(remoteId, signal)
      expect(seen === 'gone' ? 'deleted' : seen.status).toBe('deleted')
      await act('delete', remoteId)
    })

    it.skipIf(!has('delete'))(`deletes what is not there any more${lack('delete')}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      await act('delete', harness.missingId(remoteId))
      expect((await subject.look(remoteId)).remoteId).toBe(remoteId)
    })

    it.skipIf(!has('stop'))(`stops what is not there any more${lack('stop')}`, async () => {
      readAs()
      const { remoteId } = await subject.make()
      await act('stop', harness.missingId(remoteId))
    })
  })
}

function describeRefusals<K extends Kind>(subject: Subject<K>): void {
  const { bench, described, harness } = subject
  const verbs = Object.keys(described.controls) as Verb<K>[]
  const verbOf = (verb: Verb<K>) => subject.driver().controls[verb]
  const { verbBodies = true } = harness

  // A start of what already comes up is done, however it was answered.
  for (const verb of verbs.filter((each) => each !== 'start')) {
    it.each([
      ['an HTTP 503', { kind: 'error_before', status: 503 }],
      ['an error with HTTP 200', { kind: 'error_body' }],
      ['too many requests', { kind: 'rate_limited' }],
    ] as const)(`${verb} is not taken for done after %s, where a read shows that it is not`, async (_name, trouble) => {
      const { remoteId } = await subject.make()
      const { rawState } = await subject.look(remoteId)
      bench.sandbox.faults.add({ ...trouble, times: 1 })
      await failureOf(verbOf(verb)?.(remoteId, signal) ?? Promise.resolve())
      expect((await subject.look(remoteId)).rawState).toBe(rawState)
    })
  }

  async function isNotDoneAfter(verb: Verb<K>, trouble: Parameters<typeof bench.sandbox.faults.add>[0]): Promise<void> {
    const { remoteId } = await subject.make()
    bench.sandbox.faults.add({ ...trouble })
    const error = await failureOf(verbOf(verb)?.(remoteId, signal) ?? Promise.resolve())
    expect(error.code).not.toBe('not_found')
  }

  for (const verb of verbs) {
    it.each([
      ['an HTTP 503', { kind: 'error_before', status: 503 }],
      ['a lost answer', { kind: 'drop_answer' }],
      ['an error with HTTP 200', { kind: 'error_body' }],
      ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }],
      ['too many requests', { kind: 'rate_limited' }],
    ] as const)(`${verb} is not taken for done after %s`, (_name, trouble) => isNotDoneAfter(verb, trouble))

    it.skipIf(isMissing(verbBodies))(
      `${verb} is not taken for done after an answer that is cut off${whyNot(verbBodies)}`,
      () => isNotDoneAfter(verb, { kind: 'truncated_json' }),
    )
  }
}
