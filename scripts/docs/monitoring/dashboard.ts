import { type Panel, rows } from './dashboard-rows.ts'

/** All queries of the dashboard, for tests. */
export const dashboardQueries: readonly string[] = Object.values(rows)
  .flat()
  .flatMap(({ queries }) => Object.values(queries))

const datasource = { type: 'prometheus', uid: '$datasource' }
const columns = 24
const [width, height] = [8, 8]

/** Generates deploy/monitoring/switchyard.dashboard.json, for Grafana 10 and newer. */
export function generateDashboard(): string {
  const panels: object[] = []
  let y = 0
  for (const [title, content] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: at(0, y, columns, 1),
    })
    y += 1
    for (const [index, panel] of content.entries()) {
      const x = (index * width) % columns
      if (index > 0 && x === 0) y += height
      panels.push({ id: panels.length + 1, ...panelOf(panel), gridPos: at(x, y, width, height) })
    }
    y += height
  }
  const dashboard = {
    title: 'Switchyard',
    uid: 'switchyard',
    description: 'Generated from the list of metrics: docs/observability.md',
    schemaVersion: 39,
    tags: ['switchyard'],
    time: { from: 'now-3h', to: 'now' },
    refresh: '30s',
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels,
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}

function at(x: number, y: number, w: number, h: number) {
  return { x, y, w, h }
}

function panelOf({ title, unit, queries }: Panel) {
  return {
    type: 'timeseries',
    title,
    datasource,
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat,
    })),
  }
}
