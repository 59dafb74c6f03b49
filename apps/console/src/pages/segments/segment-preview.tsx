import type { JsonObject } from '@bufbuild/protobuf'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { cx } from '../../class-names.ts'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { formatCount } from '../../format/number.ts'

const DEBOUNCE_MS = 300

/** Whom the rule describes as it stands: how many, and some of them. Undefined while a condition lacks something. */
export function SegmentPreview({ rule }: { rule: JsonObject | undefined }) {
  const [asked, setAsked] = useState(rule)
  const text = JSON.stringify(rule)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is the rule
  useEffect(() => {
    const timer = setTimeout(() => setAsked(rule), DEBOUNCE_MS)
    return () => clearTimeout(timer)
  }, [text])
  const found = useQuery({
    queryKey: ['segment-preview', JSON.stringify(asked), ...useScope()],
    queryFn: ({ signal }) =>
      serviceOf(Recipients).previewSegment({ of: { case: 'rule', value: asked ?? {} } }, { signal }),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
  })
  const isStale = text !== JSON.stringify(asked) || found.isPlaceholderData
  return (
    <Section title="Who is in it now">
      {rule === undefined ? (
        <p className="text-sm text-ink-2">Complete every condition to see whom it describes.</p>
      ) : found.isError ? (
        <FailureNote error={found.error} />
      ) : !found.data ? (
        <>
          <Loading what="whom it describes" />
          <Skeleton className="h-6 w-24" />
        </>
      ) : (
        <div className={cx('flex flex-col gap-3', isStale && 'opacity-55')}>
          <p role="status" className="text-sm text-ink-2">
            <span className="mr-1.5 text-lg font-semibold text-ink tabular">
              {found.data.estimated && '≈ '}
              {formatCount(Number(found.data.count))}
            </span>
            {found.data.count === 1n ? 'recipient' : 'recipients'}
            {found.data.estimated && ', estimated: counting takes too long'}
          </p>
          {found.data.sample.length > 0 && (
            <ul aria-label="Some of them" className="overflow-hidden rounded-lg border border-line">
              {found.data.sample.map(({ recipientId, displayName, email, phone }) => (
                <li
                  key={recipientId}
                  className="relative flex min-w-0 items-baseline gap-3 border-line px-3 py-1.5 text-sm not-first:border-t hover:bg-hover"
                >
                  <Link
                    to={`/recipients/${encodeURIComponent(recipientId)}`}
                    className="stretched min-w-0 flex-1 truncate"
                  >
                    {displayName || recipientId}
                  </Link>
                  <span className="min-w-0 max-w-[50%] truncate text-xs text-ink-3">{email || phone}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Section>
  )
}
