// Waveforms: how they are drawn, pressed and dragged over.

/** Draw levels 0 to 1 as bars, those before `played` in full colour, over a marked region [0 to 1]. */
function drawWave(canvas, levels, played, region) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !levels.length) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const [side, soft, ink] = themeColours(canvas, "--side", "--side-soft", "--wb-ink");
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  if (region) {
    pen.fillStyle = soft;
    pen.globalAlpha = 0.5;
    pen.fillRect(region[0] * width, 0, (region[1] - region[0]) * width, height);
    pen.globalAlpha = 1;
  }
  const bars = Math.floor(width / 3);
  const loudest = Math.max(...levels, 0.05);
  for (let bar = 0; bar < bars; bar++) {
    const from = Math.floor((bar / bars) * levels.length);
    const to = Math.max(from + 1, Math.floor(((bar + 1) / bars) * levels.length));
    const level = Math.max(...levels.slice(from, to)) / loudest;
    const half = Math.max(1, (level * (height - 4)) / 2);
    pen.fillStyle = bar / bars < played ? side : soft;
    pen.fillRect(bar * 3, height / 2 - half, 2, 2 * half);
  }
  if (played > 0) {
    pen.fillStyle = ink;
    pen.fillRect(Math.min(width - 2, played * width), 0, 2, height);
  }
}

/**
 * Clicks and drags along a waveform, as shares 0 to 1 of its width.
 *
 * A press that moves less than a finger trembles is a click.
 */
function onWave(canvas, { click, drag }) {
  const share = (event) => {
    const { left, width } = canvas.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = { x: event.clientX, share: share(event), moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    from.moved ||= Math.abs(event.clientX - from.x) > 6;
    if (from.moved) drag(from.share, share(event), false);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from?.moved) drag(from.share, share(event), true);
    else if (from) click(from.share);
    from = null;
  });
  canvas.addEventListener("pointercancel", () => (from = null));
}
