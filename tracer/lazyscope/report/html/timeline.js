// The timeline: a lane for each thread, calls as ticks, forces as bars; the darker, the more was done again.
const times = data.timeline;
const LANE = { name: 18, calls: 16, bar: 16, gap: 14, axis: 24, side: 8 };

function makeTimeline() {
  const canvas = byId("timeline-picture");
  const told = byId("timeline-told");
  const total = times.seconds;
  const seen = { from: 0, to: total };
  const begins = forces.at.map((micros) => micros / 1e6);
  const ends = forces.at.map((micros, n) => (micros + forces.seconds[n]) / 1e6);
  const tops = laneTops();
  let chosen = -1;
  let width = 0;

  function laneTops() {
    const depths = times.lanes.map(() => 1);
    times.lane.forEach((lane, n) => (depths[lane] = Math.max(depths[lane], times.depth[n] + 1)));
    let top = LANE.axis;
    const found = depths.map((depth) => {
      const here = top;
      top += LANE.name + LANE.calls + depth * (LANE.bar + 2) + LANE.gap;
      return here;
    });
    found.push(top);
    return found;
  }
  const height = tops[tops.length - 1];
  const toX = (seconds) => LANE.side + ((seconds - seen.from) / (seen.to - seen.from)) * (width - 2 * LANE.side);
  const toSeconds = (x) => seen.from + ((x - LANE.side) / (width - 2 * LANE.side)) * (seen.to - seen.from);
  const barTop = (n) => tops[times.lane[n]] + LANE.name + LANE.calls + times.depth[n] * (LANE.bar + 2);

  /** Colours of the theme; a colour of two themes is resolved by an element that has it. */
  function colors() {
    const probe = made("i");
    canvas.after(probe);
    const found = {};
    for (const name of ["ink", "muted", "line", "panel", "cost2", "cost3", "cost5", "focus"]) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found;
  }
  function hatched(context, ground, line, step, ratio) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = step * ratio;
    const inner = tile.getContext("2d");
    inner.scale(ratio, ratio);
    inner.fillStyle = ground;
    inner.fillRect(0, 0, step, step);
    inner.strokeStyle = line;
    inner.lineWidth = 1.2;
    for (const shift of [-step, 0, step]) {
      inner.beginPath();
      inner.moveTo(shift, step);
      inner.lineTo(shift + step, 0);
      inner.stroke();
    }
    const pattern = context.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    return pattern;
  }
  function draw() {
    // Before it has been seen it is drawn for paper only.
    width = canvas.clientWidth || 1000;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const ink = colors();
    const fills = [ink.cost2, hatched(context, ink.cost3, ink.panel, 6, ratio), hatched(context, ink.cost5, ink.panel, 4, ratio)];
    drawAxis(context, ink);
    times.lanes.forEach((lane, number) => drawLane(context, ink, lane, number));
    drawForces(context, ink, fills);
  }
  function drawAxis(context, ink) {
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    const span = seen.to - seen.from;
    const rough = span / Math.max(width / 110, 2);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let at = Math.ceil(seen.from / step) * step; at <= seen.to; at += step) {
      const x = toX(at);
      context.fillStyle = ink.line;
      context.fillRect(x, LANE.axis - 4, 1, height);
      context.fillStyle = ink.muted;
      const label = `${at.toFixed(Math.min(digits, 6))} s`;
      context.fillText(label, Math.min(Math.max(x - context.measureText(label).width / 2, 2), width - context.measureText(label).width - 2), 11);
    }
  }
  function drawLane(context, ink, lane, number) {
    const top = tops[number];
    const most = Math.max(1, ...lane.calls.filter((_, index) => index % 2));
    const bin = total / times.bins;
    for (let index = 0; index < lane.calls.length; index += 2) {
      const from = toX(lane.calls[index] * bin);
      const to = toX((lane.calls[index] + 1) * bin);
      if (to < 0 || from > width) continue;
      const tall = 2 + (LANE.calls - 5) * Math.sqrt(lane.calls[index + 1] / most);
      context.fillStyle = ink.muted;
      context.fillRect(from, top + LANE.name + LANE.calls - 3 - tall, Math.max(to - from, 1), tall);
    }
    context.fillStyle = ink.ink;
    context.fillText(lane.name, LANE.side, top + LANE.name / 2);
    if (number) {
      context.fillStyle = ink.line;
      context.fillRect(0, top - LANE.gap / 2, width, 1);
    }
  }
  function drawForces(context, ink, fills) {
    begins.forEach((begin, n) => {
      const from = toX(begin);
      const to = toX(ends[n]);
      if (to < 0 || from > width) return;
      const left = Math.max(from, -20);
      const long = Math.max(Math.min(to, width + 20) - left, 1.5);
      const part = forces.tasks[n] ? forces.again[n] / forces.tasks[n] : 0;
      context.fillStyle = fills[part === 0 ? 0 : part <= 0.5 ? 1 : 2];
      context.fillRect(left, barTop(n), long, LANE.bar);
      if (long > 3) {
        context.strokeStyle = ink.cost5;
        context.lineWidth = 1;
        context.strokeRect(left + 0.5, barTop(n) + 0.5, long - 1, LANE.bar - 1);
      }
    });
    if (chosen < 0) return;
    const from = toX(begins[chosen]);
    context.strokeStyle = ink.focus;
    context.lineWidth = 3;
    context.strokeRect(from - 2.5, barTop(chosen) - 2.5, Math.max(toX(ends[chosen]) - from, 1.5) + 5, LANE.bar + 5);
  }

  function look(from, to) {
    const span = Math.min(Math.max(to - from, Math.min(total, 2e-5)), total);
    seen.from = Math.min(Math.max((from + to - span) / 2, 0), total - span);
    seen.to = seen.from + span;
    draw();
  }
  function zoom(factor, around = (seen.from + seen.to) / 2) {
    look(around - (around - seen.from) / factor, around + (seen.to - around) / factor);
  }
  function move(part) {
    const by = part * (seen.to - seen.from);
    look(Math.min(Math.max(seen.from + by, 0), total), Math.min(Math.max(seen.to + by, 0), total + by));
  }
  /** The force at a point; of several the shortest. */
  function at(x, y) {
    let found = -1;
    for (let n = 0; n < begins.length; n += 1) {
      if (y < barTop(n) || y > barTop(n) + LANE.bar) continue;
      if (x < toX(begins[n]) - 2 || x > Math.max(toX(ends[n]), toX(begins[n]) + 1.5) + 2) continue;
      if (found < 0 || ends[n] - begins[n] < ends[found] - begins[found]) found = n;
    }
    return found;
  }
  function choose(n) {
    if (n === chosen) return;
    chosen = n;
    told.replaceChildren(...(n < 0 ? ["No force here."] : description(n)));
    draw();
  }
  function description(n) {
    const found = columns.finding(n);
    const parts = [
      `, ${columns.trigger(n)} at ${columns.site(n)}: from ${columns.at(n)}, took ${columns.seconds(n)}; `,
      `${columns.tasks(n)} tasks, ${columns.again(n)} of them repeated`,
    ];
    const link = made("a", `Force ${forces.id[n]}`, { href: `#force-${forces.id[n]}` });
    return [link, ...parts, ...(found ? ["; ", made("a", found, { href: `#${found}` })] : []), "."];
  }
  function step(by) {
    const next = chosen < 0 ? (by > 0 ? 0 : begins.length - 1) : Math.min(Math.max(chosen + by, 0), begins.length - 1);
    if (!begins.length) return;
    if (begins[next] < seen.from || ends[next] > seen.to) {
      const half = Math.max((seen.to - seen.from) / 2, (ends[next] - begins[next]) * 0.6);
      look((begins[next] + ends[next]) / 2 - half, (begins[next] + ends[next]) / 2 + half);
    }
    choose(next);
  }

  listen();
  whenShown(draw);
  addEventListener("resize", draw);
  addEventListener("beforeprint", draw);

  function listen() {
    let held = null;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    };
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), toSeconds(place(event)[0]));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      held = { x: place(event)[0], from: seen.from, to: seen.to, moved: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      if (!held || !event.buttons) return choose(at(x, y));
      const by = ((held.x - x) / (width - 2 * LANE.side)) * (held.to - held.from);
      if (Math.abs(held.x - x) > 4 && !held.moved) {
        held.moved = true;
        canvas.setPointerCapture(event.pointerId);
      }
      if (held.moved) look(held.from + by, held.to + by);
    });
    canvas.addEventListener("click", (event) => {
      const moved = held && held.moved;
      held = null;
      const n = moved ? -1 : at(...place(event));
      if (n >= 0) goTo(`#force-${forces.id[n]}`);
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const action = {
        "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => look(0, total),
        ArrowLeft: () => (event.shiftKey ? move(-0.2) : step(-1)),
        ArrowRight: () => (event.shiftKey ? move(0.2) : step(1)),
        Home: () => step(-Infinity), End: () => step(Infinity),
        Enter: () => chosen >= 0 && goTo(`#force-${forces.id[chosen]}`),
      }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
    const tools = { in: () => zoom(1.5), out: () => zoom(1 / 1.5), fit: () => look(0, total) };
    all("#timeline [data-zoom]").forEach((button) =>
      button.addEventListener("click", () => tools[button.dataset.zoom]()),
    );
  }
}
