// The page in headless Chromium: what it predicts is what the program predicted.
//
//     node test.mjs ../../target/browser [CHROMIUM]
//
// It fills the form row by row, as a person would, and compares at 1e-5 of the number. Screenshots lie in the
// folder. It ends with a line `result: ..`.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const [folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const TOLERANCE = 1e-5;

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url, "http://page").pathname).replace(/^\/$/, "/index.html");
  try {
    const body = readFileSync(join(folder, path));
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}/`;

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const profile = mkdtempSync(join(tmpdir(), "browser-"));
const context = await chromium.launchPersistentContext(profile, { executablePath, args, headless: true, viewport: { width: 1000, height: 900 } });
const page = await context.newPage();
const errors = [];
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
page.on("pageerror", (error) => errors.push(error.message));

const check = (holds, what) => {
  if (!holds) errors.push(what);
};
const open = async (query = "") => {
  await page.goto(url + query);
  await page.waitForSelector("body[data-ready]");
};
/** Waits until the page has answered: it counts what it was asked. */
const answered = () => page.waitForFunction(() => document.body.dataset.asked === document.body.dataset.turn);
/** The numbers on the page for what stands in the form. */
const predicted = async () => {
  await answered();
  return page.$eval("[data-output=progression]", (card) => JSON.parse(card.dataset.numbers));
};
/** Types a row into the form. */
const fill = async ({ vitals, sex, high_pressure, serum }) => {
  for (const [index, number] of vitals.entries()) await page.fill(`[name="vitals.${index}"]`, String(number));
  const options = await page.$$eval(`[name="sex.0"] option`, (all) => all.map((option) => option.value));
  await page.selectOption(`[name="sex.0"]`, options.includes(sex) ? sex : options.at(-1));
  await page.setChecked(`[name="high_pressure.0"]`, high_pressure);
  await page.setChecked(`[name="serum.known"]`, serum !== null);
  for (const [index, number] of (serum ?? []).entries()) await page.fill(`[name="serum.${index}"]`, String(number));
};

await open();
check((await predicted()).every(Number.isFinite), "an untouched form predicts nothing");
const rows = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
let worst = 0;
for (const { row, prediction } of rows) {
  await fill(row);
  const [number] = await predicted();
  worst = Math.max(worst, Math.abs(number - prediction.progression) / Math.abs(prediction.progression));
}
check(worst <= TOLERANCE, `a prediction differs by ${worst}`);

await fill(rows[0].row);
await predicted();
await page.screenshot({ path: join(folder, "light.png"), fullPage: true });
await page.emulateMedia({ colorScheme: "dark" });
await page.screenshot({ path: join(folder, "dark.png"), fullPage: true });
await page.emulateMedia({ colorScheme: "light" });
await page.setViewportSize({ width: 390, height: 844 });
await page.screenshot({ path: join(folder, "narrow.png"), fullPage: true });
await page.setViewportSize({ width: 1000, height: 900 });

// A date, a list, and classes as bars with their labels.
await open("?model=season.onnx");
const seasons = JSON.parse(readFileSync(join(folder, "season.json"), "utf8"));
for (const { row, prediction } of seasons) {
  await page.fill('[name="day.0"]', row.day);
  await page.fill('[name="temperatures"]', row.temperatures.join(", "));
  await answered();
  const numbers = await page.$eval("[data-output=season]", (card) => JSON.parse(card.dataset.numbers));
  const bars = await page.$$eval("[data-output=season] .bar span:first-child", (spans) => spans.map((span) => span.textContent));
  for (const [label, expected] of Object.entries(prediction.season)) {
    const difference = Math.abs(numbers[bars.indexOf(label)] - expected);
    worst = Math.max(worst, difference / Math.max(expected, 0.01));
  }
}
check(worst <= TOLERANCE, `a season differs by ${worst}`);
await page.screenshot({ path: join(folder, "season.png"), fullPage: true });

// By the keyboard alone.
await open();
const before = await predicted();
await page.focus('[name="vitals.0"]');
await page.keyboard.press("Control+A");
await page.keyboard.type("0.1");
check((await predicted())[0] !== before[0], "a typed number changes nothing");

// What cannot be read is said, and the form stays.
const error = () => page.textContent("#error");
await page.fill('[name="vitals.0"]', "");
await answered();
check((await page.$$("[data-output]")).length === 0, "a prediction of other inputs stays");
check((await error()).includes("Vitals"), `a blank number: ${await error()}`);
const without = join(folder, "other.onnx");
writeFileSync(without, "this is no model");
await page.setInputFiles("#file", without);
await page.waitForFunction(() => !document.getElementById("error").hidden && !document.getElementById("form").children.length);
check((await error()).includes("no ONNX file"), `a text as a file: ${await error()}`);
await page.screenshot({ path: join(folder, "error.png") });
await page.setInputFiles("#file", join(folder, "model.onnx"));
await page.waitForSelector("[data-output=progression]");
check(await page.isHidden("#error"), "the error stays behind");

await context.close();
server.close();
errors.forEach((error) => console.log(`ERROR ${error}`));
console.log(`result: rows=${rows.length + seasons.length} worst=${worst.toExponential(1)} errors=${errors.length}`);
process.exit(errors.length ? 1 : 0);
