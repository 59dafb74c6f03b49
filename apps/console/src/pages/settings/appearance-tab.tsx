import { Section } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { theme } from '../../theme/theme.ts'

/** How this console looks, in this browser. */
export function Component() {
  return (
    <Section title="Theme">
      <Segmented
        label="Theme"
        value={theme.use()}
        onChange={theme.set}
        choices={[
          { value: 'system', label: 'Same as system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />
      <p className="mt-2 text-xs text-ink-3">Remembered in this browser, for you only.</p>
    </Section>
  )
}
