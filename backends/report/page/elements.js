"use strict";
// Elements of the page and texts in it.

const byId = id => document.getElementById(id);

function setUp(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false)
      continue;
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child));
  return element;
}

/** Elements with attributes, listeners ("onclick") and children; what is null is left out. */
const el = (tag, attributes = {}, ...children) =>
  setUp(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  setUp(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const button = (text, title, action) => el("button", {title, onclick: action}, text);

function replaceChildren(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(child => child));
  return element;
}

/** Names and values below each other. */
const definitions = rows =>
  el("dl", {}, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));

/** Three significant digits, never as 1e+3. */
function formatNumber(value) {
  if (!isFinite(value))
    return "-";
  const size = Math.abs(value);
  if (size >= 100)
    return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function scaled(value, base, units) {
  let unit = 0;
  while (Math.abs(value) >= base && unit + 1 < units.length) {
    value /= base;
    ++unit;
  }
  return `${unit ? formatNumber(value) : value} ${units[unit]}`;
}

const formatMs = ms => ms === undefined ? "-" : `${formatNumber(ms)} ms`;
const formatBytes = bytes => scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB"]);
const formatFlops = flops => scaled(flops, 1000, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"]);
const formatPercent = share =>
  isFinite(share) ? `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%` : "-";
const formatShape = shape => shape.join("\u00d7");
/** A map's shape; a single image goes without saying. */
const formatMap = shape => formatShape(shape[0] == 1 ? shape.slice(1) : shape);
const plural = (count, what) => `${count.toLocaleString("en-US")} ${what}${count == 1 ? "" : "s"}`;

/** The first `most` characters of a text. */
const fitText = (text, most) =>
  text.length <= most ? text : text.slice(0, Math.max(1, most - 1)) + "\u2026";

/** A name that breaks between its parts. */
const breakable = name =>
  name.split(/(?<=[._])/).flatMap((part, i) => i ? [el("wbr"), part] : [part]);

const sum = (list, valueOf) => list.reduce((total, item) => total + (valueOf(item) || 0), 0);
const largest = (list, valueOf) =>
  list.reduce((most, item) => Math.max(most, valueOf(item) || 0), 0);
