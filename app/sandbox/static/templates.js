"use strict";
/* Shows every template with what is due, and does to it what the control API can. */

const POLL = 1000;
const HOUR = 3600;
const SPANS = { hour: HOUR, quarter: 6 * HOUR, day: 24 * HOUR, month: 30 * 24 * HOUR, year: 365 * 24 * HOUR };
const REASONS = ["ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "PROMOTIONAL", "SCAM", "TAG_CONTENT_MISMATCH"];
const MANY = 20;

let told = { now: 0, data: [] };
const drawn = new Map();

/* Asking and telling */

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const content = await answer.json();
  if (answer.ok) return content;
  throw new Error(content.errors?.map((fault) => fault.message).join(" ") ?? content.detail ?? answer.status);
}

/* Does it, shows what became of it, and says so when it could not be done. */
async function act(work) {
  try {
    await work();
    await poll();
    toast(words.saved);
  } catch (fault) {
    toast(fault.message);
  }
}

/* A card */

const moment = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "always", style: "short" });

function span(seconds) {
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= 2 * size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

function button(name, work) {
  const made = make("button", { type: "button", "data-act": name }, words[`act_${name}`]);
  made.addEventListener("click", async () => {
    made.disabled = true;
    await act(work);
    made.disabled = false;
  });
  return made;
}

function acts(one) {
  const path = `/control/templates/${encodeURIComponent(one.id)}`;
  const post = (place, body) => () => ask("POST", `${path}${place}`, body);
  const made = [];
  const offer = (name, place, body) => made.push(button(name, post(place, body)));
  if (one.status === "PENDING") offer("review", "/review");
  if (["PENDING", "IN_APPEAL", "REJECTED", "DISABLED"].includes(one.status)) offer("approve", "", { status: "APPROVED" });
  if (["PENDING", "IN_APPEAL"].includes(one.status)) made.push(...rejecting(post));
  if (one.status === "APPROVED") {
    offer("block", "/feedback", { kind: "block", count: MANY });
    offer("report", "/feedback", { kind: "report", count: MANY });
    if (one.quality !== "GREEN") offer("praise", "", { quality: "GREEN" });
    offer("pause", "", { status: "PAUSED" });
    offer("disable", "", { status: "DISABLED" });
    if (one.pacing !== "on") offer("hold", "/pacing", { decision: "hold" });
  }
  if (one.held > 0 || one.pacing === "on") {
    offer("release", "/pacing", { decision: "release" });
    if (one.status === "APPROVED") offer("drop", "/pacing", { decision: "drop" });
  }
  if (one.status === "PAUSED") offer("unpause", "/unpause");
  made.push(...changing(one, path, offer));
  if (one.status === "ARCHIVED") offer("unarchive", "/unarchive");
  if (one.due.archival) offer("archive", "/archive");
  return make("div", { class: "acts" }, ...made);
}

function rejecting(post) {
  const select = make("select", { "aria-label": words.reject_reason }, ...REASONS.map((reason) => make("option", { value: reason }, reason)));
  return [button("reject", () => post("", { status: "REJECTED", reason: select.value })()), select];
}

function changing(one, path, offer) {
  if (one.due.category) {
    offer("effect", "/category/effect");
    return [button("withdraw", () => ask("DELETE", `${path}/category`))];
  }
  if (one.status !== "APPROVED" || one.category === "AUTHENTICATION") return [];
  const other = one.category === "UTILITY" ? "MARKETING" : "UTILITY";
  offer(`to_${other}`, "/category", { correct_category: other });
  return [];
}

function tags(one) {
  const known = one.correct_category && one.correct_category !== one.category;
  return make("ul", { class: "tags" },
    make("li", { class: one.status }, words[`status_${one.status}`] ?? one.status),
    make("li", {}, words[`category_${one.category}`]),
    known ? make("li", { class: "notice" }, words[`notice_${one.correct_category}`]) : null,
    make("li", { class: one.quality }, make("i", { "aria-hidden": "true" }), `${words.quality}: ${words[`quality_${one.quality}`]}`));
}

const fact = (label, value, options = {}) => make("div", options, make("dt", {}, label), make("dd", {}, value));

function facts(one) {
  const { delivered, blocks, reports } = one.assessed;
  return make("dl", { class: "facts" },
    ...Object.entries(one.due).map(([name, at]) => fact(words[`due_${name}`], span(at - told.now), { "data-due": name, "data-at": at })),
    one.held ? fact(words.held, one.held.toLocaleString(lang)) : null,
    delivered ? fact(words.delivered, delivered.toLocaleString(lang)) : null,
    blocks ? fact(words.blocks, blocks.toLocaleString(lang)) : null,
    reports ? fact(words.reports, reports.toLocaleString(lang)) : null);
}

function card(one) {
  return make("article", { class: "card", "data-template": one.name, "aria-label": `${one.name} ${one.language}` },
    make("h2", {}, make("bdi", {}, one.name), make("small", {}, one.language)),
    tags(one),
    make("p", { class: "text" }, one.text),
    one.status === "REJECTED" ? make("p", { class: "why" }, `${words.reason}: ${one.rejected_reason}`) : null,
    one.pause ? make("p", { class: "why" }, words[`pause_${one.pause}`]) : null,
    facts(one),
    one.judgement.length ? make("details", { class: "found" }, make("summary", {}, words.judgement),
      make("ul", {}, ...one.judgement.map((found) => make("li", {}, found)))) : null,
    acts(one));
}

/* Only what changed is drawn anew: a card that somebody is using stays, with its focus. */

function draw() {
  const wanted = byId("search").value.trim().toLocaleLowerCase(lang);
  const found = told.data.filter((one) => `${one.name}\n${one.text}`.toLocaleLowerCase(lang).includes(wanted));
  const cards = found.map((one) => {
    const state = JSON.stringify(one);
    const before = drawn.get(one.id);
    if (before?.state === state) return before.element;
    const element = card(one);
    drawn.set(one.id, { state, element });
    return element;
  });
  const shown = byId("cards");
  if (cards.length !== shown.children.length || cards.some((element, place) => shown.children[place] !== element)) {
    shown.replaceChildren(...(cards.length ? cards : [make("p", { class: "none" }, told.data.length ? words.none_found : words.none)]));
  }
  for (const row of shown.querySelectorAll("[data-at]")) {
    const text = span(Number(row.dataset.at) - told.now);
    if (row.lastChild.textContent !== text) row.lastChild.textContent = text;
  }
  byId("now").textContent = moment.format(new Date(told.now * 1000));
}

let lost = false;
async function poll() {
  try {
    told = await ask("GET", "/control/templates");
    lost = false;
    draw();
  } catch {
    if (!lost) toast(words.offline);
    lost = true;
  }
}

byId("advance").append(...Object.entries(SPANS).map(([name, seconds]) => {
  const made = make("button", { type: "button", id: `advance-${name}` }, words[`advance_${name}`]);
  made.addEventListener("click", () => act(() => ask("POST", "/control/clock/advance", { seconds })));
  return made;
}));
byId("search").addEventListener("input", draw);
setInterval(() => { if (!document.hidden) poll(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
poll();
