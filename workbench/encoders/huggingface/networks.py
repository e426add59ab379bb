"""From a model's folder to a network that turns one window of sound into a vector."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.audio.torchaudio import import_torchaudio
from workbench.encoders.huggingface.folder import INSTALL, ModelFolder
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError

_MUQ_RATE = 24000
_UNUSED = "masked_spec_embed"  # only masked training reads it


@dataclass(frozen=True)
class Network:
    """A network ready for use: one window, float32 [samples], to one vector, float32 [dim].

    `longest_s` is the longest window it hears in full, None where there is no limit.
    """

    sample_rate: int
    blocks: dict[str, slice]
    window_s: float
    longest_s: float | None
    encode: Callable[[np.ndarray], np.ndarray]


def load_network(
    folder: ModelFolder,
    *,
    layers: Sequence[int] = (),
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    device: str = "cpu",
) -> Network:
    """Load the network of a folder, without the network.

    Raises
    ------
    WorkbenchError
        If it is no audio encoder, its weights do not fit it, or it needs what was not allowed.
    """
    import_torchaudio()  # transformers imports it, and muq does
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise NotReadyError(f"Hugging Face models need transformers; run `{INSTALL}`.") from error
    folder.check_code(trust_remote_code=trust_remote_code)
    folder.check_weights(allow_pickle=allow_pickle)
    with _quiet(), _sentences(folder):
        if folder.kind == "muq":
            return _muq(folder, layers, device)
        options = {
            "local_files_only": True,
            "trust_remote_code": trust_remote_code,
            "use_safetensors": any(folder.path.glob("*.safetensors")),
        }
        if folder.kind == "clap":
            return _clap(folder, layers, device, options)
        return _layered(folder, layers, device, options)


def _clap(
    folder: ModelFolder, layers: Sequence[int], device: str, options: dict[str, Any]
) -> Network:
    """Take CLAP's audio half: its features are what it compares with text, of unit length."""
    import torch
    from transformers import ClapAudioModelWithProjection

    if layers:
        raise WorkbenchError(f"{folder.name} is a CLAP model, whose layers cannot be chosen.")
    extract = _feature_extractor(folder, options)
    model = _pretrained(ClapAudioModelWithProjection, folder, device, options)

    def encode(samples: np.ndarray) -> np.ndarray:
        inputs = extract(samples, sampling_rate=extract.sampling_rate, return_tensors="pt")
        with torch.inference_mode():
            features = model(**inputs.to(device)).audio_embeds[0]
        return (features / features.norm()).float().cpu().numpy()

    longest = float(extract.max_length_s)
    blocks = {"clap": slice(0, model.config.projection_dim)}
    return Network(extract.sampling_rate, blocks, longest, longest, encode)


def _layered(
    folder: ModelFolder, layers: Sequence[int], device: str, options: dict[str, Any]
) -> Network:
    """Average the hidden states of a transformer over time."""
    import torch
    from transformers import AutoModel, HubertConfig, HubertModel

    extract = _feature_extractor(folder, options)
    if folder.is_plain_mert and not options["trust_remote_code"]:
        shape = {k: v for k, v in folder.config.items() if k not in ("auto_map", "architectures")}
        config = HubertConfig.from_dict({**shape, "model_type": "hubert"})
        options = {**options, "config": config}
        model = _pretrained(HubertModel, folder, device, options)
    else:
        model = _pretrained(AutoModel, folder, device, options)
    depth = getattr(model.config, "num_hidden_layers", None)
    takes_sound = model.main_input_name in ("input_values", "input_features")
    if depth is None or not takes_sound or getattr(model.config, "is_encoder_decoder", False):
        raise WorkbenchError(
            f"{folder.name} is a model of type {folder.kind!r}, which gives no vectors of sound; "
            "choose CLAP, MuQ or an encoder such as MERT, HuBERT, Wav2Vec2 or AST."
        )
    chosen, blocks = _blocks(folder, layers, depth, model.config.hidden_size)

    def encode(samples: np.ndarray) -> np.ndarray:
        inputs = extract(samples, sampling_rate=extract.sampling_rate, return_tensors="pt")
        with torch.inference_mode():
            states = model(**inputs.to(device), output_hidden_states=True).hidden_states
        return torch.cat([states[i][0].mean(dim=0) for i in chosen]).float().cpu().numpy()

    frames = getattr(extract, "max_length", None)  # a spectrogram of fixed length, 10 ms a frame
    longest = frames / 100 if frames else None
    return Network(extract.sampling_rate, blocks, min(5.0, longest or 5.0), longest, encode)


def _muq(folder: ModelFolder, layers: Sequence[int], device: str) -> Network:
    """Load MuQ by its own package; its models carry no rate: all take 24 kHz."""
    import torch
    import transformers

    try:
        from muq import MuQ
    except ImportError as error:
        raise NotReadyError(
            f"{folder.name} is a MuQ model and needs its package; run `pip install muq`."
        ) from error
    if not (folder.path / "model.safetensors").is_file():
        raise WorkbenchError(f"{folder.name} holds no model.safetensors, which MuQ models need.")
    with redirect_stdout(io.StringIO()):  # huggingface_hub prints what it does
        model = MuQ.from_pretrained(str(folder.path), local_files_only=True).to(device).eval()
    depth, width = int(folder.config["encoder_depth"]), int(folder.config["encoder_dim"])
    chosen, blocks = _blocks(folder, layers, depth, width)

    def encode(samples: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            sound = torch.from_numpy(samples)[None].to(device)
            states = model(sound, output_hidden_states=True).hidden_states
        return torch.cat([states[i][0].mean(dim=0) for i in chosen]).float().cpu().numpy()

    try:
        encode(np.zeros(_MUQ_RATE, dtype=np.float32))
    except KeyError as error:
        raise NotReadyError(
            f"The installed muq does not work with transformers {transformers.__version__}; run "
            '`pip install "transformers<5"`.'
        ) from error
    return Network(_MUQ_RATE, blocks, 10.0, None, encode)


def _blocks(
    folder: ModelFolder, layers: Sequence[int], depth: int, width: int
) -> tuple[list[int], dict[str, slice]]:
    """Return the hidden states to take (0 is what enters the first layer) and their columns."""
    chosen = list(dict.fromkeys(layers)) or [depth]
    if not all(0 <= layer <= depth for layer in chosen):
        raise UnknownNameError(
            f"{folder.name} has layers 0 to {depth}, not {', '.join(map(str, layers))}."
        )
    blocks = {f"layer {layer}": slice(i * width, (i + 1) * width) for i, layer in enumerate(chosen)}
    return chosen, blocks


def _feature_extractor(folder: ModelFolder, options: dict[str, Any]) -> Any:
    from transformers import AutoFeatureExtractor

    if not any((folder.path / f"{n}_config.json").is_file() for n in ("preprocessor", "processor")):
        raise WorkbenchError(
            f"{folder.name} holds no preprocessor_config.json, which says at what rate the model "
            "takes sound; copy it there from the original model."
        )
    wanted = ("local_files_only", "trust_remote_code")
    extract = AutoFeatureExtractor.from_pretrained(folder.path, **{k: options[k] for k in wanted})
    if not hasattr(extract, "sampling_rate"):
        raise WorkbenchError(f"{folder.name} does not take sound; choose an audio model.")
    return extract


def _pretrained(kind: Any, folder: ModelFolder, device: str, options: dict[str, Any]) -> Any:
    """Return a model with all its weights: transformers would fill gaps with random numbers."""
    import torch

    model, loading = kind.from_pretrained(
        folder.path, dtype=torch.float32, output_loading_info=True, **options
    )
    missing = sorted(key for key in loading["missing_keys"] if not key.endswith(_UNUSED))
    if missing:
        raise WorkbenchError(
            f"{folder.name} lacks {len(missing)} of its network's weights, such as {missing[0]}; "
            "fetch or save it again."
        )
    return model.to(device).eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress and advice off the terminal while a model loads."""
    import transformers.utils.logging as speech

    before, bars = speech.get_verbosity(), speech.is_progress_bar_enabled()
    speech.set_verbosity_error()
    speech.disable_progress_bar()
    try:
        yield
    finally:
        speech.set_verbosity(before)
        if bars:
            speech.enable_progress_bar()


@contextmanager
def _sentences(folder: ModelFolder) -> Iterator[None]:
    """Turn what transformers says over several lines into one sentence."""
    try:
        yield
    except WorkbenchError:
        raise
    except Exception as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise WorkbenchError(
            f"{folder.name} cannot be loaded as an audio encoder "
            f"({type(error).__name__}: {first.rstrip('.')}); choose CLAP, MuQ or an encoder such "
            "as MERT, HuBERT or Wav2Vec2."
        ) from error
