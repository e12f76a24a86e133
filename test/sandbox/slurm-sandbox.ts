import { createHmac } from 'node:crypto'
import { startSandbox } from '../../src/sandbox/server.ts'

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** An HS256 token, created independently of the sandbox's code. */
export function tokenOf(key: string, claims: object): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64url')}`
}

export interface SlurmReply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  json: any
  text: string
}

/** A sandbox of Slurm only, with an adjustable clock and a user with a token. */
export async function startSlurm() {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const sandbox = await startSandbox({ providers: ['slurm'], clock: { now: () => time.ms } })
  const { user, key } = sandbox.accounts.slurm
  const token = (claims: object = {}) => tokenOf(key, { exp: time.ms / 1000 + 600, sun: user, ...claims })
  const as = (name: string) => ({
    'x-slurm-user-name': name,
    'x-slurm-user-token': token({ exp: time.ms / 1000 + 1e6, sun: name }),
  })
  const send = async (
    method: string,
    path: string,
    { body, headers = as(user) }: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<SlurmReply> => {
    const response = await fetch(sandbox.urls.slurm + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, text, json: isJson ? JSON.parse(text) : null }
  }
  const call = (method: string, path: string, message = {}) => send(method, `/slurm/v0.0.38${path}`, message)
  const submit = (job: object = {}, script = '#!/bin/sh\nexit 0\n') => {
    const properties = { name: 'x', environment: { PATH: '/bin' }, current_working_directory: '/tmp', ...job }
    return call('POST', '/job/submit', { body: JSON.stringify({ script, job: properties }) })
  }
  return {
    sandbox,
    settings: sandbox.settings.slurm,
    user,
    other: sandbox.otherAccounts.slurm[0]?.user ?? '',
    time,
    token,
    as,
    send,
    call,
    submit,
    job: async (id: number) => (await call('GET', `/job/${id}`)).json.jobs[0],
  }
}
