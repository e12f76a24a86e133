import type { Json } from '../../vocabulary/json.ts'
import { readObject } from '../kit/fields.ts'

/** The REST plugins that an API description (`/openapi/v3`) lists through their submit paths, in its order. */
export function servedVersions(description: Json): readonly string[] {
  const paths = Object.keys(readObject(description, 'paths'))
  const versions = paths.flatMap((path) => /\/slurm\/(v\d+\.\d+\.\d+)\/job\/submit\/?$/.exec(path)?.[1] ?? [])
  return [...new Set(versions)]
}
