// What a rater does with the sound of a triplet, and how much of it was heard.

const VOLUME_STEP = 0.1;

class Listening {
  /** `onChange()` is called whenever playing starts, stops or ends; `say(text)` tells the rater. */
  constructor(onChange, say) {
    this.player = new ClipPlayer(onChange);
    this.say = say;
    this.begin([]);
  }

  /** Take the clips of a trial; where there is an anchor, it has to be heard first. */
  begin(clips, { hasAnchor = false, minHeardMs = 0 } = {}) {
    Object.assign(this, { hasAnchor, minHeardMs });
    this.player.begin(clips);
  }

  /** Do something with the sound; the click or key before it lets the browser play. */
  async withSound(play) {
    const { clips } = this.player;
    if (!clips.length) return;
    const allowed = await this.player.allow();
    if (clips !== this.player.clips) return; // another triplet came meanwhile
    if (allowed) play();
    else this.say("The browser allows no sound yet: click here, then play.", { urgent: true });
  }

  /** Play a clip from its start or from `at` seconds; the anchor comes first. */
  play(place, at = 0) {
    const tooSoon = this.anchorComesFirst(place);
    return this.withSound(() => this.player.play(tooSoon ? 0 : place, tooSoon ? 0 : at));
  }

  switchTo(place) {
    const tooSoon = this.anchorComesFirst(place);
    return this.withSound(() => this.player.switchTo(tooSoon ? 0 : place));
  }

  anchorComesFirst(place) {
    const tooSoon = place > 0 && this.hasAnchor && this.player.heard(0) === 0;
    if (tooSoon) this.say("The anchor comes first.");
    return tooSoon;
  }

  playInTurn() {
    return this.withSound(() => this.player.playInTurn(PLACES));
  }

  toggle() {
    const { player } = this;
    if (player.playing) player.stop();
    else this.withSound(() => player.play(player.place, player.position(), { how: null }));
  }

  loop() {
    this.player.setLooping(!this.player.looping);
  }

  /** Let the loop begin (0) or end (1) where the sound is. */
  mark(end) {
    const { player } = this;
    const ends = [...player.regionOf(player.place)];
    ends[end] = player.position();
    player.setRegion(player.place, ends);
    this.say(player.regions[player.place] ? "" : "A loop lasts at least 0.3 seconds.");
  }

  drag(place, from, to, isOver) {
    const { player } = this;
    const ends = [from, to].map((share) => share * player.duration(place)).sort((x, y) => x - y);
    player.regions[place] = ends;
    if (!isOver) return this.player.onChange();
    player.setRegion(place, ends);
    if (player.regions[place] && !(player.playing && player.place === place)) this.play(place, ends[0]);
  }

  turn(steps) {
    this.player.setVolume(this.player.volume + steps * VOLUME_STEP);
    this.say(`Volume ${Math.round(this.player.volume * 100)} %.`);
  }

  /** How long a clip has to sound: the minimum, or nearly all of a shorter one. */
  neededMs(place) {
    const whole = Math.max(1, this.player.duration(place) * 1000 - 100);
    return Math.max(1, Math.min(this.minHeardMs, whole));
  }

  /** The longest time any clip has to sound, seconds. */
  neededS() {
    return Math.max(...PLACES.map((place) => this.neededMs(place))) / 1000;
  }

  /** How much of the time it needs a clip has sounded; 1 is enough. */
  shareHeard(place) {
    return this.player.heard(place) / this.neededMs(place);
  }

  /** The clips that have not been heard for long enough. */
  missing() {
    if (!this.player.clips.length || !this.minHeardMs) return [];
    return PLACES.filter((place) => this.shareHeard(place) < 1);
  }
}
