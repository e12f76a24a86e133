import { type Exit, runCommand } from './process.ts'

/** `demo --engine <name>` in a process with these variables only. */
export function runDemo(engine: string, env: Readonly<Record<string, string>>): Promise<Exit> {
  return runCommand(['demo', '--engine', engine], env).exited
}

/** What the demo prints of a job that succeeded, the engine's own lines aside. */
export const demoOutput = /Output:\n(?: {4}.*\n)* {4}hello, Switchyard\n {4}last line\n/
