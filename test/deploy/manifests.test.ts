import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Document, isMap, parseAllDocuments } from 'yaml'
import { chart, helm, prepare, reasonToSkip, validate, withFile } from './chart.ts'
import versions from './versions.json' with { type: 'json' }

const directory = join(import.meta.dirname, '../../deploy/kubernetes')

const header = `# Rendered from the Helm chart with the values in deploy/kubernetes/values.yaml; change them and run \`npm run deploy:render\`.
# docs/kubernetes.md#without-helm describes how to apply them.
`

/** In the order in which they are best created. */
const kinds = ['ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Job', 'Deployment']

const kindOf = (document: Document): string => String(document.get('kind'))
const isMigration = (document: Document): boolean =>
  document.getIn(['metadata', 'labels', 'app.kubernetes.io/component']) === 'migration'

/** Removes what only Helm reads. */
function withoutHelm(document: Document): Document {
  // The name of the template.
  if (isMap(document.contents)) document.contents.commentBefore = null
  for (const path of ['app.kubernetes.io/managed-by', 'helm.sh/chart']) document.deleteIn(['metadata', 'labels', path])
  const annotations = document.getIn(['metadata', 'annotations'])
  if (!isMap(annotations)) return document
  for (const { key } of [...annotations.items]) if (String(key).startsWith('helm.sh/')) annotations.delete(key)
  if (annotations.items.length === 0) document.deleteIn(['metadata', 'annotations'])
  return document
}

const printed = (documents: readonly Document[]): string =>
  header + documents.map((document) => document.toString({ lineWidth: 0, directives: true })).join('')

describe.skipIf(reasonToSkip !== '')('the manifests for use without Helm', () => {
  let files: Record<'migrate.yaml' | 'switchyard.yaml', string>
  beforeAll(async () => {
    await prepare()
    const text = await helm('template', 'switchyard', chart, '--values', join(directory, 'values.yaml'))
    const documents = parseAllDocuments(text).map(withoutHelm)
    documents.sort((a, b) => kinds.indexOf(kindOf(a)) - kinds.indexOf(kindOf(b)))
    expect([...new Set(documents.map(kindOf))]).toEqual(kinds)
    files = {
      'migrate.yaml': printed(documents.filter(isMigration)),
      'switchyard.yaml': printed(documents.filter((document) => !isMigration(document))),
    }
  })

  describe.each(['migrate.yaml', 'switchyard.yaml'] as const)('%s', (name) => {
    it('is up to date: otherwise run npm run deploy:render', async () => {
      await expect(files[name]).toMatchFileSnapshot(join(directory, name))
    })

    it.each(versions.kubernetes)('is valid in Kubernetes %s', async (version) => {
      const summary = await withFile(files[name], (file) => validate(file, version))
      expect(summary).toMatch(/Valid: [3-9], Invalid: 0, Errors: 0, Skipped: 0/)
    })

    it('has nothing of Helm but its header', () => {
      expect(files[name].slice(header.length)).not.toMatch(/helm|switchyard\/templates/i)
    })
  })
})
