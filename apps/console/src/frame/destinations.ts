import type { LucideIcon } from 'lucide-react'
import {
  AppWindow,
  Ban,
  BellOff,
  CalendarClock,
  CircleHelp,
  FileText,
  House,
  Inbox,
  KeyRound,
  ListFilter,
  Mails,
  Megaphone,
  Route,
  Rss,
  Server,
  SlidersHorizontal,
  Smartphone,
  UserRound,
  Users,
  Workflow,
} from 'lucide-react'

/** A page in the navigation, the palette and the shortcuts. */
export interface Destination {
  path: string
  title: string
  icon: LucideIcon
  /** Pressed after `g`. */
  key: string
}

/** The navigation: groups in the order of an operator's day. */
export const navigation: { title: string; destinations: Destination[] }[] = [
  { title: 'Overview', destinations: [{ path: '/', title: 'Home', icon: House, key: 'h' }] },
  {
    title: 'Messages',
    destinations: [
      { path: '/messages', title: 'Messages', icon: Mails, key: 'm' },
      { path: '/mailbox', title: 'Mailbox', icon: Inbox, key: 'b' },
      { path: '/phone', title: 'Sandbox phone', icon: Smartphone, key: 'f' },
      { path: '/review', title: 'Review queue', icon: CircleHelp, key: 'r' },
      { path: '/campaigns', title: 'Campaigns', icon: Megaphone, key: 'c' },
      { path: '/schedules', title: 'Schedules', icon: CalendarClock, key: 'd' },
      { path: '/templates', title: 'Templates', icon: FileText, key: 't' },
      { path: '/workflows', title: 'Workflows', icon: Workflow, key: 'w' },
      { path: '/suppressions', title: 'Suppressions', icon: Ban, key: 'u' },
      { path: '/providers', title: 'Providers', icon: Server, key: 'p' },
      { path: '/routing', title: 'Routing', icon: Route, key: 'o' },
    ],
  },
  {
    title: 'People',
    destinations: [
      { path: '/accounts', title: 'Accounts', icon: UserRound, key: 'a' },
      { path: '/apps', title: 'Apps & kinds', icon: AppWindow, key: 'v' },
      { path: '/recipients', title: 'Recipients', icon: Users, key: 'l' },
      { path: '/topics', title: 'Topics', icon: Rss, key: 'i' },
      { path: '/segments', title: 'Segments', icon: ListFilter, key: 'n' },
      { path: '/preferences', title: 'Preferences', icon: BellOff, key: 'e' },
    ],
  },
  {
    title: 'Settings',
    destinations: [
      { path: '/api-keys', title: 'API keys', icon: KeyRound, key: 'k' },
      { path: '/settings', title: 'Settings', icon: SlidersHorizontal, key: 's' },
    ],
  },
]

export const destinations: Destination[] = navigation.flatMap((group) => group.destinations)
