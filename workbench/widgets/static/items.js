// Items in lists: heard one at a time, named as text, measured by small bars.

const PLAY = "M4 2.5v11l9-5.5z";
const STOP = "M3.5 3.5h9v9h-9z";

/** One sound for all rows: press to play, press again to stop. */
class Player {
  constructor(say) {
    this.audio = new Audio();
    this.audio.preload = "none";
    this.say = say;
    this.id = null;
    this.buttons = new Map();
    this.audio.addEventListener("ended", () => this.stop());
    this.audio.addEventListener("error", () => this.id !== null && this.fail());
  }

  button(item) {
    const button = make("button", "wb-item-play");
    button.type = "button";
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "0 0 16 16");
    icon.setAttribute("aria-hidden", "true");
    icon.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    button.append(icon);
    button.addEventListener("click", () => (this.id === item.id ? this.stop() : this.play(item)));
    this.paint(button, item, this.id === item.id);
    this.buttons.set(button, item);
    return button;
  }

  play(item) {
    this.release = claimSound(this, () => this.stop());
    this.say("");
    this.id = item.id;
    this.audio.src = item.blob ?? routeUrl(item.url);
    this.audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.fail("Press play once more to allow sound.");
    });
    this.repaint();
  }

  stop() {
    this.id = null;
    this.audio.pause();
    this.release?.();
    this.repaint();
  }

  fail(words = "This sound could not be played.") {
    this.stop();
    this.say(words);
  }

  repaint() {
    for (const [button, item] of this.buttons) {
      if (button.isConnected) this.paint(button, item, this.id === item.id);
      else this.buttons.delete(button);
    }
  }

  paint(button, item, playing) {
    button.firstChild.firstChild.setAttribute("d", playing ? STOP : PLAY);
    button.setAttribute("aria-pressed", String(playing));
    button.setAttribute("aria-label", `${playing ? "Stop" : "Play"} ${item.title}`);
    button.classList.toggle("wb-playing", playing);
  }
}

function debounce(action, delay) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), delay);
  };
}

/** Title above, artist and kind below. */
function names(item) {
  const block = make("div", "wb-item-names");
  const below = item.kind === "song" ? item.artist : [item.artist, item.kind].filter(Boolean).join(" · ");
  block.append(make("div", "wb-item-title", item.title), make("div", "wb-muted", below));
  block.title = item.title;
  return block;
}

function level(value, className) {
  const bar = make("div", className);
  const fill = make("i");
  fill.style.width = `${100 * Math.min(1, Math.max(0, value))}%`;
  bar.append(fill);
  return bar;
}

/** A share as "99 %"; all but everybody is never everybody. */
function percent(share) {
  return `${share < 1 ? Math.min(99, Math.round(100 * share)) : 100} %`;
}
