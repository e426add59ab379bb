"""A Hugging Face model as an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.encoders.base import encode_each, filled
from workbench.encoders.huggingface.folder import SHORTEST_WINDOW_S, open_model
from workbench.encoders.huggingface.networks import load_network
from workbench.errors import WorkbenchError

_SHORTEST_REST_S = 1.0


class HuggingFaceEncoder:
    """An audio model from a folder or the Hugging Face hub.

    A vector is the mean over non-overlapping windows, each counted by its length. Of CLAP it
    joins the audio features; of others the means over time of the chosen hidden states, each a
    block of its own, so that heads can choose among layers per dimension.

    Parameters
    ----------
    model
        A folder as ``save_pretrained`` writes it, which needs no network, or a hub name such as
        ``laion/larger_clap_music``.
    layers
        Hidden states, 0 for what enters the first layer; by default the last.
    window_s
        Length of the windows in seconds, 3 or more; by default 10 for CLAP and MuQ and 5 for
        others, the length that MERT was trained on.
    trust_remote_code
        Whether Python that comes with the model may run.
    allow_pickle
        Whether weights may be read from pickles where there are no safetensors.
    revision
        A commit, branch or tag of the hub.
    device
        Where the network computes, as torch names it.
    licence
        By default what the model card says.
    name, version
        Name the stored vectors.

    Raises
    ------
    WorkbenchError
        If the model cannot be had, is no audio encoder, or needs what was not allowed.

    Notes
    -----
    MERT (Li et al. 2024) without its optional CQT input has HuBERT's network; it is loaded as
    such, without the Python code that its folder carries.
    """

    domains: tuple[str, ...] = ("audio",)

    def __init__(
        self,
        model: str | Path,
        *,
        layers: Sequence[int] = (),
        window_s: float | None = None,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
        revision: str | None = None,
        device: str = "cpu",
        licence: str | None = None,
        name: str | None = None,
        version: str = "1",
    ) -> None:
        folder = open_model(
            model,
            revision=revision,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )
        self._network = load_network(
            folder,
            layers=layers,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
            device=device,
        )
        longest = self._network.longest_s
        self.window_s = self._network.window_s if window_s is None else float(window_s)
        if not SHORTEST_WINDOW_S <= self.window_s <= (longest or np.inf):
            limit = f" and at most {longest:g}" if longest else ""
            raise WorkbenchError(
                f"A window of {self.window_s:g} s does not suit {folder.name}; choose one of at "
                f"least {SHORTEST_WINDOW_S:g}{limit} s."
            )
        self.name = name or Path(folder.name).name
        self.version = version
        self.licence = licence or folder.licence
        self.sample_rate = self._network.sample_rate
        self.blocks = self._network.blocks
        self.dim = max(block.stop for block in self.blocks.values())

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        """Return the vectors of whole items, float32 [n, dim].

        Raises
        ------
        MediaError
            If a sound is empty.
        """
        return encode_each(self._encode_one, batch, self.dim)

    def _encode_one(self, samples: np.ndarray) -> np.ndarray:
        parts = windows(samples, self.sample_rate, self.window_s)
        vectors = [self._network.encode(part) for part in parts]
        return np.average(vectors, axis=0, weights=[len(part) for part in parts])


def windows(samples: np.ndarray, rate: int, window_s: float) -> list[np.ndarray]:
    """Cut a sound into non-overlapping windows, float32 [samples] each.

    The last one may be shorter; under a second it is left out. A sound of less than a second is
    repeated to fill it.

    Examples
    --------
    >>> [len(part) for part in windows(np.zeros(25), 1, 10.0)]
    [10, 10, 5]
    """
    shortest, length = int(_SHORTEST_REST_S * rate), int(window_s * rate)
    samples = filled(samples, shortest)
    parts = [samples[i : i + length] for i in range(0, len(samples), length)]
    return [part for part in parts if len(part) >= shortest]
