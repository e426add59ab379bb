// One sound with its title, a button, and a place to seek. The sound comes by HTTP, by item.

class PlayBar {
  /** `hint` is what stands there before anything has been played. */
  constructor(hint) {
    this.root = make("div", "wb-playbar");
    this.button = make("button", "wb-playbar-button");
    this.button.type = "button";
    this.button.disabled = true;
    this.title = make("span", "wb-playbar-title wb-muted", hint);
    this.seek = make("input", "wb-playbar-seek");
    Object.assign(this.seek, { type: "range", min: 0, max: 1000, value: 0, hidden: true });
    this.seek.setAttribute("aria-label", "Position");
    this.time = make("span", "wb-playbar-time wb-muted");
    this.audio = make("audio");
    this.audio.preload = "none";
    this.root.append(this.button, this.title, this.seek, this.time, this.audio);
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Now playing");
    this.show(false);
    this.wire();
  }

  wire() {
    const { audio, seek } = this;
    this.button.onclick = () => this.toggle();
    seek.oninput = () => this.seekTo(seek.value / 1000);
    audio.onplaying = () => this.show(true);
    audio.onpause = () => this.show(false);
    audio.ontimeupdate = audio.ondurationchange = () => {
      if (audio.error) return; // which is what is said
      const share = audio.duration ? audio.currentTime / audio.duration : 0;
      seek.value = Math.round(share * 1000);
      this.time.textContent = `${clock(audio.currentTime)} / ${clock(audio.duration)}`;
    };
    audio.onerror = () => this.explain();
  }

  /** Play an item: its route, and the title and artist to show. */
  play(route, title, artist) {
    this.load(route, title, artist);
    this.start();
  }

  /** Have an item ready to be played. */
  load(route, title, artist) {
    this.route = route;
    this.title.classList.remove("wb-muted");
    this.title.replaceChildren(make("strong", "", title), make("span", "wb-muted", artist));
    this.title.title = artist ? `${title} – ${artist}` : title;
    this.button.disabled = this.seek.hidden = false;
    this.time.textContent = "";
    this.audio.src = routeUrl(route);
  }

  start() {
    this.release = claimSound(this, () => this.stop());
    this.audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.say("Press play to allow sound.");
      // Anything else is an error event of the element, or a newer click.
    });
  }

  stop() {
    this.audio.pause();
    this.release?.();
  }

  toggle() {
    if (!this.route) return;
    if (!this.audio.paused) this.stop();
    else if (this.audio.error) this.audio.src = routeUrl(this.route), this.start();
    else this.start();
  }

  /** Go to a share, 0 to 1, of the whole. */
  seekTo(share) {
    const { audio } = this;
    if (Number.isFinite(audio.duration)) audio.currentTime = share * audio.duration;
  }

  /** Say why a sound did not come: the element itself does not know. */
  async explain() {
    const route = this.route;
    let problem = "This sound cannot be played by this browser.";
    try {
      await fetchAudio(route, { method: "HEAD" });
    } catch (error) {
      problem = error instanceof TypeError ? "The server does not answer." : error.message;
    }
    if (route === this.route) this.say(problem);
  }

  say(text) {
    this.show(false);
    this.time.textContent = text;
  }

  show(playing) {
    this.button.textContent = playing ? "Stop" : "Play";
    this.button.setAttribute("aria-pressed", String(playing));
    this.root.classList.toggle("wb-playing", playing);
  }

  close() {
    this.stop();
    this.audio.onerror = null;
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}
