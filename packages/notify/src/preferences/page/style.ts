import { createHash } from 'node:crypto'

/** The whole of the pages' look: two themes, no pictures, no fonts to load. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#f6f7f7;--card:#fff;--line:#dfe3e3;--ink:#15191a;--quiet:#566062;--accent:#0b6b6b;
--on-accent:#fff;--track:#8a9496;--good:#e7f3ef;--good-line:#9ccbbd;--warn:#fdf3e1;--warn-line:#e2bd77}
@media(prefers-color-scheme:dark){:root{--ground:#0f1314;--card:#171c1d;--line:#2c3436;--ink:#eef2f2;--quiet:#9fabad;
--accent:#4fb8b3;--on-accent:#06201f;--track:#7a8688;--good:#12302a;--good-line:#2c6c5e;--warn:#32270f;--warn-line:#775c22}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:640px;margin:0 auto;padding:40px 20px 64px}
.from{margin:0 0 4px;color:var(--quiet);font-size:14px;font-weight:500}
h1{margin:0 0 8px;font-size:24px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.lead{margin:0 0 24px;color:var(--quiet)}
.note{margin:0 0 20px;padding:14px 16px;border:1px solid var(--good-line);border-radius:8px;background:var(--good)}
.note.test{border-color:var(--warn-line);background:var(--warn)}
.note p,.note ul{margin:0}.note p{font-weight:500}.note ul{padding-left:20px;margin-top:4px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:0 0 20px;overflow:hidden}
.ask{padding:18px 20px}.ask h2{margin:0 0 4px;font-size:17px;font-weight:600}.ask p{margin:0 0 14px;color:var(--quiet)}
fieldset{border:0;margin:0;padding:18px 20px;min-width:0}
fieldset+fieldset{border-top:1px solid var(--line)}
legend{float:left;width:100%;padding:0;font-weight:600}
.about{clear:both;margin:0;color:var(--quiet);font-size:14px}
.always{clear:both;display:flex;align-items:center;gap:8px;margin:10px 0 0;color:var(--quiet);font-size:14px}
.always svg{flex:none;width:16px;height:16px}
.switches{clear:both;display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:6px 16px;padding-top:10px}
.switch{display:inline-flex;align-items:center;gap:10px;min-height:32px;cursor:pointer}
.switch input{appearance:none;position:relative;flex:none;width:38px;height:22px;margin:0;border-radius:11px;
background:var(--track);cursor:pointer}
.switch input::after{content:"";position:absolute;left:3px;top:3px;width:16px;height:16px;border-radius:8px;background:var(--card)}
.switch input:checked{background:var(--accent)}.switch input:checked::after{left:19px}
@media(prefers-reduced-motion:no-preference){.switch input,.switch input::after{transition:background .12s,left .12s}}
@media(forced-colors:active){.switch input{appearance:auto;width:18px;height:18px}.switch input::after{content:none}}
.foot{display:flex;flex-wrap:wrap;gap:12px;align-items:center;justify-content:space-between}
button{font:inherit;font-weight:500;min-height:42px;padding:8px 18px;border-radius:8px;border:1px solid var(--accent);
background:var(--accent);color:var(--on-accent);cursor:pointer}
button.plain{background:transparent;border-color:var(--line);color:var(--ink)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media(max-width:480px){main{padding:28px 16px 48px}.foot button{width:100%}}
`

/** Nothing but this style, and forms that lead here. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')
