import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readId, readList, readObject, readText } from '../kit/fields.ts'
import type { Catalog } from '../observation.ts'
import { contentsOf, type DataforestClient } from './client.ts'
import { isNoSuchElement } from './errors.ts'

/** The maximum number of workspaces whose configurations are read, and of concurrent reads. */
const maxWorkspaces = 64
const maxConcurrentReads = 8

/** Images that `docker.image` can reference, and earlier configurations of the account's workspaces. */
export async function catalogOf(client: DataforestClient, accountId: string, signal: AbortSignal): Promise<Catalog> {
  return { images: await imagesOf(client, signal), configurations: await configurationsOf(client, accountId, signal) }
}

async function imagesOf(client: DataforestClient, signal: AbortSignal): Promise<readonly JsonObject[]> {
  const images: JsonObject[] = []
  for (const typeName of ['tensorflow', 'pytorch']) {
    const response = await client.call('aiworkspaces/getDockerImageList', { search: { typeName } }, signal)
    const groups = readObject(response, 'dockerImages')
    const names = Object.keys(groups).flatMap((group) => readList(groups, group))
    images.push(...names.flatMap((image) => (typeof image === 'string' ? [{ type: typeName, image }] : [])))
  }
  return images
}

async function configurationsOf(
  client: DataforestClient,
  accountId: string,
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const list = contentsOf(await client.call('aiworkspaces/getList', { search: { accountId } }, signal))
  const workspaces = list.contents.filter((each) => readId(each, 'id') !== undefined).slice(0, maxWorkspaces)
  const configurations: JsonObject[] = []
  for (let from = 0; from < workspaces.length; from += maxConcurrentReads) {
    const some = workspaces.slice(from, from + maxConcurrentReads)
    const read = await Promise.all(some.map((workspace) => historyOf(client, workspace, signal)))
    configurations.push(...read.flat())
  }
  return configurations
}

/** Empty for a workspace that no longer exists. Source: AI Workspaces, getConfigurationList. */
async function historyOf(client: DataforestClient, workspace: Json, signal: AbortSignal): Promise<JsonObject[]> {
  const id = readId(workspace, 'id') ?? ''
  const response = await client.call('aiworkspaces/getConfigurationList', { id }, signal).catch((error: unknown) => {
    if (isNoSuchElement(error)) return {}
    throw error
  })
  const workspaceName = readText(workspace, 'name') ?? null
  return readList(response, 'contents').map((entry) => ({ aiWorkspaceId: id, workspaceName, ...chosenIn(entry) }))
}

/** The selected image and resources. Commands, arguments and variables are omitted because they may contain secrets. */
function chosenIn(entry: Json): JsonObject {
  const configuration = readObject(entry, 'configuration')
  const { resource } = configuration
  return {
    name: readText(configuration, 'name') ?? null,
    image: readText(readObject(configuration, 'docker'), 'image') ?? null,
    queueName: readText(configuration, 'queueName') ?? null,
    ...(isObject(resource) ? { resource } : {}),
    modifiedAt: readText(entry, 'modifiedAt') ?? null,
  }
}
