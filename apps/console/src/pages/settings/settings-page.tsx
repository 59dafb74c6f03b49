import { NavLink, Outlet } from 'react-router'
import { cx } from '../../class-names.ts'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'

const tabs = [
  { path: '/settings', title: 'System' },
  { path: '/settings/configuration', title: 'Configuration' },
  { path: '/settings/dead-letters', title: 'Dead letters' },
  { path: '/settings/changes', title: 'Changes' },
  { path: '/settings/tracking', title: 'Tracking' },
  { path: '/settings/appearance', title: 'Appearance' },
]

/** The program itself, and this console. Each tab has its own address. */
export function Component() {
  return (
    <ScrollPage>
      <PageHeader title="Settings" />
      <nav aria-label="Settings" className="-mt-2 flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map(({ path, title }) => (
          <NavLink
            key={path}
            to={path}
            end
            className={({ isActive }) =>
              cx(
                'relative flex h-9 shrink-0 items-center px-2.5 text-sm first:pl-0 first:after:left-0 focus-visible:-outline-offset-2',
                isActive
                  ? 'font-medium text-ink after:absolute after:inset-x-2.5 after:bottom-0 after:h-[2px] after:bg-accent'
                  : 'text-ink-2 hover:text-ink',
              )
            }
          >
            {title}
          </NavLink>
        ))}
      </nav>
      <Outlet />
    </ScrollPage>
  )
}
