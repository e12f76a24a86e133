import { makeScenarios } from '../../../src/commands/demo-scenarios.ts'
import type { Sandbox } from '../../../src/sandbox/server.ts'

/** Requests to every provider, for each kind it supports. Jobs omit a required environment. */
export function requestsOf(sandbox: Sandbox): { kind: 'jobs' | 'environments'; provider: string; body: object }[] {
  return makeScenarios(sandbox).flatMap(({ provider, environment, job }) => [
    ...(environment === undefined ? [] : [{ kind: 'environments' as const, provider, body: environment }]),
    ...(job === undefined ? [] : [{ kind: 'jobs' as const, provider, body: job }]),
  ])
}
