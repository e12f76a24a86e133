import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Document, isMap, parseAllDocuments } from 'yaml'
import { chart, helm, prepare, reasonToSkip, validate, withFile } from './chart.ts'
import versions from './versions.json' with { type: 'json' }

const directory = join(import.meta.dirname, '../../deploy/kubernetes')

const header = `# Rendered from the Helm chart with the values in deploy/kubernetes/values.yaml; change them and run \`npm run deploy:render\`.
# docs/kubernetes.md#without-helm describes how to apply them.
`

/** In creation order. */
const kinds = ['ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Job', 'Deployment']

const kindOf = (document: Document): string => String(document.get('kind'))
const isMigration = (document: Document): boolean =>
  document.getIn(['metadata', 'labels', 'app.kubernetes.io/component']) === 'migration'

/** Removes Helm-specific comments, labels and annotations. */
function withoutHelm(document: Document): Document {
  // Contains the template name.
  if (isMap(document.contents)) document.contents.commentBefore = null
  for (const path of ['app.kubernetes.io/managed-by', 'helm.sh/chart']) document.deleteIn(['metadata', 'labels', path])
  const annotations = document.getIn(['metadata', 'annotations'])
  if (!isMap(annotations)) return document
  for (const { key } of [...annotations.items]) if (String(key).startsWith('helm.sh/')) annotations.delete(key)
  if (annotations.items.length === 0) document.deleteIn(['metadata', 'annotations'])
  return document
}

const render = (documents: readonly Document[]): string =>
  header + documents.map((document) => document.toString({ lineWidth: 0, directives: true })).join('')

describe.skipIf(reasonToSkip !== '')('manifests for use without Helm', () => {
  let files: Record<'migrate.yaml' | 'switchyard.yaml', string>
  beforeAll(async () => {
    await prepare()
    const text = await helm('template', 'switchyard', chart, '--values', join(directory, 'values.yaml'))
    const documents = parseAllDocuments(text).map(withoutHelm)
    documents.sort((a, b) => kinds.indexOf(kindOf(a)) - kinds.indexOf(kindOf(b)))
    expect([...new Set(documents.map(kindOf))]).toEqual(kinds)
    files = {
      'migrate.yaml': render(documents.filter(isMigration)),
      'switchyard.yaml': render(documents.filter((document) => !isMigration(document))),
    }
  })

  describe.each(['migrate.yaml', 'switchyard.yaml'] as const)('%s', (name) => {
    it('is up to date (update with npm run deploy:render)', async () => {
      await expect(files[name]).toMatchFileSnapshot(join(directory, name))
    })

    it.each(versions.kubernetes)('is valid in Kubernetes %s', async (version) => {
      const summary = await withFile(files[name], (file) => validate(file, version))
      expect(summary).toMatch(/Valid: [3-9], Invalid: 0, Errors: 0, Skipped: 0/)
    })

    it('does not mention Helm outside the header', () => {
      expect(files[name].slice(header.length)).not.toMatch(/helm|switchyard\/templates/i)
    })
  })
})
