import { flavorOf, isKnownFlavor } from './catalog.ts'
import { Rejection } from './rejections.ts'
import { invalidParam } from './rules.ts'
import type { JobRequest, ModelartsSettings } from './wire.ts'

const maxEnvironments = 100

/** The rules of a create that cover several fields. @throws Rejection */
export function assertJob(request: JobRequest, settings: ModelartsSettings): void {
  assertAlgorithm(request.algorithm)
  assertEnvironments(request.algorithm?.environments ?? {})
  assertResource(request.spec?.resource ?? {}, settings)
}

function assertAlgorithm(algorithm: JobRequest['algorithm'] = {}): void {
  const { id, subscription_id, item_version_id, code_dir, boot_file, command, engine } = algorithm
  const isSubscribed = isGiven(subscription_id) && isGiven(item_version_id)
  const isOwnCode = isGiven(code_dir) && isGiven(boot_file)
  if (isGiven(id) || isSubscribed || isOwnCode) return
  if (isGiven(engine?.image_url) && isGiven(command)) return
  if (isGiven(engine?.image_url) || isGiven(command)) {
    const message = 'Custom image jobs command and engine.url cannot be empty.'
    throw new Rejection(400, '2806', message, 'Check whether the command and engine.url is valid.')
  }
  throw invalidParam('algorithm')
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== ''
}

function assertEnvironments(environments: Record<string, string>): void {
  const entries = Object.entries(environments)
  if (entries.length > maxEnvironments) throw invalidParam('algorithm.environments')
  const wrong = entries.find(([key, value]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) || value.includes('$'))
  if (wrong !== undefined) throw invalidParam(`algorithm.environments.${wrong[0]}`)
}

function assertResource(
  { flavor_id, node_count = 1 }: NonNullable<NonNullable<JobRequest['spec']>['resource']>,
  settings: ModelartsSettings,
): void {
  if (flavor_id === undefined) return
  if (settings.refuseUnknownFlavors && !isKnownFlavor(flavor_id)) {
    throw new Rejection(
      400,
      '2781',
      `Flavor (${flavor_id}) not found.`,
      'Check whether the flavor in the request is valid.',
    )
  }
  if (settings.soldOutFlavors.split(',').includes(flavor_id)) {
    throw new Rejection(400, '6716', `The specified flavor ${flavor_id} is already sold out.`)
  }
  const { maxNodes } = flavorOf(flavor_id)
  if (isKnownFlavor(flavor_id) && node_count > maxNodes) {
    const message = `The number of flavor instances (${node_count}) exceeds the maximum (${maxNodes}).`
    throw new Rejection(400, '2793', message, 'Check the flavor.')
  }
}
