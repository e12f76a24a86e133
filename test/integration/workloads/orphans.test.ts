import { expect, it } from 'vitest'
import type { Opened } from '../../../src/connections/open-connections.ts'
import { findOrphans } from '../../../src/connections/orphans.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { makeReadsRepository } from '../../../src/workloads/store/reads.repository.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

const installationTag = 'abc'
const { signal } = new AbortController()

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 2 })

async function makeJob(correlationTag: string, status: 'running' | 'succeeded', changedAgo = '0 s'): Promise<void> {
  await database.prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, remote_id, status_changed_at)
    VALUES (${makeId('job')}, 'p', 'job', 'slurm', 'c', 'n', '{}', '{}', ${correlationTag}, ${status}, ${status === 'running'}, ${correlationTag},
      now() - ${changedAgo}::interval)`
}

const end = (correlationTag: string) => database.prisma.$executeRaw`
  UPDATE workloads SET status = 'succeeded', active = false, status_changed_at = now() WHERE correlation_tag = ${correlationTag}`

/** The orphans among these objects, which a provider lists as running. `meanwhile` runs during the listing. */
async function orphansAmong(correlationTags: readonly string[], meanwhile: () => Promise<unknown>): Promise<string[]> {
  const list: Driver<'job'>['list'] = async () => {
    await meanwhile()
    const seen = correlationTags.map(
      (correlationTag) =>
        ({ remoteId: correlationTag, correlationTag, status: 'running', rawState: 'R', payload: () => ({}) }) as const,
    )
    return { seen, next: null }
  }
  const driver = { list, tagLength: 12 } as unknown as Driver<'job'>
  const opened = { driver: (kind: string) => (kind === 'job' ? driver : undefined) } as unknown as Opened
  const reads = makeReadsRepository(database.sql, async (id) => ({ name: id, connectionIds: [id] }))
  const deps = { ...reads, installationTag, isOver: () => false, maxPages: 1 }
  const { orphans } = await findOrphans(deps, { id: 'c', opened }, signal)
  return orphans.map(({ correlationTag }) => correlationTag)
}

it('objects created or ended while the list is read are not orphans', async () => {
  await makeJob('abcended', 'running')
  const meanwhile = async () => {
    await end('abcended')
    await makeJob('abccreated', 'running')
    await makeJob('abcboth', 'succeeded')
  }
  expect(await orphansAmong(['abcended', 'abccreated', 'abcboth'], meanwhile)).toEqual([])
})

it('running objects with an ended or missing record are orphans', async () => {
  await makeJob('abcearlier', 'succeeded', '1 minute')
  expect(await orphansAmong(['abcearlier', 'abcunknown'], async () => {})).toEqual(['abcearlier', 'abcunknown'])
})

it('an object that is imported while the list is read is not an orphan, and one that was released is', async () => {
  const importIt = async (remoteId: string, isActive: boolean) => {
    await makeJob(`xyz${remoteId}`, isActive ? 'running' : 'succeeded', '1 minute')
    await database.prisma.$executeRaw`
      UPDATE workloads SET imported = true, remote_id = ${remoteId} WHERE correlation_tag = ${`xyz${remoteId}`}`
  }
  await makeJob('abctaken', 'succeeded', '1 minute')
  await importIt('abcreleased', false)
  expect(await orphansAmong(['abctaken', 'abcreleased'], () => importIt('abctaken', true))).toEqual(['abcreleased'])
})
