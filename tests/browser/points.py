"""Finding a point on the maps of a page."""

# Moves over the first map until the tooltip shows `title`, and returns where that was.
FIND = """(title) => {
    const plot = document.querySelector(".wb-map-plot");
    const box = plot.getBoundingClientRect();
    for (let y = 0; y < box.height; y += 4)
        for (let x = 0; x < box.width; x += 4) {
            const at = { clientX: box.left + x, clientY: box.top + y, bubbles: true };
            plot.dispatchEvent(new PointerEvent("pointermove", at));
            const tip = document.querySelector(".wb-maps-tip");
            if (!tip.hidden && tip.querySelector("strong").textContent === title) return { x, y };
        }
}"""
