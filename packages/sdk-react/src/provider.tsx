import {
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
} from 'react'
import { createInboxStore, type InboxStore } from './store.ts'

export interface InboxProviderProps {
  /** The Mainstay server. Default: the page's own origin. Another one must allow yours: HTTP_BROWSER_ORIGINS. */
  baseUrl?: string
  /**
   * Gets a token of `CreateInboxToken` from your server, for whoever is signed in to your app: it is asked again when a token ends.
   * A token itself will do, too, until it ends.
   */
  token: string | (() => string | Promise<string>)
  /** Whose inbox it is, for when somebody else signs in on the same page: another value begins anew. */
  recipientId?: string
  /** Items a page, 1 to 500. Default: 20. */
  pageSize?: number
  children?: ReactNode
}

const StoreContext = createContext<InboxStore | undefined>(undefined)

/** Keeps one live connection to an inbox for everything inside. */
export function InboxProvider(props: InboxProviderProps): ReactElement {
  const { baseUrl, token, recipientId, pageSize = 20, children } = props
  // A function is a new one at every render of most apps, and means the same: only whose inbox it is begins anew.
  const newest = useRef(token)
  newest.current = token
  const isText = typeof token === 'string' ? token : ''
  const store = useMemo(() => {
    const ask = (): string | Promise<string> =>
      typeof newest.current === 'string' ? newest.current : newest.current()
    return createInboxStore({
      ...(baseUrl !== undefined && { baseUrl }),
      token: isText || ask,
      pageSize,
      ...(recipientId !== undefined && { recipientId }),
    })
  }, [baseUrl, isText, recipientId, pageSize])
  useEffect(() => store.connect(), [store])
  return <StoreContext.Provider value={store}>{children}</StoreContext.Provider>
}

/** The inbox of the nearest provider. */
export function useStore(): InboxStore {
  const store = useContext(StoreContext)
  if (store === undefined) throw new Error('There is no <InboxProvider> around this')
  return store
}
