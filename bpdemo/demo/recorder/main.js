// The recorder's course: idle -> asking -> preview -> countdown -> recording -> uploading -> sent, and error from
// anywhere. The state can be read from the root's `data-state`, an error's code from its `data-problem`.
//
// `visit` counts up with every turn of that course: what was waiting for a camera, a second or an upload then sees that
// it is not wanted any more.

const COUNTDOWN_S = 3;
const HIDDEN_MS = 30_000; // a preview nobody sees keeps the camera on no longer than this
const STEADY_LOOKS = 2; // so often in a row an instruction has to come up before it is given
const HOLD_CHANGE = 0.15; // more change of the light than this, and holding the camera did harm

class Recorder {
  constructor(element, words, { send, fetchDetector, goUpload }) {
    this.view = new View(element, words);
    this.words = words;
    [this.send, this.fetchDetector, this.goUpload] = [send, fetchDetector, goUpload];
    this.visit = 0;
    this.state = "idle";
    const deeds = {
      start: () => this.start(),
      retry: () => this.start(),
      again: () => this.start(),
      record: () => this.record(),
      stop: () => this.cancel("idle"),
      cancel: () => this.cancel("cancelled"),
      resend: () => this.upload(this.file),
      upload: () => this.goUpload(),
    };
    for (const button of this.view.buttons()) button.addEventListener("click", deeds[button.dataset.do]);
    this.view.root.addEventListener("keydown", ({ key }) => key === "Escape" && this.escape());
    this.view.root.addEventListener("bp-read", () => this.showRead());
    this.letGoWhenNobodyLooks();
    this.show("idle");
  }

  /** Begins a turn of the course; returns whether it is still the one, to be asked after every wait. */
  turn() {
    const visit = ++this.visit;
    return () => visit === this.visit;
  }

  show(state, more) {
    this.state = state;
    this.view.show(state, more);
  }

  async start() {
    const wanted = this.turn();
    this.file = null;
    const problem = browserProblem();
    if (problem) return this.fail(problem);
    this.show("asking");
    let stream;
    try {
      stream = await openCamera();
    } catch (error) {
      return wanted() && this.fail(error.code);
    }
    if (!wanted()) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    [this.track] = stream.getVideoTracks();
    this.track.addEventListener("ended", () => this.stream === stream && this.fail("lost"));
    const { video } = this.view.parts;
    video.onresize = video.onloadedmetadata = () => this.view.drawGuide(video.videoWidth, video.videoHeight);
    video.srcObject = stream;
    video.play().catch(() => {}); // it plays by itself; a browser that asks for a touch first has just had one
    this.preview();
    this.detector ??= loadDetector(this.fetchDetector);
    const detector = await this.detector;
    if (this.stream !== stream) return;
    this.watcher = new Watcher(video, detector, (look) => this.onLook(look));
    this.watcher.start();
  }

  preview() {
    [this.proposed, this.times, this.given] = [null, 0, null];
    this.view.showChecks(null);
    this.give("wait", "change");
    this.tellFacts([]);
    this.show("preview");
  }

  onLook(look) {
    this.look = look;
    const { passed, instruction } = judge(look);
    this.view.showChecks(passed);
    if (this.state === "recording") {
      this.lumaAtStart ??= look.light.luma;
      const hint = judgeRecording(look, this.lumaAtStart);
      this.propose(hint, hint === "hold" ? "good" : "change");
    } else if (this.state === "preview") {
      const unchecked = instruction === "ready" && look.face === undefined;
      this.propose(unchecked ? "ready_unchecked" : instruction, instruction === "ready" ? "good" : "change");
      if (unchecked) this.tellFacts(["no_detector"]);
    }
  }

  /** Gives an instruction once it has come up often enough in a row. */
  propose(code, mood) {
    this.times = code === this.proposed ? this.times + 1 : 1;
    this.proposed = code;
    if (this.times >= STEADY_LOOKS) this.give(code, mood);
  }

  give(code, mood) {
    if (code === this.given) return;
    this.given = code;
    this.view.say(this.words.instructions[code], mood);
    this.view.speak(this.words.instructions[code]);
  }

  tellFacts(codes, parts = {}) {
    const { width, height, frameRate } = this.track.getSettings();
    const facts = [fill(this.words.facts.camera, { width, height, rate: Math.round(frameRate ?? 0) || "?" })];
    if (width * height < 640 * 480) facts.push(this.words.facts.small);
    if (frameRate < 24) facts.push(this.words.facts.slow);
    this.view.facts([...facts, ...codes.map((code) => fill(this.words.facts[code], parts))]);
  }

  async record() {
    const wanted = this.turn();
    const before = this.look?.light.luma;
    this.give("countdown", "good");
    this.show("countdown");
    this.view.speak(this.words.announcements.countdown, { atOnce: true });
    const holding = this.hold(before, wanted);
    for (let left = COUNTDOWN_S; left > 0; left--) {
      this.view.count(left);
      await second();
      if (!wanted()) return;
    }
    await holding;
    if (!wanted()) return;
    this.lumaAtStart = null;
    let clip;
    try {
      clip = recordClip(this.stream);
    } catch {
      return this.fail("no_record");
    }
    this.stopClip = clip.stop;
    this.give("hold", "good");
    this.show("recording");
    this.view.speak(this.words.announcements.recording, { atOnce: true });
    if (this.watcher) this.watcher.pauseMs = LOOK_PAUSE_MS.recording;
    this.runClock(wanted);
    try {
      const file = await clip.done;
      if (!wanted()) return;
      this.release();
      await this.upload(file);
    } catch {
      if (wanted()) this.fail("no_record");
    }
  }

  /** Holds the camera as it is, looks whether that changed the picture, and says what came of it. */
  async hold(before, wanted) {
    const hold = await holdCamera(this.track);
    if (!wanted()) return hold.free();
    this.held = hold;
    const names = hold.held.map((name) => this.words.facts[name]).join(", ");
    this.tellFacts([names ? "held" : "not_held"], { names });
    if (!names || before === undefined) return;
    await second();
    await second();
    if (wanted() && Math.abs(this.look.light.luma / Math.max(before, 1) - 1) > HOLD_CHANGE) {
      await hold.free();
      if (wanted()) this.tellFacts(["let_go"]);
    }
  }

  runClock(wanted) {
    const start = performance.now();
    let spoken = false;
    const tick = () => {
      if (!wanted() || this.state !== "recording") return;
      const gone = Math.min((performance.now() - start) / 1000, CLIP_S);
      const left = Math.ceil(CLIP_S - gone);
      this.view.clock(gone / CLIP_S, left);
      if (left === 5 && !spoken) {
        spoken = true;
        this.view.speak(fill(this.words.announcements.half, { seconds: left }), { atOnce: true });
      }
      setTimeout(tick, 100);
    };
    tick();
  }

  async upload(file) {
    const wanted = this.turn();
    this.file = file;
    this.show("uploading", { parts: { size: (file.size / 1e6).toFixed(1) } });
    try {
      await this.send(file, wanted);
    } catch {
      return wanted() && this.fail("upload_failed");
    }
    if (!wanted()) return;
    this.file = null;
    this.show("sent", { without: ["again"] });
  }

  /** The server has finished with the clip that was sent. */
  showRead() {
    if (this.state === "sent") this.show("sent", { card: "read" });
  }

  fail(problem) {
    this.turn();
    this.release();
    const sending = problem === "upload_failed";
    this.show("error", { problem, without: sending ? ["retry"] : ["resend", "again"] });
  }

  cancel(card) {
    this.turn();
    this.release();
    this.show("idle", { card });
  }

  escape() {
    if (["asking", "countdown", "recording"].includes(this.state)) this.cancel("cancelled");
  }

  /** Lets the camera go: gives it back its automatic ways, then switches it off. */
  release() {
    this.watcher?.stop();
    this.stopClip?.();
    const { stream, held } = this;
    this.stream = this.track = this.watcher = this.stopClip = this.held = this.look = null;
    this.view.parts.video.srcObject = null;
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    if (held?.held.length) Promise.race([held.free(), second()]).then(stop);
    else stop();
  }

  /** Switches the camera off when the page goes, or is out of sight for long, or another tab of it is chosen. */
  letGoWhenNobodyLooks() {
    let timer = null;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => this.state === "preview" && this.cancel("slept"), HIDDEN_MS);
    });
    addEventListener("pagehide", () => this.stream && this.cancel("idle"));
    new ResizeObserver(([{ contentRect }]) => {
      if (!contentRect.width && this.stream) this.cancel("cancelled");
    }).observe(this.view.root);
  }
}

function second() {
  return new Promise((resolve) => setTimeout(resolve, 1000));
}

// `element`, `props`, `server`, `trigger` and `upload` are Gradio's; the component's value is its words.
new Recorder(element, JSON.parse(props.value), {
  fetchDetector: () => server.face_detector(),
  goUpload: () => trigger("other_way"),
  send: async (file, wanted) => {
    const { session } = await import(new URL("page/session.js", document.baseURI));
    const key = session.keepClip(file);
    const { path } = await upload(file);
    if (wanted()) trigger("submit", { clip: path, key });
  },
});
