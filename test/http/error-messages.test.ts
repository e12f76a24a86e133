import { expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'

const bench = await useApiBench()

interface ErrorResponse {
  status: number
  errors: Record<string, string>
}

async function errorsOf(method: 'GET' | 'POST', path: string, body?: object): Promise<ErrorResponse> {
  const response = await bench.api.call(method, path, body === undefined ? {} : { body })
  const errors = response.body.errors as { pointer: string; detail: string }[]
  return { status: response.status, errors: Object.fromEntries(errors.map(({ pointer, detail }) => [pointer, detail])) }
}

const slurm = (more: object) => ({ name: 'a', script: 's', connectionId: bench.connections.slurm, ...more })

it.each<[string, () => [string, object?], Record<string, string>]>([
  [
    'a misspelled field',
    () => ['/jobs', slurm({ enviromentVariables: {} })],
    {
      '/enviromentVariables':
        '/enviromentVariables is not a known field. Remove it, or correct its name. Did you mean `environmentVariables`?',
    },
  ],
  [
    'an unknown field without a similar name',
    () => ['/jobs', slurm({ zzz: 1 })],
    { '/zzz': '/zzz is not a known field. Remove it, or correct its name.' },
  ],
  [
    'a misspelled provider of options',
    () => ['/jobs', slurm({ providerOptions: { slrum: {} } })],
    { '/providerOptions/slrum': expect.stringContaining('Did you mean `slurm`?') },
  ],
  [
    'a misspelled provider',
    () => ['/jobs', { name: 'a', provider: 'modelart' }],
    { '/provider': 'There is no provider modelart. See GET /providers. Did you mean `modelarts`?' },
  ],
  [
    'a misspelled value',
    () => ['/environments', { name: 'a', provider: 'scnet', interfaces: ['jupiter'] }],
    { '/interfaces/0': '/interfaces/0 must be one of ssh, jupyter, vscode, rstudio. Did you mean `jupyter`?' },
  ],
  [
    'a value other than a string',
    () => ['/environments', { name: 'a', provider: 'scnet', interfaces: [{ toString: 1 }] }],
    { '/interfaces/0': expect.stringContaining('one of ssh, jupyter, vscode, rstudio.') },
  ],
  [
    'an invalid name',
    () => ['/jobs', slurm({ name: 'a b' })],
    {
      '/name':
        '/name must be letters, digits, `_`, `.` and `-`, starting with a letter, a digit or `_`, such as `train-1`.',
    },
  ],
  [
    'an invalid id',
    () => ['/jobs', { name: 'a', connectionId: 'x' }],
    { '/connectionId': '/connectionId must be an id, such as `conn_01h455vb4pex5vsknk084sn02q`.' },
  ],
  [
    'a form explained by the field description',
    () => ['/jobs', slurm({ providerOptions: { slurm: { beginTime: 'soon' } } })],
    {
      '/providerOptions/slurm/beginTime':
        '/providerOptions/slurm/beginTime has an invalid form. Earliest start: `2027-01-31T18:00:00` in the time zone of the cluster, or `now+2hours`. Example: `now+2hours`.',
    },
  ],
  [
    'an invalid label key',
    () => ['/jobs', slurm({ labels: { Team: 'x' } })],
    { '/labels/Team': expect.stringMatching(/is not a valid name here\. .*such as `team`/) },
  ],
  [
    'a value that violates a provider rule',
    () => ['/jobs', slurm({ workingDirectory: 'here' })],
    { '/workingDirectory': expect.stringContaining('it must be an absolute path, such as `/home/alice`') },
  ],
  [
    'a misspelled event type',
    () => ['/webhook-endpoints', { url: 'https://example.com/', eventTypes: ['job.succeded'] }],
    { '/eventTypes/0': expect.stringContaining('Did you mean `job.succeeded`?') },
  ],
])('the error for %s explains the violated rule', async (_, request, errors) => {
  const [path, body] = request()
  const response = await errorsOf('POST', path, body)
  expect(response).toEqual({ status: expect.any(Number), errors })
  expect(JSON.stringify(response)).not.toMatch(/\[[a-zA-Z0-9]-|\\\\[dsw]|must match/)
})

it('errors for queries and paths suggest the closest name', async () => {
  expect(await errorsOf('GET', '/jobs?stauts=running')).toMatchObject({
    errors: { stauts: 'stauts is not a known query parameter. Remove it, or correct its name. Did you mean `status`?' },
  })
  expect(await errorsOf('GET', '/jobs?status=runing')).toMatchObject({
    errors: { 'status/0': expect.stringContaining('Did you mean `running`?') },
  })
  const { errors } = await errorsOf('GET', '/providers/slrum')
  expect(errors.provider).toContain('Did you mean `slurm`?')
})

it.each(['jobs', 'jobs/preview', 'environments', 'environments/preview'])(
  'POST /%s reports a missing name and a missing connection together',
  async (path) => {
    expect(await errorsOf('POST', `/${path}`, {})).toEqual({
      status: 400,
      errors: {
        '/name': '/name is missing.',
        '/provider': 'Specify `connectionId`, or `provider` if the project has exactly one connection to it.',
      },
    })
    expect(Object.keys((await errorsOf('POST', `/${path}`, { provider: 'slurm' })).errors)).toEqual(['/name'])
  },
)
