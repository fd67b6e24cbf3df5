"use strict";
/* Shows the dial and turns it, through /control/faults. What others turn is seen within a second. */

const { fields, codes, best, standing } = data;
const POLL = 1000;
const TITLES = new Map(codes.map(([code, title]) => [String(code), title]));
const SENT_WITH = codes.filter(([, , mode]) => mode === "sync");
const COMMON_CONDITIONS = [190, 368, 131031, 131042, 131048, 131057, 131037, 133010];
const LIKELY_CODES = [131026, 131049, 131000, 132001, 131016];
const PACES = [20, 80, 500, 1000];
const TIERS = [250, 2000, 10000, 100000];
const COUNTED_AS = { pair: "pair_interval", paced: "pacing_threshold" };

/* Whatever is not named here is a chance. */
const seconds = (most) => ({ kind: "number", min: 0, max: most, step: "any", unit: words.unit_seconds });
const code = { kind: "choice", options: codes.map(([value, title]) => [value, `${value} · ${title}`]), number: true };
const KINDS = {
  slow_answer_seconds: seconds(86400),
  error_shape: { kind: "choice", options: [["bare", words.choice_bare], ["graph", words.choice_graph]] },
  held_seconds: seconds(604800),
  review_seconds: { ...seconds(604800), none: words.as_settings },
  pacing_threshold: { kind: "number", min: 0, step: 1, none: words.unpaced },
  pacing_seconds: seconds(604800),
  disorder_seconds: seconds(86400),
  webhook_delay: seconds(86400),
  failed_after_sent_code: code,
  webhook_batch: { kind: "number", min: 1, max: 1000, step: 1, none: words.as_settings },
  throughput: { kind: "number", min: 0.01, step: "any", none: words.unlimited },
  throughput_burst: seconds(3600),
  pair_interval: seconds(86400),
  pair_burst: { kind: "number", min: 1, step: 1 },
  messaging_limit: { kind: "number", min: 0, step: 1, none: words.unlimited },
  messaging_limit_mode: { kind: "choice", options: [["async", words.choice_async], ["sync", words.choice_sync]] },
  messaging_limit_code: code,
  management_quota: { kind: "number", min: 0, step: 1 },
  maintenance_seconds: seconds(86400),
  clock_skew: { kind: "number", min: -31622400, max: 31622400, step: "any", unit: words.unit_seconds },
  seed: { kind: "number", step: 1 },
};

/* A field with those that only refine it. */
const GROUPS = {
  answers: [
    ["lost_answers"], ["errors_before"], ["errors_after"],
    ["early_receipts"], ["slow_answers", "slow_answer_seconds"], ["error_shape"],
  ],
  webhooks: [
    ["duplicate_webhooks"], ["missing_delivered"], ["webhook_delay"],
    ["disorder", "disorder_seconds"], ["failed_after_sent", "failed_after_sent_code"], ["webhook_batch"],
  ],
  codes: [],
  templates: [["review_seconds"], ["blocks"], ["reports"], ["pacing_threshold", "pacing_seconds"]],
  others: [["held", "held_seconds", "held_dropped"], ["hidden_numbers"], ["clock_skew"], ["seed"]],
  limits: [
    ["throughput", "throughput_burst"], ["pair_interval", "pair_burst"],
    ["messaging_limit", "messaging_limit_mode", "messaging_limit_code"], ["management_quota"], ["maintenance_seconds"],
  ],
  numbers: [],
};

/* Each from Meta's best day on; one with a condition puts every number into it. */
const PRESETS = {
  calm: {},
  bad_day: {
    dial: {
      lost_answers: 0.05, duplicate_webhooks: 0.2, disorder: 0.3, missing_delivered: 0.1,
      errors_before: 0.01, errors_after: 0.01,
    },
  },
  throttled: { dial: { throughput: 5, pair_burst: 1 } },
  token_expired: { condition: 190 },
  paused_account: { condition: 131031 },
};

let told = null;
let numbers = [];
const shown = new Map();

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

const conditionOf = (number) => `/control/numbers/${encodeURIComponent(number.phone_number_id)}/condition`;

const standingOf = (number) => `/control/numbers/${encodeURIComponent(number.phone_number_id)}/standing`;

async function turn(changes) {
  told = await ask("PATCH", "/control/faults", changes);
  toast(words.saved);
  draw();
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

async function condition(number, code) {
  if (code !== undefined) await ask("PUT", conditionOf(number), { code });
  else if (number.condition) await ask("DELETE", conditionOf(number));
  if (Object.keys(number.standing).length) await ask("DELETE", standingOf(number));
}

const apply = (preset) => act(async () => {
  await ask("PUT", "/control/faults", { ...best, seed: told.dial.seed, ...preset.dial });
  for (const number of numbers) await condition(number, preset.condition);
});

const restore = () => act(async () => {
  await ask("DELETE", "/control/faults");
  for (const number of numbers) await condition(number);
});

/* Fields: each has a way to show its value, which leaves alone what is being edited. */

const per = (chance) => Number((chance * 100).toFixed(4));

function percents(id, label, change, help) {
  const range = make("input", { type: "range", id, min: 0, max: 100, step: 1, "aria-describedby": help });
  const exact = make("input", { type: "number", min: 0, max: 100, step: "any", inputmode: "decimal", "aria-label": `${label} (%)` });
  const paint = (value) => range.style.setProperty("--part", `${value}%`);
  range.addEventListener("input", () => { exact.value = range.value; paint(range.value); });
  range.addEventListener("change", () => change(Number(range.value) / 100));
  exact.addEventListener("change", () => change(Number(exact.value) / 100));
  const show = (chance) => {
    if (document.activeElement !== exact) exact.value = per(chance);
    range.value = per(chance);
    paint(per(chance));
  };
  return { range, exact: make("span", { class: "exact" }, exact, make("span", { "aria-hidden": "true" }, "%")), show };
}

function numberInput(id, { min, max, step, unit, none }, change) {
  const input = make("input", {
    type: "number", id, min, max, step, inputmode: "decimal", placeholder: none, required: none === undefined,
    "aria-describedby": `${id}-help`, class: none ? "wide" : "",
  });
  input.addEventListener("change", () => change(input.value === "" ? null : Number(input.value)));
  const show = (value) => { if (document.activeElement !== input) input.value = value ?? ""; };
  return { element: make("span", { class: "exact" }, input, unit ? make("span", {}, unit) : null), show };
}

function choice(id, { options, number }, change) {
  const select = make("select", { id, "aria-describedby": `${id}-help` },
    ...options.map(([value, label]) => make("option", { value }, label)));
  select.addEventListener("change", () => change(number ? Number(select.value) : select.value));
  return { element: select, show: (value) => { select.value = String(value); } };
}

function drawField(name) {
  const [label, help] = fields[name];
  const id = `field-${name}`;
  const fault = make("p", { class: "fault", role: "alert", hidden: true });
  const kind = KINDS[name];
  const change = async (value) => {
    fault.hidden = true;
    try {
      await turn({ [name]: value });
    } catch (problem) {
      fault.textContent = problem.message;
      fault.hidden = false;
    }
  };
  const title = make("label", { for: id }, label);
  const text = make("p", { class: "help", id: `${id}-help` }, help);
  const field = make("div", { class: `field ${kind?.kind ?? "chance"}`, "data-field": name });
  let show;
  if (kind === undefined) {
    const made = percents(id, label, change, `${id}-help`);
    field.append(title, made.exact, made.range, text, fault);
    show = made.show;
  } else {
    const made = kind.kind === "choice" ? choice(id, kind, change) : numberInput(id, kind, change);
    field.append(title, made.element, text, fault);
    show = made.show;
  }
  shown.set(name, (value, on) => {
    show(value);
    field.classList.toggle("on", on);
  });
  return field;
}

function drawGroups() {
  byId("groups").replaceChildren(...Object.entries(GROUPS).map(([group, cells]) => {
    const help = words[`${group}_help`];
    return make("section", { class: `group ${group}`, "aria-labelledby": `group-${group}` },
      make("h2", { id: `group-${group}` }, words[`group_${group}`]),
      help ? make("p", { class: "help" }, help) : null,
      make("div", { class: "fields", id: `fields-${group}` },
        ...cells.map((names) => make("div", { class: "cell" }, ...names.map(drawField)))));
  }));
  byId("presets").replaceChildren(...Object.entries(PRESETS).map(([name, preset]) => make("button", {
    type: "button", id: `preset-${name}`, onclick: () => apply(preset),
  }, make("strong", {}, words[`preset_${name}`]), make("span", {}, words[`preset_${name}_help`]))));
  byId("reset").addEventListener("click", restore);
}

/* Error codes: a row for each that has a chance, and one to add another. */

let drawnCodes = null;
const codeRows = new Map();

function drawCodes() {
  const chances = told.dial.codes;
  const present = JSON.stringify(Object.keys(chances));
  if (present !== drawnCodes) {
    drawnCodes = present;
    codeRows.clear();
    byId("fields-codes").replaceChildren(...Object.keys(chances).map(drawCode), drawAdding());
  }
  for (const [code, chance] of Object.entries(chances)) codeRows.get(code)(chance);
}

const without = (code) => Object.fromEntries(Object.entries(told.dial.codes).filter(([other]) => other !== code));
const turnCodes = (chances) => act(() => turn({ codes: chances }));

function drawCode(code) {
  const id = `code-${code}`;
  const label = `${code} ${TITLES.get(code)}`;
  const { range, exact, show } = percents(id, label, (chance) => turnCodes({ ...told.dial.codes, [code]: chance }));
  codeRows.set(code, show);
  return make("div", { class: "field chance on" },
    make("label", { for: id }, make("b", {}, code), ` ${TITLES.get(code)}`), exact, range,
    make("button", { type: "button", class: "remove", "aria-label": `${words.remove}: ${label}`, onclick: () => turnCodes(without(code)) }));
}

function drawAdding() {
  const free = codes.filter(([value]) => !(value in told.dial.codes));
  const select = make("select", { id: "new-code", "aria-label": words.code },
    ...free.map(([value, title]) => make("option", { value }, `${value} · ${title}`)));
  select.value = String(LIKELY_CODES.find((likely) => !(likely in told.dial.codes)) ?? free[0][0]);
  const add = () => turnCodes({ ...told.dial.codes, [select.value]: 0.1 });
  return make("div", { class: "adding" }, select, make("button", { type: "button", class: "plain", onclick: add }, words.add_code));
}

/* Numbers: what is the matter with each, and what it may do. */

let drawnNumbers = null;

function drawNumbers() {
  const section = byId("fields-numbers");
  const present = JSON.stringify(numbers);
  if (present === drawnNumbers || section.contains(document.activeElement)) return;
  drawnNumbers = present;
  section.replaceChildren(...(numbers.length ? numbers.map(drawNumber) : [make("p", { class: "none" }, words.no_numbers)]));
}

const momentOf = (at) => new Date(at * 1000).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/* The focus leaves what is going to be drawn anew. */
const actOn = (work) => { document.activeElement?.blur(); return act(work); };

function drawNumber(number) {
  const path = `/control/numbers/${encodeURIComponent(number.phone_number_id)}`;
  const change = (name) => (value) => actOn(() => ask("PATCH", path, { [name]: value }));
  return make("article", { class: number.condition || Object.keys(number.standing).length ? "sender on" : "sender", "data-number": number.phone_number_id },
    make("h3", {}, make("bdi", {}, number.verified_name), make("small", {}, number.display_phone_number)),
    number.condition ? drawCondition(number) : drawSetting(number),
    make("div", { class: "able" },
      drawAble(words.throughput_of, number.throughput, PACES, words.by_dial, change("throughput")),
      drawAble(words.limit_of, number.messaging_limit, TIERS, words.unlimited, change("messaging_limit"))),
    drawStanding(number));
}

/* How it stands at Meta: the named faults that are on, and one to add. A fault is on when all that it changes is so. */

const sameValue = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const holds = (number, changes) => Object.entries(changes).every(([name, value]) => sameValue(number.standing[name], value));

function drawStanding(number) {
  const path = standingOf(number);
  const on = standing.filter(([, , changes]) => holds(number, changes));
  const named = new Set(on.flatMap(([, , changes]) => Object.keys(changes)));
  const others = Object.keys(number.standing).filter((name) => !named.has(name));
  const mend = (title, names) => make("li", {}, title, make("button", {
    type: "button", class: "remove", "aria-label": `${words.standing_lift}: ${title}`,
    onclick: () => actOn(() => ask("PATCH", path, Object.fromEntries(names.map((name) => [name, null])))),
  }));
  const select = make("select", { "aria-label": `${words.standing}: ${number.verified_name}` },
    ...standing.map(([name, title]) => make("option", { value: name }, title)));
  const add = () => actOn(() => ask("PATCH", path, standing.find(([name]) => name === select.value)[2]));
  return make("div", { class: "standing" },
    make("h4", {}, words.standing),
    make("ul", {},
      ...on.map(([, title, changes]) => mend(title, Object.keys(changes))),
      ...(others.length ? [mend(`${words.standing_other}: ${others.join(", ")}`, others)] : [])),
    make("div", { class: "setting" }, select, make("button", { type: "button", class: "plain", onclick: add }, words.standing_add)));
}

function drawCondition(number) {
  const { code, title, until } = number.condition;
  const lift = () => actOn(() => ask("DELETE", conditionOf(number)));
  return make("div", { class: "condition" },
    make("p", {}, make("b", {}, String(code)), ` ${title}`, until ? make("small", {}, `${words.until} ${momentOf(until)}`) : null),
    make("button", { type: "button", class: "plain", onclick: lift }, words.lift));
}

function drawSetting(number) {
  const rest = SENT_WITH.map(([value]) => value).filter((value) => !COMMON_CONDITIONS.includes(value));
  const select = make("select", { "aria-label": `${words.condition}: ${number.verified_name}` },
    ...[...COMMON_CONDITIONS, ...rest].map((value) => make("option", { value }, `${value} · ${TITLES.get(String(value))}`)));
  const lasting = make("input", { type: "number", min: 1, step: "any", inputmode: "decimal", placeholder: words.optional_seconds, "aria-label": words.duration });
  const set = () => actOn(() => ask("PUT", conditionOf(number), {
    code: Number(select.value), ...(lasting.value ? { seconds: Number(lasting.value) } : {}),
  }));
  return make("div", { class: "setting" }, select, lasting, make("button", { type: "button", class: "plain", onclick: set }, words.set));
}

function drawAble(label, value, steps, none, change) {
  const known = value === null || steps.includes(value) ? steps : [...steps, value].sort((a, b) => a - b);
  const select = make("select", {},
    ...known.map((step) => make("option", { value: step, selected: step === value }, step.toLocaleString(lang))),
    make("option", { value: "", selected: value === null }, none));
  select.addEventListener("change", () => change(select.value === "" ? null : Number(select.value)));
  return make("label", {}, label, select);
}

/* The rail */

function drawPresets() {
  const settings = ({ seed, ...rest }) => JSON.stringify(Object.entries(rest).sort());
  for (const [name, preset] of Object.entries(PRESETS)) {
    const met = settings(told.dial) === settings({ ...best, ...preset.dial })
      && numbers.every((number) => number.condition?.code === preset.condition)
      && (numbers.length > 0 || preset.condition === undefined);
    byId(`preset-${name}`).setAttribute("aria-pressed", String(met));
  }
}

function nameOf(counted) {
  const code = /^code_(\d+)$/.exec(counted)?.[1];
  if (code) return `${code} ${TITLES.get(code) ?? ""}`;
  return counted === "condition" ? words.condition_count : fields[COUNTED_AS[counted] ?? counted]?.[0] ?? counted;
}

function drawCounts() {
  const counts = Object.entries(told.counts).sort(([, a], [, b]) => b - a);
  const rows = counts.map(([name, count]) => make("div", { "data-count": name },
    make("dt", {}, nameOf(name)), make("dd", {}, count.toLocaleString(lang))));
  byId("counts").replaceChildren(...(rows.length ? rows : [make("div", { class: "none" }, make("dt", {}, words.no_counts), make("dd", {}))]));
}

function drawState() {
  const on = told.active.length + Object.keys(told.conditions).length;
  const text = on ? `${words.state_faults} ${on}` : words.state_calm;
  if (byId("state").textContent !== text) byId("state").textContent = text;
  byId("state").classList.toggle("on", on > 0);
}

function draw() {
  for (const [name, show] of shown) show(told.dial[name], told.active.includes(name));
  drawCodes();
  drawNumbers();
  drawPresets();
  drawCounts();
  drawState();
}

let lost = false;
async function poll() {
  try {
    const [faults, accounts] = await Promise.all([ask("GET", "/control/faults"), ask("GET", "/control/accounts")]);
    told = faults;
    numbers = accounts.data;
    lost = false;
    draw();
  } catch {
    if (!lost) toast(words.offline);
    lost = true;
  }
}

drawGroups();
setInterval(() => { if (!document.hidden) poll(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
poll();
