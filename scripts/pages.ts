/** Writes the pages of docs/ that are made from code; with `--check` it fails when one is stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { renderConfigurationMarkdown } from '@mainstay/kernel'
import { renderProvidersMarkdown, settingsTables } from '@mainstay/server'

const pages = {
  'configuration.md': renderConfigurationMarkdown(settingsTables),
  'providers.md': renderProvidersMarkdown(),
}

for (const [name, wanted] of Object.entries(pages)) {
  const page = new URL(`../docs/${name}`, import.meta.url)
  if (!process.argv.includes('--check')) writeFileSync(page, wanted)
  else if (!existsSync(page) || readFileSync(page, 'utf8') !== wanted) {
    console.error(`docs/${name} is stale: run \`npm run generate\``)
    process.exitCode = 1
  }
}
