/** The end of the portable job. */
interface Ending {
  /** Exit code of the script. */
  exitCode?: number
  /** Seconds that it runs at least. */
  seconds?: number
}

/**
 * A `POST /jobs` request, without its connection, that every provider of jobs without an environment accepts: a script
 * without an image, resources by size, variables and a time limit. The connection provides the rest.
 */
export function portableJob({ exitCode = 0, seconds = 0 }: Ending = {}) {
  const wait = seconds === 0 ? [] : [`sleep ${seconds}`]
  const steps = ['echo "$GREETING, Switchyard"', ...wait, 'echo "last line"', `exit ${exitCode}`]
  return {
    name: 'portable',
    script: `${steps.join('\n')}\n`,
    environmentVariables: { GREETING: 'hello' },
    resources: { cpus: 1, memoryMiB: 512 },
    timeLimitSeconds: 600,
  } as const
}

/** What the portable job prints. */
export const portableOutput = ['hello, Switchyard', 'last line'] as const
