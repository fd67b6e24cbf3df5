// Opt-in to WhatsApp messages on a business's website: <script src="…/embed/CODE.js" async data-mode="modal"></script>
// data-mode: modal, inline or button · data-delay: seconds · data-exit: when the pointer leaves the page
// data-pages: "/cart, /products/*" · data-target: where inline goes · data-days: how long a dismissal holds · data-lang
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script) return;
  var address = new URL(script.src);
  var code = address.pathname.split("/").pop().replace(/\.js$/, "");
  var base = address.href.split("/embed/")[0];
  var set = script.dataset;
  var mode = /^(inline|button)$/.test(set.mode) ? set.mode : "modal";
  var key = "ulak-" + code;
  var door = base + "/public/v1/opt-in/" + code;

  function matches() {
    if (!set.pages) return true;
    return set.pages.split(",").some(function (one) {
      var parts = one.trim().split("*").map(function (part) { return part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"); });
      return parts.join("") && new RegExp("^" + parts.join(".*") + "$").test(location.pathname);
    });
  }
  function rest(days) {
    try { localStorage.setItem(key, String(Date.now() + days * 864e5)); } catch (e) { /* not allowed to remember */ }
  }
  function rests() {
    try { return Number(localStorage.getItem(key)) > Date.now(); } catch (e) { return false; }
  }
  function language() {
    var asked = set.lang || document.documentElement.lang || navigator.language || "";
    return asked.toLowerCase().indexOf("tr") === 0 ? "tr" : "en";
  }
  function fetched() {
    return fetch(door + "?lang=" + language(), { credentials: "omit", referrerPolicy: "no-referrer" }).then(function (answer) {
      if (!answer.ok) throw new Error("ulak: " + answer.status);
      return answer.json();
    });
  }
  function make(tag, given, inside) {
    var one = document.createElement(tag);
    Object.keys(given || {}).forEach(function (name) {
      if (name === "text") one.textContent = given[name];
      else if (given[name] !== null && given[name] !== false) one.setAttribute(name, given[name] === true ? "" : given[name]);
    });
    (inside || []).forEach(function (child) { if (child) one.appendChild(child); });
    return one;
  }

  var css =
    ":host{all:initial}*{box-sizing:border-box}" +
    ".box{font:16px/1.5 system-ui,sans-serif;color:#16211c;text-align:left}" +
    ".box{background:#fff;border:1px solid #c9d3cd;border-radius:14px;padding:20px;max-width:420px;overflow-wrap:anywhere}" +
    "dialog{padding:0;border:0;background:none;width:calc(100% - 24px);max-width:420px;max-height:calc(100% - 24px);margin:auto}" +
    "dialog::backdrop{background:rgba(10,20,15,.55)}dialog .box{border:0}" +
    ".head{display:flex;justify-content:space-between;gap:12px;align-items:flex-start}" +
    "h2{font-size:21px;line-height:1.3;margin:6px 0 4px}h2:focus{outline:0}p{margin:0 0 12px}" +
    "label{display:block;font-weight:600;margin:12px 0 4px}" +
    "input[type=text],input[type=tel]{width:100%;min-height:46px;font:inherit;color:inherit;background:#fff;border:1px solid #75827b;border-radius:9px;padding:8px 11px}" +
    "fieldset{border:0;margin:12px 0 0;padding:0;min-width:0}legend{font-weight:600;padding:0}" +
    ".pick{display:flex;gap:10px;align-items:flex-start;font-weight:400;min-height:44px;padding:9px 0;margin:0;cursor:pointer}" +
    ".pick input{flex:none;width:22px;height:22px;margin:1px 0 0;accent-color:var(--accent)}" +
    ".agree{border:1px solid #c9d3cd;border-radius:9px;padding:10px 12px;margin:14px 0 8px}" +
    ".hint{font-size:14px;color:#4c5a53;margin:4px 0 0}.hint a{color:var(--accent);display:inline-flex;align-items:center;min-height:44px}" +
    ".error{color:#a3160f;font-weight:600;margin:4px 0}[aria-invalid=true]{border:2px solid #a3160f!important}" +
    "button{font:inherit;font-weight:600;cursor:pointer;border-radius:9px}" +
    ".send{width:100%;min-height:48px;border:0;background:var(--accent);color:#fff;margin-top:6px}.send[disabled]{opacity:.6}" +
    ".close{flex:none;width:44px;height:44px;border:0;background:none;font-size:26px;line-height:1;color:#16211c;margin:-6px -8px 0 0}" +
    ".button{font:600 16px/1.4 system-ui,sans-serif;cursor:pointer;position:fixed;right:16px;bottom:16px;z-index:2147483000;display:inline-flex;align-items:center;gap:9px;min-height:52px;max-width:calc(100% - 32px);padding:8px 20px;border:0;border-radius:26px;background:var(--ground);color:var(--on);text-decoration:none;box-shadow:0 3px 14px rgba(0,0,0,.3)}" +
    ".button svg{width:24px;height:24px;flex:none;fill:currentColor}" +
    ":focus-visible{outline:3px solid #16211c;outline-offset:2px}" +
    ".trap{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}";

  function room(form, parent) {
    var host = make("div", { lang: form.language, "data-ulak": mode });
    host.style.setProperty("--ground", form.colours.ground);
    host.style.setProperty("--on", form.colours.text);
    host.style.setProperty("--accent", form.colours.accent);
    var shadow = host.attachShadow({ mode: "open" });
    try {
      var sheet = new CSSStyleSheet(); // which a website's policy about styles lets through
      sheet.replaceSync(css);
      shadow.adoptedStyleSheets = [sheet];
    } catch (e) {
      shadow.appendChild(make("style", { text: css }));
    }
    if (parent) parent.appendChild(host);
    else script.parentNode.insertBefore(host, script.nextSibling);
    return shadow;
  }

  function box(form, onClose) {
    var say = form.texts;
    var fields = {};
    function field(name, inside) {
      var error = make("p", { class: "error", id: name + "-error", hidden: true });
      fields[name] = { error: error, inputs: inside.inputs, described: inside.described || "" };
      return [error].concat(inside.parts);
    }
    var phone = make("input", { type: "tel", id: "phone", autocomplete: "tel", inputmode: "tel", maxlength: 40, "aria-describedby": "phone-hint" });
    var name = make("input", { type: "text", id: "name", autocomplete: "name", maxlength: 100 });
    var agreed = make("input", { type: "checkbox", id: "agreed" });
    var trap = make("input", { type: "text", tabindex: -1, autocomplete: "off" });
    var topics = form.topics.map(function (topic) { return make("input", { type: "checkbox", value: topic.name }); });
    var send = make("button", { type: "submit", class: "send", text: say.send });
    var status = make("p", { class: "error", role: "alert" });
    var close = onClose && make("button", { type: "button", class: "close", "aria-label": say.close, text: "×" });
    var title = make("h2", { id: "title", tabindex: -1, text: say.title });
    var body = make("form", { novalidate: true }, [make("p", { text: say.opt_in_intro }), status]
      .concat([make("label", { for: "phone", text: say.phone })], field("phone", { inputs: [phone], described: "phone-hint", parts: [phone] }))
      .concat([make("p", { class: "hint", id: "phone-hint", text: say.phone_hint })])
      .concat([make("label", { for: "name", text: say.name })], field("name", { inputs: [name], parts: [name] }))
      .concat(topics.length ? [make("fieldset", {}, [make("legend", { text: say.which_topics })].concat(field("topics", {
        inputs: topics,
        parts: topics.map(function (one, at) { return make("label", { class: "pick" }, [one, make("span", { text: form.topics[at].label })]); })
      })))] : [])
      .concat(field("agreed", { inputs: [agreed], parts: [make("label", { class: "pick agree" }, [agreed, make("span", { text: form.wording })])] }))
      .concat([
        make("div", { class: "trap", "aria-hidden": "true" }, [make("label", { text: say.trap }, [trap])]),
        send,
        form.privacy_url && make("p", { class: "hint" }, [make("a", { href: form.privacy_url, target: "_blank", rel: "noopener noreferrer", text: say.privacy })])
      ]));
    var whole = make("div", { class: "box" }, [make("div", { class: "head" }, [title, close]), body]);
    if (close) close.addEventListener("click", onClose);

    function mark(faults) {
      var first = null;
      Object.keys(fields).forEach(function (one) {
        var wrong = faults.indexOf(one) >= 0, at = fields[one];
        at.error.hidden = !wrong;
        at.error.textContent = wrong ? say["error_" + one] : "";
        at.inputs.forEach(function (input) {
          var by = ((wrong ? one + "-error " : "") + at.described).trim();
          input[wrong ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
          if (by) input.setAttribute("aria-describedby", by); else input.removeAttribute("aria-describedby");
        });
        if (wrong && !first) first = at.inputs[0];
      });
      if (first) first.focus();
    }
    function refused(problem) {
      var faults = (problem.errors || []).map(function (one) { return (one.pointer || "").slice(2).split("/")[0]; });
      mark(faults);
      if (problem.code === "invalid_request") { status.textContent = say.errors; return; }
      var stale = /^form_token/.test(problem.code);
      status.textContent = stale ? say.error_form : { form_too_fast: say.error_fast, rate_limited: say.error_many }[problem.code] || say.failed;
      if (stale) fetched().then(function (again) { form.token = again.token; }, quiet);
    }
    function done(state) {
      rest(3650);
      var kind = state === "opted_in" ? "opted_in" : "requested";
      title.textContent = say[kind + "_title"];
      body.replaceWith(make("div", { role: "status" }, [
        make("p", { text: say[kind + "_text"] }), kind === "opted_in" && make("p", { text: say.opted_in_leave })
      ]));
      title.focus();
    }
    body.addEventListener("submit", function (event) {
      event.preventDefault();
      send.disabled = true;
      send.textContent = say.sending;
      status.textContent = "";
      fetch(door, {
        method: "POST", credentials: "omit", referrerPolicy: "no-referrer", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          token: form.token, language: form.language, phone: phone.value, name: name.value, agreed: agreed.checked,
          topics: topics.filter(function (one) { return one.checked; }).map(function (one) { return one.value; }),
          mode: mode, page: location.protocol.indexOf("http") ? null : (location.origin + location.pathname).slice(0, 300), website: trap.value
        })
      }).then(function (answer) {
        return answer.json().then(function (told) { if (answer.ok) done(told.state); else refused(told); });
      }).catch(function () { status.textContent = say.failed; }).then(function () {
        send.disabled = false;
        send.textContent = say.send;
      });
    });
    return whole;
  }

  function modal(form) {
    var dialog = make("dialog", { "aria-labelledby": "title" });
    var shadow = room(form, document.body);
    function close() { dialog.close(); }
    dialog.appendChild(box(form, close));
    shadow.appendChild(dialog);
    dialog.addEventListener("close", function () {
      if (!rests()) rest(Number(set.days || 30));
      shadow.host.remove(); // the browser has given the focus back
    });
    dialog.addEventListener("click", function (event) { if (event.target === dialog) close(); });
    dialog.showModal(); // keeps the focus within, closes on Esc, returns the focus
  }
  function button(form) {
    var icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("aria-hidden", "true");
    var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M12 3C7 3 3 6.600 3 11.200c0 2.300 1 4.300 2.700 5.800L5 21l4.200-1.900c.9.2 1.800.3 2.800.3 5 0 9-3.600 9-8.200S17 3 12 3Z");
    icon.appendChild(path);
    var one = form.chat_url
      ? make("a", { class: "button", href: form.chat_url, target: "_blank", rel: "noopener noreferrer" })
      : make("button", { class: "button", type: "button" });
    one.appendChild(icon);
    one.appendChild(make("span", { text: form.chat_url ? form.texts.open_chat : form.texts.open_form }));
    if (!form.chat_url) one.addEventListener("click", function () { fetched().then(modal); });
    room(form, document.body).appendChild(one);
  }
  function inline(form) {
    var target = set.target && document.querySelector(set.target);
    room(form, target || null).appendChild(box(form));
  }

  function start() {
    if (!matches()) return;
    if (mode === "modal") {
      if (rests()) return;
      var shown = false;
      var show = function () {
        if (shown) return;
        shown = true;
        fetched().then(modal).catch(quiet);
      };
      if ("exit" in set && set.exit !== "false") {
        document.documentElement.addEventListener("mouseleave", function (event) { if (event.clientY <= 0) show(); });
        if (set.delay) setTimeout(show, Number(set.delay) * 1000);
      } else setTimeout(show, (Number(set.delay) || 0) * 1000);
    } else setTimeout(function () { fetched().then(mode === "inline" ? inline : button).catch(quiet); }, (Number(set.delay) || 0) * 1000);
  }
  function quiet(error) { console.warn(String(error && error.message || error)); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
