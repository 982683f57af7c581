// Builds report.html, the one generated file of the report: `npm ci && npm run build`.
// Installed with the program, so users need no node.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const out = await build({
  entryPoints: ["report.js"], bundle: true, minify: true, format: "iife", target: "es2020", write: false, legalComments: "inline",
  banner: { js: "/*! Charts: Observable Plot (ISC, Observable, Inc.) and D3 (ISC, Mike Bostock) */" },
});
const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
// A function as replacement: `$` in the script means nothing.
const page = read("page.html")
  .replace("/*STYLE*/", () => read("page.css").trim())
  .replace("/*SCRIPT*/", () => out.outputFiles[0].text.trim().replaceAll("</script", "<\\/script"));
writeFileSync(new URL("report.html", import.meta.url), page);
console.log(`report.html: ${page.length} bytes`);
