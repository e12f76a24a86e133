import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartResult, Round } from './figures.ts'
import type { Part } from './part.ts'
import { renderPlot, type Series } from './plot.ts'

/** Writes a plot for each figure that a part has measured at several sizes, and returns where. */
export async function writePlots(
  dir: string,
  parts: readonly Part[],
  results: readonly PartResult[],
): Promise<string[]> {
  const paths: string[] = []
  for (const { part, medians } of results)
    for (const figure of parts.find(({ name }) => name === part)?.plotted ?? []) {
      const path = join(dir, `${part}-${figure.replaceAll(/[^a-z0-9]+/gi, '-')}.svg`)
      const plot = { title: `${part}: ${figure}`, x: 'size', y: figure, series: seriesOf(medians, figure) }
      await mkdir(dir, { recursive: true })
      await writeFile(path, renderPlot(plot))
      paths.push(path)
    }
  return paths
}

/** Series per subject, from the figures named `<figure> at <size>`. */
export function seriesOf(medians: Round, figure: string): Series[] {
  const beginning = `${figure} at `
  return Object.entries(medians).map(([name, figures]) => ({
    name,
    points: Object.entries(figures)
      .filter(([key]) => key.startsWith(beginning))
      .map(([key, value]) => ({ x: Number(key.slice(beginning.length)), y: value }))
      .sort((a, b) => a.x - b.x),
  }))
}
