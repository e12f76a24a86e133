import { flavorOf, isKnownFlavor, isKnownProfile, profileOf } from './catalog.ts'
import { assertFlavor } from './environment-states.ts'
import { Rejection } from './rejections.ts'
import type { AutoStop, InstanceRequest, ModelartsSettings } from './wire.ts'

const minAutoStopSeconds = 3600
const maxAutoStopSeconds = 86_400

/** The rules of a create with specific codes. @throws Rejection */
export function assertInstance(request: InstanceRequest, settings: ModelartsSettings): void {
  assertStorage(request.spec.storage, settings)
  assertAutoStop(request.spec.auto_stop ?? {})
  assertFlavor(request.flavor, isKnownFlavor(request.flavor), settings)
  assertProfile(request, settings)
}

function assertStorage(storage: InstanceRequest['spec']['storage'] | undefined, { allowEvs }: ModelartsSettings): void {
  if (storage?.type === undefined) {
    throw new Rejection(400, '6316', "The param 'storage' is needed for creating notebook instance.")
  }
  if (storage.type === 'evs' && allowEvs) return
  if (storage.type !== 'obs') {
    throw new Rejection(400, '6324', 'This location type is not supported. Please check it.')
  }
  const path = storage.location?.path ?? ''
  if (path === '') throw new Rejection(400, '6317', "The 'path' parameter is required when the storage type is OBS.")
  // The wording of the create page's sample; the table of codes quotes the word.
  if (!path.endsWith('/')) throw new Rejection(400, '6318', 'The param path needs to end with /.')
  if (path.split('/').filter((part) => part !== '').length < 2) {
    const message =
      'The path parameter is incorrect. It cannot be the root directory of an OBS bucket, but must be a specific directory in the OBS bucket.'
    throw new Rejection(400, '6358', message)
  }
}

/** Checks the duration in seconds if auto-stop is enabled. @throws Rejection */
export function assertAutoStop({ enable, duration }: AutoStop): void {
  if (enable !== true) return
  if (duration === undefined) {
    throw new Rejection(400, '6348', "The 'duration' parameter is mandatory for enabling auto stop.")
  }
  if (duration < minAutoStopSeconds || duration > maxAutoStopSeconds) {
    const range = `The value ranges from ${minAutoStopSeconds} to ${maxAutoStopSeconds}.`
    throw new Rejection(400, '6349', `The 'duration' parameter is incorrect. ${range}`)
  }
}

function assertProfile({ profile_id, flavor }: InstanceRequest, settings: ModelartsSettings): void {
  if (settings.refuseUnknownProfiles && !isKnownProfile(profile_id)) {
    throw new Rejection(400, '6336', "'profile_id' property value is incorrect.")
  }
  const { flavorType } = profileOf(profile_id)
  if (flavorType !== null && flavorType !== flavorOf(flavor).type) {
    const message = 'The flavor type of profile does not match the type of flavor. Please check it.'
    throw new Rejection(400, '6330', message)
  }
}
