import { Query } from 'pg'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import type { ApiBench } from './api-bench.ts'
import type { ApiCaller, CallOptions } from './api-caller.ts'

export interface ItemResult {
  index: number
  status: 'accepted' | 'rejected'
  replayed?: boolean
  job?: ApiRecord
  problem?: {
    code: string
    status: number
    detail: string
    retryable: boolean
    errors: { in: string; pointer: string; code: string }[]
  }
}

export interface BatchResult {
  accepted: number
  rejected: number
  results: ItemResult[]
}

/** A job that its provider accepts without an environment. */
export const slurmJob = ({ connections }: Pick<ApiBench, 'connections'>, more: object = {}) => ({
  ...{ connectionId: connections.slurm, name: 'sweep', script: '#!/bin/sh\ntrue\n' },
  ...{ resources: { cpus: 1, memoryMiB: 1024 }, ...more },
})

/** Submits a batch that must return 200. */
export async function submitBatch(
  api: Pick<ApiCaller, 'call'>,
  jobs: readonly unknown[],
  headers: CallOptions['headers'] = {},
): Promise<BatchResult> {
  const { status, body } = await api.call('POST', '/jobs/batch', { body: { jobs }, headers })
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body as unknown as BatchResult
}

export const idsOf = ({ results }: BatchResult) => results.map(({ job }) => job?.id)

/** The text of all statements that this process sends to Postgres during `work`. */
export async function statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = []
  const prototype: { submit: Query['submit'] } = Query.prototype
  const { submit } = prototype
  prototype.submit = function (this: Query & { text?: string }, connection) {
    texts.push(this.text ?? '')
    return submit.call(this, connection)
  }
  try {
    await work()
  } finally {
    prototype.submit = submit
  }
  return texts
}

/** Cancels the statements that this process sends to Postgres during `work` and whose text matches. */
export async function failingDuring<R>(matches: (text: string) => boolean, work: () => Promise<R>): Promise<R> {
  const prototype: { submit: Query['submit'] } = Query.prototype
  const { submit } = prototype
  prototype.submit = function (
    this: Query & { text?: string; name?: string | undefined; values?: unknown[] },
    connection,
  ) {
    if (matches(this.text ?? ''))
      Object.assign(this, {
        ...{ text: `DO $$ BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = '57014'; END $$` },
        ...{ name: undefined, values: [] },
      })
    return submit.call(this, connection)
  }
  return work().finally(() => {
    prototype.submit = submit
  })
}
