import { Rejection } from './rejections.ts'
import type { VolumeRequest } from './wire.ts'

const owned: ReadonlySet<string> = new Set(['EFS', 'OBS', 'OBSFS'])

/**
 * The rules of a notebook's volume that cover several fields: VolumeMountRequest of the vendor's SDK documents for
 * which category and ownership `uri`, `id` and `dew_secret_name` are mandatory.
 * @throws Rejection
 */
export function assertVolume({ category, ownership, uri, id, dew_secret_name }: VolumeRequest): void {
  const kind = category.toUpperCase()
  const isOwn = ownership.toUpperCase() === 'DEDICATED'
  if (isOwn && owned.has(kind) && !isGiven(uri)) throw missing('volume.uri')
  if (isOwn && kind === 'EFS' && !isGiven(id)) throw missing('volume.id')
  if (kind === 'OBS' && !isGiven(dew_secret_name)) throw missing('volume.dew_secret_name')
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== ''
}

function missing(path: string): Rejection {
  return new Rejection(400, '6335', `'${path}' is a required property.`)
}
