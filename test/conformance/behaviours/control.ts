import { describe, expect, it } from 'vitest'
import { jobTransitions } from '../../../src/vocabulary/job.ts'
import type { Action, Kind } from '../../../src/vocabulary/kinds.ts'
import { isTerminal } from '../../../src/vocabulary/transitions.ts'
import { failureOf, isMissing, longMs, type Subject, signal, skipNote } from '../subject.ts'

/** Cancel, start, stop and delete. A missing action is a missing capability. */
export function describeControl<K extends Kind>(subject: Subject<K>): void {
  describe('controls', () => {
    if (subject.kind === 'job') describeCancel(subject as unknown as Subject<'job'>)
    else describeEnvironmentLifecycle(subject as unknown as Subject<'environment'>)
    describeActionFailures(subject)
  })
}

/** Sandbox settings for each interpretation of the documentation: the default one and the strict ones. */
function interpretations({ fixture }: Pick<Subject<Kind>, 'fixture'>): readonly (readonly [string, () => void])[] {
  const strict = fixture.harness.strictControls.map((settings) => {
    const named = Object.entries(settings).map(([name, value]) => (value === true ? name : `${name} ${value}`))
    return [`, with ${named.join(' and ')}`, () => fixture.change(settings)] as const
  })
  return [['', () => {}], ...strict]
}

function describeCancel(subject: Subject<'job'>): void {
  const { fixture, described, harness } = subject
  const { cancel } = described.controls
  const skipped = cancel === undefined ? ' [skipped: this provider cannot cancel]' : ''
  const cancelJob = (remoteId: string) => subject.driver().controls.cancel?.(remoteId, signal)

  describe.skipIf(cancel === undefined).each(interpretations(subject))('cancel%s', (_name, interpret) => {
    it(`cancels a waiting job and accepts repetitions${skipped}`, async () => {
      interpret()
      const { remoteId } = await subject.createObject()
      await cancelJob(remoteId)
      await cancelJob(remoteId)
      fixture.advance(longMs)
      expect((await subject.observe(remoteId)).status).toBe('canceled')
      await cancelJob(remoteId)
      expect((await subject.observe(remoteId)).status).toBe('canceled')
    })

    it(`leaves a finished job unchanged${skipped}`, async () => {
      interpret()
      const { remoteId } = await subject.createObject()
      fixture.advance(longMs)
      const { status, rawState } = await subject.observe(remoteId)
      expect(status).toBe('succeeded')
      await cancelJob(remoteId)
      fixture.advance(longMs)
      expect(await subject.observe(remoteId)).toMatchObject({ status, rawState })
    })

    it(`succeeds for a job that no longer exists${skipped}`, async () => {
      interpret()
      const { remoteId } = await subject.createObject()
      fixture.sandbox.remove(fixture.harness.sandbox, harness.objectId?.(remoteId) ?? remoteId)
      await cancelJob(remoteId)
    })
  })

  it('lets an uncanceled job succeed', async () => {
    const { remoteId } = await subject.createObject()
    fixture.advance(longMs)
    const { status } = await subject.observe(remoteId)
    expect(status !== null && isTerminal(jobTransitions, status)).toBe(true)
    expect(status).toBe('succeeded')
  })
}

function describeEnvironmentLifecycle(subject: Subject<'environment'>): void {
  const { fixture, described, harness } = subject
  const has = (action: Action<'environment'>) => described.controls[action] !== undefined
  const skipNoteFor = (...actions: Action<'environment'>[]) => {
    const missing = actions.filter((action) => !has(action))
    return missing.length === 0 ? '' : ` [skipped: this provider cannot ${missing.join(' nor ')}]`
  }
  const execute = (action: Action<'environment'>, remoteId: string) =>
    subject.driver().controls[action]?.(remoteId, signal)
  const statusAfterTransition = async (remoteId: string) => {
    fixture.advance(longMs)
    return (await subject.observe(remoteId)).status
  }

  describe.each(interpretations(subject))('environment lifecycle%s', (_name, interpret) => {
    it.skipIf(!has('stop') || !has('start'))(
      `stops and restarts an environment and accepts repetitions${skipNoteFor('stop', 'start')}`,
      async () => {
        interpret()
        const { remoteId } = await subject.createObject()
        expect(await statusAfterTransition(remoteId)).toBe('running')
        for (const [action, expected] of [
          ['stop', 'stopped'],
          ['start', 'running'],
        ] as const) {
          await execute(action, remoteId)
          await execute(action, remoteId)
          expect(await statusAfterTransition(remoteId)).toBe(expected)
          await execute(action, remoteId)
          expect(await statusAfterTransition(remoteId)).toBe(expected)
        }
      },
    )

    it.skipIf(!has('delete'))(`deletes an environment and accepts repetitions${skipNoteFor('delete')}`, async () => {
      interpret()
      const { remoteId } = await subject.createObject()
      const status = await statusAfterTransition(remoteId)
      const { deletableIn } = described.traits
      if (status !== null && deletableIn !== undefined && !deletableIn.includes(status)) {
        await execute('stop', remoteId)
        expect(deletableIn).toContain(await statusAfterTransition(remoteId))
      }
      await execute('delete', remoteId)
      await execute('delete', remoteId)
      fixture.advance(longMs)
      const seen = await subject.driver().get(remoteId, signal)
      expect(seen === 'gone' ? 'deleted' : seen.status).toBe('deleted')
      await execute('delete', remoteId)
    })

    it.skipIf(!has('delete'))(
      `accepts the deletion of a missing environment and keeps the existing one${skipNoteFor('delete')}`,
      async () => {
        interpret()
        const { remoteId } = await subject.createObject()
        await execute('delete', harness.missingId(remoteId))
        expect((await subject.observe(remoteId)).remoteId).toBe(remoteId)
      },
    )

    it.skipIf(!has('stop'))(`accepts a stop of a missing environment${skipNoteFor('stop')}`, async () => {
      interpret()
      const { remoteId } = await subject.createObject()
      await execute('stop', harness.missingId(remoteId))
    })
  })
}

function describeActionFailures<K extends Kind>(subject: Subject<K>): void {
  const { fixture, described, harness } = subject
  const actions = Object.keys(described.controls) as Action<K>[]
  const controlOf = (action: Action<K>) => subject.driver().controls[action]
  const { actionResponseBodies = true } = harness

  // A start is excluded: the environment is starting already, so its state changes after any response.
  for (const action of actions.filter((each) => each !== 'start')) {
    it.each([
      ['an HTTP 503', { kind: 'error_before', status: 503 }],
      ['an error with HTTP 200', { kind: 'error_body' }],
      ['a rate limit', { kind: 'rate_limited' }],
    ] as const)(`${action} fails after %s and leaves the state unchanged`, async (_name, fault) => {
      const { remoteId } = await subject.createObject()
      const { rawState } = await subject.observe(remoteId)
      fixture.sandbox.faults.add({ ...fault, times: 1 })
      await failureOf(controlOf(action)?.(remoteId, signal) ?? Promise.resolve())
      expect((await subject.observe(remoteId)).rawState).toBe(rawState)
    })
  }

  async function expectFailureAfter(
    action: Action<K>,
    fault: Parameters<typeof fixture.sandbox.faults.add>[0],
  ): Promise<void> {
    const { remoteId } = await subject.createObject()
    fixture.sandbox.faults.add({ ...fault })
    const error = await failureOf(controlOf(action)?.(remoteId, signal) ?? Promise.resolve())
    expect(error.code).not.toBe('not_found')
  }

  for (const action of actions) {
    it.each([
      ['an HTTP 503', { kind: 'error_before', status: 503 }],
      ['a lost response', { kind: 'drop_answer' }],
      ['an error with HTTP 200', { kind: 'error_body' }],
      ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }],
      ['a rate limit', { kind: 'rate_limited' }],
    ] as const)(`${action} fails after %s with a code other than not_found`, (_name, fault) =>
      expectFailureAfter(action, fault),
    )

    it.skipIf(isMissing(actionResponseBodies))(
      `${action} fails after a truncated response${skipNote(actionResponseBodies)}`,
      () => expectFailureAfter(action, { kind: 'truncated_json' }),
    )
  }
}
