// The map of the songs: one canvas, no library. Data come from the page's JSON block.
(() => {
  const data = JSON.parse(document.getElementById("songs").textContent);
  const canvas = document.getElementById("map");
  const tip = document.getElementById("tip");
  const picker = document.getElementById("colour");
  const legend = document.getElementById("legend");
  const said = document.getElementById("said");
  const pen = canvas.getContext("2d");
  const count = data.x.length;
  const sheets = data.sheets.map((source) => Object.assign(new Image(), { src: source }));
  const hidden = new Set();
  let view = { scale: 1, left: 0, top: 0 };
  let chosen = -1;
  let sound = null;

  for (const name of Object.keys(data.groups)) picker.add(new Option(name, name));

  const group = () => data.groups[picker.value];
  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const place = (i) => {
    const { width, height } = size();
    return [
      (20 + data.x[i] * (width - 40)) * view.scale + view.left,
      (20 + (1 - data.y[i]) * (height - 40)) * view.scale + view.top,
    ];
  };
  const shown = (i) => !hidden.has(group().of[i]);

  function mark(i, radius) {
    const [x, y] = place(i);
    pen.beginPath();
    // shape tells the era too, so that colour is never the only cue
    if (data.era[i] === 0) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else pen.arc(x, y, radius, 0, 2 * Math.PI);
  }

  function draw() {
    const { width, height } = size();
    const density = window.devicePixelRatio || 1;
    canvas.width = width * density;
    canvas.height = height * density;
    pen.scale(density, density);
    const radius = (count > 1000 ? 2.5 : 4) * Math.min(2, Math.sqrt(view.scale));
    const { of, colours } = group();
    pen.globalAlpha = 0.75;
    for (let i = 0; i < count; i++) {
      if (!shown(i)) continue;
      mark(i, radius);
      pen.fillStyle = of[i] < 0 ? "#b0b6bd" : colours[of[i] % colours.length];
      pen.fill();
    }
    pen.globalAlpha = 1;
    if (chosen >= 0) {
      mark(chosen, radius + 3);
      pen.strokeStyle = "#000";
      pen.lineWidth = 2;
      pen.stroke();
    }
  }

  function key() {
    const { names, colours, of } = group();
    legend.replaceChildren();
    const items = names.map((name, i) => [name, i]);
    if (of.includes(-1)) items.push(["none", -1]);
    for (const [name, i] of items) {
      const button = document.createElement("button");
      const dot = document.createElement("span");
      dot.className = "dot";
      dot.style.background = i < 0 ? "#b0b6bd" : colours[i % colours.length];
      button.append(dot, name);
      button.setAttribute("aria-pressed", String(!hidden.has(i)));
      button.onclick = () => {
        if (!hidden.delete(i)) hidden.add(i);
        button.setAttribute("aria-pressed", String(!hidden.has(i)));
        draw();
      };
      legend.append(button);
    }
  }

  function nearest(x, y, reach, wanted = () => true) {
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < count; i++) {
      if (!shown(i) || !wanted(i)) continue;
      const [a, b] = place(i);
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  function show(i) {
    chosen = i;
    tip.hidden = i < 0;
    canvas.dataset.song = i;
    draw();
    if (i < 0) return;
    const [x, y] = place(i);
    const picture = tip.querySelector("canvas");
    const { width, height, columns, perSheet } = data.thumbs;
    const slot = data.thumb[i];
    picture.hidden = slot < 0;
    if (slot >= 0) {
      const inSheet = slot % perSheet;
      const image = sheets[Math.floor(slot / perSheet)];
      picture.width = width;
      picture.height = height;
      const paint = () =>
        picture.getContext("2d").drawImage(image, (inSheet % columns) * width,
          Math.floor(inSheet / columns) * height, width, height, 0, 0, width, height);
      if (image.complete) paint();
      else image.addEventListener("load", paint, { once: true });
    }
    tip.querySelector("p").textContent = data.text[i] + (slot < 0 ? " (audio not found)" : "");
    tip.style.left = Math.min(Math.max(4, x + 12), canvas.clientWidth - 200) + "px";
    tip.style.top = (y > canvas.clientHeight / 2 ? y - tip.offsetHeight - 12 : y + 12) + "px";
  }

  function play(i) {
    if (i < 0) return;
    let heard = i;
    if (!(i in data.sound)) {
      const [x, y] = place(i);
      heard = nearest(x, y, Infinity, (j) => j in data.sound);
      if (heard < 0) return tell("This page holds no sound.");
    }
    if (sound) sound.pause();
    sound = new Audio(data.sound[heard]);
    sound.onplaying = () => (canvas.dataset.playing = heard);
    sound.play().catch((error) => tell(`The sound cannot be played (${error.message}).`));
    tell(heard === i ? `Playing: ${data.text[i]}`
      : `The page is kept small and leaves this song's sound out; playing the nearest: ${data.text[heard]}`);
  }
  const tell = (line) => (said.textContent = line);

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const scale = Math.min(60, Math.max(1, view.scale * factor));
    const real = scale / view.scale;
    view = { scale, left: x - (x - view.left) * real, top: y - (y - view.top) * real };
    if (scale === 1) view = { scale: 1, left: 0, top: 0 };
    show(chosen);
  }

  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, at(event));
    moved = 0;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) return show(nearest(x, y, 14));
    const spread = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    };
    const old = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, [x, y]);
    moved += Math.hypot(x - before[0], y - before[1]);
    if (fingers.size === 2) return zoom(spread() / Math.max(old, 1), x, y);
    if (view.scale > 1 && moved > 4) {
      view.left += x - before[0];
      view.top += y - before[1];
      draw();
    }
  });
  const release = (event) => fingers.delete(event.pointerId);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerup", (event) => {
    release(event);
    if (moved > 6) return;
    const i = nearest(...at(event), 20);
    show(i);
    play(i);
  });
  canvas.addEventListener("pointerleave", () => fingers.size || show(-1));
  canvas.addEventListener("wheel", (event) => {
    // the page scrolls past the map unless a modifier or an existing zoom asks otherwise
    if (!event.ctrlKey && !event.metaKey && view.scale === 1 && event.deltaY > 0) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...at(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) show((chosen + step + count) % count);
    else if (event.key === "Enter" || event.key === " ") play(chosen);
    else if (event.key === "+") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else return;
    event.preventDefault();
  });
  document.getElementById("nearer").onclick = () => zoom(1.5);
  document.getElementById("farther").onclick = () => zoom(1 / 1.5);
  document.getElementById("whole").onclick = () => {
    view = { scale: 1, left: 0, top: 0 };
    show(-1);
  };
  picker.onchange = () => {
    hidden.clear();
    key();
    draw();
  };
  for (const figure of document.querySelectorAll("[data-row]"))
    figure.onclick = () => play(Number(figure.dataset.row));
  new ResizeObserver(draw).observe(canvas);
  key();
  draw();
})();
