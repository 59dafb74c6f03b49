import { toJson } from '@bufbuild/protobuf'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import { type Account, AccountSchema, AccountState } from '@mainstay/proto/identity/v1/accounts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'
import { addAccountImport } from './import-accounts.ts'

interface ListFlags {
  find: string
  kind: string
  state?: 'active' | 'banned' | 'deleted'
  limit: number
}

const STATES = { active: AccountState.ACTIVE, banned: AccountState.BANNED, deleted: AccountState.DELETED }

/** `accounts`: list, get, ban, unban, delete, import. */
export function addAccounts(program: Command, context: Context): void {
  const accounts = program.command('accounts').description('the people who sign in')
  const { output } = context

  accounts
    .command('list')
    .description('accounts of the key’s mode, newest first')
    .option('--find <text>', 'whose name, phone number or email address begins so', '')
    .option('--kind <kind>', 'of this kind', '')
    .addOption(
      new Option('--state <state>', 'that stand so; deleted ones are listed by it alone').choices(
        Object.keys(STATES),
      ),
    )
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(async ({ find, kind, state, limit }: ListFlags) => {
      const found: Account[] = []
      for await (const account of context.mainstay().accounts.listAccounts({
        ...{ text: find, kind, pageSize: Math.min(limit, 500) },
        state: state === undefined ? AccountState.UNSPECIFIED : STATES[state],
      })) {
        if (found.push(account) >= limit) break
      }
      if (output.json)
        for (const account of found) output.write(JSON.stringify(toJson(AccountSchema, account)))
      else if (found.length === 0) output.write('No accounts.')
      else output.write(table(['account', 'kind', 'state', 'signs in by', 'name'], found.map(row)))
    })

  accounts
    .command('get <account-id>')
    .description('one account, with what it signs in by')
    .action(async (accountId: string) => show(await context.mainstay().accounts.getAccount({ accountId })))

  accounts
    .command('ban <account-id>')
    .description('keep an account out: its sessions end within a second')
    .requiredOption('--reason <text>', 'why, for operators; the person is not told')
    .action(async (accountId: string, { reason }: { reason: string }) =>
      show(await context.mainstay().accounts.banAccount({ accountId, reason })),
    )

  accounts
    .command('unban <account-id>')
    .description('let a banned account in again')
    .action(async (accountId: string) => show(await context.mainstay().accounts.unbanAccount({ accountId })))

  accounts
    .command('delete <account-id>')
    .description('erase an account for good; its id stays')
    .option('--yes', 'it is meant: it cannot be undone')
    .action(async (accountId: string, { yes }: { yes?: boolean }) => {
      if (!yes) throw new CommandError('Deleting cannot be undone. Say --yes when it is meant.', EXIT.usage)
      show(await context.mainstay().accounts.deleteAccount({ accountId }))
    })

  addAccountImport(accounts, context)

  function show(account: Account): void {
    print(output, toJson(AccountSchema, account), () => describe(account))
  }
}

function row({ accountId, kind, state, identifiers, displayName }: Account): string[] {
  return [accountId, kind, stateOf(state), identifiers[0]?.value ?? '', displayName]
}

function describe(account: Account): string {
  const { accountId, personId, kind, state, displayName, locale, attributes, banReason } = account
  const timeOf = (time: Account['createTime']) => time && timestampDate(time).toISOString()
  return details([
    ['account', accountId],
    ['person', personId],
    ['kind', kind],
    ['mode', account.test ? 'test' : 'live'],
    ['state', stateOf(state)],
    ['reason', banReason],
    ['name', displayName],
    ['language', locale],
    ...account.identifiers.map(({ value, verifyTime }): [string, string] => [
      'signs in by',
      `${value}${verifyTime ? '' : '  not verified'}`,
    ]),
    ['attributes', Object.keys(attributes ?? {}).length === 0 ? '' : JSON.stringify(attributes)],
    ['created', timeOf(account.createTime)],
    ['signed in', timeOf(account.lastSignInTime) ?? 'never'],
  ])
}

function stateOf(state: AccountState): string {
  return AccountState[state].toLowerCase()
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return count
}
