// A film, the emotions of the moment beside it, its timeline below, and a cursor over that.

// A bar an emotion; returns what shows a row of shares, and what is written above it.
function bars(parent, names, answer) {
  const box = made("div", "avef-bars", parent);
  const when = made("div", "when", box);
  const rows = names.map((name) => {
    const row = made("div", name === answer ? "avef-bar answer" : "avef-bar", box);
    made("span", "name", row, name);
    const fill = made("div", "fill", made("div", "room", row));
    return { fill, share: made("span", "share", row) };
  });
  return (said, shares) => {
    when.textContent = said;
    box.classList.toggle("silent", !shares);
    rows.forEach(({ fill, share }, n) => {
      const percent = shares ? 100 * shares[n] : 0;
      fill.style.width = `${percent}%`;
      share.textContent = shares ? `${percent.toFixed(0)} %` : "";
    });
  };
}

// The drawing, in a root of its own: the names of its parts are no others' on the page.
function timeline(parent, { picture, duration }, seek) {
  const box = made("div", "avef-time", parent);
  const drawing = made("div", "", box);
  const root = drawing.attachShadow({ mode: "open" });
  root.innerHTML = `<style>svg { display: block; width: 100%; height: auto }</style>${picture.svg}`;
  const cursor = made("div", "cursor", box), long = picture.end - picture.begin;
  cursor.style.top = `${100 * picture.top}%`;
  cursor.style.bottom = `${100 * (1 - picture.bottom)}%`;
  const follow = (event) => {
    if (event.buttons !== 1) return;
    const { left, width } = box.getBoundingClientRect();
    const share = ((event.clientX - left) / width - picture.begin) / long;
    seek(Math.min(1, Math.max(0, share)) * duration);
  };
  box.addEventListener("pointerdown", follow);
  box.addEventListener("pointermove", follow);
  return (moment) => {
    const share = Math.min(1, Math.max(0, moment / duration));
    cursor.style.left = `${100 * (picture.begin + share * long)}%`;
  };
}

function render({ model, el }) {
  const facts = model.get("facts");
  const whole = made("div", "avef", el);
  const top = made("div", "avef-top", whole);
  const film = made("video", "", top);
  const address = URL.createObjectURL(new Blob([model.get("film")], { type: "video/webm" }));
  Object.assign(film, { src: address, controls: true, playsInline: true });
  const show = bars(top, facts.names, facts.answer);
  const point = timeline(whole, facts, (moment) => (film.currentTime = moment + facts.delay));

  let begun = false;
  const look = () => {
    const moment = film.currentTime - facts.delay;
    point(moment);
    const inside = ([begin, end]) => begin <= moment && moment < end;
    const segment = facts.spans.findLastIndex(inside);
    if (!begun) show("the whole clip", facts.whole);
    else if (segment < 0) show(`${Math.max(0, moment).toFixed(1)} s: no segment of speech`, null);
    else show(`${moment.toFixed(1)} s`, facts.rows[segment]);
  };
  let frame = 0;
  const run = () => {
    look();
    frame = film.paused ? 0 : requestAnimationFrame(run);
  };
  film.addEventListener("play", () => {
    begun = true;
    cancelAnimationFrame(frame);
    run();
  });
  film.addEventListener("seeking", () => {
    begun = true;
    look();
  });
  film.addEventListener("ended", () => {
    begun = false;
    look();
  });
  look();
  return () => {
    cancelAnimationFrame(frame);
    URL.revokeObjectURL(address);
  };
}

export default { render };
