"use strict";
/* Draws the chats from what /phone/state says, about once a second. Text goes in as text only, never as markup. */

const OPTIONAL_LINK = /^https?:\/\//i;
const POLL = 700;

let version = -1;
let current = decodeURIComponent(location.hash.slice(1));
let numbers = [];
const KINDS = { image: "photo", contacts: "contact" };
let drawn = "";
let shown = null;

/* WhatsApp's marks: a sign counts when it hugs its text on the inside and a word's edge on the outside. */
const MARKS = [
  [/```([\s\S]+?)```/u, "code", false],
  [/(?<![\p{L}\p{N}])\*(?!\s)([^*\n]*[^*\s])\*(?![\p{L}\p{N}])/u, "strong", true],
  [/(?<![\p{L}\p{N}])_(?!\s)([^_\n]*[^_\s])_(?![\p{L}\p{N}])/u, "em", true],
  [/(?<![\p{L}\p{N}])~(?!\s)([^~\n]*[^~\s])~(?![\p{L}\p{N}])/u, "s", true],
  [/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)*_~]/u, "a", false],
];

function marked(text) {
  let first = null;
  for (const [pattern, tag, nested] of MARKS) {
    const match = pattern.exec(text);
    if (match && (first === null || match.index < first.match.index)) first = { match, tag, nested };
  }
  if (first === null) return text ? [document.createTextNode(text)] : [];
  const { match, tag, nested } = first;
  const inner = tag === "a" ? [match[0]] : nested ? marked(match[1]) : [match[1]];
  const link = tag === "a" ? { href: match[0], target: "_blank", rel: "noopener noreferrer" } : {};
  return [
    ...marked(text.slice(0, match.index)),
    make(tag, link, ...inner),
    ...marked(text.slice(match.index + match[0].length)),
  ];
}

const clockOf = (at) => new Date(at * 1000).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hour12: false });
const momentOf = (at) => new Date(at * 1000).toLocaleString(lang, { weekday: "long", hour: "2-digit", minute: "2-digit", hour12: false });

function dayOf(at) {
  const day = new Date(at * 1000);
  if (day.toDateString() === new Date().toDateString()) return words.today;
  return day.toLocaleDateString(lang, { day: "numeric", month: "long", year: "numeric" });
}

function hue(text) {
  let sum = 0;
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)) % 100003;
  return (sum * 137) % 360;
}

function avatar(element, name, seed) {
  element.textContent = /^\d+$/.test(name) ? name : [...name][0]?.toLocaleUpperCase(lang) ?? "?";
  element.style.setProperty("--hue", hue(seed));
  return element;
}

/* One line for a list or a quote: the text without its marks, or the word for what is not text. */
const summary = (item) => marked(item.text.split("\n").filter(Boolean).slice(0, 2).join(" ") || words[KINDS[item.type] ?? item.type] || "");

function ticks(status) {
  return make("i", { class: `ticks ${status}`, role: "img", "aria-label": words[status] ?? status, title: words[status] ?? status });
}

const post = (path, body) => ask("POST", path, body);

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    toast(problem.detail ?? `${answer.status}`);
  }
  await poll();
}

function say(fields) {
  const [number, customer] = current.split(":");
  return post("/control/inbound", { from: customer, phone_number_id: number, ...fields });
}

/* Parts of a bubble */

function drawHeader(header) {
  if (!header) return null;
  if (header.type === "text") return make("h3", { dir: "auto" }, ...marked(header.text));
  if (header.type === "location") return drawLocation(header);
  const source = header.media_id ? `/phone/media/${encodeURIComponent(header.media_id)}` : null;
  if (header.type === "document") {
    const name = header.filename || words.document;
    const link = source ?? (OPTIONAL_LINK.test(header.link ?? "") ? header.link : null);
    return link
      ? make("a", { class: "file", href: link, target: "_blank", rel: "noopener noreferrer" }, make("bdi", {}, name))
      : make("div", { class: "file" }, make("bdi", {}, name));
  }
  if (source && (header.type === "image" || header.type === "sticker")) {
    return make("div", { class: "medium" }, make("img", { src: source, alt: words.photo }));
  }
  // A link is not fetched: the page works without a network, and shows where the picture would come from.
  const caption = header.link ?? words[KINDS[header.type] ?? header.type];
  return make("div", { class: "medium" }, make("div", { class: `ghost ${header.type}` }, make("bdi", {}, caption)));
}

function drawLocation(place) {
  const label = [place.name, place.address].filter(Boolean).join("\n") || `${place.latitude}, ${place.longitude}`;
  return make("div", { class: "medium" }, make("div", { class: "ghost location", dir: "auto" }, label));
}

function drawQuote(quote) {
  if (!quote) return null;
  const from = quote.direction === "in" ? words.you : businessOf(current)?.name ?? "";
  return make("div", { class: "quote" }, make("b", {}, make("bdi", {}, from)), make("span", { dir: "auto" }, ...summary(quote)));
}

function drawButton(message, button, used) {
  const inside = make("bdi", {}, button.text);
  const options = { class: button.type };
  switch (button.type) {
    case "URL":
    case "OTP":
      if (OPTIONAL_LINK.test(button.url ?? "")) {
        return make("a", { ...options, href: button.url, target: "_blank", rel: "noopener noreferrer", title: button.url }, inside);
      }
      return make("button", { ...options, type: "button", onclick: () => copy(button.url) }, inside);
    case "PHONE_NUMBER":
      return make("a", { ...options, href: `tel:${button.phone_number}` }, inside);
    case "COPY_CODE":
      return make("button", { ...options, type: "button", onclick: () => copy(button.code) }, inside);
    case "QUICK_REPLY":
      return make("button", {
        ...options, type: "button", disabled: used,
        onclick: () => say({ kind: "button", text: button.text, payload: button.payload, context: message.wamid }),
      }, inside);
    case "REPLY":
      return make("button", {
        ...options, type: "button", disabled: used,
        onclick: () => say({ kind: "button_reply", id: button.id, text: button.text, context: message.wamid }),
      }, inside);
    default:
      return make("button", { ...options, type: "button", disabled: true }, inside);
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text ?? "");
    toast(`${words.copied}: ${text}`);
  } catch {
    toast(text ?? "");
  }
}

function drawButtons(message, messages) {
  const { buttons = [], list } = message.view;
  const answered = new Set(messages.filter((other) => other.quote?.wamid === message.wamid).map((other) => other.view.body));
  const drawnButtons = buttons.map((button) => drawButton(message, button, answered.has(button.text)));
  if (list) {
    drawnButtons.push(make("button", { class: "LIST", type: "button", onclick: () => openList(message, list) }, make("bdi", {}, list.button)));
  }
  return drawnButtons.length && message.direction === "out" ? make("div", { class: "buttons" }, ...drawnButtons) : null;
}

function openList(message, list) {
  const sheet = byId("sheet");
  const close = () => { sheet.hidden = true; };
  const rows = list.sections.flatMap((section) => [
    section.title ? make("h4", { dir: "auto" }, section.title) : null,
    ...section.rows.map((row) => make("button", {
      type: "button", dir: "auto",
      onclick: () => {
        close();
        say({ kind: "list_reply", id: row.id, text: row.title, description: row.description, context: message.wamid });
      },
    }, row.title, row.description ? make("small", {}, row.description) : null)),
  ]);
  sheet.replaceChildren(make("div", {}, ...rows.filter(Boolean), make("button", { type: "button", class: "close", onclick: close }, words.close)));
  sheet.hidden = false;
}

/* What the customer does apart from the chat: another number, hiding it, no more marketing. */
function openSettings() {
  if (!shown) return;
  const [number, customer] = shown.key.split(":");
  const sheet = byId("sheet");
  const close = () => { sheet.hidden = true; };
  const choice = (name, label, act) => make("button", { type: "button", id: name, onclick: async () => { close(); await act(); } }, label);
  const address = `/control/customers/${encodeURIComponent(customer)}`;
  const field = make("input", { id: "new-phone", inputmode: "tel", placeholder: words.new_number, "aria-label": words.new_number });
  const change = make("form", {
    autocomplete: "off",
    onsubmit: async (event) => {
      event.preventDefault();
      const digits = field.value.replace(/\D/g, "");
      if (digits.length < 8 || digits.length > 15) return toast(words.bad_number);
      close();
      await ask("POST", `${address}/number`, { to: digits });
      await choose(`${number}:${digits}`);
    },
  }, field, make("button", { type: "submit" }, words.change_number));
  const { hidden, stopped } = shown;
  sheet.replaceChildren(make("div", {},
    change,
    choice("hide", hidden ? words.show_number : words.hide_number, () => ask("PUT", `${address}/privacy`, { hidden: !hidden })),
    choice("marketing", stopped ? words.resume_marketing : words.stop_marketing,
      () => ask("POST", `${address}/marketing`, { phone_number_id: number, value: stopped ? "resume" : "stop" })),
    make("button", { type: "button", class: "close", onclick: close }, words.close)));
  sheet.hidden = false;
}

function drawMessage(message, messages) {
  const { view } = message;
  const buttons = drawButtons(message, messages);
  const reactions = messages.filter((other) => other.view.reaction?.message_id === message.wamid && other.view.reaction.emoji);
  const meta = make("div", { class: "meta" }, make("time", {}, clockOf(message.at)));
  if (message.direction === "out") meta.append(ticks(message.status));
  const bubble = make("div", { class: "bubble" },
    drawQuote(message.quote),
    drawHeader(view.header),
    view.location ? drawLocation(view.location) : null,
    ...(view.contacts ?? []).map((name) => make("div", { class: "body", dir: "auto" }, `${words.contact}: ${name}`)),
    view.body ? make("div", { class: "body", dir: "auto" }, ...marked(view.body)) : null,
    view.footer ? make("div", { class: "footer", dir: "auto" }, view.footer) : null,
    meta);
  const failure = message.failure
    ? make("div", { class: "failure" }, `${words.failed} (${message.failure.code}) ${message.failure.details ?? ""}`)
    : null;
  return make("article", {
    class: `turn ${message.direction}${buttons ? " has-buttons" : ""}`, "data-wamid": message.wamid, "data-status": message.status,
  }, bubble, buttons, ...reactions.slice(-1).map((other) => make("span", { class: "reaction" }, other.view.reaction.emoji)), failure);
}

/* The two halves of the page */

const businessOf = (key) => numbers.find((number) => number.id === key.split(":")[0]);

function drawChats(chats) {
  const rows = chats.map((chat) => make("button", {
    class: "row", type: "button", "aria-current": chat.key === current ? "true" : "false", "data-key": chat.key,
    onclick: () => choose(chat.key),
  },
  avatar(make("span", { class: "avatar" }), chat.name || chat.customer.slice(-2), chat.customer),
  make("strong", {}, ...(chat.name ? [make("bdi", {}, chat.name), " · "] : []), make("bdi", {}, chat.phone)),
  make("time", {}, clockOf(chat.at)),
  make("span", { class: "last" },
    chat.direction === "out" ? ticks(chat.status) : null,
    make("span", { dir: "auto" }, numbers.length > 1 ? `${businessOf(chat.key)?.name ?? ""}: ` : "", ...summary(chat)))));
  const none = make("p", { class: "none" }, numbers.length ? words.no_chats : words.no_accounts);
  byId("chats").replaceChildren(...(rows.length ? rows : [none]));
}

function drawNumbers() {
  const select = byId("new-number");
  const chosen = select.value;
  select.replaceChildren(...numbers.map((number) => make("option", { value: number.id }, `${number.name} (${number.phone})`)));
  select.classList.toggle("single", numbers.length < 2);
  if (numbers.some((number) => number.id === chosen)) select.value = chosen;
}

function drawFaults(on) {
  byId("faults").classList.toggle("on", on);
  byId("faults").title = on ? words.faults_on : "";
}

function drawChat(chat, now) {
  const business = businessOf(current);
  shown = chat;
  byId("settings").hidden = !chat;
  byId("chat").hidden = !business;
  byId("empty").hidden = Boolean(business);
  document.body.classList.toggle("opened", Boolean(business));
  if (!business) return;
  byId("name").textContent = business.name;
  avatar(byId("avatar"), business.name, business.id);
  const typing = chat && chat.typing_until > now;
  byId("subtitle").textContent = typing ? words.typing : words.business_account;
  byId("subtitle").classList.toggle("typing", Boolean(typing));
  const open = chat?.window_until > now;
  byId("window").className = open ? "window open" : "window";
  byId("window").textContent = open ? `${words.window_open} ${momentOf(chat.window_until)}` : words.window_closed;
  const messages = chat?.messages ?? [];
  const fingerprint = JSON.stringify([current, messages]);
  if (fingerprint === drawn) return;
  const log = byId("log");
  const atEnd = !drawn.startsWith(JSON.stringify([current]).slice(0, -1)) || log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  drawn = fingerprint;
  const parts = [make("div", { class: "notice" }, words.notice)];
  let day = "";
  for (const message of messages) {
    if (dayOf(message.at) !== day) {
      day = dayOf(message.at);
      parts.push(make("div", { class: "day" }, day));
    }
    if (!isReaction(message)) parts.push(drawMessage(message, messages));
  }
  log.replaceChildren(...parts);
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  if (!atEnd) return;
  toEnd();
  for (const image of log.querySelectorAll("img")) image.addEventListener("load", toEnd);
}

const isReaction = (message) => Boolean(message.view.reaction);

async function choose(key) {
  settled = true;
  current = key;
  version = -1;
  byId("sheet").hidden = true;
  history.replaceState(null, "", `#${encodeURIComponent(key)}`);
  if (key) {
    const [number, customer] = key.split(":");
    await post(`/phone/chats/${encodeURIComponent(number)}/${encodeURIComponent(customer)}/open`);
  } else {
    await poll();
  }
}

let lost = false;
/* Where there is room for both halves, the page opens on the newest chat. */
let settled = false;
async function poll() {
  try {
    const answer = await fetch(`/phone/state?since=${version}&chat=${encodeURIComponent(current)}`);
    const state = await answer.json();
    lost = false;
    if (state.version === version || state.chats === undefined) return;
    version = state.version;
    numbers = state.numbers;
    if (!current && !settled && state.chats.length && window.innerWidth > 820) {
      await choose(state.chats[0].key);
      return;
    }
    drawNumbers();
    drawFaults(state.faults);
    drawChats(state.chats);
    drawChat(state.chat, state.now);
    if (current && !document.hidden && state.chat?.messages.some((message) => message.direction === "out" && message.status === "delivered")) seen();
  } catch {
    if (!lost) toast(words.offline);
    lost = true;
  }
}

/* Looking at a chat reads it; asked for a moment later, so that the grey ticks can be seen. */
let seenTimer;
function seen() {
  const [number, customer] = current.split(":");
  clearTimeout(seenTimer);
  seenTimer = setTimeout(() => post(`/phone/chats/${encodeURIComponent(number)}/${encodeURIComponent(customer)}/open`), 600);
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text) return;
  byId("text").value = "";
  say({ kind: "text", text });
});

byId("new").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = byId("new-customer").value.replace(/\D/g, "");
  const hint = byId("hint");
  hint.hidden = digits.length >= 8 && digits.length <= 15 && numbers.length > 0;
  hint.textContent = numbers.length ? words.bad_number : words.no_accounts;
  if (!hint.hidden) return;
  byId("new-customer").value = "";
  choose(`${byId("new-number").value}:${digits}`);
});

byId("settings").addEventListener("click", openSettings);
byId("back").addEventListener("click", () => choose(""));

setInterval(() => { byId("clock").textContent = clockOf(Date.now() / 1000); }, 1000);
byId("clock").textContent = clockOf(Date.now() / 1000);
setInterval(() => { if (!document.hidden) poll(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
poll();
