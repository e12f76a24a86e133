/** `sleep <seconds>` in a script sets the duration of a job. */
export function sleepMsOf(script: string): number | null {
  const seconds = /\bsleep\s+(\d+(?:\.\d+)?)\b/.exec(script)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
