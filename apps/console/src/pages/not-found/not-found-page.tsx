import { ButtonLink } from '../../components/button/button.tsx'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'

/** For an address that no page has. */
export function Component() {
  return (
    <ScrollPage>
      <PageHeader title="There is no page here" />
      <div>
        <p className="mb-4 text-sm text-ink-2">
          The link may be from another version, or it was cut off when it was copied.
        </p>
        <ButtonLink to="/">Go to Home</ButtonLink>
      </div>
    </ScrollPage>
  )
}
