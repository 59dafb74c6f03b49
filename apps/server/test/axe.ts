import axe from 'axe-core'
import type { Page } from 'playwright-core'

export interface AxeProblem {
  id: string
  impact: string
  /** The first place, as a selector, and what is wrong there. */
  target: string
  summary: string
}

export interface Look {
  /** A selector: nothing outside is looked at. Default: the whole page. */
  within?: string
  /** Its rules with one of these tags. Default: all that it has. */
  tags?: readonly string[]
}

/**
 * What axe finds on the page that is on screen. It is put into a page once and then stays; the
 * wrapper for Playwright puts it into every frame for each look, and opens another page for it. What stands in frames is mail of
 * others.
 */
export async function findProblems(page: Page, { within, tags }: Look = {}): Promise<AxeProblem[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source)
  const options = {
    ...(tags && { runOnly: { type: 'tag', values: tags } }),
    resultTypes: ['violations'],
    iframes: false,
  }
  const found = await page.evaluate(
    `axe.run(${JSON.stringify(within ?? null)} ?? document, ${JSON.stringify(options)}).then(({ violations }) => violations.map(
      ({ id, impact, nodes: [node] }) => ({ id, impact, target: node.target.join(' '), summary: node.failureSummary })))`,
  )
  return found as AxeProblem[]
}

/** What keeps people from using the page by WCAG 2.2 A and AA, each in a line. */
export async function findSerious(page: Page): Promise<string[]> {
  const found = await findProblems(page, { tags: ['wcag2a', 'wcag2aa', 'wcag22aa'] })
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, target }) => `${id} at ${target}`)
}
