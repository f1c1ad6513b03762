// The clerk's page: keys and buttons, one press at a time, each with a request id made before the send.
// What the page shows comes over the line from what is committed; a press only adds one sentence.
"use strict";

(() => {
  const RETRY_MS = 1000;
  const SHOWN_MS = 1000; // how long an answer waits for its picture
  const ANSWER_MS = 8000; // no answer for so long counts as a broken line
  const GIVE_UP_MS = 30000;
  const CALM_MS = 350; // the same press again right after its answer is a slip of the finger
  const line = document.getElementById("line");
  const say = document.getElementById("say");
  const csrf = document.querySelector("meta[name=csrf]").content;
  const more = document.getElementById("link-more");
  let press = null; // the press under way
  let last = { action: "", ended: 0 };
  let quiet = null; // clears the last sentence

  // ---------------------------------------------------------------- sending

  const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  function ulid() {
    let time = Date.now();
    const head = [];
    for (let i = 0; i < 10; i++, time = Math.floor(time / 32)) head.unshift(CROCKFORD[time % 32]);
    const tail = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => CROCKFORD[byte % 32]);
    return head.join("") + tail.join("");
  }

  function submit(action, words, fields) {
    if (press) return;
    const counter = ["open", "pause", "close"].includes(action);
    const seen = counter ? {} : { seen: document.getElementById("ticket").dataset.ticket };
    press = { action, text: words.text, done: words.done, begun: performance.now(), body: { request: ulid(), ...seen, ...fields } };
    tell("", "");
    paint();
    send();
  }

  async function send() {
    const mine = press;
    mine.sending = true;
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), ANSWER_MS);
    try {
      const response = await fetch(`/api/windows/${line.dataset.window}/${mine.action}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF": csrf },
        body: JSON.stringify(mine.body),
        signal: cut.signal,
      });
      const answer = await response.json();
      if (response.ok && answer.ok === true) answered(mine, answer);
      else if (response.status === 401) location.reload(); // signed out meanwhile: to the sign-in page
      else if (response.status !== 503) finish(mine, "bad", answer.sentence || "操作未完成，请再试");
      else later(mine);
    } catch {
      later(mine); // nobody knows whether it arrived: the same request again
    } finally {
      clearTimeout(timer);
      mine.sending = false;
    }
  }

  function later(mine) {
    if (press !== mine) return;
    if (performance.now() - mine.begun > GIVE_UP_MS) {
      finish(mine, "bad", `“${mine.text}”未得到确认，请以画面为准，核对后重新操作`);
      return;
    }
    tell("bad", `连接中断，“${mine.text}”未提交，恢复后自动重试`);
    mine.timer = setTimeout(retry, RETRY_MS);
  }

  function retry() {
    if (!press || press.sending || press.answered) return;
    clearTimeout(press.timer);
    if (Line.up) send();
    else later(press);
  }

  // What is done is told on two ways: over the line behind its picture, and as the answer. The line comes
  // first as a rule; when it is silent, the answer counts a little later.
  function answered(mine, answer) {
    mine.answered = true;
    setTimeout(() => finish(mine, "good", success(mine, answer)), SHOWN_MS);
  }

  function done(news) {
    if (press && press.body.request === news.done) finish(press, "good", success(press, news));
  }

  function finish(mine, kind, sentence) {
    if (press !== mine) return;
    press = null;
    last = { action: mine.action, ended: performance.now() };
    tell(kind, sentence);
    paint();
  }

  function success(mine, answer) {
    if (mine.action === "next" && !answer.number) return "已办结，暂无等待";
    return `${mine.done} ${answer.number}`.trim();
  }

  // ---------------------------------------------------------------- showing

  function tell(kind, sentence) {
    say.className = kind;
    say.textContent = sentence;
    clearTimeout(quiet);
    if (!press) quiet = setTimeout(() => tell("", ""), kind === "good" ? 5000 : 12000);
  }

  function paint() {
    document.body.toggleAttribute("data-pending", press !== null);
    for (const button of document.querySelectorAll(".act")) {
      const same = press && button.dataset.action === press.action && (button.dataset.ticket || "") === (press.body.ticket || "");
      button.setAttribute("aria-busy", same ? "true" : "false");
    }
    more.textContent = press ? `“${press.text}”未提交，恢复后自动重试` : "操作未提交";
  }

  // ---------------------------------------------------------------- pressing

  function pressed(button) {
    if (press) return;
    if (last.action === button.dataset.action && performance.now() - last.ended < CALM_MS) return;
    if (!Line.up) return tell("bad", `连接中断，“${button.dataset.text}”未提交`);
    if (button.getAttribute("aria-disabled") === "true") return tell("bad", button.dataset.why);
    if (button.dataset.dialog) return ask(button.dataset.dialog);
    submit(button.dataset.action, button.dataset, button.dataset.ticket ? { ticket: button.dataset.ticket } : {});
  }

  function ask(name) {
    const dialog = document.getElementById(`dialog-${name}`);
    const ticket = document.getElementById("ticket");
    dialog.querySelector("form").reset();
    dialog.dataset.ticket = ticket.dataset.ticket;
    for (const spot of dialog.querySelectorAll(".whom")) spot.textContent = ticket.dataset.number;
    for (const choice of dialog.querySelectorAll("[name=service]")) choice.disabled = choice.value === ticket.dataset.service;
    dialog.showModal();
    (dialog.querySelector("input:checked") || dialog.querySelector("input:enabled")).focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".act, [data-close]");
    if (!button) return;
    if (button.hasAttribute("data-close")) return button.closest("dialog").close();
    if (event.detail > 0) button.blur(); // so that the space bar stays 下一位 after a click
    if (event.detail < 2) pressed(button); // the second half of a double click is no press
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.action) return; // an ordinary form, such as the one that signs out
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    if (fields.minutes) fields.minutes = Number(fields.minutes);
    form.closest("dialog").close();
    submit(form.dataset.action, form.dataset, fields);
  });

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) return inDialog(dialog, event);
    const focused = document.activeElement;
    const own = focused && focused !== document.body && focused.matches("a, button, input, textarea, select");
    if (own && (event.key === " " || event.key === "Enter")) return; // a focused control keeps its own keys
    const button = [...document.querySelectorAll("[data-keys]")].find((b) => b.dataset.keys.split("|").includes(event.key));
    if (!button) return;
    event.preventDefault();
    pressed(button);
  });

  function inDialog(dialog, event) {
    const writing = event.target.matches("textarea, input:not([type=radio])");
    const choices = dialog.querySelectorAll("input[type=radio]");
    if (!writing && /^[1-9]$/.test(event.key) && dialog.querySelector("label kbd") && choices[event.key - 1]) {
      event.preventDefault();
      choices[event.key - 1].checked = true;
      choices[event.key - 1].focus();
    } else if (event.key === "Enter" && !event.shiftKey && !event.target.matches("button")) {
      event.preventDefault();
      dialog.querySelector("form").requestSubmit();
    }
  }

  // ---------------------------------------------------------------- the line

  Line.idle = () => press === null && !document.querySelector("dialog[open]");
  Line.onUp(retry);
  Line.onNote((news) => news.done && done(news));
  Line.onSwap(() => {
    paint();
    const ticket = document.getElementById("ticket").dataset.ticket;
    const dialog = document.querySelector("dialog[open]:not(#dialog-pause)");
    if (dialog && dialog.dataset.ticket !== ticket) {
      dialog.close();
      tell("bad", "窗口的号已变化，操作未提交，请核对后再操作");
    }
  });
  paint();
})();
