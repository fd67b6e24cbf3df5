"use strict";
/* Draws the bubbles of a chat. Text goes in as text only, never as markup. */

const OPTIONAL_LINK = /^https?:\/\//i;
const KINDS = { image: "photo", contacts: "contact" };

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
  if (day.toDateString() === new Date(sandboxNow() * 1000).toDateString()) return words.today;
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
  if (source && (header.type === "video" || header.type === "audio")) {
    return make("div", { class: `medium ${header.type}` }, make(header.type, { src: source, controls: true, preload: "metadata", "aria-label": words[header.type] }));
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
    case "SEND_LOCATION":
      return make("button", { ...options, type: "button", onclick: () => openPlace(message.wamid) }, words.send_location);
    case "REQUEST_CONTACT_INFO":
      return make("button", { ...options, type: "button", onclick: () => shareOwnCard(message.wamid) }, words.share_contact);
    case "FLOW":
      return make("button", { ...options, type: "button", disabled: used, onclick: () => openForm(message.wamid, button) }, inside);
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

/* What stands in the text's place where there is none, by what happened. */
const eventOf = (view) => (view.event ? make("div", { class: "body event" }, words[view.event] ?? view.event) : null);

const FORWARDS = { once: "forwarded", often: "forwarded_often" };
const forwardOf = (message) => (message.forwarded && !message.revoked ? make("div", { class: "forwarded" }, words[FORWARDS[message.forwarded]]) : null);

function drawMeta(message) {
  const more = make("button", {
    type: "button", class: "more", "aria-label": words.message_menu, title: words.message_menu, onclick: () => openMenu(message.wamid),
  });
  const tick = message.direction === "out" ? message.status : message.seen ? "read" : "delivered";
  return make("div", { class: "meta" },
    message.revoked ? null : more,
    message.edited && !message.revoked ? make("span", { class: "edited" }, words.edited) : null,
    make("time", {}, clockOf(message.at)),
    message.revoked ? null : ticks(tick));
}

function drawMessage(message, messages) {
  const { view } = message;
  const buttons = drawButtons(message, messages);
  const bubble = make("div", { class: "bubble" },
    forwardOf(message),
    message.revoked ? null : drawQuote(message.quote),
    drawHeader(view.header),
    view.location ? drawLocation(view.location) : null,
    ...(view.contacts ?? []).map((name) => make("div", { class: "card", dir: "auto" }, name)),
    ...(view.order ?? []).map((item) => make("div", { class: "item", dir: "auto" }, item)),
    view.body ? make("div", { class: "body", dir: "auto" }, ...marked(view.body)) : null,
    eventOf(view),
    view.footer ? make("div", { class: "footer", dir: "auto" }, view.footer) : null,
    drawMeta(message));
  const failure = message.failure
    ? make("div", { class: "failure" }, `${words.failed} (${message.failure.code}) ${message.failure.details ?? ""}`)
    : null;
  const reactions = message.reactions.map((reaction) => make("span", {}, reaction.emoji));
  return make("article", {
    class: `turn ${message.direction}${buttons ? " has-buttons" : ""}${message.revoked ? " revoked" : ""}`,
    "data-wamid": message.wamid, "data-status": message.status, "data-seen": message.seen,
  }, bubble, buttons, reactions.length ? make("div", { class: "reaction" }, ...reactions) : null, failure);
}

/* What is no bubble: it is told in the middle, or seen at the message that it is done to. */
function drawAside(message) {
  const text = message.type === "system" ? message.view.body : message.type === "request_welcome" ? words.request_welcome : "";
  return text ? make("div", { class: "day" }, text) : null;
}
