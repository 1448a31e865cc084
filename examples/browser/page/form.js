// A form of a model's inputs: a fieldset for each, made of its description.

const ANOTHER = "\u0000another";

/** Fills `form` with the fields of a description, and returns a function that reads the row. */
export function formOf(form, inputs) {
  const readers = inputs.map((input) => [input.name, fieldset(form, input)]);
  return () => Object.fromEntries(readers.map(([name, read]) => [name, read()]));
}

function fieldset(form, input) {
  const set = element("fieldset", {}, element("legend", {}, title(input.name) + (input.unit ? ` (${input.unit})` : "")));
  if (input.doc) set.append(element("p", { className: "doc" }, input.doc));
  const read = input.list ? list(set, input) : cells(set, input);
  form.append(set);
  if (!input.optional) return read;
  const known = element("input", { type: "checkbox", checked: true, name: `${input.name}.known` });
  const label = element("label", { className: "check" }, known, "known");
  set.insertBefore(label, set.children[input.doc ? 2 : 1]);
  const others = [...set.querySelectorAll("input, select, textarea")].filter((other) => other !== known);
  const toggle = () => others.forEach((other) => (other.disabled = !known.checked));
  known.addEventListener("change", toggle);
  return () => (known.checked ? read() : null);
}

/** A cell for each value; the labels are the keys of the row. */
function cells(set, input) {
  const count = input.shape.reduce((product, size) => product * size, 1);
  const keys = input.keys.each ?? (count > 1 ? Array.from({ length: count }, (_, i) => `${i + 1}`) : [title(input.name)]);
  const row = element("div", { className: "cells" });
  const read = keys.slice(0, count).map((key, index) => cell(row, input, key, index));
  set.append(row);
  return () => {
    const values = read.map((one) => one());
    return input.shape.length ? values : values[0];
  };
}

/** One value: its control, and a function that reads it. */
function cell(row, input, key, index) {
  const { kind } = input.value;
  const name = `${input.name}.${index}`;
  const seen = input.seen?.[index];
  // A single value is named by the legend.
  const isAlone = key === title(input.name);
  const place = (control) => {
    if (isAlone) control.setAttribute("aria-label", key);
    row.append(isAlone ? control : element("label", {}, key, control));
    return control;
  };
  if (kind === "flag") {
    const box = element("input", { type: "checkbox", name });
    row.append(element("label", { className: "check" }, box, "yes"));
    return () => box.checked;
  }
  if (kind === "text" && input.known) return choice(place, input, name);
  if (kind === "text") {
    const control = place(element("input", { type: "text", name }));
    return () => control.value;
  }
  if (kind === "date" || kind === "time") {
    const type = kind === "date" ? "date" : "datetime-local";
    const control = place(element("input", { type, name, value: String(seen?.[0] ?? "2020-01-01T00:00").slice(0, kind === "date" ? 10 : 16) }));
    return () => {
      if (!control.value) throw new Error(`${title(input.name)}: give a ${kind}`);
      return Date.parse(kind === "date" ? control.value : `${control.value}Z`);
    };
  }
  if (["number", "integer", "category"].includes(kind)) return number(place, input, name, seen);
  throw new Error(`this page has no control for “${input.name}”, which is of the kind “${kind}”`);
}

function number(place, input, name, seen) {
  const { kind, below } = input.value;
  const [least, most] = kind === "category" ? [0, below - 1] : seen ?? [0, 0];
  const middle = kind === "number" ? +((least + most) / 2).toPrecision(3) : Math.round((least + most) / 2);
  const step = kind === "number" ? "any" : 1;
  const control = place(element("input", { type: "number", name, step, value: middle, required: !input.blanks }));
  if (kind === "category") Object.assign(control, { min: 0, max: below - 1 });
  if (seen) control.title = `in training ${short(least)} to ${short(most)}`;
  return () => {
    if (control.value === "" && input.blanks) return NaN;
    const value = control.valueAsNumber;
    if (!Number.isFinite(value) || !control.checkValidity()) throw new Error(`${title(input.name)}: ${control.validationMessage || "give a number"}`);
    return value;
  };
}

function choice(place, input, name) {
  const options = input.known.entries.map((entry) => element("option", { value: entry }, entry));
  const select = place(element("select", { name }, ...options, element("option", { value: ANOTHER }, "another (unknown to the model)")));
  return () => select.value;
}

/** A list of any length, separated by commas. */
function list(set, input) {
  const control = element("textarea", { rows: 2, name: input.name });
  set.append(element("label", {}, "values, separated by commas", control));
  const isText = input.value.kind === "text";
  return () => {
    const items = control.value.split(",").map((item) => item.trim()).filter(Boolean);
    const values = isText ? items : items.map(Number);
    if (!isText && values.some(Number.isNaN)) throw new Error(`${title(input.name)}: give numbers, separated by commas`);
    const width = input.shape.reduce((product, size) => product * size, 1);
    if (values.length % width) throw new Error(`${title(input.name)}: an item has ${width} numbers`);
    return Array.from({ length: values.length / width }, (_, item) => values.slice(item * width, (item + 1) * width));
  };
}

export const short = (value) => (typeof value === "number" ? +value.toPrecision(4) : value);
export const title = (name) => (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " ");

export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
