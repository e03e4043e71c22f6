// The graphs: zoomed and moved by mouse, touch and keys, linked with the findings.
const stages = new Map();

/** Makes a picture that can be zoomed and moved: the part of it that is seen is a view box. */
function makeStage(stage) {
  const svg = stage.querySelector("svg");
  const whole = svg.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const seen = { ...full };
  let begun = false;
  stage.classList.add("moves");
  // The names of nodes in the drawing's source are no tooltips.
  all("g > title", svg).forEach((title) => title.remove());
  svg.setAttribute("preserveAspectRatio", "xMidYMid meet");

  const box = () => svg.getBoundingClientRect();
  const scale = () => box().width / seen.width;
  function draw(part = seen) {
    svg.setAttribute("viewBox", [part.x, part.y, part.width, part.height].join(" "));
  }
  /** As many picture units as fill the stage at a scale, around a point. */
  function look(x, y, at) {
    const { width, height } = box();
    const least = 0.9 * Math.min(width / full.width, height / full.height, 1);
    const bounded = Math.min(Math.max(at, least), 6);
    Object.assign(seen, { width: width / bounded, height: height / bounded });
    const inside = (value, from, length, room) =>
      Math.min(Math.max(value, from - 0.4 * room), from + length + 0.4 * room);
    seen.x = inside(x, full.x, full.width, seen.width / 2) - seen.width / 2;
    seen.y = inside(y, full.y, full.height, seen.height / 2) - seen.height / 2;
    draw();
  }
  const middle = () => [seen.x + seen.width / 2, seen.y + seen.height / 2];
  function fit() {
    const { width, height } = box();
    look(full.x + full.width / 2, full.y + full.height / 2, Math.min(width / full.width, height / full.height, 1.6));
  }
  /** The top of the picture, in letters that can be read. */
  function begin() {
    const { width, height } = box();
    if (begun || !width) return;
    begun = true;
    const wholeFits = Math.min(width / full.width, height / full.height);
    if (wholeFits >= 0.9) return fit();
    const at = Math.max(Math.min(width / full.width, 1.2), 1);
    const x = width / full.width >= at ? full.x + full.width / 2 : full.x + width / at / 2;
    look(x, full.y + height / at / 2, at);
  }
  function zoom(factor, clientX, clientY) {
    const { left, top, width, height } = box();
    const [partX, partY] = clientX === undefined ? [0.5, 0.5] : [(clientX - left) / width, (clientY - top) / height];
    const [x, y] = [seen.x + partX * seen.width, seen.y + partY * seen.height];
    const at = scale() * factor;
    look(x + ((0.5 - partX) * width) / at, y + ((0.5 - partY) * height) / at, at);
  }
  function move(byX, byY) {
    const [x, y] = middle();
    look(x - byX / scale(), y - byY / scale(), scale());
  }
  /** Brings elements into the middle and lets them stand out. */
  function locate(ids) {
    begin();
    all(".located", svg).forEach((group) => group.classList.remove("located"));
    const groups = ids.map(byId).filter(Boolean);
    if (!groups.length) return;
    groups.forEach((group) => group.classList.add("located"));
    const here = groups[0].getBoundingClientRect();
    const { left, top } = box();
    const x = seen.x + (here.left + here.width / 2 - left) / scale();
    const y = seen.y + (here.top + here.height / 2 - top) / scale();
    look(x, y, Math.max(scale(), 1));
  }

  listen();
  addEventListener("beforeprint", () => draw(full));
  addEventListener("afterprint", () => draw());
  return { begin, fit, zoom, move, locate };

  function listen() {
    const pointers = new Map();
    let travelled = 0;
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (!pointers.size) travelled = 0;
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    stage.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (travelled > 4 && !stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
      if (pointers.size === 1) {
        stage.classList.add("dragged");
        move(now[0] - before[0], now[1] - before[1]);
      } else {
        const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
        const apart = (place) => Math.max(Math.hypot(place[0] - other[0], place[1] - other[1]), 1);
        zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      }
      pointers.set(event.pointerId, now);
    });
    const leave = (event) => {
      pointers.delete(event.pointerId);
      if (!pointers.size) stage.classList.remove("dragged");
    };
    ["pointerup", "pointercancel"].forEach((kind) => stage.addEventListener(kind, leave));
    // The end of a drag is no click on the node below it.
    stage.addEventListener("click", (event) => {
      if (travelled > 4) {
        event.preventDefault();
        event.stopPropagation();
      }
      travelled = 0;
    }, true);
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    stage.addEventListener("keydown", (event) => {
      const action = {
        "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
        ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0),
        ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60),
      }[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    });
    stage.addEventListener("focusin", (event) => {
      if (event.target !== stage && event.target.matches(":focus-visible")) keepInView(event.target);
    });
  }
  /** What the keyboard has reached is moved into the picture. */
  function keepInView(element) {
    const here = element.getBoundingClientRect();
    const around = box();
    stage.scrollTop = stage.scrollLeft = 0;
    if (here.left >= around.left && here.right <= around.right && here.top >= around.top && here.bottom <= around.bottom) return;
    move(around.left + around.width / 2 - here.left - here.width / 2, around.top + around.height / 2 - here.top - here.height / 2);
  }
}

function viewsWith(finding) {
  return Object.keys(data.anchors).filter((view) => (data.anchors[view][finding] || []).length);
}

function showInGraph(finding) {
  const shown = [...stages.keys()].find((view) => !byId(`graph-${view}`).hidden);
  const views = viewsWith(finding);
  const view = views.includes(shown) ? shown : views[0];
  goTo(`#graph-${view}`);
  reveal(byId(`graph-${view}`));
  stages.get(view).locate(data.anchors[view][finding]);
  byId(`graph-${view}`).querySelector(".stage").focus({ preventScroll: true });
  byId(`graph-${view}`).scrollIntoView({ block: "nearest" });
  say(`${finding} in the ${view} graph`);
}

function makeGraphs() {
  all(".stage").forEach((stage) => {
    const picture = makeStage(stage);
    stages.set(stage.dataset.view, picture);
    const tools = { in: () => picture.zoom(1.4), out: () => picture.zoom(1 / 1.4), fit: picture.fit };
    all("[data-zoom]", stage.closest(".view")).forEach((button) =>
      button.addEventListener("click", () => tools[button.dataset.zoom]()),
    );
  });
  all("button.in-graph").forEach((button) => {
    button.hidden = !viewsWith(button.dataset.finding).length;
    button.addEventListener("click", () => showInGraph(button.dataset.finding));
  });
  whenShown(() => stages.forEach((picture) => picture.begin()));
}
