// The logo of the set-up: an SVG is drawn here, where nothing in it runs, and only its dots are sent.
"use strict";

const logo = document.querySelector("form[data-logo]");
const MOST = 1024 * 1024, SIDE = 512;
if (logo) logo.addEventListener("submit", sendLogo);

async function sendLogo(event) {
  event.preventDefault();
  const wrong = logo.querySelector(".upload-wrong"), button = logo.querySelector("button");
  const file = logo.elements.file.files[0];
  wrong.hidden = true;
  if (!file) return tellWrong(wrong, "请先选择图片");
  if (file.size > MOST) return tellWrong(wrong, "图片超过 1 MB，请缩小后再上传");
  button.disabled = true;
  try {
    const drawn = /svg/.test(file.type) || /\.svg$/i.test(file.name) ? await dots(await file.text()) : file;
    const body = new FormData();
    body.append("mark", logo.elements.mark.value);
    body.append("file", drawn, "logo.png");
    const answer = await fetch(logo.action, {
      method: "POST",
      body,
      headers: {"X-CSRF": document.querySelector("meta[name=csrf]").content, "Accept": "text/html"},
    });
    if (answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    tellWrong(wrong, page.querySelector("main")?.innerText.replace("返回", "").trim() || "没有上传，请重试");
  } catch (error) {
    tellWrong(wrong, error instanceof Undrawable ? error.message : "连接中断，没有上传，请重试");
  } finally {
    button.disabled = false;
  }
}

class Undrawable extends Error {}

async function dots(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.querySelector("parsererror")) throw new Undrawable("SVG 文件已损坏，请重新导出");
  const box = (root.getAttribute("viewBox") || "").split(/[\s,]+/).map(Number);
  const wide = box.length === 4 ? box[2] : parseFloat(root.getAttribute("width"));
  const high = box.length === 4 ? box[3] : parseFloat(root.getAttribute("height"));
  if (!(wide > 0 && high > 0)) throw new Undrawable("SVG 没有写明大小（viewBox），请重新导出");
  const share = SIDE / Math.max(wide, high);
  if (!root.hasAttribute("viewBox")) root.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  root.setAttribute("width", Math.round(wide * share));
  root.setAttribute("height", Math.round(high * share));
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(root)], {type: "image/svg+xml"}));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(wide * share);
    canvas.height = Math.round(high * share);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) => canvas.toBlob(png => png ? done(png) : failed(), "image/png"));
  } catch {
    throw new Undrawable("浏览器画不出这个 SVG，请导出为 PNG 再上传");
  } finally {
    URL.revokeObjectURL(address);
  }
}

function tellWrong(place, sentence) {
  place.textContent = sentence;
  place.hidden = false;
}
