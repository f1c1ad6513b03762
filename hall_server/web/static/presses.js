// One press to the hall: its request id is made before the send, so that a repeat gets the first answer.
"use strict";

const Press = (() => {
  const ANSWER_MS = 8000; // no answer for so long counts as a broken line
  const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const csrf = document.querySelector("meta[name=csrf]").content;

  function ulid() {
    let time = Date.now();
    const head = [];
    for (let i = 0; i < 10; i++, time = Math.floor(time / 32)) head.unshift(CROCKFORD[time % 32]);
    const tail = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => CROCKFORD[byte % 32]);
    return head.join("") + tail.join("");
  }

  // {ok, status, answer}; throws when nobody knows whether it arrived.
  async function post(address, body) {
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), ANSWER_MS);
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF": csrf },
        body: JSON.stringify(body),
        signal: cut.signal,
      });
      const answer = await response.json();
      return { ok: response.ok && answer.ok === true, status: response.status, answer };
    } finally {
      clearTimeout(timer);
    }
  }

  return { ulid, post };
})();
