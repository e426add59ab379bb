// Build a song: a basket of parts on one clock, and what could be added. Titles are only ever text.

const NOTHING_YET =
  "No song is open. Press “New song”, add a part you know, and have suggested what fits it: in " +
  "tempo and key, and by how parts sounded together in songs before.";

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-song");
    root.tabIndex = -1;
    keepKeys(root);
    el.append(root);
    let said = "";
    const words = make("div", "wb-note");
    words.setAttribute("role", "status");
    const drawWords = () => {
      words.textContent = said || model.get("note") || model.get("problem");
      words.hidden = !words.textContent;
    };
    const say = (text) => {
      said = text;
      drawWords();
    };
    const busy = (on) => root.classList.toggle("wb-song-busy", on);
    /** Ask Python for a step; it is saved when this returns. */
    const act = async (step, options = {}) => {
      say("");
      busy(true);
      try {
        const signal = AbortSignal.timeout(120_000);
        const [reply] = await experimental.invoke("_do", { step, with: options }, { signal });
        say(reply.said);
      } catch {
        say("This was not saved: Python does not answer. Reload the page and try again.");
      }
      busy(false);
    };
    const plainButton = (text, press, className = "") => {
      const button = make("button", className, text);
      button.type = "button";
      button.addEventListener("click", press);
      return button;
    };

    // -- the song and its transport
    const sound = new SongSound(() => drawSound(), say);
    const choose = make("select");
    choose.setAttribute("aria-label", "Song");
    choose.addEventListener("change", () => act("open", { song: choose.value }));
    const title = make("input", "wb-song-title");
    title.setAttribute("aria-label", "Title of the song");
    title.addEventListener("change", () => act("rename", { title: title.value }));
    const begin = plainButton("New song", () => act("new", { title: freeTitle() }));
    const freeTitle = () => {
      const taken = new Set(model.get("songs").map((song) => song.title));
      let number = 1;
      while (taken.has(`Song ${number}`)) number++;
      return `Song ${number}`;
    };
    const undo = plainButton("Undo", () => act("undo"));
    const redo = plainButton("Redo", () => act("redo"));
    const write = plainButton("Export", () => act("export"));
    const known = make("span", "wb-muted");
    const top = make("div", "wb-song-top");
    top.append(choose, title, known, undo, redo, write, begin);
    const empty = make("div", "wb-note", NOTHING_YET);

    const play = plainButton("Play", () => (sound.playing ? sound.stop() : (player.stop(), sound.play())), "wb-song-play");
    const seek = make("input");
    Object.assign(seek, { type: "range", min: 0, step: 0.01, value: 0 });
    seek.setAttribute("aria-label", "Position in the song");
    seek.addEventListener("change", () => sound.seek(Number(seek.value)));
    const time = make("span", "wb-muted wb-song-time");
    const transport = make("div", "wb-song-transport");
    transport.append(play, seek, time);
    const list = make("div", "wb-song-parts");

    const drawTime = () => {
      if (document.activeElement !== seek || sound.playing) seek.value = sound.position();
      time.textContent = `${clock(sound.position())} / ${clock(sound.length)}`;
      const share = sound.length ? (100 * sound.position()) / sound.length : 0;
      list.style.setProperty("--wb-song-at", `${share}%`);
    };
    let frame = 0;
    const follow = () => {
      drawTime();
      frame = sound.playing ? requestAnimationFrame(follow) : 0;
    };
    const drawSound = () => {
      play.textContent = sound.playing ? "Stop" : "Play";
      play.setAttribute("aria-pressed", String(sound.playing));
      drawParts();
      cancelAnimationFrame(frame);
      follow();
    };
    const drawParts = () => {
      const focused = root.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
      list.replaceChildren(...partRows(model.get("parts"), sound, act));
      if (focused) [...list.querySelectorAll("[aria-label]")].find((each) => each.getAttribute("aria-label") === focused)?.focus();
      const empty = !model.get("parts").length;
      transport.hidden = empty;
      write.disabled = empty;
      seek.max = sound.length || 1;
    };
    const drawSong = () => {
      const song = model.get("song");
      const songs = model.get("songs");
      choose.replaceChildren(...songs.map(({ id, title }) => Object.assign(make("option", "", title), { value: id })));
      choose.value = song.id ?? "";
      choose.hidden = songs.length < 2;
      title.value = song.title ?? "";
      known.textContent = song.words ?? "";
      undo.disabled = !song.undo;
      redo.disabled = !song.redo;
      for (const part of [title, known, undo, redo, write, below]) part.hidden = !song.id;
      empty.hidden = Boolean(song.id);
    };
    const takeParts = () => {
      sound.show(model.get("parts"));
      drawSound();
    };

    // -- what could be added
    const player = new Player(say);
    const playAlone = player.play.bind(player);
    player.play = (item) => (sound.stop(), playAlone(item));
    const find = picker(model, (item) => act("add", { item, offset_s: 0 }));
    const instrument = make("select");
    instrument.setAttribute("aria-label", "What is missing");
    const neighbours = make("label", "wb-filter");
    const near = Object.assign(make("input"), { type: "checkbox" });
    neighbours.append(near, "neighbouring keys, too");
    const ask = plainButton("Suggest", async () => {
      ask.disabled = true;
      ask.textContent = "Listening …";
      await act("suggest", { instrument: instrument.value, neighbours: near.checked });
      ask.disabled = false;
      ask.textContent = "Suggest";
    });
    const filters = filterPanel(model, { leave: ["kinds", "has"] });
    const asking = make("div", "wb-song-asking");
    asking.append(instrument, neighbours, ask);
    const suggested = make("div", "wb-song-suggested");
    const adding = make("div", "wb-song-adding");
    adding.append(make("h3", "", "Add a part you know"), find.root);
    const missing = make("div", "wb-song-missing");
    missing.append(make("h3", "", "What is missing?"), asking, filters.root, suggested);
    const below = make("div", "wb-song-below");
    below.append(adding, missing);
    const drawChoices = () => {
      const names = model.get("choices").instruments ?? [];
      const options = [["", "any instrument"], ...names.map((name) => [name, name])];
      const before = instrument.value;
      instrument.replaceChildren(...options.map(([value, text]) => Object.assign(make("option", "", text), { value })));
      instrument.value = before;
      filters.draw();
    };
    const drawSuggestions = () => {
      suggested.replaceChildren(...model.get("suggestions").map((item) => {
        const row = make("div", "wb-song-suggestion");
        const closer = make("span", "wb-song-closer", item.relevance.toFixed(2)); // of a few, shares say little
        closer.title = Object.entries(item.percentiles).map(([name, share]) => `${name}: closer than ${percent(share)}`).join("\n");
        const add = plainButton("Add", () => act("add", { item: item.id, offset_s: sound.position() < 0.5 ? 0 : sound.position() }));
        add.setAttribute("aria-label", `Add ${item.title}`);
        row.append(player.button(item), names(item), level(item.relevance, "wb-song-bar"), closer, add);
        return row;
      }));
    };

    root.append(top, empty, words, transport, list, below);
    root.addEventListener("keydown", (event) => {
      const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "range";
      if (typing) return;
      const control = event.ctrlKey || event.metaKey;
      if (event.key === " " && event.target.tagName !== "BUTTON") play.click();
      else if (control && event.key.toLowerCase() === "z") act(event.shiftKey ? "redo" : "undo");
      else if (control && event.key.toLowerCase() === "y") act("redo");
      else return;
      event.preventDefault();
    });
    const watched = {
      songs: drawSong, song: drawSong, parts: takeParts, suggestions: drawSuggestions, found: find.fill,
      choices: drawChoices, filters: filters.draw, note: drawWords, problem: drawWords,
    };
    for (const [trait, draw] of Object.entries(watched)) model.on(`change:${trait}`, draw);
    for (const draw of new Set(Object.values(watched))) draw();
    root.workbenchSong = sound; // what is playing, for tests and for the curious
    return () => {
      cancelAnimationFrame(frame);
      sound.close();
      player.stop();
      player.audio.removeAttribute("src");
      for (const [trait, draw] of Object.entries(watched)) model.off(`change:${trait}`, draw);
    };
  },
};
