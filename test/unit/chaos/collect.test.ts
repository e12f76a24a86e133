import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readObjects } from '../../chaos/collect.ts'

const directory = await mkdtemp(join(tmpdir(), 'journal-'))
afterAll(() => rm(directory, { recursive: true }))

async function read(provider: string, kind: string, state: string) {
  const file = join(directory, `${provider}-${kind}-${state}.jsonl`)
  const timeline = [{ at: 0, state }]
  const object = { ...{ provider, kind, id: 'a' }, name: 'job-symabc', creation: {}, deletedAt: null, timeline }
  await writeFile(file, `${JSON.stringify(object)}\n`)
  return readObjects(file, new Set(['mabc']), 1)
}

it.each([
  ['kubernetes', 'job', 'Complete', false],
  ['ray', 'job', 'STOPPED', false],
  ['modelarts', 'instance', 'STOPPED', true],
  ['slurm', 'job', 'OUT_OF_MEMORY', false],
  ['scnet', 'job', 'statDE', false],
  ['scnet', 'job', 'statE', true],
  ['jupyterhub', 'server', 'ready', true],
])('reads a %s %s in the state %s as active: %s', async (provider, kind, state, isActive) => {
  expect(await read(provider, kind, state)).toEqual([
    { provider, id: 'a', correlationTag: 'mabc', isDeleted: false, isActive },
  ])
})

it.each(['service', 'ingress'])('excludes a Kubernetes %s', async (kind) => {
  expect(await read('kubernetes', kind, 'exists')).toEqual([])
})
