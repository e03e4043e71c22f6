// The frame: tabs, links to what is hidden or folded, the theme, buttons that copy.
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = JSON.parse(byId("data").textContent);
const shownListeners = [];

function made(tag, text = "", properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.textContent = text;
  return element;
}

function say(text) {
  byId("said").textContent = text;
}

/** Calls back whenever a panel has come into view. */
function whenShown(listener) {
  shownListeners.push(listener);
}

/** Makes tabs of the links in a list; each shows the panel it leads to. */
function makeTabs(list, label) {
  const tabs = all("a", list);
  const panels = tabs.map((tab) => byId(tab.hash.slice(1)));
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", label);
  tabs.forEach((tab, number) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panels[number].id);
    panels[number].setAttribute("role", "tabpanel");
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      select(number);
      history.replaceState(null, "", tab.hash);
    });
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: tabs.length - 1 - at }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const next = (at + step + tabs.length) % tabs.length;
    tabs[next].focus();
    select(next);
  });
  function select(chosen) {
    tabs.forEach((tab, number) => {
      tab.setAttribute("aria-selected", String(number === chosen));
      tab.tabIndex = number === chosen ? 0 : -1;
      panels[number].hidden = number !== chosen;
    });
    tabs[chosen].scrollIntoView({ block: "nearest", inline: "nearest" });
    shownListeners.forEach((listener) => listener());
  }
  panels.forEach((panel, number) => panel.addEventListener("reveal", () => select(number)));
  select(0);
}

/** Shows whatever an element is in: tabs are chosen, what is folded opens. */
function reveal(element) {
  for (let around = element; around; around = around.parentElement) {
    if (around.getAttribute("role") === "tabpanel") around.dispatchEvent(new Event("reveal"));
    if (around.tagName === "DETAILS") around.open = true;
  }
  const own = element.matches("article") && element.querySelector("details");
  if (own) own.open = true;
}

/** Goes to the element that the address names. */
function goToHash() {
  let id = "";
  try {
    id = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  if (!id) return;
  if (id.startsWith("force-")) showForce(Number(id.slice("force-".length)));
  const target = byId(id);
  if (!target) return;
  reveal(target);
  if (target.getAttribute("role") === "tabpanel") return;
  target.scrollIntoView({ block: id.startsWith("force-") ? "center" : "start" });
  const summary = target.querySelector("summary");
  if (summary) summary.focus({ preventScroll: true });
}

/** A link to where the reader is already leads there again. */
function followSameHash(event) {
  const link = event.target.closest("a");
  const hash = link && (link.getAttribute("href") || link.getAttribute("xlink:href"));
  if (hash && hash === location.hash && link.getAttribute("role") !== "tab") goToHash();
}

function goTo(hash) {
  if (location.hash === hash) goToHash();
  else location.hash = hash;
}

function makeTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const tell = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    tell();
    shownListeners.forEach((listener) => listener());
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    tell();
    shownListeners.forEach((listener) => listener());
  });
  button.hidden = false;
  tell();
}

async function copy(button) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(button.dataset.copied);
  } catch {
    const area = made("textarea", button.dataset.copied);
    document.body.append(area);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
  }
  const told = copied ? "Copied" : "Not copied";
  button.textContent = told;
  say(told);
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function makeFindings() {
  const open = (is) => all("#findings .finding > details").forEach((details) => (details.open = is));
  byId("open-all").addEventListener("click", () => open(true));
  byId("close-all").addEventListener("click", () => open(false));
  all("button.copy").forEach((button) => button.addEventListener("click", () => copy(button)));
}
