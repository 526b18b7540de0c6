// A file, chosen or recorded, on its way to the kernel.

const PART = 1 << 20; // bytes: a server takes no message above 10 MiB
const KINDS = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];
const UNTOUCHED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const WANTED = { video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: UNTOUCHED };
const CLOCK = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

// Sends when the kernel asks for the next part; what is said of it goes to `told`.
function transport(model, told) {
  let file = null;
  const heard = async (said) => {
    if (said.refused) told(`Not taken: ${said.refused}.`);
    if (said.done) told("");
    if (said.refused || said.done) file = null;
    if (!file || said.next === undefined) return;
    told("Sending …", said.next / file.size);
    try {
      const part = await file.slice(said.next, said.next + PART).arrayBuffer();
      model.send({ part: said.next }, undefined, [part]);
    } catch (error) {
      file = null;
      told(`The file cannot be read: ${error.message}`);
    }
  };
  model.on("msg:custom", heard);
  const send = (blob, name) => {
    file = blob;
    told("Sending …", 0);
    model.send({ name, size: blob.size });
  };
  return { send, close: () => model.off("msg:custom", heard) };
}

function chooser(box, send) {
  const drop = made("div", "avef-drop", box);
  const button = made("button", "", drop, "Choose a video …");
  made("div", "", drop, "or drop one here");
  const input = Object.assign(made("input", "", drop), { type: "file", accept: "video/*,.avi,.mkv" });
  input.hidden = true;
  button.onclick = () => input.click();
  const take = (files) => files.length && !button.disabled && send(files[0], files[0].name);
  input.onchange = () => {
    take(input.files);
    input.value = "";
  };
  drop.ondragover = (event) => {
    event.preventDefault();
    drop.classList.add("over");
  };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (event) => {
    event.preventDefault();
    event.stopPropagation();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  };
  return { buttons: [button], close: () => {} };
}

function camera(box, send, told, longest) {
  const pane = made("div", "avef-camera", box);
  const preview = Object.assign(made("video", "", pane), { muted: true, playsInline: true });
  const start = made("button", "", pane, "Turn the camera on");
  const stop = made("button", "", pane, "Turn it off");
  let stream = null, recorder = null, ticking = 0;

  const off = () => {
    clearInterval(ticking);
    if (recorder?.state === "recording") {
      recorder.onstop = null;
      recorder.stop();
    }
    stream?.getTracks().forEach((track) => track.stop());
    stream = recorder = preview.srcObject = null;
    preview.hidden = stop.hidden = true;
    start.textContent = "Turn the camera on";
    start.classList.remove("on");
  };
  const on = async () => {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
    preview.srcObject = stream;
    preview.hidden = stop.hidden = false;
    await preview.play();
    start.textContent = "Record";
    told("Your face in the picture; press Record and speak.");
  };
  const record = () => {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const parts = [], began = performance.now();
    recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {});
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      const type = recorder.mimeType;
      off();
      send(new Blob(parts, { type }), type.includes("mp4") ? "recording.mp4" : "recording.webm");
    };
    recorder.start(1000);
    start.textContent = "Stop and try it";
    start.classList.add("on");
    const tick = () => {
      const seconds = (performance.now() - began) / 1000;
      told(`Recording: ${CLOCK(seconds)} of at most ${CLOCK(longest)}`);
      if (seconds > longest - 1) recorder.stop();
    };
    tick();
    ticking = setInterval(tick, 250);
  };
  start.onclick = async () => {
    if (recorder) return recorder.stop();
    if (stream) return record();
    if (!navigator.mediaDevices) {
      return told("A browser lends its camera to pages on https or on localhost only.");
    }
    try {
      await on();
    } catch (error) {
      off();
      told(`The camera cannot be used: ${error.message}`);
    }
  };
  stop.onclick = () => {
    off();
    told("");
  };
  off();
  return { buttons: [start], close: off };
}

function render({ model, el }) {
  const box = made("div", "avef", el);
  const told = (said, share) => {
    line.textContent = said;
    bar.hidden = share === undefined;
    bar.value = share ?? 0;
  };
  const ways = transport(model, told);
  const way = model.get("camera")
    ? camera(box, ways.send, told, model.get("seconds"))
    : chooser(box, ways.send);
  const line = made("div", "avef-said", box);
  line.setAttribute("role", "status");
  const bar = made("progress", "", box);
  bar.hidden = true;
  const wait = () => way.buttons.forEach((button) => (button.disabled = model.get("busy")));
  model.on("change:busy", wait);
  wait();
  return () => {
    model.off("change:busy", wait);
    ways.close();
    way.close();
  };
}

export default { render };
