import type { MessageInitShape } from '@bufbuild/protobuf'
import { appError, type Db, type PageTokens, pageLimit, type Tx } from '@mainstay/kernel'
import type {
  ImportCampaignRecipientsRequest,
  ImportCampaignRecipientsResponseSchema,
  ListCampaignProblemsRequest,
  ListCampaignProblemsResponseSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { Timezones } from '../recipients/timezones.ts'
import { readList } from './list-rows.ts'
import {
  clearList,
  insertListRows,
  insertRefusals,
  listPassedOver,
  listRefusals,
  type PassedOverRow,
  setImported,
} from './list-store.ts'
import type { CampaignCaller, Campaigns } from './service.ts'

export interface ListsDeps {
  db: Db
  pageTokens: PageTokens
  timezones: Timezones
  campaigns: Pick<Campaigns, 'lockForImport' | 'get'>
}

/** Refused rows that an answer shows. */
const SHOWN = 100

/** Campaigns' own lists, and who in an audience gets nothing. */
export function createLists({ db, pageTokens, timezones, campaigns }: ListsDeps) {
  return {
    async import(
      act: CampaignCaller,
      request: ImportCampaignRecipientsRequest,
    ): Promise<MessageInitShape<typeof ImportCampaignRecipientsResponseSchema>> {
      const read = await readList(request.csv, request.firstLine, timezones)
      if ('violations' in read) {
        const { violations } = read
        const message = `The list is not valid. ${violations[0]?.field}: ${violations[0]?.description}`
        throw appError(reasons, 'notify.request_invalid', message, { violations })
      }
      const run = async (tx: Tx) => {
        const row = await campaigns.lockForImport(tx, act, request.campaignId)
        const { project_id: projectId, campaign_id: campaignId } = row
        if (request.replace) await clearList(tx, projectId, campaignId)
        const imported = await insertListRows(tx, projectId, campaignId, read.rows)
        await insertRefusals(tx, projectId, campaignId, read.refusals)
        const total = (request.replace ? 0n : row.imported_count) + BigInt(imported)
        await setImported(tx, projectId, campaignId, total)
        return {
          imported,
          duplicates: read.rows.length - imported,
          refused: read.refusals.length,
          problems: read.refusals.slice(0, SHOWN),
          total,
        }
      }
      return act.tx === undefined ? await db.transaction(run) : await run(act.tx)
    },

    /** Refused rows by line, then passed over people by their key. */
    async problems(
      { projectId, method }: Pick<CallContext, 'projectId' | 'method'>,
      { campaignId: asked, pageSize, pageToken }: ListCampaignProblemsRequest,
    ): Promise<MessageInitShape<typeof ListCampaignProblemsResponseSchema>> {
      const { campaign_id: campaignId } = await campaigns.get(projectId, asked)
      const scope = { method, projectId, filter: { campaignId } }
      const [kind = 'row', at = -1, id = '0'] = pageTokens.read(scope, pageToken) ?? []
      const limit = pageLimit(pageSize)
      const after = { line: Number(at), refusalId: BigInt(String(id)) }
      const refusals = kind === 'row' ? await listRefusals(db, projectId, campaignId, after, limit + 1) : []
      const left = limit + 1 - refusals.length
      const people =
        left > 0
          ? await listPassedOver(db, projectId, campaignId, kind === 'row' ? '' : String(at), left)
          : []
      const problems = [
        ...refusals.map((row) => ({ problem: row, position: ['row', row.line, String(row.refusalId)] })),
        ...people.map((row) => ({ problem: toProblem(row), position: ['person', row.key, '0'] })),
      ]
      const { rows, nextPageToken } = pageTokens.cut(scope, problems, limit, (last) => last.position)
      return { problems: rows.map(({ problem }) => problem), nextPageToken }
    },
  }
}

function toProblem({ key, passedOver }: PassedOverRow) {
  return { recipientId: key, detail: WHY[passedOver] }
}

const WHY: Readonly<Record<PassedOverRow['passedOver'], string>> = {
  1: 'was deleted after the campaign had started, or is no recipient',
  2: 'has no address for the channel',
}
