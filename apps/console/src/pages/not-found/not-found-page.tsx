import { ButtonLink } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { useTitle } from '../../components/page/page.tsx'

/** For an address that no page has. */
export function Component() {
  useTitle('Not found')
  return (
    <EmptyState title="There is no page here" actions={<ButtonLink to="/">Go to Home</ButtonLink>}>
      The link may be from another version, or it was cut off when it was copied.
    </EmptyState>
  )
}
