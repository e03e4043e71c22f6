// All forces as a table: filtered, sorted, a page at a time.
const forces = data.forces;
const inexact = new Set(forces.inexact);
const ENDINGS = ["", ", raised", ", not back"];
const text = (number) => (number < 0 ? "" : data.texts[number]);

const columns = {
  id: (n) => String(forces.id[n]),
  at: (n) => (forces.at[n] ? duration(forces.at[n]) : "0 s"),
  seconds: (n) => (forces.state[n] === 2 ? "\u2265 " : "") + duration(forces.seconds[n]),
  tasks: (n) => (inexact.has(n) ? "\u2264 " : "") + count(forces.tasks[n]),
  again: (n) => (inexact.has(n) && forces.again[n] ? "\u2264 " : "") + count(forces.again[n]),
  bytes: (n) => size(forces.bytes[n]),
  trigger: (n) => text(forces.trigger[n]) + ENDINGS[forces.state[n]],
  site: (n) => text(forces.site[n]) || "unknown line",
  user: (n) => text(forces.user[n]),
  finding: (n) => (forces.finding[n] < 0 ? "" : forces.findings[forces.finding[n]]),
};
const NUMBERS = new Set(["id", "at", "seconds", "tasks", "again", "bytes", "finding"]);

const table = { shown: [], page: 0, key: "seconds", down: true };

function sortedBy(key, down) {
  const sign = down ? -1 : 1;
  const column = NUMBERS.has(key) ? forces[key] : forces[key].map(text);
  const unknown = (value) => value === null || value === -1 || value === "";
  return (one, other) => {
    const a = column[one];
    const b = column[other];
    if (unknown(a) !== unknown(b)) return unknown(a) ? 1 : -1;
    if (a === b) return one - other;
    return (a < b ? -1 : 1) * sign;
  };
}

/** For every force the texts that a search looks at; made when first needed. */
let searched = null;
function searchTexts() {
  if (!searched) {
    const kept = new Map();
    searched = forces.id.map((_, n) => {
      const numbers = [forces.site[n], forces.code[n], forces.user[n], forces.entry[n], forces.trigger[n]];
      const key = numbers.join();
      if (!kept.has(key)) kept.set(key, numbers.map(text).join("\n").toLowerCase());
      return kept.get(key);
    });
  }
  return searched;
}

function filterForces() {
  const wanted = byId("force-search").value.trim().toLowerCase();
  const trigger = byId("force-trigger").value;
  const finding = byId("force-finding").value;
  const texts = wanted ? searchTexts() : null;
  table.shown = forces.id
    .map((_, n) => n)
    .filter(
      (n) =>
        (!texts || texts[n].includes(wanted)) &&
        (!trigger || text(forces.trigger[n]) === trigger) &&
        (!finding || columns.finding(n) === finding),
    )
    .sort(sortedBy(table.key, table.down));
  table.page = 0;
  drawTable();
}

function cell(content, name = "") {
  const inside = made("td", "", name ? { className: name } : {});
  inside.append(...[content].flat());
  return inside;
}

function row(n) {
  const line = made("tr", "", { id: `force-${forces.id[n]}` });
  const found = columns.finding(n);
  const where = (place, code) => [made("span", place, { className: "place" }), made("code", code)];
  line.append(
    ...["id", "at", "seconds", "tasks", "again", "bytes"].map((key) => cell(columns[key](n), "n")),
    cell(made("code", columns.trigger(n))),
    cell(where(columns.site(n), text(forces.code[n])), "where"),
    cell(where(columns.user(n), text(forces.entry[n])), "where"),
    cell(found ? made("a", found, { href: `#${found}` }) : ""),
  );
  return line;
}

function drawTable() {
  const { shown, page } = table;
  const first = page * data.page;
  const rows = shown.slice(first, first + data.page);
  byId("force-table").tBodies[0].replaceChildren(...rows.map(row));
  all("#force-table th").forEach((head) => {
    if (head.dataset.key !== table.key) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", table.down ? "descending" : "ascending");
  });
  const total = forces.id.length;
  byId("force-count").textContent =
    `${count(shown.length)} of ${count(total)} ${total === 1 ? "force" : "forces"} shown.`;
  byId("page-told").textContent = rows.length
    ? `${count(first + 1)} to ${count(first + rows.length)} of ${count(shown.length)}`
    : "Nothing matches.";
  byId("page-before").disabled = page === 0;
  byId("page-after").disabled = first + data.page >= shown.length;
}

function turnPage(step) {
  table.page += step;
  drawTable();
  byId("force-table").closest(".scrolls").scrollIntoView({ block: "start" });
}

/** Turns to the page that has a force, without filters if they hide it. */
function showForce(id) {
  const n = forces.id.indexOf(id);
  if (n < 0) return;
  if (!table.shown.includes(n)) {
    ["force-search", "force-trigger", "force-finding"].forEach((name) => (byId(name).value = ""));
    filterForces();
  }
  table.page = Math.floor(table.shown.indexOf(n) / data.page);
  drawTable();
  byId(`force-${id}`).classList.add("located");
}

/** Shows the forces of a finding only. */
function showForcesOf(finding) {
  byId("force-search").value = "";
  byId("force-trigger").value = "";
  byId("force-finding").value = finding;
  filterForces();
  goTo("#forces");
}

function makeHead(head) {
  const button = made("button", head.textContent, { type: "button" });
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const { key } = head.dataset;
    table.down = table.key === key ? !table.down : NUMBERS.has(key) && !["id", "at", "finding"].includes(key);
    table.key = key;
    table.shown.sort(sortedBy(key, table.down));
    table.page = 0;
    drawTable();
  });
}

function makeForceTable() {
  if (!forces.id.length) return;
  const triggers = [...new Set(forces.trigger)].map(text).sort();
  byId("force-trigger").append(...triggers.map((name) => made("option", name, { value: name })));
  const owners = new Set(forces.finding.map((number) => (number < 0 ? "" : forces.findings[number])));
  const named = data.findings.filter(([id]) => owners.has(id));
  byId("force-finding").append(
    ...named.map(([id, code, title]) => made("option", `${id} ${code} ${title}`.slice(0, 80), { value: id })),
  );
  all("#force-table th").forEach(makeHead);
  byId("force-search").addEventListener("input", filterForces);
  ["force-trigger", "force-finding"].forEach((id) => byId(id).addEventListener("change", filterForces));
  byId("page-before").addEventListener("click", () => turnPage(-1));
  byId("page-after").addEventListener("click", () => turnPage(1));
  all("button.in-forces").forEach((button) =>
    button.addEventListener("click", () => showForcesOf(button.dataset.finding)),
  );
  filterForces();
}
