import { type Account, AccountState, Accounts } from '@mainstay/proto/identity/v1/accounts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, Ellipsis, LogOut, Trash2, UserCheck, VenetianMask } from 'lucide-react'
import { serviceOf } from '../../api/mainstay.ts'
import { Button, IconButton } from '../../components/button/button.tsx'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Menu, MenuItem, MenuLine } from '../../components/menu/menu.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { BanDialog } from './ban-dialog.tsx'
import { ImpersonateDialog } from './impersonate-dialog.tsx'
import { nameOf, refreshAccount } from './use-accounts.ts'

export type AccountDialog = 'ban' | 'unban' | 'impersonate' | 'keep' | 'end-all' | 'delete'

/** What an operator may do to an account, most of it behind one more question. */
export function AccountActions({
  account,
  onChoose,
}: {
  account: Account
  onChoose: (dialog: AccountDialog) => void
}) {
  if (account.state === AccountState.DELETED) return null
  const isBanned = account.state === AccountState.BANNED
  return (
    <>
      <Button size="sm" onClick={() => onChoose(isBanned ? 'unban' : 'ban')}>
        {isBanned ? <UserCheck aria-hidden /> : <Ban aria-hidden />}
        {isBanned ? 'Let in again' : 'Ban'}
      </Button>
      <Menu
        align="end"
        label="More actions"
        trigger={
          <IconButton label="More actions">
            <Ellipsis />
          </IconButton>
        }
      >
        {isBanned && (
          <MenuItem icon={<Ban />} onSelect={() => onChoose('ban')}>
            Change the reason
          </MenuItem>
        )}
        <MenuItem icon={<VenetianMask />} onSelect={() => onChoose('impersonate')}>
          Act as this account
        </MenuItem>
        <MenuItem icon={<LogOut />} onSelect={() => onChoose('end-all')}>
          End all sessions
        </MenuItem>
        <MenuLine />
        {account.deleteDueTime && (
          <MenuItem icon={<UserCheck />} onSelect={() => onChoose('keep')}>
            Keep account
          </MenuItem>
        )}
        <MenuItem icon={<Trash2 />} danger onSelect={() => onChoose('delete')}>
          Delete account
        </MenuItem>
      </Menu>
    </>
  )
}

/** The question that belongs to an action. */
export function AccountDialogs({
  account,
  dialog,
  onClose,
}: {
  account: Account
  dialog: AccountDialog
  onClose: () => void
}) {
  switch (dialog) {
    case 'ban':
      return <BanDialog account={account} onClose={onClose} />
    case 'unban':
      return <UnbanDialog account={account} onClose={onClose} />
    case 'impersonate':
      return <ImpersonateDialog account={account} onClose={onClose} />
    case 'keep':
      return <KeepDialog account={account} onClose={onClose} />
    case 'end-all':
      return <EndAllDialog account={account} onClose={onClose} />
    case 'delete':
      return <DeleteDialog account={account} onClose={onClose} />
  }
}

function UnbanDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const { accountId } = account
  const unban = useMutation({
    mutationFn: () => serviceOf(Accounts).unbanAccount({ accountId }),
    async onSuccess() {
      await refreshAccount(queries, accountId)
      toast.success(`${nameOf(account)} may sign in again.`)
      onClose()
    },
  })
  return (
    <Question
      title={`Let ${nameOf(account)} in again`}
      description="They can sign in from now on. Sessions that the ban ended stay ended."
      verb="Let in again"
      kind="primary"
      action={unban}
      onClose={onClose}
    />
  )
}

function KeepDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const { accountId } = account
  const keep = useMutation({
    mutationFn: () => serviceOf(Accounts).keepAccount({ accountId }),
    async onSuccess() {
      await refreshAccount(queries, accountId)
      toast.success(`${nameOf(account)} is kept.`)
      onClose()
    },
  })
  return (
    <Question
      title={`Keep ${nameOf(account)}`}
      description="It was asked to be deleted, and stays as it is instead. Its owner can ask again."
      verb="Keep account"
      kind="primary"
      action={keep}
      onClose={onClose}
    />
  )
}

function EndAllDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const { accountId } = account
  const end = useMutation({
    mutationFn: () => serviceOf(Accounts).endAccountSessions({ accountId }),
    async onSuccess({ endedCount }) {
      await refreshAccount(queries, accountId)
      toast.success(`${endedCount} ${endedCount === 1 ? 'session is' : 'sessions are'} ended.`)
      onClose()
    },
  })
  return (
    <Question
      title="End all sessions"
      description={`${nameOf(account)} is signed out everywhere within a second, and can sign in again.`}
      verb="End all sessions"
      kind="danger"
      action={end}
      onClose={onClose}
    />
  )
}

function Question({
  title,
  description,
  verb,
  kind,
  action,
  onClose,
}: {
  title: string
  description: string
  verb: string
  kind: 'primary' | 'danger'
  action: { mutate: () => void; isPending: boolean; error: unknown }
  onClose: () => void
}) {
  return (
    <Dialog open onOpenChange={onClose} title={title} description={description}>
      {action.error != null && (
        <DialogBody>
          <FailureNote error={action.error} />
        </DialogBody>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={kind} onClick={() => action.mutate()} busy={action.isPending}>
          {verb}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function DeleteDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const { accountId } = account
  const remove = useMutation({
    mutationFn: () => serviceOf(Accounts).deleteAccount({ accountId }),
    async onSuccess() {
      await refreshAccount(queries, accountId)
      toast.success(`${nameOf(account)} is deleted.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title="Delete account"
      consequence="Its sessions end, what it signs in by becomes free, and all that is personal is erased. Its id stays. This cannot be undone."
      name={nameOf(account)}
      verb="Delete account"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    />
  )
}
