// Makes a form of the model's description, and shows the prediction for it with its explanation.
"use strict";

const base = location.pathname.replace(/\/+$/, "");

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// The keys of an input, each with the index of its value.
const keysOf = (input) => {
  if (input.keys.each) return input.keys.each.map((key, index) => ({ key, index }));
  return [{ key: input.keys.one ?? input.name, index: 0 }];
};

const width = (input) => input.shape.reduce((product, size) => product * size, 1);

// Whether one text field holds a list in JSON.
const isList = (input) => input.list || (!input.keys.each && input.shape.length > 0);

const hints = (input, index) => {
  const hints = [];
  const seen = input.seen?.[index];
  if (seen) hints.push(`training rows: ${seen[0]} to ${seen[1]}`);
  if (input.value.kind === "category") hints.push(`0 to ${input.value.below - 1}`);
  if (isList(input)) hints.push(`a list in JSON${input.list ? "" : ` of ${width(input)}`}`);
  if (input.optional || input.blanks) hints.push("may be empty");
  return hints.join("; ");
};

const numberField = (step, least, most) => {
  const field = element("input", { type: "number", step });
  if (least !== undefined) Object.assign(field, { min: least, max: most });
  return field;
};

const selectOf = (options) =>
  element("select", {}, ...options.map(([value, text]) => element("option", { value, textContent: text })));

// A field for a single value.
const fieldOf = (input, index) => {
  if (isList(input)) return element("input", { type: "text", placeholder: "[..]" });
  const { kind, below, least, most } = input.value;
  const middle = input.seen?.[index]?.map(Number);
  let field;
  switch (kind) {
    case "number": {
      field = numberField("any");
      if (middle && !input.optional) field.value = Number(((middle[0] + middle[1]) / 2).toPrecision(4));
      return field;
    }
    case "integer": return numberField(1, least, most);
    case "category": return numberField(1, 0, below - 1);
    case "flag": return selectOf([["", ""], ["true", "yes"], ["false", "no"]]);
    case "date": return element("input", { type: input.value.form === "iso" ? "date" : "text" });
    case "image": return element("input", { type: "file", accept: "image/*" });
    case "text":
      field = element("input", { type: "text" });
      if (input.known) {
        const id = `known-${input.name}`;
        field.setAttribute("list", id);
        const options = input.known.entries.map((entry) => element("option", { value: entry }));
        document.body.append(element("datalist", { id }, ...options));
      }
      return field;
    default: return element("input", { type: "text" });
  }
};

const dataUrl = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

// The value of a field in JSON; undefined for an empty one.
const valueOf = async (input, field) => {
  if (field.type === "file") return field.files.length ? dataUrl(field.files[0]) : undefined;
  const text = field.value.trim();
  if (text === "") return undefined;
  if (isList(input)) return JSON.parse(text);
  switch (input.value.kind) {
    case "flag": return text === "true";
    case "number": case "integer": case "category": return Number(text);
    default: return field.value;
  }
};

const post = async (path, body) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
};

const shown = (number) => (typeof number === "number" ? Number(number.toPrecision(5)).toString() : String(number));

const line = (name, value) =>
  element("tr", {}, element("td", { textContent: name }), element("td", { className: "number", textContent: value }));

// The lines of a prediction, which may hold lists and objects.
const lines = (name, value) => {
  if (value === null || typeof value !== "object") return [line(name, shown(value))];
  const inner = Array.isArray(value) ? value.map((item, index) => [`[${index}]`, item]) : Object.entries(value);
  return inner.flatMap(([key, item]) => lines(Array.isArray(value) ? name + key : `${name}: ${key}`, item));
};

const showPrediction = (description, prediction) => {
  const rows = description.outputs.flatMap((output) => {
    const unit = output.unit ? ` (${output.unit})` : "";
    return lines(output.name + unit, prediction[output.name]);
  });
  document.querySelector("#prediction").replaceChildren(
    element("h2", { textContent: "Prediction" }), element("table", { id: "predicted" }, ...rows));
};

const showExplanation = ({ output, element: index, prediction, baseline, shares }) => {
  const largest = Math.max(...shares.map((share) => Math.abs(share.share)), 1e-300);
  shares.sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const rows = shares.map(({ name, value, share }) => {
    const bar = element("div", { className: share >= 0 ? "up" : "down" });
    bar.style.width = `${(100 * Math.abs(share)) / largest}%`;
    return element("tr", {},
      element("td", { textContent: `${name} = ${value}` }),
      element("td", { className: "number", textContent: (share >= 0 ? "+" : "") + shown(share) }),
      element("td", { className: "bar" }, bar));
  });
  const of = index === undefined ? output : `${output}[${index}]`;
  document.querySelector("#explanation").replaceChildren(
    element("h2", { textContent: `Why ${of} is ${shown(prediction)}` }),
    element("small", { textContent: `${shown(baseline)} on average; the inputs change it by:` }),
    element("table", { id: "shares" }, ...rows));
};

const submit = async (description, fields) => {
  document.querySelector("#error").textContent = "";
  document.querySelector("#explanation").replaceChildren();
  try {
    const row = {};
    for (const { input, key, field } of fields) {
      const value = await valueOf(input, field);
      if (value !== undefined) row[key] = value;
    }
    showPrediction(description, await post("/predict", row));
    const first = description.outputs.find((output) => output.predicts.kind !== "values");
    if (!first || !document.body.dataset.explains) return;
    showExplanation(await post("/explain", { row }));
  } catch (error) {
    document.querySelector("#prediction").replaceChildren();
    document.querySelector("#error").textContent = error.message;
  }
};

const start = async () => {
  const description = await (await fetch(`${base}/description`)).json();
  const document_ = await (await fetch("/openapi.json")).json();
  if (document_.paths[`${base}/explain`]) document.body.dataset.explains = "yes";
  document.title = description.model;
  document.querySelector("#model").textContent = description.model;
  const fields = [];
  const sets = description.inputs.map((input) => {
    const rows = keysOf(input).map(({ key, index }) => {
      const field = fieldOf(input, index);
      field.name = key;
      fields.push({ input, key, field });
      const hint = element("small", { textContent: hints(input, index) });
      return element("label", {}, element("span", {}, key, hint), field);
    });
    const unit = input.unit ? ` (${input.unit})` : "";
    const legend = element("legend", { textContent: input.name + unit });
    const doc = input.doc ? [element("small", { textContent: input.doc })] : [];
    return element("fieldset", {}, legend, ...doc, ...rows);
  });
  const form = document.querySelector("#form");
  form.replaceChildren(...sets, element("button", { textContent: "Predict" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(description, fields);
  });
};

start();
