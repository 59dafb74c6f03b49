import { toJson } from '@bufbuild/protobuf'
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type ApiKey, ApiKeySchema, CreateApiKeyResponseSchema, Mode } from '@mainstay/proto/access/v1'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'

interface CreateFlags {
  mode: 'test' | 'live'
  scope: string[]
  expires?: Date
}

/** `keys`: create, list, revoke. */
export function addKeys(program: Command, context: Context): void {
  const keys = program.command('keys').description('manage API keys')
  const { output } = context

  keys
    .command('create <name>')
    .description('make an API key; its secret is shown this once')
    .addOption(
      new Option('--mode <mode>', 'test keys reach only the sandbox')
        .choices(['test', 'live'])
        .default('test'),
    )
    .option('--scope <scope>', 'what it may do, for example notify:send; repeat it for more', collect, [])
    .option('--expires <time>', 'when it ends, for example 2030-01-31', parseTime)
    .action(async (displayName: string, flags: CreateFlags) => {
      const created = await context.mainstay().access.createApiKey({
        apiKey: {
          displayName,
          mode: flags.mode === 'live' ? Mode.LIVE : Mode.TEST,
          scopes: flags.scope.length > 0 ? flags.scope : ['notify:send', 'notify:read'],
          ...(flags.expires ? { expireTime: timestampFromDate(flags.expires) } : {}),
        },
      })
      print(output, toJson(CreateApiKeyResponseSchema, created), () =>
        details([
          ['key', created.secret],
          ['id', created.apiKey?.apiKeyId],
          ['scopes', created.apiKey?.scopes.join(' ')],
          ['', 'Keep the key: it is not shown again.'],
        ]),
      )
    })

  keys
    .command('list')
    .description("the project's API keys")
    .option('--all', 'also those that were revoked or have expired')
    .action(async ({ all }: { all?: boolean }) => {
      const found: ApiKey[] = []
      for await (const key of context.mainstay().access.listApiKeys({ showInactive: all === true }))
        found.push(key)
      if (output.json) for (const key of found) output.write(JSON.stringify(toJson(ApiKeySchema, key)))
      else output.write(table(['id', 'name', 'key', 'mode', 'scopes', 'last used', 'state'], found.map(row)))
    })

  keys
    .command('revoke <api-key-id>')
    .description('end an API key, everywhere within a second')
    .action(async (apiKeyId: string) => {
      const key = await context.mainstay().access.revokeApiKey({ apiKeyId })
      print(output, toJson(ApiKeySchema, key), () => `${key.apiKeyId} (${key.displayName}) is revoked`)
    })
}

function row(key: ApiKey): string[] {
  return [
    key.apiKeyId,
    key.displayName,
    `${key.keyPrefix}…`,
    key.mode === Mode.LIVE ? 'live' : 'test',
    key.scopes.join(' '),
    key.lastUseTime ? timestampDate(key.lastUseTime).toISOString() : 'never',
    stateOf(key),
  ]
}

function stateOf(key: ApiKey): string {
  if (key.revokeTime) return 'revoked'
  if (key.expireTime && timestampDate(key.expireTime).getTime() <= Date.now()) return 'expired'
  return 'active'
}

function collect(value: string, values: string[]): string[] {
  return [...values, value]
}

function parseTime(text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('Write it as 2030-01-31 or 2030-01-31T09:00:00Z.')
  return time
}
