/** What a person needs to know once the server is up. */
export interface Banner {
  version: string
  role: string
  startedInMs: number
  consoleUrl: string | undefined
  signInLink: string | undefined
  apiUrl: string | undefined
  grpcAddress: string | undefined
  database: string
  apiKey: string | undefined
}

/** Says where everything is, with a command line that works as it stands. */
export function renderBanner(banner: Banner): string {
  const lines = [
    `Mainstay ${banner.version} is ready (${banner.role}, ${(banner.startedInMs / 1000).toFixed(1)} s)`,
    '',
  ]
  const row = (name: string, value: string | undefined) => {
    if (value !== undefined) lines.push(`  ${name.padEnd(9)} ${value}`)
  }
  row('Console', banner.signInLink ?? banner.consoleUrl)
  row('API', banner.apiUrl)
  row('Docs', banner.apiUrl && `${banner.apiUrl}/docs`)
  row('gRPC', banner.grpcAddress)
  row('Database', banner.database)
  if (banner.apiUrl && banner.apiKey) {
    lines.push(
      '',
      '  Send your first message:',
      '',
      `  curl ${banner.apiUrl}/v1/notifications -H 'Authorization: Bearer ${banner.apiKey}' \\`,
      "    -H 'Content-Type: application/json' \\",
      `    -d '{"to":{"email":"ada@example.com"},"email":{"subject":"Hello","text":"It works."}}'`,
    )
  }
  if (banner.signInLink)
    lines.push('', '  The console link signs you in once, within 15 minutes. Ctrl-C stops everything.')
  return lines.join('\n')
}
