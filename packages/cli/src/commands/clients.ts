import { toJson } from '@bufbuild/protobuf'
import { type Client, ClientSchema } from '@mainstay/proto/identity/v1/clients'
import type { Command } from 'commander'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'

/** `clients`: list, create. */
export function addClients(program: Command, context: Context): void {
  const clients = program.command('clients').description('the apps that people sign in to')
  const { output } = context

  clients
    .command('list')
    .description("the project's apps, newest first")
    .action(async () => {
      const found: Client[] = []
      for await (const client of context.mainstay().clients.listClients({ pageSize: 500 })) found.push(client)
      if (output.json) for (const client of found) output.write(JSON.stringify(toJson(ClientSchema, client)))
      else if (found.length === 0) output.write('No apps.')
      else output.write(table(['client', 'kind', 'mode', 'state', 'name'], found.map(row)))
    })

  clients
    .command('create <name>')
    .description('registers an app of the key’s mode, test or live')
    .requiredOption('--kind <kind>', 'the kind of people it is for, for example driver')
    .option(
      '--audience <audience>',
      'where its access tokens are good (default: the project and the kind)',
      '',
    )
    .action(async (displayName: string, { kind, audience }: { kind: string; audience: string }) => {
      const client = await context
        .mainstay()
        .clients.createClient({ client: { displayName, kind, audience } })
      print(output, toJson(ClientSchema, client), () =>
        details([
          ['client', client.clientId],
          ['kind', client.kind],
          ['mode', modeOf(client)],
          ['audience', client.audience],
        ]),
      )
    })
}

function row(client: Client): string[] {
  const { clientId, kind, disabled, displayName } = client
  return [clientId, kind, modeOf(client), disabled ? 'disabled' : 'open', displayName]
}

function modeOf({ test }: Client): string {
  return test ? 'test' : 'live'
}
