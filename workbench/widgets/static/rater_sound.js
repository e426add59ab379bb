// Short excerpts, decoded ahead: started, stopped and switched without a click, level-matched.

const FADE_S = 0.005;
const LEVEL = 0.1; // RMS every excerpt is brought to (-20 dB), as far as its peaks allow
const HIGHEST_PEAK = 0.89; // -1 dB
const MOST_GAIN = 8;
const KEPT_EXCERPTS = 12;
const OUTLINE_BINS = 300;

/** The rising half of a raised cosine. */
const RISE = Float32Array.from({ length: 65 }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * i) / 64));
const FALL = RISE.slice().reverse();

/** The browser cannot decode this sound. */
class UnplayableError extends Error {}

class ExcerptPlayer {
  /** `onChange()` is called whenever playing starts, stops or ends. */
  constructor(onChange) {
    this.onChange = onChange;
    this.kept = new Map(); // key -> promise of a loaded excerpt, the most recently used last
    this.loaded = {};
    this.voice = null;
    this.begin({});
  }

  /** Take the excerpts of a new trial: {side: loaded excerpt}; all start from the beginning. */
  begin(loaded) {
    this.stop();
    this.loaded = loaded;
    this.side = "anchor";
    this.offsets = {};
    this.heard = {};
  }

  get context() {
    if (!this.ctx) {
      this.ctx = new AudioContext({ latencyHint: "interactive" });
      this.analyser = this.ctx.createAnalyser();
      this.analyser.connect(this.ctx.destination);
    }
    return this.ctx;
  }

  get playing() {
    return this.voice !== null;
  }

  /** Seconds into the excerpt of one side. */
  position(side = this.side) {
    const offset = this.offsets[side] ?? 0;
    if (this.voice?.side !== side) return offset;
    const passed = Math.max(0, this.ctx.currentTime - this.voice.startedAt);
    return Math.min(this.duration(side), offset + passed);
  }

  duration(side = this.side) {
    return this.loaded[side]?.buffer.duration ?? 0;
  }

  /** Fetch and decode one excerpt {url, start, length}; asked again, it is there at once. */
  load(clip) {
    const key = `${clip.url} ${clip.start} ${clip.length}`;
    const excerpt = this.kept.get(key) ?? this.decode(clip);
    this.kept.delete(key);
    this.kept.set(key, excerpt);
    excerpt.catch(() => this.kept.delete(key));
    if (this.kept.size > KEPT_EXCERPTS) this.kept.delete(this.kept.keys().next().value);
    return excerpt;
  }

  async decode(clip) {
    const bytes = await fetchAudio(clip.url);
    let whole;
    try {
      whole = await this.context.decodeAudioData(bytes);
    } catch {
      throw new UnplayableError("The browser cannot decode this sound.");
    }
    const buffer = this.cut(whole, clip.start, clip.length);
    return { buffer, outline: outlineOf(buffer), gain: gainFor(buffer) };
  }

  /** Keep only the excerpt, so that long recordings do not fill the memory. */
  cut(whole, start, length) {
    const rate = whole.sampleRate;
    const count = Math.max(1, Math.min(whole.length, Math.round(length * rate)));
    const first = Math.max(0, Math.min(Math.round(start * rate), whole.length - count));
    const buffer = this.context.createBuffer(whole.numberOfChannels, count, rate);
    for (let channel = 0; channel < whole.numberOfChannels; channel++) {
      buffer.copyToChannel(whole.getChannelData(channel).subarray(first, first + count), channel);
    }
    return buffer;
  }

  /** Let the browser play; it refuses before the first click or key. */
  async allow() {
    if (this.context.state === "running") return true;
    const patience = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([this.ctx.resume().catch(() => {}), patience]);
    return this.ctx.state === "running";
  }

  /** Play one side from `at` seconds; whatever sounds is faded out meanwhile. */
  play(side, at = 0) {
    this.stop();
    const { buffer, gain } = this.loaded[side];
    const offset = at < buffer.duration - 2 * FADE_S ? Math.max(0, at) : 0;
    const ctx = this.context;
    const startedAt = ctx.currentTime + 0.005;
    const endsAt = startedAt + buffer.duration - offset;
    const source = new AudioBufferSourceNode(ctx, { buffer });
    const edges = new GainNode(ctx, { gain: 0 }); // fades in, and out at the excerpt's end
    const level = new GainNode(ctx, { gain });
    const brake = new GainNode(ctx); // fades out when stopped
    source.connect(edges).connect(level).connect(brake).connect(this.analyser);
    const fade = Math.min(FADE_S, (endsAt - startedAt) / 3);
    edges.gain.setValueCurveAtTime(RISE, startedAt, fade);
    edges.gain.setValueCurveAtTime(FALL, endsAt - fade, fade);
    source.start(startedAt, offset);
    const voice = { side, source, brake, startedAt };
    source.onended = () => this.voice === voice && this.end();
    this.voice = voice;
    this.side = side;
    this.offsets[side] = offset;
    this.release = claimSound(this, () => this.stop());
    this.onChange();
  }

  /** Stop where we are. */
  stop() {
    const { voice } = this;
    if (!voice) return;
    this.note();
    this.offsets[voice.side] = this.position(voice.side);
    this.voice = null;
    voice.brake.gain.setValueCurveAtTime(FALL, this.ctx.currentTime, FADE_S);
    voice.source.stop(this.ctx.currentTime + FADE_S);
    this.release();
    this.onChange();
  }

  /** The excerpt has been heard to its end. */
  end() {
    this.note();
    this.offsets[this.voice.side] = 0;
    this.voice = null;
    this.release();
    this.onChange();
  }

  /** Remember how long this side has sounded. */
  note() {
    const { side, startedAt } = this.voice;
    const ms = Math.max(0, this.ctx.currentTime - startedAt) * 1000;
    this.heard[side] = Math.round((this.heard[side] ?? 0) + ms);
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
    this.kept.clear();
    this.ctx?.close();
  }
}

/** Levels 0 to 1 along an excerpt. */
function outlineOf(buffer) {
  const wave = buffer.getChannelData(0);
  const step = wave.length / OUTLINE_BINS;
  return Float32Array.from({ length: OUTLINE_BINS }, (_, bin) => {
    let peak = 0;
    const end = Math.floor((bin + 1) * step);
    for (let i = Math.floor(bin * step); i < end; i += 4) peak = Math.max(peak, Math.abs(wave[i]));
    return peak;
  });
}

/** The gain that makes excerpts about equally loud without clipping. */
function gainFor(buffer) {
  let power = 0;
  let peak = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    for (const x of buffer.getChannelData(channel)) {
      power += x * x;
      peak = Math.max(peak, Math.abs(x));
    }
  }
  const rms = Math.sqrt(power / (buffer.length * buffer.numberOfChannels));
  return rms > 0 ? Math.min(LEVEL / rms, HIGHEST_PEAK / peak, MOST_GAIN) : 1;
}
