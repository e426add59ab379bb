// The parts of a song on one clock: started together at their offsets, muted, soloed, sought.

const LEAD_S = 0.06; // from a press to the moment all parts are scheduled for
const RAMP_S = 0.02;
const HIGHEST = 0.98; // what the peaks of the mix are kept below

const gainOf = (db) => 10 ** (db / 20);

class SongSound {
  /** `onChange()` is called when playing starts or ends, `onProblem(words)` when a sound fails. */
  constructor(onChange, onProblem) {
    this.onChange = onChange;
    this.onProblem = onProblem;
    this.buffers = new Map(); // url -> promise of an AudioBuffer
    this.parts = [];
    this.voices = [];
    this.solo = new Set(); // places
    this.at = 0; // where playing begins, in seconds of the song
    this.startedAt = null; // of the audio clock, while playing
  }

  get context() {
    if (!this.ctx) {
      this.ctx = new AudioContext({ latencyHint: "interactive" });
      this.analyser = this.ctx.createAnalyser();
      this.master = new GainNode(this.ctx, { gain: 1 });
      this.master.connect(this.analyser).connect(this.ctx.destination);
    }
    return this.ctx;
  }

  get playing() {
    return this.startedAt !== null;
  }

  get length() {
    return Math.max(0, ...this.parts.map((part) => part.offset_s + part.duration_s));
  }

  position() {
    if (!this.playing) return this.at;
    return Math.min(this.length, this.at + Math.max(0, this.ctx.currentTime - this.startedAt));
  }

  /** Take the parts as they are now; where only levels changed, what sounds goes on. */
  show(parts) {
    const same = (a, b) => a && a.url === b.url && a.offset_s === b.offset_s;
    const moved = parts.length !== this.parts.length || parts.some((part, i) => !same(this.parts[i], part));
    if (moved) this.solo.clear();
    const at = this.position();
    this.parts = parts;
    if (!this.playing) this.at = Math.min(this.at, this.length);
    else if (moved) this.play(Math.min(at, this.length));
    else this.level();
  }

  load(url) {
    if (!this.buffers.has(url)) {
      const buffer = fetchAudio(url).then((bytes) => this.context.decodeAudioData(bytes));
      buffer.catch(() => this.buffers.delete(url));
      this.buffers.set(url, buffer);
    }
    return this.buffers.get(url);
  }

  /** How loud each part sounds now: muted ones, and those beside a solo, are silent. */
  gains() {
    return this.parts.map((part, place) => {
      const silent = this.solo.size ? !this.solo.has(place) : part.muted;
      return silent ? 0 : gainOf(part.gain_db);
    });
  }

  /** Play from a moment of the song; parts without a sound are named and left out. */
  async play(at = this.at) {
    this.halt();
    const turn = (this.turn = {});
    this.release = claimSound(this, () => this.stop());
    this.at = at >= this.length ? 0 : at;
    const parts = this.parts;
    this.context.resume().catch(() => {});
    const buffers = await Promise.all(parts.map((part) => this.load(part.url).catch(() => null)));
    if (turn !== this.turn) return; // stopped or started anew meanwhile
    const silent = parts.filter((_, i) => !buffers[i]);
    if (silent.length) this.onProblem(`${silent.map((part) => part.title).join(", ")} cannot be played here.`);
    const gains = this.gains();
    this.peaks = mixPeak(parts, buffers, this.context.sampleRate);
    this.master.gain.value = this.scale(gains);
    const when = this.context.currentTime + LEAD_S;
    this.voices = parts.map((part, i) => {
      const gain = new GainNode(this.ctx, { gain: gains[i] });
      gain.connect(this.master);
      const into = this.at - part.offset_s;
      if (!buffers[i] || into >= buffers[i].duration) return { gain };
      const source = new AudioBufferSourceNode(this.ctx, { buffer: buffers[i] });
      source.connect(gain);
      source.start(when + Math.max(0, -into), Math.max(0, into));
      return { gain, source };
    });
    this.startedAt = when;
    this.timer = setInterval(() => this.position() >= this.length && this.end(), 100);
    this.onChange();
  }

  /** The gain of everything that keeps the mix below full scale. */
  scale(gains) {
    return Math.min(1, HIGHEST / Math.max(1e-9, this.peaks(gains)));
  }

  /** Bring all levels to what they should be now. */
  level() {
    if (!this.playing) return;
    const gains = this.gains();
    this.voices.forEach(({ gain }, i) => gain.gain.setTargetAtTime(gains[i], this.ctx.currentTime, RAMP_S));
    this.master.gain.setTargetAtTime(this.scale(gains), this.ctx.currentTime, RAMP_S);
  }

  seek(at) {
    this.at = Math.max(0, Math.min(at, this.length));
    if (this.playing) this.play(this.at);
    else this.onChange();
  }

  toggleSolo(place) {
    if (!this.solo.delete(place)) this.solo.add(place);
    this.level();
    this.onChange();
  }

  stop() {
    this.at = this.position();
    this.turn = null;
    this.halt();
    this.release?.();
    this.onChange();
  }

  end() {
    this.stop();
    this.at = 0;
    this.onChange();
  }

  halt() {
    clearInterval(this.timer);
    for (const { source, gain } of this.voices) {
      gain.gain.setTargetAtTime(0, this.ctx.currentTime, RAMP_S / 4);
      source?.stop(this.ctx.currentTime + RAMP_S);
    }
    this.voices = [];
    this.startedAt = null;
  }

  /** The level of what sounds now. */
  rms() {
    if (!this.analyser) return 0;
    const wave = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  }

  close() {
    this.stop();
    this.ctx?.close();
    this.buffers.clear();
  }
}

/** A function from the gains of all parts to the highest sample of their mix. */
function mixPeak(parts, buffers, rate) {
  const known = new Map();
  const length = Math.ceil(Math.max(0, ...parts.map((part, i) => part.offset_s + (buffers[i]?.duration ?? 0))) * rate);
  return (gains) => {
    const key = gains.join(" ");
    if (known.has(key)) return known.get(key);
    let peak = 0;
    for (const channel of [0, 1]) {
      const mix = new Float32Array(length);
      parts.forEach((part, i) => {
        if (!buffers[i] || !gains[i]) return;
        const wave = buffers[i].getChannelData(Math.min(channel, buffers[i].numberOfChannels - 1));
        const first = Math.round(part.offset_s * rate);
        for (let j = 0; j < wave.length && first + j < length; j++) mix[first + j] += gains[i] * wave[j];
      });
      for (let j = 0; j < length; j++) peak = Math.max(peak, Math.abs(mix[j]));
      if (buffers.every((buffer) => !buffer || buffer.numberOfChannels === 1)) break;
    }
    known.set(key, peak);
    return peak;
  };
}
