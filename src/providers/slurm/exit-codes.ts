import type { Json } from '../../vocabulary/json.ts'
import { isObject, readNumber, readObject, readText } from '../kit/fields.ts'
import { numberAt } from './fields.ts'

export interface Exit {
  exitCode?: number
  signal?: number
  /** The number is an error of Slurm's own: the program was never started. */
  isLaunchError?: true
}

/** How an ended job ended. Running and just canceled jobs show a success. */
export function exitOf(job: Json): Exit {
  const shown = isObject(job) ? job.exit_code : undefined
  return isObject(shown) ? exitOfStatus(shown) : exitOfWaitStatus(readNumber(job, 'exit_code'))
}

/** Up to v0.0.38 a wait status: `exit 3` is 768, a SIGKILL 9. More than 16 bits hold no wait status. */
function exitOfWaitStatus(waitStatus: number | undefined): Exit {
  if (waitStatus === undefined || !Number.isInteger(waitStatus) || waitStatus < 0 || waitStatus > 0xffff) return {}
  const signal = waitStatus & 0x7f
  return signal === 0 ? { exitCode: waitStatus >> 8 } : { signal }
}

/**
 * From v0.0.40 on `{ status, return_code, signal: { id, name } }`. A signal without a name is the low bits of a launch
 * error: 4021, a working directory that does not exist, is shown as 53 (measured on 24.11 and 26.05).
 */
function exitOfStatus(shown: Json): Exit {
  const signal = readObject(shown, 'signal')
  const id = numberAt(signal, 'id')
  if (id !== undefined && id > 0) {
    return /[A-Z]/i.test(readText(signal, 'name') ?? '') ? { signal: id } : { isLaunchError: true }
  }
  const exitCode = numberAt(shown, 'return_code')
  return exitCode === undefined ? {} : { exitCode }
}
