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

// The pieces of a text are joined, so that one of them is enough.
const isRequired = (input) =>
  !input.optional && !input.blanks && !input.list && !(input.value.kind === "text" && input.keys.each?.length > 1);

// A number with a few digits; dates as they are.
const brief = (value) => (typeof value === "number" ? Number(value.toPrecision(4)).toString() : value);

const hints = (input, index) => {
  const hints = [];
  const seen = input.seen?.[index];
  if (seen) hints.push(`training rows: ${brief(seen[0])} to ${brief(seen[1])}`);
  if (input.value.kind === "category") hints.push(`0 to ${input.value.below - 1}`);
  if (isList(input)) hints.push(`a list in JSON${input.list ? "" : ` of ${width(input)}`}`);
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
  if (!response.ok) throw Object.assign(new Error(answer.message), { field: answer.rows?.[0]?.field });
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
    const doc = element("tr", {}, element("td", { colSpan: 2 }, element("small", { textContent: output.doc })));
    return [...lines(output.name + unit, prediction[output.name]), ...(output.doc ? [doc] : [])];
  });
  document.querySelector("#prediction").replaceChildren(
    element("h2", { textContent: "Prediction" }), element("table", { id: "predicted" }, ...rows));
};

// The explained number of an output: one of several by its index, or the mean of a distribution.
const explained = (description, name, index) => {
  const output = description.outputs.find((output) => output.name === name);
  const isOne = output.predicts.kind !== "classes" && width(output) === 1;
  return index === undefined || isOne ? name : `${name}[${index}]`;
};

const showExplanation = (description, { output, element: index, prediction, baseline, shares }) => {
  // Digits below those of the prediction are noise.
  const unit = 10 ** (Math.floor(Math.log10(Math.max(Math.abs(prediction), Math.abs(baseline), 1e-300))) - 4);
  const rounded = (number) => shown(Math.round(number / unit) * unit || 0);
  const largest = Math.max(...shares.map((share) => Math.abs(share.share)), 1e-300);
  shares.sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const rows = shares.map(({ name, value, share }) => {
    const bar = element("div", { className: share >= 0 ? "up" : "down" });
    bar.style.width = `${(100 * Math.abs(share)) / largest}%`;
    return element("tr", {},
      element("td", { textContent: `${name} = ${value}` }),
      element("td", { className: "number", textContent: (share >= 0 ? "+" : "") + rounded(share) }),
      element("td", { className: "bar" }, bar));
  });
  const of = explained(description, output, index);
  document.querySelector("#explanation").replaceChildren(
    element("h2", { textContent: `Why ${of} is ${shown(prediction)}` }),
    element("small", { textContent: `${shown(baseline)} on average; the inputs change it by:` }),
    element("table", { id: "shares" }, ...rows));
};

// The row of the form.
const rowOf = async (fields) => {
  const row = {};
  for (const { input, key, field } of fields) {
    try {
      const value = await valueOf(input, field);
      if (value !== undefined) row[key] = value;
    } catch {
      throw Object.assign(new Error(`${key}: expected a list in JSON, such as [1, 2]`), { field: input.name });
    }
  }
  return row;
};

// The fields in the address, behind `#`, which no server is sent: a link with them fills the form.
const fill = (fields) => {
  const values = new URLSearchParams(location.hash.slice(1));
  const written = fields.filter(({ key, field }) => values.has(key) && field.type !== "file");
  written.forEach(({ key, field }) => (field.value = values.get(key)));
  return written.length > 0;
};

const keep = (fields) => {
  const written = fields.filter(({ field }) => field.type !== "file" && field.value !== "");
  const values = new URLSearchParams(written.map(({ key, field }) => [key, field.value]));
  history.replaceState(null, "", `#${values}`);
};

const mark = (fields, refused) => {
  for (const { input, key, field } of fields) {
    field.classList.toggle("refused", refused !== undefined && [input.name, key].includes(refused));
  }
};

const submit = async (description, fields) => {
  const button = document.querySelector("button");
  document.querySelector("#error").textContent = "";
  document.querySelector("#explanation").replaceChildren();
  mark(fields);
  keep(fields);
  button.disabled = true;
  try {
    const row = await rowOf(fields);
    showPrediction(description, await post("/predict", row));
    const first = description.outputs.find((output) => output.predicts.kind !== "values");
    if (!first || !document.body.dataset.explains) return;
    showExplanation(description, await post("/explain", { row }));
  } catch (error) {
    document.querySelector("#prediction").replaceChildren();
    document.querySelector("#error").textContent = error.message;
    mark(fields, error.field);
  } finally {
    button.disabled = false;
    document.querySelector("section").scrollIntoView({ block: "nearest" });
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
      field.required = isRequired(input);
      fields.push({ input, key, field });
      const hint = element("small", { textContent: hints(input, index) });
      return element("label", {}, element("span", {}, key, hint), field);
    });
    const unit = input.unit ? ` (${input.unit})` : "";
    const legend = element("legend", { textContent: input.name + unit });
    const words = [input.doc, input.optional || input.blanks ? "May be left empty." : ""].filter(Boolean).join(" ");
    const doc = words ? [element("small", { textContent: words })] : [];
    return element("fieldset", {}, legend, ...doc, ...rows);
  });
  const form = document.querySelector("#form");
  form.replaceChildren(...sets, element("button", { textContent: "Predict" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(description, fields);
  });
  if (fill(fields)) submit(description, fields);
};

start().catch((error) => (document.querySelector("#error").textContent = `The model cannot be read: ${error.message}`));
