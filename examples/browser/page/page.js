// Loads an exported model, makes a form of its metadata, and predicts while one types.

import * as ort from "./ort/ort.wasm.min.mjs";
import { element, formOf, short, title } from "./form.js";
import { metadataOf } from "./metadata.js";

ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
ort.env.wasm.numThreads = 1;

const [form, result, error] = ["form", "result", "error"].map((id) => document.getElementById(id));

/** The number of predictions that were asked for, of all files: an older one is not shown. */
let asked = 0;

/** Shows a file's form and its predictions. */
async function show(bytes) {
  // The model before answers no more, whatever becomes of this file.
  form.oninput = form.onchange = null;
  asked += 1;
  form.replaceChildren();
  result.replaceChildren();
  const metadata = metadataOf(bytes);
  if (!metadata["multi_input.inputs"]) throw new Error("this ONNX file has no metadata of multi-input, of which the form is made");
  const [description, inputs, outputs] = ["description", "inputs", "outputs"].map((key) => JSON.parse(metadata[`multi_input.${key}`]));
  const encoded = inputs.find((entry) => entry.role === "encoded");
  if (encoded) throw new Error(`“${encoded.field}” enters this file behind its preprocessing (${encoded.steps.join(", ")}), which a page cannot compute`);
  const session = await ort.InferenceSession.create(bytes);
  document.getElementById("title").textContent = title(description.model);
  const read = formOf(form, description.inputs);
  const predict = async () => {
    const turn = (document.body.dataset.asked = ++asked);
    try {
      const row = read();
      const feeds = Object.fromEntries(inputs.map((entry) => [entry.name, tensorOf(entry, row[entry.field])]));
      const predicted = await session.run(feeds);
      if (turn !== asked) return;
      say("");
      result.replaceChildren(...description.outputs.map((output) => shown(output, outputs, predicted)));
    } catch (mistake) {
      if (turn !== asked) return;
      // What stood there belongs to other inputs.
      result.replaceChildren();
      say(mistake.message);
    }
    document.body.dataset.turn = turn;
  };
  form.oninput = form.onchange = predict;
  form.onsubmit = (event) => event.preventDefault();
  await predict();
}

/** A tensor of one row. */
function tensorOf(entry, value) {
  if (entry.role === "present") return new ort.Tensor("bool", [value !== null], [1]);
  if (entry.role === "length") return new ort.Tensor("int64", [BigInt(value?.length ?? 0)], [1]);
  const items = entry.shape.includes("items") ? Math.max(value?.length ?? 0, 1) : 1;
  const sizes = entry.shape.map((size) => (size === "batch" ? 1 : size === "items" ? items : size));
  const count = sizes.reduce((product, size) => product * size, 1);
  let values = value === null ? [] : [value].flat(Infinity);
  if (entry.time) values = values.map((time) => (entry.time === "days" ? Math.floor(time / 86_400_000) : time));
  values = [...values, ...Array(count - values.length).fill(entry.type === "string" ? "" : 0)];
  const of = {
    float: () => ["float32", Float32Array.from(values)],
    double: () => ["float64", Float64Array.from(values)],
    int64: () => ["int64", BigInt64Array.from(values, (value) => BigInt(Math.trunc(value)))],
    bool: () => ["bool", Uint8Array.from(values, Number)],
    string: () => ["string", values],
  };
  return new ort.Tensor(...of[entry.type](), sizes);
}

/** A prediction: probabilities as bars, other numbers as they are. */
function shown(output, entries, predicted) {
  const entry = entries.find((entry) => entry.field === output.name && entry.role === "prediction");
  const numbers = [...predicted[entry.name].data];
  const card = element("div", {}, element("strong", {}, title(output.name) + (output.unit ? ` (${output.unit})` : "")));
  if (output.doc) card.append(element("p", { className: "doc" }, output.doc));
  const { kind, labels } = output.predicts;
  if (["classes", "flags"].includes(kind)) {
    const alone = kind === "flags" && output.shape.length === 0;
    const names = alone ? ["yes"] : numbers.map((_, index) => String(labels?.[index] ?? index));
    card.append(...names.map((name, index) => bar(name, numbers[index])));
  } else if (output.parts === "value") {
    card.append(element("div", { className: "number" }, numbers.map(short).join(", ")));
  } else {
    const parts = output.parts.quantiles?.map((level) => `quantile ${level}`) ?? output.parts.named ?? [];
    const lines = numbers.map((number, index) => `${parts[index % parts.length] ?? "part"}: ${short(number)}`);
    card.append(...lines.map((line) => element("div", {}, line)));
  }
  card.dataset.output = output.name;
  card.dataset.numbers = JSON.stringify(numbers);
  return card;
}

const bar = (name, share) => {
  const filled = element("div", {});
  filled.style.width = `${100 * share}%`;
  return element("div", { className: "bar" }, element("span", {}, name), filled, element("span", {}, `${(100 * share).toFixed(1)} %`));
};

function say(message) {
  error.hidden = !message;
  error.textContent = message;
}

/** Loads a file's bytes, and says what is wrong with them. */
async function load(bytes) {
  say("");
  try {
    await show(new Uint8Array(await bytes));
  } catch (mistake) {
    say(/metadata|enters|control|no ONNX/.test(mistake.message) ? mistake.message : `this file cannot be run: ${mistake.message}`);
  }
  document.body.dataset.ready = "true";
}

document.getElementById("file").addEventListener("change", (event) => load(event.target.files[0].arrayBuffer()));
const url = new URLSearchParams(location.search).get("model") ?? "model.onnx";
load(
  fetch(url).then((answer) => {
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
    return answer.arrayBuffer();
  }),
);
