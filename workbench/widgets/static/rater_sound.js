// Three clips on one clock: played, switched in place without a gap, looped, and counted.

const FADE_S = 0.005; // a raised cosine, at every beginning, end and switch
const LEAD_S = 0.005; // least time from a press to the sound that it schedules
const PAUSE_S = 0.3; // between clips that play one after another
const SHORTEST_LOOP_S = 0.3;

/** The rising half of a raised cosine; with the falling half it sums to one. */
const RISE = Float32Array.from({ length: 65 }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * i) / 64));
const FALL = RISE.slice().reverse();

class ClipPlayer {
  /** `onChange()` is called whenever playing starts, stops or ends. */
  constructor(onChange) {
    this.onChange = onChange;
    this.loader = new ClipLoader(() => this.context);
    this.volume = 1;
    this.voice = null;
    this.begin([]);
  }

  /** Take the clips of a new trial, from left to right: [{buffer, outline, gain}]. */
  begin(clips) {
    this.stop();
    this.clips = clips;
    this.place = 0;
    this.looping = false;
    this.offsets = [0, 0, 0];
    this.regions = [null, null, null]; // [from, to] in seconds, to loop in
    this.counts = [0, 1, 2].map(() => ({ heard_ms: 0, plays: 0, switches: 0 }));
  }

  get context() {
    if (!this.ctx) {
      this.ctx = new AudioContext({ latencyHint: "interactive" });
      this.analyser = this.ctx.createAnalyser();
      this.master = new GainNode(this.ctx, { gain: this.volume });
      this.master.connect(this.analyser).connect(this.ctx.destination);
    }
    return this.ctx;
  }

  get playing() {
    return this.voice !== null;
  }

  duration(place = this.place) {
    return this.clips[place]?.buffer.duration ?? 0;
  }

  /** Seconds into one clip, now or at a time of the audio clock. */
  position(place = this.place, time = this.ctx?.currentTime) {
    const { voice } = this;
    if (voice?.place !== place) return this.offsets[place] ?? 0;
    const passed = voice.offset + Math.max(0, time - voice.startedAt);
    if (!voice.region) return Math.min(this.duration(place), passed);
    const [from, to] = voice.region;
    return from + ((passed - from) % (to - from));
  }

  /** How long a clip has sounded, ms. */
  heard(place) {
    const { voice } = this;
    const before = this.counts[place].heard_ms;
    return voice?.place === place ? before + this.sounded(voice, this.ctx.currentTime) : before;
  }

  sounded(voice, time) {
    return Math.max(0, time - voice.startedAt) * 1000;
  }

  /** What was heard of each clip, for the record. */
  trace() {
    return this.counts.map((count, place) => ({
      ...count,
      heard_ms: Math.round(this.heard(place)),
    }));
  }

  /** Let the browser play; it refuses before the first click or key. */
  async allow() {
    if (this.context.state === "running") return true;
    const patience = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([this.ctx.resume().catch(() => {}), patience]);
    return this.ctx.state === "running";
  }

  /** The next moment that can be scheduled exactly: browsers compute sound in blocks ahead of time. */
  soon() {
    const { currentTime, baseLatency } = this.context;
    return currentTime + Math.max(LEAD_S, baseLatency);
  }

  // -- playing -----------------------------------------------------------------------------------

  /** Play clips one after another, each from its start. */
  playInTurn(places) {
    const [first, ...rest] = places;
    this.play(first, 0, { then: rest });
  }

  /** Go on with another clip at the same position; it sounds from then on, without a gap. */
  switchTo(place) {
    const when = this.soon();
    const at = this.position(this.place, when);
    this.play(place, at < this.duration(place) ? at : 0, { how: "switches", when });
  }

  /**
   * Play one clip from `at` seconds; what sounds until `when` is cross-faded into it.
   *
   * `how` says what to count it as, `then` what to play when it has ended.
   */
  play(place, at = 0, { how = "plays", then = [], when = this.soon() } = {}) {
    this.halt(when);
    const region = this.looping ? this.regionOf(place) : null;
    const voice = region ? this.looped(place, at, region, when) : this.once(place, at, when);
    voice.source.onended = () => this.voice === voice && this.end(then);
    this.voice = voice;
    this.place = place;
    if (how) this.counts[place][how] += 1;
    this.release = claimSound(this, () => this.stop());
    this.onChange();
  }

  /** A voice that plays a clip to its end. */
  once(place, at, when) {
    const { buffer, gain } = this.clips[place];
    const offset = at < buffer.duration - 2 * FADE_S ? Math.max(0, at) : 0;
    const endsAt = when + buffer.duration - offset;
    const fade = Math.min(FADE_S, (endsAt - when) / 3);
    const voice = this.voiceOf(buffer, gain, when, fade);
    voice.edges.gain.setValueCurveAtTime(FALL, endsAt - fade, fade);
    voice.source.start(when, offset);
    return { ...voice, place, offset, region: null };
  }

  /** A voice that plays a region of a clip over and over; the faded edges are part of the sound. */
  looped(place, at, [from, to], when) {
    const { buffer, gain } = this.clips[place];
    const round = fadedRegion(this.context, buffer, from, to);
    const voice = this.voiceOf(round, gain, when, FADE_S);
    const offset = at >= from && at < to ? at : from;
    voice.source.loop = true;
    voice.source.start(when, offset - from);
    return { ...voice, place, offset, region: [from, from + round.duration] };
  }

  voiceOf(buffer, gain, startedAt, fade) {
    const ctx = this.context;
    const source = new AudioBufferSourceNode(ctx, { buffer });
    const edges = new GainNode(ctx, { gain: 0 });
    const level = new GainNode(ctx, { gain });
    const brake = new GainNode(ctx); // fades out when stopped
    source.connect(edges).connect(level).connect(brake).connect(this.master);
    edges.gain.setValueCurveAtTime(RISE, startedAt, fade);
    return { source, edges, brake, startedAt };
  }

  /** Stop where we are. */
  stop() {
    if (!this.voice) return;
    this.halt(this.ctx.currentTime);
    this.release();
    this.onChange();
  }

  /** Fade out what sounds, beginning at `when`. */
  halt(when) {
    const { voice } = this;
    if (!voice) return;
    this.offsets[voice.place] = this.position(voice.place, when);
    this.counts[voice.place].heard_ms += this.sounded(voice, when);
    this.voice = null;
    voice.brake.gain.setValueCurveAtTime(FALL, when, FADE_S);
    voice.source.stop(when + FADE_S);
  }

  /** A clip has been heard to its end. */
  end(then) {
    const { place } = this.voice;
    this.counts[place].heard_ms += this.duration(place) * 1000 - this.voice.offset * 1000;
    this.offsets[place] = 0;
    this.voice = null;
    this.release();
    if (then.length) {
      const when = this.context.currentTime + PAUSE_S;
      this.play(then[0], 0, { then: then.slice(1), when });
    }
    this.onChange();
  }

  // -- loops and volume --------------------------------------------------------------------------

  /** The region of a clip, all of it if none was marked. */
  regionOf(place) {
    return this.regions[place] ?? [0, this.duration(place)];
  }

  /** Loop, or go on to the end; what sounds goes on from where it is. */
  setLooping(looping) {
    this.looping = looping;
    if (this.playing) this.play(this.place, this.position(), { how: null });
    this.onChange();
  }

  /** Mark a region [from, to] of a clip, in either order, and loop it; null unmarks it. */
  setRegion(place, ends) {
    const region = ends?.map((at) => this.clamp(place, at)).sort((x, y) => x - y);
    this.regions[place] = region && region[1] - region[0] >= SHORTEST_LOOP_S ? region : null;
    this.setLooping(this.regions[place] !== null);
  }

  clamp(place, at) {
    return Math.max(0, Math.min(at, this.duration(place)));
  }

  /** Play everything louder or quieter, 0 to 1; the clips stay equally loud. */
  setVolume(volume) {
    this.volume = Math.max(0, Math.min(1, volume));
    this.master?.gain.setTargetAtTime(this.volume, this.ctx.currentTime, FADE_S);
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
    this.loader.close();
    this.ctx?.close();
  }
}

/** A part of a buffer whose first and last milliseconds fade, so that it can follow itself. */
function fadedRegion(ctx, buffer, from, to) {
  const rate = buffer.sampleRate;
  const first = Math.round(from * rate);
  const count = Math.max(1, Math.min(buffer.length - first, Math.round((to - from) * rate)));
  const fade = Math.min(Math.round(FADE_S * rate), count >> 1);
  const region = ctx.createBuffer(buffer.numberOfChannels, count, rate);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const wave = buffer.getChannelData(channel).slice(first, first + count);
    for (let i = 0; i < fade; i++) {
      const share = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / fade);
      wave[i] *= share;
      wave[count - 1 - i] *= share;
    }
    region.copyToChannel(wave, channel);
  }
  return region;
}
