// A row of buttons, one per dimension. The address may name one: ?dimension=tempo.

export default {
  render({ model, el }) {
    const root = make("nav", "wb wb-tabs");
    root.setAttribute("aria-label", "Dimension");
    el.append(root);
    const isPage = location.pathname.includes("/voila/"); // a notebook’s address is Lab’s own
    const choose = (name) => {
      model.set("value", name);
      model.save_changes();
    };
    const draw = () => {
      const value = model.get("value");
      const focused = root.contains(document.activeElement);
      root.replaceChildren(...model.get("names").map((name) => {
        const button = Object.assign(make("button", "", name), { type: "button" });
        button.setAttribute("aria-pressed", String(name === value));
        button.addEventListener("click", () => choose(name));
        return button;
      }));
      if (focused) root.querySelector("[aria-pressed=true]")?.focus();
    };
    const remember = () => {
      draw();
      if (!isPage) return;
      const address = new URL(location.href);
      address.searchParams.set("dimension", model.get("value"));
      history.replaceState(history.state, "", address);
    };
    model.on("change:value", remember);
    model.on("change:names", draw);
    draw();
    const asked = isPage && new URLSearchParams(location.search).get("dimension");
    if (asked && asked !== model.get("value") && model.get("names").includes(asked)) choose(asked);
    return () => {
      model.off("change:value", remember);
      model.off("change:names", draw);
      root.remove();
    };
  },
};
