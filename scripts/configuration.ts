/** Writes docs/configuration.md from the settings tables; with `--check` it fails when the page is stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { renderConfigurationMarkdown } from '@mainstay/kernel'
import { settingsTables } from '@mainstay/server'

const page = new URL('../docs/configuration.md', import.meta.url)
const wanted = renderConfigurationMarkdown(settingsTables)
if (!process.argv.includes('--check')) writeFileSync(page, wanted)
else if (readFileSync(page, 'utf8') !== wanted) {
  console.error('docs/configuration.md is stale: run `npm run generate`')
  process.exit(1)
}
