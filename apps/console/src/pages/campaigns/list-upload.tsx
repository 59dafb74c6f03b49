import { type Campaign, type CampaignProblem, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { splitCsv } from '@mainstay/sdk'
import { useMutation } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { formatCount } from '../../format/number.ts'

interface Uploaded {
  imported: number
  duplicates: number
  refused: number
  problems: CampaignProblem[]
}

/** Takes a CSV file as the campaign's own list, a part at a time, and tells what was refused. */
export function ListUpload({
  campaign,
  onUploaded,
}: {
  campaign: Campaign | undefined
  onUploaded: () => void
}) {
  const input = useRef<HTMLInputElement>(null)
  const [share, setShare] = useState(0)
  const upload = useMutation({
    async mutationFn(file: File): Promise<Uploaded> {
      if (campaign === undefined) throw new Error('The draft is saved first')
      const parts = splitCsv(await file.text())
      const sum: Uploaded = { imported: 0, duplicates: 0, refused: 0, problems: [] }
      for (const [index, part] of (parts.length > 0 ? parts : [{ csv: '\n', firstLine: 2 }]).entries()) {
        const answer = await serviceOf(Campaigns).importCampaignRecipients({
          ...part,
          campaignId: campaign.campaignId,
          replace: index === 0,
        })
        sum.imported += answer.imported
        sum.duplicates += answer.duplicates
        sum.refused += answer.refused
        sum.problems.push(...answer.problems.slice(0, 20 - sum.problems.length))
        setShare((index + 1) / parts.length)
      }
      return sum
    },
    onSettled: onUploaded,
  })
  const done = upload.data
  if (campaign === undefined) {
    return <p className="text-sm text-ink-2">Save the draft, then choose its file here.</p>
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          aria-label="CSV file"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const file = event.target.files?.[0]
            if (file) upload.mutate(file)
            event.target.value = ''
          }}
        />
        <Button onClick={() => input.current?.click()} busy={upload.isPending}>
          <Upload aria-hidden />
          {campaign.importedCount > 0n ? 'Replace the list' : 'Choose a CSV file'}
        </Button>
        <span className="text-sm text-ink-2" aria-live="polite">
          {upload.isPending
            ? `${Math.round(share * 100)}% read`
            : `${formatCount(campaign.importedCount)} in the list`}
        </span>
      </div>
      <p className="text-xs text-ink-3">
        A header line, then a row for each person: a column <code>email</code>, <code>phone</code> or{' '}
        <code>recipient_id</code>; <code>locale</code> and <code>timezone</code> if you know them; every other
        column is a value for the template.
      </p>
      {upload.error && <FailureNote error={upload.error} />}
      {done && (
        <div className="rounded-md border border-line px-3 py-2 text-sm">
          <p>
            <span className="tabular">{formatCount(done.imported)}</span> added
            {done.duplicates > 0 && (
              <>
                , <span className="tabular">{formatCount(done.duplicates)}</span> were there already
              </>
            )}
            {done.refused > 0 && (
              <span className="text-bad">
                , <span className="tabular">{formatCount(done.refused)}</span> refused
              </span>
            )}
          </p>
          {done.problems.length > 0 && (
            <ul aria-label="Refused rows" className="mt-1 text-xs text-ink-2">
              {done.problems.map(({ line, column, detail }) => (
                <li key={`${line} ${column} ${detail}`}>
                  Line <span className="tabular">{line}</span>
                  {column && (
                    <>
                      , <span className="tabular">{column}</span>
                    </>
                  )}
                  : {detail}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  )
}
