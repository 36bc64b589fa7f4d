/** How the page looks: light and dark, narrow and wide, on paper. Colours of lines were chosen to be told apart by everybody. */
export const STYLE = `
:root {
  --paper: #fdfdfb; --ink: #22262b; --faint: #9aa1a9; --panel: #f1f2ee; --cut: #e9e4d4;
  --pbft: #1f6f8b; --stake: #4c9a6a; --pow: #b4531a; --raft: #6b4ea0;
  --good: #dff0e2; --good-ink: #14532d; --bad: #f8dfd9; --bad-ink: #7f1d1d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e4e6e8; --faint: #6b737c; --panel: #1f242a; --cut: #2d2a20;
    --pbft: #62b6d2; --stake: #7fcf9d; --pow: #f0965a; --raft: #b59cf0;
    --good: #173a24; --good-ink: #b7efc5; --bad: #4a1d1a; --bad-ink: #fbc7bd;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0.5rem 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0 0 0.4rem; }
code { background: var(--panel); border-radius: 4px; padding: 0.1rem 0.3rem; font-size: 0.88em; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 46rem; font-size: 0.92rem; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--faint); }
thead th { border-bottom: 3px solid currentColor; }
thead th.pbft { color: var(--pbft); } thead th.pbft-stake { color: var(--stake); }
thead th.pow { color: var(--pow); } thead th.raft { color: var(--raft); }
tbody th { font-weight: 600; width: 30%; }
thead th small { display: block; font-weight: 400; opacity: 0.8; color: var(--ink); }
tbody th small { display: block; font-weight: 400; opacity: 0.8; }
td.good, div.good { background: var(--good); color: var(--good-ink); }
td.bad, div.bad { background: var(--bad); color: var(--bad-ink); }
figure { margin: 0; }
figure svg { display: block; width: 100%; min-width: 36rem; height: auto; font-family: inherit; }
figcaption { margin-top: 0.5rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
.two > div { border-radius: 8px; padding: 0.9rem 1rem; }
.two p { margin: 0.4rem 0 0; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0.2rem 0 0; }
@media print {
  :root { --paper: #fff; --ink: #000; --faint: #888; --panel: #eee; --cut: #eee; --pbft: #1f6f8b; --stake: #2f7a4c; --pow: #a3450f;
    --raft: #5b3f93; --good: #fff; --good-ink: #14532d; --bad: #fff; --bad-ink: #7f1d1d; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { break-inside: avoid; }
  .scroll { overflow: visible; } table, figure svg { min-width: 0; }
}
`;
