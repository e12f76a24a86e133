import { describe, expect, it } from 'vitest'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { demoOutput, runDemo } from '../support/run-demo.ts'
import { tokenOf } from '../support/slurm-token.ts'
import { describeReal } from './requirements.ts'
import { path, type SlurmBench, slurm, slurmBench } from './slurm-bench.ts'
import { describeOutages } from './slurm-outages.ts'
import { isDataParser, type SlurmRelease, slurmRequirements } from './slurm-releases.ts'
import { describeVersions } from './slurm-versions.ts'
import { tutorialRequirements, walkTutorial } from './tutorial.ts'

/** The whole service before a real Slurm of a release. */
export function describeSlurm(release: SlurmRelease): void {
  describeReal(`a real Slurm ${release.name} behind Switchyard`, slurmRequirements(release), () => {
    const bench = slurmBench(release)
    describeJobs(bench)
    describeTutorial(bench)
    describeVersions(bench)
    describeOutages(bench)
  })
}

function describeJobs(bench: SlurmBench): void {
  describe('runs jobs', () => {
    it.concurrent('to their end, in their directory, with their variables', async () => {
      const job = await bench.submit('sleep 1; echo "$GREETING from $(pwd)"', {
        environmentVariables: { GREETING: 'hello' },
        stdoutPath: 'greeting.txt',
        resources: { cpus: 2, memoryMiB: 64 },
      })
      expect(await bench.until(job, 'running', 'succeeded')).toMatchObject({ remote: { state: 'RUNNING' } })
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded', exitCode: 0, remote: { state: 'COMPLETED' } })
      expect(bench.cluster.output('greeting.txt')).toBe(`hello from ${bench.cluster.directory}\n`)
      expect(bench.cluster.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('that end with 3, and by a signal', async () => {
      const [three, signalled] = await Promise.all([bench.submit('exit 3'), bench.submit('kill -9 $$')])
      expect(await bench.ended(three)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      expect(await bench.ended(signalled)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', signal: 9 })
    })

    it.concurrent('as argv, quoted', async () => {
      const job = await bench.submit('', {
        script: undefined,
        command: ['printf', '%s|', "it's", '$HOME', ''],
        stdoutPath: 'argv.txt',
      })
      expect((await bench.ended(job)).status).toBe('succeeded')
      expect(bench.cluster.output('argv.txt')).toBe("it's|$HOME||")
    })

    it.concurrent('with accelerators', async () => {
      const accelerator = { kind: 'gpu', model: 't4', count: 2 }
      const job = await bench.submit('echo "$CUDA_VISIBLE_DEVICES"', {
        resources: { accelerator },
        stdoutPath: 'gpus.txt',
      })
      expect((await bench.ended(job)).status).toBe('succeeded')
      expect(bench.cluster.output('gpus.txt')).toBe('0,1\n')
    })

    it.concurrent('until they are canceled', async () => {
      const job = await bench.submit('sleep 600')
      await bench.until(job, 'running')
      await bench.cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'CANCELLED' } })
    })

    it.concurrent('or not at all, canceled while they wait', async () => {
      const job = await bench.submit('exit 0', { providerOptions: { slurm: { beginTime: 'now+1hours' } } })
      const waiting = await bench.switchyard.api.until(path(job), ({ remote }) => remote?.state === 'PENDING')
      expect(waiting).toMatchObject({ status: 'pending' })
      await bench.cancel(job)
      const record = await bench.ended(job)
      expect(record).toMatchObject({ status: 'canceled', remote: { state: 'CANCELLED' } })
      expect(record).not.toHaveProperty('startedAt')
    })

    it.concurrent('that cannot be started', async () => {
      const job = await bench.ended(await bench.submit('exit 0', { workingDirectory: '/nonexistent/x' }))
      expect(job).toMatchObject({ status: 'failed', statusReason: 'launch_failed' })
      expect(job).not.toHaveProperty('exitCode')
      expect(job).not.toHaveProperty('signal')
    })

    it.concurrent('and tells where their output is, from v0.0.40 on', async () => {
      const job = await bench.ended(await bench.submit('exit 0', { stdoutPath: 'told-%j.txt' }))
      const stdoutPath = `${bench.cluster.directory}/told-${job.remote?.id}.txt`
      if (isDataParser(bench.release)) expect(job).toMatchObject({ result: { slurm: { stdoutPath } } })
      else expect(job).not.toHaveProperty('result')
    })

    it.concurrent('that run unchanged on every provider', async () => {
      const bodies = [portableJob(), portableJob({ exitCode: 3 })]
      const jobs = await Promise.all(bodies.map(({ script, ...more }) => bench.submit(script, more)))
      const [done, failed] = await Promise.all(jobs.map(bench.ended))
      expect(done).toMatchObject({ status: 'succeeded', exitCode: 0 })
      expect(failed).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      for (const job of [done, failed]) {
        expect(bench.cluster.output(`slurm-${job?.remote?.id}.out`)).toBe(`${portableOutput.join('\n')}\n`)
      }
    })

    const isOutputHere = bench.release.suite === undefined
    it(`of the demo, and ${isOutputHere ? 'shows' : 'tells where to find'} their output`, async () => {
      const { url, directory } = bench.cluster
      const { code, stdout, stderr } = await runDemo('slurm', {
        SLURM_BASE_URL: url,
        SLURM_JWT: tokenOf(bench.cluster, 600),
        SLURM_WORKING_DIRECTORY: directory,
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      // A cluster in a root of its own writes where this system does not look.
      const elsewhere = `Output:\n    (in ${directory}/slurm-<id>.out on the cluster)\n`
      if (isOutputHere) expect(stdout).toMatch(demoOutput)
      else expect(stdout.replace(/slurm-\d+\.out/, 'slurm-<id>.out')).toContain(elsewhere)
    })

    it.concurrent('that are requeued in the middle, and go on as the same', async () => {
      const job = await bench.submit('sleep 600')
      await bench.until(job, 'running')
      const { remote } = await bench.switchyard.api.ok('GET', path(job))
      expect(bench.cluster.scontrol('requeue', String(remote?.id))).toBe('')
      expect(await bench.until(job, 'pending')).toMatchObject({ remote: { id: remote?.id } })
      await bench.cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled', remote: { id: remote?.id } })
    })
  })

  describe('imports jobs', () => {
    const batch = (script: string, ...args: string[]) =>
      bench.cluster.sbatch(`#!/bin/sh\n${script}\n`, '--parsable', ...args).trim()
    const importing = async (remoteId: string) => {
      const body = { connectionId: bench.connectionId, remoteId }
      return bench.switchyard.api.call('POST', '/jobs/import', { body })
    }

    it.concurrent('of sbatch, and follows them to their end, without their variables', async () => {
      const { body: job, status } = await importing(
        batch('sleep 3; [ -n "$API_PASSCODE" ] && exit 3', '--job-name=nightly'),
      )
      expect({ status, job }).toMatchObject({ status: 202, job: { name: 'nightly', imported: true } })
      await bench.until(job, 'running')
      expect(await bench.ended(job)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      const remote = JSON.stringify(await bench.switchyard.api.ok('GET', `${path(job)}/remote`))
      expect(remote).toContain('nightly')
      expect(remote).not.toContain('of-the-user')
      expect((await importing(String(job.remote?.id))).status).toBe(202)
    })

    it.concurrent('that are requeued, and cancels them', async () => {
      const remoteId = batch('sleep 600')
      const { body: job } = await importing(remoteId)
      await bench.until(job, 'running')
      expect(bench.cluster.scontrol('requeue', remoteId)).toBe('')
      await bench.until(job, 'pending')
      await bench.cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled', remote: { id: remoteId, state: 'CANCELLED' } })
    })

    it.concurrent('unless they are part of an array, or no jobs', async () => {
      const array = batch('sleep 5', '--array=1-2')
      const refusals = await Promise.all(
        [array, `${array}_1`, '4000000', '4294967297', '99999999999999999999'].map(importing),
      )
      const codes = ['unsupported', 'pattern', 'not_found', 'pattern', 'pattern']
      expect(refusals).toMatchObject(
        codes.map((code) => ({ status: 422, body: { errors: [{ pointer: '/remoteId', code }] } })),
      )
    })
  })

  describe('hands on what Slurm makes of its options', () => {
    it.concurrent.each([
      [{ requeue: false }, 'Requeue=0'],
      [{ requeue: true }, 'Requeue=1'],
      [{}, 'Requeue=1'],
    ])('whether a job may be requeued: %j', async (options, word) => {
      const job = await bench.ended(await bench.submit('exit 0', slurm(options)))
      expect(bench.shown(job)).toContain(word)
    })

    it.concurrent('a priority, which it ignores of an ordinary user, and a negative nice, which it refuses', async () => {
      const job = await bench.ended(await bench.submit('exit 0', slurm({ priority: 5 })))
      expect(job.status).toBe('succeeded')
      expect(bench.shown(job)).not.toMatch(/Priority=5\b/)
      const refused = await bench.submit('exit 0', slurm({ nice: -5 }))
      expect(await bench.ended(refused)).toMatchObject({ status: 'failed', error: { provider: { code: '2123' } } })
      expect(bench.cluster.jobsNamed(refused.name)).toEqual([])
    })

    it.concurrent('a requeue after the end: the record keeps its end, what waits again is an orphan', async () => {
      const job = await bench.ended(await bench.submit('exit 3'))
      const once = await bench.ended(await bench.submit('exit 3', slurm({ requeue: false })))
      expect(bench.cluster.scontrol('requeue', String(once.remote?.id))).toContain('presently disabled')
      expect(bench.cluster.scontrol('requeue', String(job.remote?.id))).toBe('')
      expect(bench.shown(job)).toContain('JobState=PENDING')
      const { orphans } = (await bench.switchyard.api.ok(
        'GET',
        `/connections/${bench.connectionId}/orphans`,
      )) as unknown as {
        orphans: { remoteId: string; state: string }[]
      }
      expect(orphans).toContainEqual(
        expect.objectContaining({ kind: 'job', name: job.name, remoteId: job.remote?.id, state: 'PENDING' }),
      )
      expect(orphans.map(({ remoteId }) => remoteId)).not.toContain(once.remote?.id)
      expect(await bench.switchyard.api.ok('GET', path(job))).toMatchObject({ status: 'failed', exitCode: 3 })
      bench.cluster.scontrol('hold', String(job.remote?.id))
    })
  })

  describe('tells what Slurm refuses', () => {
    it.concurrent('with more GPUs than there are: Slurm keeps a record, and it is that of the job', async () => {
      const job = await bench.submit('exit 0', { resources: { accelerator: { count: 9 } } })
      const record = await bench.ended(job)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'provider_refused' })
      expect(record.statusMessage).toContain('BadConstraints')
      expect(bench.cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
    })

    it.concurrent('with a partition that is not there', async () => {
      const job = await bench.submit('exit 0', { queue: 'nowhere' })
      expect(await bench.ended(job)).toMatchObject({
        status: 'failed',
        error: { code: 'invalid_request', provider: { code: '2000' } },
      })
      expect(bench.cluster.jobsNamed(job.name)).toEqual([])
    })

    it.concurrent('with more nodes than there are: it waits and says why, or, by 24.11, fails as its record', async () => {
      const job = await bench.submit('exit 0', { resources: { nodes: 5 } })
      if (bench.release.name === '24.11') {
        const record = await bench.ended(job)
        expect(record).toMatchObject({ status: 'failed', statusReason: 'provider_refused' })
        expect(bench.cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
        return
      }
      const waiting = await bench.switchyard.api.until(path(job), ({ statusMessage }) => statusMessage !== undefined)
      expect(waiting).toMatchObject({ status: 'pending' })
      expect(waiting.statusMessage).toMatch(/PartitionNodeLimit|PartitionConfig/)
      await bench.cancel(job)
      await bench.ended(job)
    })
  })
}

/** A cluster in a root of its own has its files there, and no Python. */
function describeTutorial(bench: SlurmBench): void {
  if (bench.release.suite !== undefined) return
  describeReal('tutorial', tutorialRequirements, () => {
    it('runs its job', async () => {
      const { url, user, directory, key } = bench.cluster
      const printed = await walkTutorial({
        ...{ page: 'tutorial-slurm.md', from: 'jq -n --arg key', to: 'curl -s $API/jobs/$JOB/events' },
        switchyard: bench.switchyard,
        replacements: {
          '$(base64 -w0 /var/lib/slurm/slurmctld/jwt.key)': key,
          'http://127.0.0.1:6820': url,
          'user: "ada"': `user: "${user}"`,
          '/home/ada': directory,
        },
      })
      expect(printed).toContain('{"ok":true}')
      expect(printed).toMatch(/job\.succeeded\tsucceeded\tCOMPLETED\nepoch 50: loss 0\.0958\n/)
      expect(printed).toContain('{"w": 2.998, "b": -2.003, "epochs": 200, "node": ')
    })
  })
}
