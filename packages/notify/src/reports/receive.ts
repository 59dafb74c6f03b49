import { AppError, appError, type Clock, fromTypeId, type Logger } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { ReportMalformed, type ReportRequest, type Reports } from '../providers/reports.ts'
import type { FindReportAccount, ReportAccount } from './accounts.ts'
import type { ReportIntake } from './intake.ts'
import type { ReportMetrics } from './metrics.ts'

export interface ReceiveDeps {
  clock: Clock
  logger: Pick<Logger, 'warn'>
  metrics: Omit<ReportMetrics, 'dropped'>
  findAccount: FindReportAccount
  intake: Pick<ReportIntake, 'store'>
}

/** What to answer a provider. */
export interface ReportAnswer {
  status: number
  contentType: string
  body: string
}

/** A provider's call about one account. */
export interface ReportReceiver {
  /** Refuses an account that takes no reports before anybody reads a body: `notify.provider_account_not_found`. */
  find(accountId: string): Promise<ReportAccount>
  /**
   * Takes one report. Resolves once its events are stored and have had their effect, durably.
   * Throws `notify.report_forged`, `notify.report_malformed` and `notify.overloaded`.
   */
  take(account: ReportAccount, request: Omit<ReportRequest, 'receivedMs'>): Promise<ReportAnswer>
}

export function createReportReceiver(deps: ReceiveDeps): ReportReceiver {
  const { clock, logger, metrics, findAccount, intake } = deps

  async function read(account: ReportAccount, request: ReportRequest): Promise<Reports> {
    try {
      return await account.reader.read(request, account.config)
    } catch (cause) {
      if (!(cause instanceof ReportMalformed)) throw cause
      metrics.report(account.kind, 'malformed')
      logger.warn(
        { providerAccountId: account.accountId, kind: account.kind, err: cause },
        'a report is malformed',
      )
      throw appError(
        reasons,
        'notify.report_malformed',
        'The report is signed, but it is not in the form that the provider documents.',
        { cause },
      )
    }
  }

  return {
    async find(text) {
      const accountId = fromTypeId('pac', text)
      if (accountId !== undefined) return await findAccount(accountId)
      throw appError(
        reasons,
        'notify.provider_account_not_found',
        'There is no provider account with this id that takes reports.',
      )
    },
    async take(account, call) {
      const receivedMs = clock.nowMs()
      const { kind, accountId } = account
      const reports = await read(account, { ...call, receivedMs })
      if ('forged' in reports) {
        metrics.report(kind, 'forged')
        logger.warn({ providerAccountId: accountId, kind, why: reports.forged }, 'a report is not believed')
        throw appError(
          reasons,
          'notify.report_forged',
          'The report is not signed as this account expects. Check its verification key or secret, and MAINSTAY_PUBLIC_URL.',
        )
      }
      const { events, reply = OK } = reports
      if (events.length > 0) {
        try {
          await intake.store({ account, body: call.body, events, receivedMs })
        } catch (error) {
          metrics.report(
            kind,
            error instanceof AppError && error.code === 'unavailable' ? 'refused' : 'failed',
          )
          throw error
        }
      }
      metrics.report(kind, 'taken')
      for (const event of events) metrics.event(kind, event.kind)
      return reply
    },
  }
}

const OK: ReportAnswer = { status: 200, contentType: 'text/plain; charset=utf-8', body: '' }
