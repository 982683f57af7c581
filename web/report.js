// Draws the charts of a report from the JSON in the page. The tables are there already; without this
// script nothing is missing but the pictures.
import { plot, dot, ruleX, ruleY, line, link, areaY, text } from "@observablehq/plot";

const report = JSON.parse(document.getElementById("report").textContent);
const accent = "var(--accent)";
// Curves side by side; told apart by lightness too.
const palette = ["var(--accent)", "var(--second)", "var(--soft)", "var(--good)", "var(--warn-ink)"];
const place = (id) => document.querySelector(`[data-chart="${CSS.escape(id)}"]`);
const width = () => Math.min(900, document.querySelector("main").clientWidth - 32);

function add(id, build, note) {
  const box = place(id);
  if (!box) return;
  const chart = build();
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", note);
  box.append(chart);
  const caption = document.createElement("p");
  caption.className = "note";
  caption.textContent = note;
  box.append(caption);
}

// Room for the axis label below the ticks.
const bottom = 46;
const style = { background: "transparent", fontSize: "12px", overflow: "visible" };
const margin = (names) => Math.min(260, 20 + 7 * Math.max(4, ...names.map((n) => [...n].length)));

// A dot with its interval in every row.
function intervals(rows, { label, x = "value", y = "name", zero = false, order }) {
  const names = [...new Set(rows.map((r) => r[y]))];
  return plot({
    width: width(), height: 66 + 22 * names.length, marginBottom: bottom, marginLeft: margin(names), style,
    x: { label, grid: true, nice: true }, y: { label: null, domain: order ?? names },
    marks: [
      zero ? ruleX([0], { stroke: "currentColor" }) : null,
      link(rows, { x1: "low", x2: "high", y1: y, y2: y, stroke: accent, strokeWidth: 3, strokeOpacity: 0.45 }),
      dot(rows, { x, y, fill: accent, r: 4, title: (r) => `${r[y]}: ${r[x].toFixed(4)} [${r.low.toFixed(4)}, ${r.high.toFixed(4)}]` }),
    ],
  });
}

function systems() {
  const measure = report.measures[0].name;
  const rows = report.systems.map((s) => ({ name: s.name, ...s.values[0].mean }));
  rows.sort((a, b) => b.value - a.value);
  add("systems", () => intervals(rows, { label: measure }), `${measure} of every system, with 95% intervals`);
}

function comparisons() {
  const measure = report.measures[0].name;
  const rows = report.comparisons.filter((c) => c.measure === measure).map((c) => ({ name: c.system, ...c.difference }));
  if (!rows.length) return;
  rows.sort((a, b) => b.value - a.value);
  add("comparisons", () => intervals(rows, { label: `difference in ${measure}`, zero: true }),
    `difference in ${measure} from ${report.comparisons[0].baseline}, with 95% intervals`);
}

// Baseline and system in every row: bars of means would hide the intervals, so two dots.
function pairs(id, rows, key) {
  const names = [report.focus.baseline, report.focus.system];
  const points = rows.flatMap((row) => row.systems.filter((s) => names.includes(s.name))
    .map((s) => ({ key: row[key], name: s.name, ...s.mean })));
  if (!points.length) return;
  const order = [...new Set(points.map((p) => p.key))];
  const shift = new Map(names.map((n, i) => [n, names[0] === names[1] ? 0 : i === 0 ? -4 : 4]));
  const marks = [...new Set(names)].flatMap((name) => {
    const part = points.filter((p) => p.name === name);
    const stroke = name === report.focus.system ? accent : "var(--soft)";
    return [
      link(part, { x1: "low", x2: "high", y1: "key", y2: "key", dy: shift.get(name), stroke, strokeWidth: 3, strokeOpacity: 0.45 }),
      dot(part, { x: "value", y: "key", dy: shift.get(name), fill: stroke, r: 3.5, title: (r) => `${r.key}, ${r.name}: ${r.value.toFixed(4)} [${r.low.toFixed(4)}, ${r.high.toFixed(4)}]` }),
    ];
  });
  add(id, () => plot({ width: width(), height: 66 + 26 * order.length, marginBottom: bottom, marginLeft: margin(order), style,
    x: { label: report.focus.measure, grid: true, nice: true }, y: { label: null, domain: order }, marks }),
  `${report.focus.measure} of ${report.focus.system} (blue) and ${report.focus.baseline} (grey), with 95% intervals`);
}

function tails() {
  for (const view of report.long_tail) {
    const rows = view.rows.flatMap((r) => [{ part: r.part, who: "baseline", ...r.baseline }, { part: r.part, who: "system", ...r.system }]);
    const parts = ["head", "torso", "tail"].filter((p) => rows.some((r) => r.part === p));
    const gains = view.rows.map((r) => ({ name: r.part, ...r.gain }));
    add(`tail-${view.view}`, () => {
      const box = document.createElement("div");
      box.className = "charts";
      const half = Math.min(420, width());
      box.append(plot({ width: half, height: 260, style, x: { label: null, domain: parts }, y: { label: report.focus.measure, grid: true, nice: true },
        marks: [
          ...["baseline", "system"].flatMap((who) => {
            const part = rows.filter((r) => r.who === who);
            const dx = who === "system" ? 4 : -4, stroke = who === "system" ? accent : "var(--soft)";
            return [
              link(part, { x1: "part", x2: "part", y1: "low", y2: "high", dx, stroke, strokeWidth: 3, strokeOpacity: 0.45 }),
              line(part, { x: "part", y: "value", dx, stroke, marker: "circle" }),
            ];
          }),
        ] }));
      box.append(plot({ width: half, height: 260, style, x: { label: null, domain: parts }, y: { label: "gain", grid: true, nice: true },
        marks: [
          ruleY([0], { stroke: "currentColor" }),
          link(gains, { x1: "name", x2: "name", y1: "low", y2: "high", stroke: accent, strokeWidth: 3, strokeOpacity: 0.45 }),
          dot(gains, { x: "name", y: "value", fill: accent, r: 4.5 }),
        ] }));
      return box;
    }, `first ${report.focus.system} (blue) and ${report.focus.baseline} (grey) by ${view.view}, then the gain; 95% intervals`);
  }
}

// A chart for each fusion: their α have different ranges.
function sweep() {
  if (!report.sweep.length) return;
  const measure = report.measures[0].name;
  add("sweep", () => {
    const box = document.createElement("div");
    box.className = "charts";
    const fusions = [...new Set(report.sweep.map((p) => p.fusion))];
    for (const fusion of fusions) {
      const rows = report.sweep.filter((p) => p.fusion === fusion).map((p) => ({ ...p, ...p.mean, curve: p.curve.replace(`${fusion}, `, "") }));
      const curves = [...new Set(rows.map((r) => r.curve))];
      box.append(plot({ width: fusions.length > 1 ? Math.min(440, width()) : width(), height: 310, marginTop: 30, marginBottom: bottom, marginLeft: 50, style,
        x: { label: `α (${fusion})`, grid: true }, y: { label: measure, grid: true, nice: true },
        color: { legend: curves.length > 1, domain: curves, range: palette },
        marks: [
          areaY(rows, { x: "alpha", y1: "low", y2: "high", z: "curve", fill: "curve", fillOpacity: 0.15 }),
          line(rows, { x: "alpha", y: "value", z: "curve", stroke: "curve", marker: "circle" }),
        ] }));
    }
    return box;
  }, `${measure} by α, with 95% intervals`);
}

// Mean gain in ten equal parts of the queries by density, over the cloud of queries.
function density() {
  const rows = report.per_query.filter((q) => typeof q.density === "number");
  if (rows.length < 20) return;
  const sorted = [...rows].sort((a, b) => a.density - b.density);
  const size = sorted.length / 10;
  const means = Array.from({ length: 10 }, (_, i) => {
    const part = sorted.slice(Math.round(i * size), Math.round((i + 1) * size));
    const mean = (key) => part.reduce((sum, q) => sum + q[key], 0) / part.length;
    return { density: mean("density"), gain: mean("gain") };
  });
  add("tail-density", () => plot({ width: width(), height: 340, marginTop: 34, marginBottom: bottom, style, x: { label: "density →", grid: true }, y: { label: "gain", grid: true, type: "symlog", constant: 0.02, ticks: [-1, -0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3, 1], tickFormat: (t) => String(t).replace("-", "−") },
    marks: [
      ruleY([0], { stroke: "currentColor" }),
      dot(rows, { x: "density", y: "gain", r: 1.5, fill: "var(--soft)", fillOpacity: 0.4, title: (q) => `${q.id} (${q.language})` }),
      line(means, { x: "density", y: "gain", stroke: accent, strokeWidth: 2, marker: "circle" }),
    ] }), `gain of ${report.focus.system} per query against its density, on a scale that is wide near 0; blue: means of ten equal parts`);
}

function contents() {
  const nav = document.getElementById("contents");
  for (const section of document.querySelectorAll("main section")) {
    const anchor = document.createElement("a");
    anchor.href = `#${section.id}`;
    anchor.textContent = section.querySelector("h2").textContent;
    nav.append(anchor);
  }
}

contents();
systems();
comparisons();
pairs("languages", report.languages, "language");
report.slices.forEach((slice, i) => pairs(`slice-${i + 1}`, slice.rows, "value"));
tails();
density();
sweep();
document.documentElement.dataset.ready = "true";
