import { PanelLeft } from 'lucide-react'
import { NavLink } from 'react-router'
import { cx } from '../class-names.ts'
import { IconButton } from '../components/button/button.tsx'
import { Tooltip } from '../components/tooltip/tooltip.tsx'
import { type Destination, navigation } from './destinations.ts'
import { Logo } from './logo.tsx'
import { ReviewBadge } from './review-badge.tsx'

/** The left navigation: 232 px, or 52 px of icons. */
export function Navigation({
  collapsed,
  onToggle,
  onNavigate,
}: {
  collapsed: boolean
  onToggle?: () => void
  onNavigate?: () => void
}) {
  return (
    <nav aria-label="Main" className="flex h-full min-h-0 flex-col">
      <div
        className={cx('flex h-12 shrink-0 items-center', collapsed ? 'justify-center' : 'gap-2 pr-3 pl-4')}
      >
        <Logo />
        {!collapsed && <span className="mr-auto text-base font-semibold tracking-[-0.01em]">Mainstay</span>}
        {!collapsed && onToggle && (
          <IconButton label="Collapse navigation" keys="[" onClick={onToggle}>
            <PanelLeft />
          </IconButton>
        )}
      </div>
      <div className={cx('min-h-0 flex-1 overflow-y-auto pt-2 pb-4', collapsed ? 'px-2' : 'px-3')}>
        {collapsed && onToggle && (
          <IconButton label="Expand navigation" keys="[" size="md" className="mb-2 !w-9" onClick={onToggle}>
            <PanelLeft />
          </IconButton>
        )}
        {navigation.map((group) => (
          <div key={group.title} className="mb-4">
            {collapsed ? (
              <div aria-hidden className="mx-1 mb-2 border-t border-line first:hidden" />
            ) : (
              <p className="px-2 pb-1 text-xs text-ink-3">{group.title}</p>
            )}
            <ul aria-label={group.title} className="flex flex-col gap-px">
              {group.destinations.map((destination) => (
                <li key={destination.path}>
                  {collapsed ? (
                    <Tooltip text={destination.title} keys={`g ${destination.key}`} side="right">
                      <NavigationLink destination={destination} iconOnly onClick={onNavigate} />
                    </Tooltip>
                  ) : (
                    <NavigationLink destination={destination} onClick={onNavigate} />
                  )}
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  )
}

function NavigationLink({
  destination,
  iconOnly = false,
  onClick,
  ...rest
}: {
  destination: Destination
  iconOnly?: boolean
  onClick?: (() => void) | undefined
}) {
  const Icon = destination.icon
  return (
    <NavLink
      {...rest}
      to={destination.path}
      end={destination.path === '/'}
      onClick={onClick}
      aria-label={iconOnly ? destination.title : undefined}
      className={({ isActive }) =>
        cx(
          'relative flex h-8 items-center gap-2.5 rounded-md text-sm',
          iconOnly ? 'w-9 justify-center' : 'px-2',
          isActive
            ? 'bg-selected font-medium text-ink [&_svg]:text-accent'
            : 'text-ink-2 hover:bg-hover hover:text-ink',
        )
      }
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      {!iconOnly && destination.title}
      {destination.path === '/review' && <ReviewBadge dotOnly={iconOnly} />}
    </NavLink>
  )
}
