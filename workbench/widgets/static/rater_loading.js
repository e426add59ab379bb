// Fetching and decoding clips ahead of their time, and keeping the latest of them.

const KEPT_S = 600; // seconds of sound kept decoded: about 200 MB of stereo
const KEPT_CLIPS = 6; // however long: those on the page and those of the next triplet
const OUTLINE_BINS = 300;

/** The browser cannot decode this sound. */
class UnplayableError extends Error {}

class ClipLoader {
  /** `context()` gives the AudioContext that decodes. */
  constructor(context) {
    this.context = context;
    this.kept = new Map(); // key -> {clip, excerpt: promise}, the most recently used last
  }

  /** Fetch and decode one clip {url, start, length, gain_db}; asked again, it is there at once. */
  load(clip) {
    const key = `${clip.url} ${clip.start} ${clip.length}`;
    const entry = this.kept.get(key) ?? { clip, excerpt: this.decode(clip) };
    this.kept.delete(key);
    this.kept.set(key, entry);
    entry.excerpt.catch(() => this.kept.delete(key));
    this.forget();
    return entry.excerpt;
  }

  forget() {
    let seconds = 0;
    [...this.kept].reverse().forEach(([key, { clip }], place) => {
      seconds += clip.length;
      if (place >= KEPT_CLIPS && seconds > KEPT_S) this.kept.delete(key);
    });
  }

  async decode(clip) {
    const bytes = await fetchAudio(clip.url);
    let whole;
    try {
      whole = await this.context().decodeAudioData(bytes);
    } catch {
      throw new UnplayableError("The browser cannot decode this sound.");
    }
    const buffer = this.cut(whole, clip.start, clip.length);
    return { buffer, outline: outlineOf(buffer) };
  }

  /** Keep only the clip, so that long recordings do not fill the memory. */
  cut(whole, start, length) {
    const rate = whole.sampleRate;
    const count = Math.max(1, Math.min(whole.length, Math.round(length * rate)));
    if (count === whole.length) return whole;
    const first = Math.max(0, Math.min(Math.round(start * rate), whole.length - count));
    const buffer = this.context().createBuffer(whole.numberOfChannels, count, rate);
    for (let channel = 0; channel < whole.numberOfChannels; channel++) {
      buffer.copyToChannel(whole.getChannelData(channel).subarray(first, first + count), channel);
    }
    return buffer;
  }

  close() {
    this.kept.clear();
  }
}

/** Levels 0 to 1 along a clip. */
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
