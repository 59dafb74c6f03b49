import { CopyButton } from '../../components/copy/copy-button.tsx'

/** Where a provider is to report to, or why it cannot. */
export function ReportAddress({ url, title }: { url: string; title: string }) {
  return (
    <section aria-label="Reports" className="rounded-lg border border-line px-3.5 py-3">
      <div className="flex items-center justify-between gap-2">
        <h3 className="text-sm font-medium">Reports</h3>
        {url && <CopyButton text={url} label="Copy address" />}
      </div>
      {url ? (
        <>
          <p className="mt-2 rounded-md bg-sunken px-2.5 py-1.5 tabular text-xs [overflow-wrap:anywhere]">
            {url}
          </p>
          <p className="mt-2 text-xs text-ink-2">
            Give this address to {title} as its webhook for delivery events. Deliveries, bounces and
            complaints then come back to their messages; what is not signed by {title} is refused.
          </p>
        </>
      ) : (
        <p className="mt-1 text-xs text-ink-2">
          {title} could report what becomes of messages, but this installation has no public address. Set{' '}
          <code className="tabular">MAINSTAY_PUBLIC_URL</code>, restart, and the address to give to {title}{' '}
          stands here.
        </p>
      )}
    </section>
  )
}
