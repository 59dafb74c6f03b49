const light = `
  --mi-bg: var(--mainstay-inbox-background, #fff);
  --mi-fg: var(--mainstay-inbox-text, #18201f);
  --mi-muted: var(--mainstay-inbox-muted, #5b6664);
  --mi-border: var(--mainstay-inbox-border, #dfe4e3);
  --mi-hover: var(--mainstay-inbox-hover, #f2f5f4);
  --mi-accent: var(--mainstay-inbox-accent, #0b6b63);
  --mi-badge: var(--mainstay-inbox-badge, #b3261e);
  --mi-badge-fg: var(--mainstay-inbox-badge-text, #fff);
  --mi-success: #1b6e3c; --mi-warning: #8a5300; --mi-critical: #b3261e;
  --mi-shadow: 0 8px 28px rgb(0 0 0 / .16);
  color-scheme: light;`

const dark = `
  --mi-bg: var(--mainstay-inbox-background, #171c1c);
  --mi-fg: var(--mainstay-inbox-text, #e8eeec);
  --mi-muted: var(--mainstay-inbox-muted, #9eaba8);
  --mi-border: var(--mainstay-inbox-border, #2d3635);
  --mi-hover: var(--mainstay-inbox-hover, #212828);
  --mi-accent: var(--mainstay-inbox-accent, #5fd0c3);
  --mi-badge: var(--mainstay-inbox-badge, #f2776d);
  --mi-badge-fg: var(--mainstay-inbox-badge-text, #2a0806);
  --mi-success: #6fd395; --mi-warning: #f0b45a; --mi-critical: #f2776d;
  --mi-shadow: 0 8px 28px rgb(0 0 0 / .5);
  color-scheme: dark;`

/** Everything below `.mainstay-inbox`, and nothing beside it. Colours, font and size are custom properties. */
export const css = `
.mainstay-inbox {${light}
  position: relative; display: inline-block; color: var(--mi-fg);
  font: var(--mainstay-inbox-font, 400 14px/1.45 system-ui, sans-serif); text-align: start;
}
.mainstay-inbox[data-theme=dark] {${dark}}
@media (prefers-color-scheme: dark) { .mainstay-inbox[data-theme=auto] {${dark}} }
.mainstay-inbox *, .mainstay-inbox *::before { box-sizing: border-box; }
.mainstay-inbox button { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer; }
.mainstay-inbox button:disabled { cursor: default; opacity: .5; }
.mainstay-inbox :focus-visible { outline: 2px solid var(--mi-accent); outline-offset: 1px; }
.mainstay-inbox .mainstay-inbox-bell { position: relative; width: 40px; height: 40px; border-radius: 50%; font-size: 20px; display: grid; place-items: center; }
.mainstay-inbox .mainstay-inbox-bell:hover { background: var(--mi-hover); }
.mainstay-inbox-badge { position: absolute; top: 2px; right: 0; min-width: 18px; height: 18px; padding: 0 5px; border-radius: 9px; background: var(--mi-badge); color: var(--mi-badge-fg); font: 600 11px/18px system-ui, sans-serif; text-align: center; font-variant-numeric: tabular-nums; }
.mainstay-inbox-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.mainstay-inbox-panel { position: absolute; z-index: var(--mainstay-inbox-z-index, 50); top: calc(100% + 6px); width: min(380px, calc(100vw - 24px)); max-height: min(560px, calc(100vh - 90px)); display: flex; flex-direction: column; background: var(--mi-bg); border: 1px solid var(--mi-border); border-radius: var(--mainstay-inbox-radius, 10px); box-shadow: var(--mi-shadow); overflow: hidden; }
.mainstay-inbox-panel[data-align=end] { inset-inline-end: 0; }
.mainstay-inbox-panel[data-align=start] { inset-inline-start: 0; }
.mainstay-inbox-head { display: flex; align-items: center; justify-content: space-between; padding: 12px 16px 4px; }
.mainstay-inbox-title { margin: 0; font-size: 15px; font-weight: 600; line-height: 24px; }
.mainstay-inbox .mainstay-inbox-link { color: var(--mi-accent); font-size: 13px; padding: 4px 2px; border-radius: 4px; }
.mainstay-inbox .mainstay-inbox-link:disabled { color: var(--mi-muted); opacity: 1; }
.mainstay-inbox-tabs { display: flex; gap: 4px; padding: 0 12px; border-bottom: 1px solid var(--mi-border); }
.mainstay-inbox .mainstay-inbox-tab { padding: 8px 6px; margin-bottom: -1px; border-bottom: 2px solid transparent; color: var(--mi-muted); }
.mainstay-inbox .mainstay-inbox-tab[aria-selected=true] { color: var(--mi-fg); border-bottom-color: var(--mi-accent); font-weight: 500; }
.mainstay-inbox-count { margin-inline-start: 6px; font-size: 12px; font-variant-numeric: tabular-nums; }
.mainstay-inbox-notice { margin: 0; padding: 6px 16px; font-size: 13px; color: var(--mi-muted); border-bottom: 1px solid var(--mi-border); }
.mainstay-inbox-list { overflow-y: auto; overscroll-behavior: contain; min-height: 120px; }
.mainstay-inbox-items { list-style: none; margin: 0; padding: 0; }
.mainstay-inbox-item { display: flex; gap: 10px; padding: 10px 12px 10px 16px; border-bottom: 1px solid var(--mi-border); }
.mainstay-inbox-item:last-child { border-bottom: 0; }
.mainstay-inbox-item:hover { background: var(--mi-hover); }
.mainstay-inbox-item-icon { flex: none; width: 16px; margin-top: 2px; color: var(--mi-accent); }
.mainstay-inbox-item[data-severity=success] .mainstay-inbox-item-icon { color: var(--mi-success); }
.mainstay-inbox-item[data-severity=warning] .mainstay-inbox-item-icon { color: var(--mi-warning); }
.mainstay-inbox-item[data-severity=critical] .mainstay-inbox-item-icon { color: var(--mi-critical); }
.mainstay-inbox-item[data-unread=false] .mainstay-inbox-item-icon svg { opacity: .25; }
.mainstay-inbox-item-icon img { width: 32px; height: 32px; margin-inline-start: -8px; border-radius: 6px; object-fit: cover; }
.mainstay-inbox .mainstay-inbox-item-text { flex: 1; min-width: 0; display: grid; gap: 2px; text-align: start; color: inherit; text-decoration: none; border-radius: 4px; }
.mainstay-inbox-item-title { overflow-wrap: anywhere; }
.mainstay-inbox-item[data-unread=true] .mainstay-inbox-item-title { font-weight: 600; }
.mainstay-inbox-item-body { color: var(--mi-muted); font-size: 13px; white-space: pre-line; overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.mainstay-inbox-item-action { color: var(--mi-accent); font-size: 13px; font-weight: 500; }
.mainstay-inbox-item-time { color: var(--mi-muted); font-size: 12px; }
.mainstay-inbox-item-buttons { flex: none; display: flex; gap: 2px; align-items: flex-start; }
.mainstay-inbox .mainstay-inbox-item-buttons button { width: 28px; height: 28px; display: grid; place-items: center; border-radius: 6px; color: var(--mi-muted); font-size: 15px; }
.mainstay-inbox .mainstay-inbox-item-buttons button:hover { background: var(--mi-border); color: var(--mi-fg); }
.mainstay-inbox-empty { margin: 0; padding: 40px 16px; text-align: center; color: var(--mi-muted); }
.mainstay-inbox .mainstay-inbox-more { width: 100%; padding: 10px; color: var(--mi-accent); }
@media (max-width: 480px) { .mainstay-inbox .mainstay-inbox-panel { position: fixed; inset: auto 12px 12px; width: auto; max-height: 80vh; } }
`
