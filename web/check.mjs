// Opens a report in a real browser and holds it against its report.json:
//   CHROMIUM=/usr/bin/chromium npm run check -- report.html report.json OUT_DIR
// Fails on a console message of any kind, a network request, a chart that is not drawn, a table that
// needs a script, and a number of report.json that the page does not show. Screenshots in both themes
// and two widths go to OUT_DIR.
import { chromium } from "playwright-core";
import { mkdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const [page, json, out] = process.argv.slice(2);
const report = JSON.parse(readFileSync(json, "utf8"));
const url = pathToFileURL(resolve(page)).href;
const failures = [];
const expect = (good, what) => { if (!good) failures.push(what); };
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

async function open(options) {
  const context = await browser.newContext(options);
  const tab = await context.newPage();
  tab.on("console", (m) => failures.push(`console: ${m.text()}`));
  tab.on("pageerror", (e) => failures.push(`error: ${e.message}`));
  tab.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) failures.push(`request: ${r.url()}`); });
  await tab.goto(url);
  return { context, tab };
}

const fixed = (v) => (v === null || v === undefined ? "–" : v.toFixed(4));
const signed = (v) => (v > 0 || Object.is(v, 0) ? "+" : "") + v.toFixed(4);
const cells = (tab, id) => tab.$$eval(`#${id} tbody tr`, (rows) => rows.map((r) => [...r.cells].map((c) => c.textContent)));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [390, 1280]) {
    const { context, tab } = await open({ colorScheme, viewport: { width, height: 900 } });
    await tab.waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: 20000 });
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide <= 1, `${colorScheme} ${width}: the page is ${wide} pixels wider than the window`);
    const charts = await tab.$$eval(".chart svg", (all) => all.length);
    const wanted = 1 + (report.comparisons.length ? 1 : 0) + (report.languages.length ? 1 : 0) + report.slices.length
      + 2 * report.long_tail.length + new Set(report.sweep.map((p) => p.fusion)).size;
    expect(charts >= wanted, `${colorScheme} ${width}: ${charts} charts, expected at least ${wanted}`);
    await tab.screenshot({ path: `${out}/${colorScheme}-${width}.png`, fullPage: true });
    await context.close();
  }
}

{
  const { context, tab } = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const systems = await cells(tab, "systems");
  report.systems.forEach((s, i) => s.values.forEach((v, m) => {
    expect(systems[i]?.[3 + 2 * m] === fixed(v.mean.value), `systems: ${s.name} ${v.measure}: ${systems[i]?.[3 + 2 * m]} is not ${fixed(v.mean.value)}`);
    expect(systems[i]?.[4 + 2 * m] === `[${fixed(v.mean.low)}, ${fixed(v.mean.high)}]`, `systems: interval of ${s.name} ${v.measure}`);
  }));
  const comparisons = report.comparisons.length ? await cells(tab, "comparisons") : [];
  report.comparisons.forEach((c, i) => {
    expect(comparisons[i]?.[2].replaceAll("*", "") === signed(c.difference.value), `comparisons: ${c.system} ${c.measure}: ${comparisons[i]?.[2]} is not ${signed(c.difference.value)}`);
    expect(comparisons[i]?.[11] === String(c.wins), `comparisons: wins of ${c.system}`);
  });
  const languages = report.languages.length ? await cells(tab, "languages") : [];
  report.languages.forEach((l, i) => {
    const first = l.gain ? 7 : 3;
    if (l.gain) expect(languages[i]?.[3].replaceAll("*", "") === signed(l.gain.value), `languages: gain in ${l.language}`);
    l.systems.forEach((s, k) => expect(languages[i]?.[first + 2 * k] === fixed(s.mean.value), `languages: ${l.language} ${s.name}`));
  });
  for (const [number, slice] of report.slices.entries()) {
    const rows = await cells(tab, `slice-${number + 1}`);
    slice.rows.forEach((r, i) => r.gain && expect(rows[i]?.[3].replaceAll("*", "") === signed(r.gain.value), `slice ${slice.field}: ${r.value}`));
  }
  const sweep = report.sweep.length ? await cells(tab, "sweep") : [];
  report.sweep.forEach((p, i) => expect(sweep[i]?.[3] === fixed(p.mean.value), `sweep: ${p.system}`));
  for (const list of ["best", "worst"]) {
    const rows = report[list].length ? await cells(tab, list) : [];
    report[list].forEach((e, i) => expect(rows[i]?.[5] === signed(e.gain), `${list}: ${e.id}`));
  }
  for (const view of report.long_tail) {
    const rows = await cells(tab, `tail-${view.view}`);
    view.rows.forEach((r, i) => expect(rows[i]?.[7] === signed(r.gain.value), `long tail: ${view.view} ${r.part}`));
  }
  if (report.headline) {
    const text = await tab.textContent("#headline");
    expect(text.includes(signed(report.headline.gain.value)), "headline: the gain");
    expect(text.includes(`${report.headline.clusters} clusters`), "headline: the clusters");
    expect(text.includes(report.headline.leakage), "headline: the leakage statement");
  }
  await tab.emulateMedia({ media: "print" });
  await tab.pdf({ path: `${out}/print.pdf`, format: "A4" });
  await context.close();
}

await browser.close();
for (const failure of failures) console.error(failure);
console.log(failures.length ? `${failures.length} failures` : "the page says what report.json says");
process.exit(failures.length ? 1 : 0);
