import { create, toJson } from '@bufbuild/protobuf'
import {
  type Campaign,
  type CampaignProgress,
  CampaignProgressSchema,
  CampaignSchema,
  CampaignState,
  ImportCampaignRecipientsResponseSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import { splitCsv } from '@mainstay/sdk'
import { type Command, InvalidArgumentError } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { print, table } from '../output.ts'
import type { Context } from '../program.ts'
import { readMessage, readSource } from '../source.ts'

/** `campaigns`: list, create, import, start, pause, resume, cancel, watch. */
export function addCampaigns(program: Command, context: Context): void {
  const campaigns = program.command('campaigns').description('one thing told to many people')
  const { output } = context

  campaigns
    .command('list')
    .description('the newest campaigns, with how far they are')
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(async ({ limit }: { limit: number }) => {
      const found: Campaign[] = []
      for await (const campaign of context.mainstay().campaigns.listCampaigns({
        pageSize: Math.min(limit, 500),
      })) {
        if (found.push(campaign) >= limit) break
      }
      if (output.json) {
        for (const campaign of found) output.write(JSON.stringify(toJson(CampaignSchema, campaign)))
      } else if (found.length === 0)
        output.write('No campaigns. Make one: mainstay campaigns create FILE.json, or in the console.')
      else output.write(table(['campaign', 'state', 'sent', 'total', 'name'], found.map(row)))
    })

  campaigns
    .command('create <file>')
    .description("a draft from a file of JSON, as the API's Campaign; - reads standard input")
    .action(async (file: string) => {
      const campaign = readMessage(CampaignSchema, file, await readSource(file))
      tell(context, await context.mainstay().campaigns.createCampaign({ campaign }))
    })

  campaigns
    .command('import <campaign-id> <file>')
    .description("replaces a draft's own list by a CSV file; - reads standard input")
    .action(async (campaignId: string, file: string) => {
      const parts = splitCsv(await readSource(file))
      if (parts.length === 0) throw new CommandError(`${file} has no rows below its header.`, EXIT.usage)
      const all = create(ImportCampaignRecipientsResponseSchema)
      for (const [index, part] of parts.entries()) {
        const request = { campaignId, ...part, replace: index === 0 }
        const answer = await context.mainstay().campaigns.importCampaignRecipients(request)
        all.imported += answer.imported
        all.duplicates += answer.duplicates
        all.refused += answer.refused
        all.problems.push(...answer.problems)
      }
      print(output, toJson(ImportCampaignRecipientsResponseSchema, all), () =>
        [
          `${all.imported} added, ${all.duplicates} were there already, ${all.refused} refused`,
          ...all.problems.map(({ line, column, detail }) => `  line ${line} ${column}: ${detail}`),
        ].join('\n'),
      )
    })

  campaigns
    .command('start <campaign-id>')
    .description('starts a draft, at once or at its time; its audience is frozen then')
    .action(async (campaignId: string) =>
      tell(context, await context.mainstay().campaigns.startCampaign({ campaignId })),
    )
  campaigns
    .command('pause <campaign-id>')
    .description('hands nothing more to providers until it is resumed')
    .action(async (campaignId: string) =>
      tell(context, await context.mainstay().campaigns.pauseCampaign({ campaignId })),
    )
  campaigns
    .command('resume <campaign-id>')
    .description('goes on where it was paused')
    .action(async (campaignId: string) =>
      tell(context, await context.mainstay().campaigns.resumeCampaign({ campaignId })),
    )
  campaigns
    .command('cancel <campaign-id>')
    .description('ends it for good; messages that wait are cancelled')
    .action(async (campaignId: string) =>
      tell(context, await context.mainstay().campaigns.cancelCampaign({ campaignId })),
    )

  campaigns
    .command('watch <campaign-id>')
    .description('how far it is, as it changes, until it has ended')
    .action(async (campaignId: string) => {
      const { campaigns: client } = context.mainstay()
      for await (const progress of client.watchCampaign({ campaignId }, { signal: context.signal })) {
        output.write(
          output.json ? JSON.stringify(toJson(CampaignProgressSchema, progress)) : progressLine(progress),
        )
      }
    })
}

function tell({ output }: Context, campaign: Campaign): void {
  print(
    output,
    toJson(CampaignSchema, campaign),
    () => `${campaign.campaignId} is ${stateName(campaign.state)}`,
  )
}

function row({ campaignId, state, progress, displayName }: Campaign): string[] {
  return [
    campaignId,
    stateName(state),
    String(progress?.sent ?? 0),
    String(progress?.total ?? 0),
    displayName,
  ]
}

function progressLine(progress: CampaignProgress): string {
  const { state, sent, total, failed, sentPerSecond, statusDetail } = progress
  return [
    stateName(state),
    `${sent} of ${total} sent`,
    failed > 0n && `${failed} failed`,
    sentPerSecond > 0 && `${sentPerSecond}/s`,
    statusDetail,
  ]
    .filter(Boolean)
    .join('  ')
}

function stateName(state: CampaignState): string {
  return (CampaignState[state] ?? 'unspecified').toLowerCase()
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return count
}
